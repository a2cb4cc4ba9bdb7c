package main

import (
	"fmt"
	"strings"

	"bulkhead/internal/model"
)

// index returns the table of rules and surfaces, one part a group.
func index(groups []group) string {
	count, verdicts := 0, 0
	for _, g := range groups {
		for _, r := range g.rules {
			count++
			verdicts += len(r.Surfaces())
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# Rules

%d rules, %d verdicts of a rule on a surface. "yes": the rule judges that kind of artifact, on its own or
joined with others; "fix": and knows the change that cures it there. The last column says whether such a change
exists at all, and whether `+"`bulkhead fix`"+` makes it or needs to be told `+"`--unsafe`"+`, because it could change what
the program can do.
`, count, verdicts)
	columns := surfaces(groups)
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s: %s\n\n| rule | severity |", g.name, g.about)
		for _, s := range columns {
			fmt.Fprintf(&b, " %s |", s)
		}
		b.WriteString(" fix | what is wrong |\n|---|---|" + strings.Repeat("---|", len(columns)+2) + "\n")
		for _, r := range g.rules {
			b.WriteString(r.row(columns))
		}
	}
	return b.String()
}

// surfaces returns those that some rule judges.
func surfaces(groups []group) []model.Surface {
	judged := map[model.Surface]bool{}
	for _, g := range groups {
		for _, r := range g.rules {
			for _, s := range r.Surfaces() {
				judged[s] = true
			}
		}
	}
	var out []model.Surface
	for _, s := range model.Surfaces {
		if judged[s] {
			out = append(out, s)
		}
	}
	return out
}

// row returns d's line of the table.
func (d described) row(columns []model.Surface) string {
	judged := map[model.Surface]bool{}
	for _, s := range d.Surfaces() {
		judged[s] = true
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| [%s](%s.md) | %s |", d.Name, d.Name, d.Severity)
	for _, s := range columns {
		cell := ""
		if _, ok := d.cureOn(s); ok {
			cell = "fix"
		} else if judged[s] {
			cell = "yes"
		}
		fmt.Fprintf(&b, " %s |", cell)
	}
	fmt.Fprintf(&b, " %s | %s |\n", d.fix(), escape(d.Summary))
	return b.String()
}

// fix says in a word whether d has one.
func (d described) fix() string {
	for _, c := range d.cures {
		if c.safe {
			return "yes"
		}
	}
	if len(d.cures) > 0 {
		return "`--unsafe`"
	}
	return "no"
}
