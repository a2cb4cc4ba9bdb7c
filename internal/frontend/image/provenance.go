package image

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"bulkhead/internal/model"
)

// Bounds of what is taken from provenance.
const (
	maxArguments = 1000
	maxMaterials = 1000
)

// A statement is an in-toto statement with SLSA provenance, version 0.2 or 1, as
// BuildKit writes it: docs/attestations/slsa-definitions.md.
type statement struct {
	PredicateType string
	Predicate     struct {
		Materials  []material // 0.2
		Invocation struct {
			Parameters parameters
		}
		BuildDefinition struct { // 1
			ExternalParameters struct {
				Request parameters
			}
			ResolvedDependencies []material
		}
	}
}

type parameters struct{ Args map[string]any }

type material struct {
	URI    string
	Digest map[string]string
}

// provenance returns what the statements attest of the build, or nil where none
// of them is about it.
func provenance(statements [][]byte) *model.Provenance {
	var out *model.Provenance
	for _, text := range statements {
		var s statement
		if json.Unmarshal(text, &s) != nil || !strings.HasPrefix(s.PredicateType, "https://slsa.dev/provenance/") {
			continue
		}
		if out == nil {
			out = &model.Provenance{}
		}
		p := s.Predicate
		for _, m := range slices.Concat(p.Materials, p.BuildDefinition.ResolvedDependencies) {
			if len(out.Materials) < maxMaterials {
				out.Materials = append(out.Materials, model.Material{URI: m.URI, Digest: m.digest()})
			}
		}
		out.Args = append(out.Args, p.Invocation.Parameters.arguments()...)
		out.Args = append(out.Args, p.BuildDefinition.ExternalParameters.Request.arguments()...)
	}
	return out
}

func (m material) digest() string {
	if sum := m.Digest["sha256"]; sum != "" {
		return "sha256:" + sum
	}
	return ""
}

// arguments returns the build arguments, by name.
func (p parameters) arguments() []model.Argument {
	var out []model.Argument
	for _, key := range slices.Sorted(maps.Keys(p.Args)) {
		name, ok := strings.CutPrefix(key, "build-arg:")
		value, text := p.Args[key].(string)
		if ok && text && len(out) < maxArguments {
			out = append(out, model.Argument{Name: name, Value: value})
		}
	}
	return out
}
