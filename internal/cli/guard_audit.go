package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bulkhead/internal/guard/admission"
	"bulkhead/internal/report"
)

func (a *app) auditCommand() *cobra.Command {
	var mode admissionMode
	var files []string
	cmd := &cobra.Command{
		Use:   "audit -f FILE…",
		Short: "Say what the admission webhook would refuse of what there is already",
		Long: `Audit judges objects that a cluster holds as the webhook would judge them if they
were made now. The exit code is 1 where one would be refused, 3 where a file cannot be
read or holds no Kubernetes object. What is of a kind that no rule reads is said.`,
		Example: `  kubectl get pods,deployments -A -o yaml | bulkhead guard audit -f -`,
		Args:    cobra.NoArgs,
	}
	mode.flags(cmd.Flags())
	mode.namespacesFlag(cmd.Flags())
	cmd.Flags().StringArrayVarP(&files, "file", "f", nil, "`file` with objects or lists of them, YAML or JSON; - is standard input; may be repeated")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if len(files) == 0 {
			return usage("kubectl get pods -A -o yaml | bulkhead guard audit -f -", "-f is missing")
		}
		judge, err := mode.judge(a, auditPoint)
		if err != nil {
			return err
		}
		for _, name := range files {
			text, err := readAudited(cmd, name)
			if err != nil {
				return err
			}
			v, err := judge.Audit(cmd.Context(), name, text)
			switch {
			case name == "-" && errors.Is(err, admission.ErrNoObject):
				return fmt.Errorf("standard input %w", admission.ErrNoObject)
			case err != nil:
				return err
			}
			if err := a.audited(name, v); err != nil {
				return err
			}
			a.others(v.Others, len(mode.policies))
		}
		return nil
	}
	return cmd
}

// readAudited reads a file to audit, "-" from standard input.
func readAudited(cmd *cobra.Command, name string) ([]byte, error) {
	if name != "-" {
		return os.ReadFile(name)
	}
	return io.ReadAll(io.LimitReader(cmd.InOrStdin(), admission.MaxAudited+1))
}

// audited prints what is said of the objects of a file.
func (a *app) audited(name string, v *admission.Audited) error {
	for _, group := range []struct {
		what string
		all  []admission.Violation
	}{{"denied", v.Denied}, {"warned", v.Warned}} {
		for _, x := range group.all {
			line := fmt.Sprintf("%s: %s: %s: %s (%s)", x.Path, group.what, x.Subject, x.Message, x.Rule)
			if _, err := fmt.Fprintln(a.stdout, report.Printable(line)); err != nil {
				return err
			}
		}
	}
	if _, err := fmt.Fprintf(a.stdout, "%s: %d denied, %d warned\n", report.Printable(name), len(v.Denied), len(v.Warned)); err != nil {
		return err
	}
	if len(v.Denied) > 0 {
		a.code = report.ExitFound
	}
	return nil
}

// others says which objects no rule has judged. Policies may have.
func (a *app) others(kinds map[string]int, policies int) {
	n := 0
	for _, of := range kinds {
		n += of
	}
	if n == 0 {
		return
	}
	what, how := "a kind", "not judged"
	if len(kinds) > 1 {
		what = "kinds"
	}
	if policies > 0 {
		how = "judged by policies alone"
	}
	a.say(report.Printable(fmt.Sprintf("%s of %s %s: %s", report.Count(n, "object"), what, how, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))))
}
