package image

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/model"
)

func TestProvenance(t *testing.T) {
	want := &model.Provenance{
		Args:      []model.Argument{{Name: "TOKEN", Value: "x"}, {Name: "VERSION", Value: "1.2"}},
		Materials: []model.Material{{URI: "pkg:docker/debian@12?platform=linux%2Famd64", Digest: "sha256:ab"}, {URI: "https://example.com/a.tgz"}},
	}
	materials := `[{"uri":"pkg:docker/debian@12?platform=linux%2Famd64","digest":{"sha256":"ab"}},{"uri":"https://example.com/a.tgz"}]`
	args := `{"args":{"build-arg:VERSION":"1.2","build-arg:TOKEN":"x","cmdline":"docker/dockerfile:1","label:a":"b","build-arg:odd":3}}`
	for _, tt := range []struct {
		name string
		text string
		want *model.Provenance
	}{
		{"0.2", `{"predicateType":"https://slsa.dev/provenance/v0.2","predicate":{"materials":` + materials + `,"invocation":{"parameters":` + args + `}}}`, want},
		{"1", `{"predicateType":"https://slsa.dev/provenance/v1","predicate":{"buildDefinition":{"externalParameters":{"request":` + args + `},"resolvedDependencies":` + materials + `}}}`, want},
		{"a bill of materials", `{"predicateType":"https://spdx.dev/Document","predicate":{"materials":` + materials + `}}`, nil},
		{"nothing", `{}`, nil},
		{"no JSON", `{"predicateType":`, nil},
		{"another shape", `{"predicateType":"https://slsa.dev/provenance/v1","predicate":[1]}`, nil},
	} {
		if diff := cmp.Diff(provenance([][]byte{[]byte(tt.text)}), tt.want); diff != "" {
			t.Errorf("%s: -got +want\n%s", tt.name, diff)
		}
	}
}
