package rule

import (
	"path"
	"strings"
)

// Markdown returns e as fenced code: the bad example, then the good one. A
// file that is the same on both sides is shown once.
func (e Example) Markdown() string {
	fence := "```"
	for strings.Contains(e.Bad+e.Good, fence) {
		fence += "`"
	}
	block := func(text string) string {
		return ":\n\n" + fence + e.language() + "\n" + strings.TrimSuffix(text, "\n") + "\n" + fence
	}
	switch name := "`" + e.Name + "`"; {
	case e.Bad == e.Good, e.Good == "":
		return name + block(e.Bad)
	case e.Bad == "":
		return name + ", good" + block(e.Good)
	default:
		return name + ", bad" + block(e.Bad) + "\n\ngood" + block(e.Good)
	}
}

// language returns what syntax highlighters call e's.
func (e Example) language() string {
	base := path.Base(e.Name)
	if stem := strings.ToLower(base); strings.HasPrefix(stem, "dockerfile") || strings.HasPrefix(stem, "containerfile") {
		return "dockerfile"
	}
	if base == path.Ext(base) {
		return "" // .dockerignore
	}
	return strings.TrimPrefix(path.Ext(base), ".")
}

// Sentence returns r's summary with a capital and a full stop.
func (r *Rule) Sentence() string {
	if r.Summary == "" {
		return ""
	}
	return strings.ToUpper(r.Summary[:1]) + r.Summary[1:] + "."
}
