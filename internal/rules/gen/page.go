package main

import (
	"fmt"
	"slices"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/rules"
	"bulkhead/internal/ruletest"
	"bulkhead/internal/source"
	"bulkhead/internal/suppress"
)

// A group is one section of the index.
type group struct {
	name, about string
	rules       []described
}

// A described is a rule and what is only known once its examples were judged.
type described struct {
	*rule.Rule
	page  rule.Page
	cures []cure
}

// A cure says how the findings of one surface can be fixed.
type cure struct {
	surface model.Surface
	safe    bool // some fix needs no --unsafe
}

// pages returns every page of the folder by its file's name.
func pages() map[string]string {
	groups := describe()
	out := map[string]string{"index.md": index(groups)}
	for _, g := range groups {
		for _, r := range g.rules {
			out[r.Name+".md"] = r.markdown()
		}
	}
	return out
}

// describe judges the examples of every rule.
func describe() []group {
	var out []group
	for _, g := range rules.Groups() {
		to := group{name: g.Name, about: g.About}
		for _, r := range g.Rules {
			d := described{Rule: r, page: r.Page()}
			for _, f := range ruletest.Bad(r) {
				for _, fix := range f.Fixes {
					d.cured(f.Surface, fix.Safe)
				}
			}
			to.rules = append(to.rules, d)
		}
		out = append(out, to)
	}
	return append(out, suppressions())
}

// suppressions describes the rules about suppressions, which judge comments of
// files and no facts.
func suppressions() group {
	g := group{name: "suppress", about: "suppressions themselves"}
	for _, r := range suppress.Rules() {
		d := described{Rule: r, page: r.Page()}
		for _, e := range d.page.Examples {
			res := suppress.Apply(suppress.Request{
				Files: []*source.File{source.NewFile(e.Name, []byte(e.Bad))},
				Now:   ruletest.Now, All: rules.All(), Ran: rules.All(),
			})
			for _, f := range res.Extra {
				for _, fix := range f.Fixes {
					if f.Rule == r.Name {
						d.cured(model.Compose, fix.Safe)
					}
				}
			}
		}
		g.rules = append(g.rules, d)
	}
	return g
}

// cured notes a fix for a finding on s.
func (d *described) cured(s model.Surface, safe bool) {
	for i := range d.cures {
		if d.cures[i].surface == s {
			d.cures[i].safe = d.cures[i].safe || safe
			return
		}
	}
	d.cures = append(d.cures, cure{s, safe})
}

// cureOn returns d's cure on s, if it has one.
func (d described) cureOn(s model.Surface) (cure, bool) {
	i := slices.IndexFunc(d.cures, func(c cure) bool { return c.surface == s })
	if i < 0 {
		return cure{}, false
	}
	return d.cures[i], true
}

// headings are the paragraphs of an archive, in order.
var headings = []string{"What can go wrong", "What to do", "When to suppress"}

// markdown returns d's page.
func (d described) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", d.Name, escape(d.Sentence()))
	b.WriteString(d.facts())
	for i, p := range d.page.Paragraphs {
		if i < len(headings) {
			fmt.Fprintf(&b, "\n## %s\n", headings[i])
		}
		fmt.Fprintf(&b, "\n%s\n", escape(p))
	}
	b.WriteString("\nHow: [living with a finding](../guide/suppressing.md).\n")
	b.WriteString("\n## Examples\n")
	for _, e := range d.page.Examples {
		fmt.Fprintf(&b, "\n%s\n", e.Markdown())
	}
	fmt.Fprintf(&b, "\nThe bad ones raise:\n\n```\n%s```\n", d.page.Findings)
	if d.page.Demo != "" {
		fmt.Fprintf(&b, "\n## See it happen\n\n```sh\n%s```\n", d.page.Demo)
	}
	if len(d.Refs) > 0 {
		b.WriteString("\n## What others call it\n\n")
		for _, ref := range d.Refs {
			fmt.Fprintf(&b, "- %s\n", escape(ref))
		}
	}
	b.WriteString("\n[All rules](index.md)\n")
	return b.String()
}

// facts returns the list below the summary.
func (d described) facts() string {
	var b strings.Builder
	fmt.Fprintf(&b, "- Severity: %s\n- Surfaces: %s\n", d.Severity, join(d.Surfaces()))
	var safe, unsafe []model.Surface
	for _, s := range model.Surfaces {
		if c, ok := d.cureOn(s); ok && c.safe {
			safe = append(safe, s)
		} else if ok {
			unsafe = append(unsafe, s)
		}
	}
	if len(safe) > 0 {
		fmt.Fprintf(&b, "- Fixed by `bulkhead fix` on: %s\n", join(safe))
	}
	if len(unsafe) > 0 {
		fmt.Fprintf(&b, "- Fixed by `bulkhead fix --unsafe` on: %s\n", join(unsafe))
	}
	if len(safe)+len(unsafe) == 0 {
		b.WriteString("- Fixed by hand\n")
	}
	if d.Gain != "" {
		fmt.Fprintf(&b, "- An attacker in the container can %s\n", escape(d.Gain))
	}
	if d.Since != "" {
		fmt.Fprintf(&b, "- Since edition %s\n", d.Since)
	}
	return b.String()
}

func join(surfaces []model.Surface) string {
	var names []string
	for _, s := range surfaces {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// escape keeps Markdown from taking prose for markup. Code between backticks is
// left alone.
func escape(text string) string {
	parts := strings.Split(text, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.NewReplacer("*", `\*`, "<", `\<`, "|", `\|`, "_", `\_`).Replace(parts[i])
	}
	return strings.Join(parts, "`")
}
