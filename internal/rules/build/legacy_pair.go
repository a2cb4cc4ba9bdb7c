package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

//go:embed legacy_pair.txtar
var legacyPairDoc string

var legacyPair = &rule.Rule{
	Name:     "legacy-pair",
	Summary:  "ENV and LABEL are written in the form that is going away",
	Severity: finding.Info,
	Refs:     []string{"buildkit LegacyKeyValueFormat"},
	Doc:      legacyPairDoc,
	Build:    checkLegacyPair,
}

func checkLegacyPair(p *rule.Pass, b *model.Build) {
	for _, i := range b.Instructions {
		for _, pair := range i.Pairs {
			if pair.Legacy {
				p.Report(rule.At(pair.Key), i.Name+" is written without an equals sign",
					rule.Safe(finding.Fix{Message: "write NAME=value", Edits: withEquals(i, pair)}))
			}
		}
	}
}

// withEquals returns the edits that write pair as NAME=value, nil where the
// value needs quotes it cannot be given without reading it anew.
func withEquals(i *model.Instruction, pair model.Pair) []source.Edit {
	end := i.Span.End
	rest := pair.Key.File.Span(pair.Key.End, end).Text()
	value := strings.TrimSpace(rest)
	switch {
	case value == "" || strings.ContainsAny(rest, "\n"):
		return nil
	case !strings.ContainsAny(value, " \t"):
	case value[0] == '"' && value[len(value)-1] == '"' && strings.Count(value, `"`) == 2:
	case strings.ContainsAny(value, "\"'\\`"):
		return nil
	default:
		value = `"` + value + `"`
	}
	return replace(pair.Key.File.Span(pair.Key.End, end), "="+value)
}
