package sarif

import (
	"slices"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/rule"
)

// describe returns what SARIF says about a rule; its help is the archive.
func describe(r *rule.Rule) ruleMeta {
	page := r.Page()
	full := r.Summary
	if len(page.Paragraphs) > 0 {
		full = page.Paragraphs[0]
	}
	return ruleMeta{
		ID:      r.Name,
		Name:    pascal(r.Name),
		Short:   text(r.Sentence()),
		Full:    text(full),
		Help:    help{Text: helpText(r, page), Markdown: helpMarkdown(r, page)},
		Default: configuration{Level: level(r.Severity)},
		Properties: ruleProperties{
			Tags:      append([]string{"security", "container"}, refs(r)...),
			Precision: "high",
			Score:     score(r.Severity),
		},
	}
}

// refs returns r's references, each once: the schema wants tags unique.
func refs(r *rule.Rule) []string {
	var out []string
	for _, ref := range r.Refs {
		if !slices.Contains(out, ref) {
			out = append(out, ref)
		}
	}
	return out
}

// score returns the number GitHub sorts by, in the middle of the band it
// shows as s.
func score(s finding.Severity) string {
	return [...]string{finding.Info: "0.0", finding.Low: "2.0", finding.Medium: "5.0", finding.High: "8.0", finding.Critical: "9.5"}[s]
}

func helpText(r *rule.Rule, p rule.Page) string {
	parts := append([]string{r.Sentence()}, p.Paragraphs...)
	if len(r.Refs) > 0 {
		parts = append(parts, "See: "+strings.Join(refs(r), ", ")+".")
	}
	return strings.Join(parts, "\n\n")
}

func helpMarkdown(r *rule.Rule, p rule.Page) string {
	var b strings.Builder
	b.WriteString(strings.Join(append([]string{"**" + r.Sentence() + "**"}, p.Paragraphs...), "\n\n"))
	for _, e := range p.Examples {
		if e.Bad != "" && e.Good != "" {
			b.WriteString("\n\n" + e.Markdown())
		}
	}
	if len(r.Refs) > 0 {
		b.WriteString("\n\nSee: " + strings.Join(refs(r), ", ") + ".")
	}
	return b.String()
}

// pascal returns a rule's name as 3.49.7 wants names people read: "WritableRoot".
func pascal(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "-") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}
