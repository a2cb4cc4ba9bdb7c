package cli

import (
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulkhead/internal/check"
	"bulkhead/internal/policy"
)

// policySettings are the flags that name the users' own policies.
type policySettings struct {
	paths      []string
	namespaces []string
	data       []string
}

func (s *policySettings) register(f *pflag.FlagSet) {
	f.StringSliceVar(&s.paths, "policy", nil, "judge by the policies in this `folder` too: Gatekeeper templates and constraints, conftest packages")
	f.StringSliceVar(&s.namespaces, "namespace", nil, "take policies of this `package` (default main, and those that read data.bulkhead.facts)")
	f.StringSliceVar(&s.data, "data", nil, "give policies this `file` or folder as data")
}

func (s *policySettings) options() policy.Options {
	return policy.Options{Paths: s.paths, Namespaces: s.namespaces, Data: s.data, Now: time.Now()}
}

// policies loads the policies s names and takes their rules in among the
// others. It returns nil where s names none.
func (a *app) policies(s *policySettings) (check.Policies, error) {
	if len(s.paths) == 0 {
		return nil, nil
	}
	set, err := policy.Load(s.options())
	if err != nil {
		return nil, &usageError{err: err, hint: "bulkhead policy lint explains policies, bulkhead policy test tries them"}
	}
	a.rules = slices.Concat(a.rules, set.Rules())
	return set, nil
}

func (a *app) policyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Test and explain users' own policies, written in Rego",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usage("bulkhead policy test DIR or bulkhead policy lint DIR; bulkhead check --policy DIR judges by them", "policy needs a command")
		},
	}
	cmd.AddCommand(a.policyTestCommand(), a.policyLintCommand())
	return cmd
}
