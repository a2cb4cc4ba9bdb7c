package cli

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

	"bulkhead/internal/policy"
	"bulkhead/internal/report"
)

func (a *app) policyLintCommand() *cobra.Command {
	var s policySettings
	var format string
	cmd := &cobra.Command{
		Use:   "lint DIR…",
		Short: "Say what policies miss",
		Long: `Lint reads policies and says what gets past them: init and ephemeral containers
a template does not look at, a setting of the pod it takes for missing, workloads
whose pods a constraint meets too late, constraints that reject nothing.`,
		Example: `  bulkhead policy lint policy/
  bulkhead policy lint -o json policy/template.yaml`,
	}
	cmd.Flags().StringVarP(&format, "output", "o", "text", "write `FORMAT`: text or json")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if err := falcoFormat(format); err != nil {
			return err
		}
		if len(args) == 0 {
			return usage("bulkhead policy lint policy/", "policy lint needs a folder with policies")
		}
		s.paths = args
		faults, err := policy.Lint(s.options())
		if err != nil {
			return err
		}
		if len(faults) > 0 {
			a.code = report.ExitFound
		}
		if format == "json" {
			return a.policyLintJSON(faults)
		}
		var b bytes.Buffer
		for _, f := range faults {
			fmt.Fprintf(&b, "%s\n", report.Printable(fmt.Sprintf("%s: %s: %s: %s", f.Where(), f.Code, f.Subject, f.Message)))
			if f.Advice != "" {
				fmt.Fprintf(&b, "     %s\n", report.Printable(f.Advice))
			}
		}
		_, err = b.WriteTo(a.stdout)
		a.say(report.Count(len(faults), "fault"))
		return err
	}
	return cmd
}

// A policyFault is one fault of a policy in JSON.
type policyFault struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Code    string `json:"code"`
	Subject string `json:"subject"`
	Message string `json:"message"`
	Advice  string `json:"advice,omitempty"`
}

func (a *app) policyLintJSON(faults []policy.Fault) error {
	out := struct {
		Version int           `json:"version"`
		Faults  []policyFault `json:"faults"`
	}{1, []policyFault{}}
	for _, f := range faults {
		p := f.Span.Position()
		out.Faults = append(out.Faults, policyFault{p.Filename, p.Line, p.Column, f.Code, f.Subject, f.Message, f.Advice})
	}
	return writeJSON(a.stdout, out)
}
