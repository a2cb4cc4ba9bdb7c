package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"bulkhead/internal/rule"
)

func (a *app) explainCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "explain RULE…",
		Short: "Say what a rule is about, with an example and its cure",
		Long: `Explain says what can go wrong, what to do and when to leave it, and shows a bad
and a good example for every kind of artifact the rule is about.

A rule may be named as other tools do: DL3002, CKV_DOCKER_3, "CIS-Docker 5.5".`,
		Example: `  bulkhead explain privileged
  bulkhead explain DL3002
  bulkhead explain --all`,
	}
	cmd.Flags().BoolVar(&all, "all", false, "list all rules")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if all {
			return a.listRules()
		}
		if len(args) == 0 {
			return usage("bulkhead explain --all lists the rules", "explain needs a rule")
		}
		for i, id := range args {
			found := rule.Lookup(a.rules, id)
			if len(found) == 0 {
				return a.unknownRule(id)
			}
			for j, r := range found {
				if i+j > 0 {
					fmt.Fprintln(a.stdout)
				}
				if err := explain(a.stdout, r); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return cmd
}

func (a *app) listRules() error {
	w := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	for _, r := range a.rules {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.Name, r.Severity, r.Summary)
	}
	return w.Flush()
}

// explain writes r's archive for people.
func explain(w io.Writer, r *rule.Rule) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s\n", r.Name, r.Severity, r.Summary)
	page := r.Page()
	for _, p := range page.Paragraphs {
		b.WriteString("\n" + fold(p, 80))
	}
	for _, e := range page.Examples {
		if e.Bad != "" {
			fmt.Fprintf(&b, "\nbad %s\n\n%s", e.Name, indent(e.Bad))
		}
		if e.Good != "" {
			fmt.Fprintf(&b, "\ngood %s\n\n%s", e.Name, indent(e.Good))
		}
	}
	if len(r.Refs) > 0 {
		b.WriteString("\n" + fold("also known as: "+strings.Join(r.Refs, ", "), 80))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// fold breaks text at blanks into lines of at most width bytes, each with a
// line end.
func fold(text string, width int) string {
	var b strings.Builder
	used := 0
	for _, word := range strings.Fields(text) {
		switch {
		case used == 0:
		case used+1+len(word) > width:
			b.WriteByte('\n')
			used = 0
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += len(word)
	}
	return b.String() + "\n"
}

func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString("    ")
		}
		b.WriteString(line)
	}
	return b.String()
}
