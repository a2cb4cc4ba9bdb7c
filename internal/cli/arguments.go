package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"bulkhead/internal/nearest"
)

// explainArguments makes commands, and those below them, refuse arguments they
// do not take as any other mistake on the command line is refused: with exit
// code 2 and what was probably meant.
func explainArguments(commands []*cobra.Command) {
	for _, c := range commands {
		explainArguments(c.Commands())
		check := c.Args
		if check == nil {
			continue
		}
		c.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			var known *usageError
			if err == nil || errors.As(err, &known) {
				return err
			}
			return argumentError(cmd, args, err)
		}
	}
}

// argumentError says what is wrong with the arguments of cmd, of which cobra
// says err.
func argumentError(cmd *cobra.Command, args []string, err error) error {
	hint := cmd.CommandPath() + " --help says what it takes"
	if cmd.HasSubCommands() && len(args) > 0 {
		var names []string
		for _, c := range cmd.Commands() {
			names = append(names, c.Name())
		}
		if near := nearest.Of(args[0], names); near != "" {
			return usage(hint, "unknown command \"%s %s\", did you mean \"%[1]s %[3]s\"?", cmd.Name(), args[0], near)
		}
		return usage(hint, "unknown command \"%s %s\"", cmd.Name(), args[0])
	}
	if len(args) > 0 && strings.HasPrefix(err.Error(), "unknown command") { // cobra's word for any argument
		return usage(hint, "%s takes no arguments, got %q", cmd.CommandPath(), args[0])
	}
	return usage(hint, "%d arguments are not what it takes: %s", len(args), cmd.UseLine())
}
