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
			if len(args) > 0 {
				return usage("bulkhead explain "+args[0], "explain --all takes no rule")
			}
			return a.listRules()
		}
		if len(args) == 0 {
			return usage("bulkhead explain --all lists the rules", "explain needs a rule")
		}
		return a.explainAll(args)
	}
	return cmd
}

// explainAll explains the rules that ids name, each once, with a blank line
// between them.
func (a *app) explainAll(ids []string) error {
	var pages []string
	told := map[string]bool{}
	for _, id := range ids {
		found := rule.Lookup(a.rules, id)
		if len(found) == 0 {
			return a.unknownRule(id)
		}
		for _, r := range found {
			if !told[r.Name] {
				pages = append(pages, explain(r))
			}
			told[r.Name] = true
		}
	}
	_, err := io.WriteString(a.stdout, strings.Join(pages, "\n"))
	return err
}

func (a *app) listRules() error {
	var b strings.Builder
	for _, r := range a.rules {
		fmt.Fprintf(&b, "%s\t%s\t%s\n", r.Name, r.Severity, r.Summary)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	return w.Flush()
}

// explain returns r's archive as people read it.
func explain(r *rule.Rule) string {
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
	return b.String()
}

// fold breaks text at blanks into lines of at most width bytes, each with a
// line end.
func fold(text string, width int) string {
	var b strings.Builder
	used := 0
	for word := range strings.FieldsSeq(text) {
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
