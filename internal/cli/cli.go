// Package cli is Bulkhead's command line.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bulkhead/internal/engine"
	"bulkhead/internal/nearest"
	"bulkhead/internal/report"
	"bulkhead/internal/rule"
	"bulkhead/internal/rules"
	"bulkhead/internal/suppress"
)

// Main runs one command and returns its exit code.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdout: stdout, stderr: stderr, rules: slices.Concat(rules.All(), suppress.Rules())}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		return a.fail(err)
	}
	return a.code
}

// An app is one run of the command line.
type app struct {
	stdout, stderr io.Writer
	rules          []*rule.Rule
	code           int // the exit code of a command that did its work
}

// A usageError is a mistake in the command line or the configuration.
type usageError struct {
	err  error
	hint string // what to do about it; may be empty
}

func (e *usageError) Error() string { return e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

// A hinted is a failure that somebody can do something about.
type hinted struct {
	err  error
	hint string
}

func (e *hinted) Error() string { return e.err.Error() }

func (e *hinted) Unwrap() error { return e.err }

func usage(hint, format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...), hint}
}

// fail prints err, each of its lines with the program's name, and the hint on
// a line of its own, and returns the exit code.
func (a *app) fail(err error) int {
	code, hint := report.ExitNotDone, ""
	var u *usageError
	var h *hinted
	var pe *fs.PathError
	var ee *engine.Error
	message := err.Error()
	switch {
	case errors.As(err, &u):
		code, hint = report.ExitUsage, u.hint
	case errors.As(err, &h):
		hint = h.hint
	case interrupted(err):
		message = "interrupted"
	case errors.As(err, &ee):
		hint = ee.Hint
	case errors.As(err, &pe) && message == pe.Error():
		message = pe.Path + ": " + pe.Err.Error() // the system call is of no interest
	}
	for line := range strings.SplitSeq(message, "\n") {
		a.say("bulkhead: " + report.Printable(line))
	}
	if hint != "" {
		a.say("hint: " + report.Printable(hint))
	}
	return code
}

// interrupted reports whether err tells of nothing but the interruption.
func interrupted(err error) bool {
	if err == context.Canceled { //nolint:errorlint // what wraps it is looked at here
		return true
	}
	switch e := err.(type) { //nolint:errorlint // the same
	case interface{ Unwrap() []error }:
		all := e.Unwrap()
		return len(all) > 0 && !slices.ContainsFunc(all, func(err error) bool { return !interrupted(err) })
	case interface{ Unwrap() error }:
		return interrupted(e.Unwrap())
	}
	return false
}

// say prints a line on standard error. Where that fails there is nobody left
// to tell.
func (a *app) say(line string) { _, _ = fmt.Fprintln(a.stderr, line) }

// root returns the command tree. Without a command, Bulkhead checks.
func (a *app) root() *cobra.Command {
	root := a.checkCommand("bulkhead [PATH|IMAGE|CONTAINER|host…] [-- docker run …]")
	root.Short = "Check containers and what they are made from, and fix them"
	root.Version = a.versionLine()
	root.SetVersionTemplate("{{.Version}}\n")
	root.InitDefaultVersionFlag()
	root.Flags().Lookup("version").Usage = "print the version"
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	check := a.checkCommand("check [PATH|IMAGE|CONTAINER|host…] [-- docker run …]")
	check.Short = "Say what is unsafe (the command that runs without any)"
	commands := []*cobra.Command{check, a.fixCommand(), a.explainCommand(), a.doctorCommand(), a.falcoCommand(), a.policyCommand(), a.sbomCommand(), a.dbCommand(), a.watchCommand(), a.learnCommand(), a.guardCommand(), a.versionCommand()}
	root.AddCommand(commands...)
	explainArguments(commands)
	run := root.RunE
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if dash := cmd.ArgsLenAtDash(); dash == 0 {
			return run(cmd, args) // what follows is a command line
		}
		if err := misspelt(args, commands); err != nil {
			return err
		}
		return run(cmd, args)
	}
	return root
}

// misspelt takes a first argument that is no path and one letter away from a
// command for that command.
func misspelt(args []string, commands []*cobra.Command) error {
	if len(args) == 0 || strings.ContainsAny(args[0], "./:@") {
		return nil
	}
	if _, err := os.Lstat(args[0]); err == nil {
		return nil
	}
	var names []string
	for _, c := range commands {
		if d := len(c.Name()) - len(args[0]); d >= -1 && d <= 1 {
			names = append(names, c.Name())
		}
	}
	near := nearest.Of(args[0], names)
	if near == "" || near == args[0] {
		return nil
	}
	return usage("to check an image or a container of that name: bulkhead check "+args[0],
		"unknown command %q, did you mean %q?", args[0], near)
}

// flagError adds what was probably meant to an error about an unknown flag.
func flagError(cmd *cobra.Command, err error) error {
	hint := cmd.CommandPath() + " --help lists the flags"
	name, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if ok {
		if near := nearest.Of(name, flagNames(cmd)); near != "" {
			return usage(hint, "unknown flag --%s, did you mean --%s?", name, near)
		}
		return usage(hint, "unknown flag --%s", name)
	}
	if eg := timeHint(err); eg != "" {
		hint = eg
	}
	return &usageError{err, hint}
}

// timeHint returns how a time is written, where err is that one is not.
func timeHint(err error) string {
	if strings.Contains(err.Error(), "time: ") {
		return "a time has a unit, such as 2s, 10m or 1h"
	}
	return ""
}
