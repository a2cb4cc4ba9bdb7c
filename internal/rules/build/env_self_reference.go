package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

//go:embed env_self_reference.txtar
var envSelfReferenceDoc string

var envSelfReference = &rule.Rule{
	Name:     "env-self-reference",
	Summary:  "a variable is used in the instruction that sets it",
	Severity: finding.Low,
	Refs:     []string{"hadolint DL3044"},
	Doc:      envSelfReferenceDoc,
	Build:    checkEnvSelfReference,
}

func checkEnvSelfReference(p *rule.Pass, b *model.Build) {
	for i := range instructions(b, everyStage, "ENV", "LABEL") {
		if i.Name != "ENV" || len(i.Pairs) < 2 {
			continue
		}
		for n, pair := range i.Pairs[1:] {
			for _, before := range i.Pairs[:n+1] {
				if uses(pair.Value.Span.Text(), before.Name) {
					p.Report(pair.Value.Place(), "the value of "+before.Name+" before this instruction is used",
						finding.Fix{Message: "set it in an instruction of its own", Edits: split(i, i.Pairs[n], pair)})
					break
				}
			}
		}
	}
}

// uses reports whether text expands the variable called name.
func uses(text, name string) bool {
	for rest := text; ; {
		i := strings.IndexByte(rest, '$')
		if i < 0 {
			return false
		}
		if i > 0 && rest[i-1] == '\\' {
			rest = rest[i+1:]
			continue
		}
		rest = rest[i+1:]
		after, ok := strings.CutPrefix(strings.TrimPrefix(rest, "{"), name)
		if ok && (after == "" || !nameByte(after[0])) {
			return true
		}
	}
}

func nameByte(c byte) bool {
	return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
}

// split returns the edit that begins an instruction of its own with pair, nil
// where a comment stands between it and the one before.
func split(i *model.Instruction, before, pair model.Pair) []source.Edit {
	f := pair.Key.File
	if !before.Value.Span.IsValid() || before.Value.Span.End > pair.Key.Start {
		return nil
	}
	gap := f.Span(before.Value.Span.End, pair.Key.Start)
	text := gap.Text()
	quote := len(text) - len(strings.TrimLeft(text, `"'`)) // a span may leave the quotes out
	if strings.Trim(text[quote:], " \t\r\n\\`") != "" {
		return nil
	}
	return replace(f.Span(gap.Start+quote, gap.End), f.Newline()+i.Keyword.Text()+" ")
}
