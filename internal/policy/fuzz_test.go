package policy

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"bulkhead/internal/frontend/document"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// emptySystem is a system of nothing but files.
var emptySystem = &model.System{}

// FuzzPolicies loads templates, constraints, suites and Rego, and judges an
// object by what can be loaded: it never panics, every error has a place in a
// file, and nothing runs longer than it may.
func FuzzPolicies(f *testing.F) {
	parts := txtar.Parse([]byte(seed)).Files
	rego := "package main\n\ndeny contains msg if {\n\tsome c in input.spec.containers\n\tnot c.image\n\tmsg := c.name\n}\n"
	f.Add(string(parts[0].Data)+"---\n"+string(parts[1].Data), rego)
	f.Add(string(parts[0].Data), "package main\n\nwarn_x[msg] { msg := data.bulkhead.facts.workload.name }\nexception[r] { r := [\"x\"] }\n")
	f.Add("apiVersion: test.gatekeeper.sh/v1\nkind: Suite\ntests: [{name: a, template: x, constraint: y, cases: [{name: b, object: z, assertions: [{violations: 1}]}]}]\n", rego)
	f.Add("apiVersion: expansion.gatekeeper.sh/v1\nkind: ExpansionTemplate\nspec: {applyTo: [{groups: [\"\"], kinds: [Pod], versions: [v1]}], templateSource: spec, generatedGVK: {kind: X, version: v1}}\n", "")
	f.Add("apiVersion: constraints.gatekeeper.sh/v1\nkind: X\nmetadata: {name: a}\nspec: {match: {labelSelector: {matchExpressions: [{key: a, operator: In}]}}}\n", "package main\ntest_x { true }")
	pod := parse(f, benchmarkPod)
	f.Fuzz(func(t *testing.T, yaml, rego string) {
		files := []*source.File{source.NewFile("p.yaml", []byte(yaml)), source.NewFile("p.rego", []byte(rego))}
		for _, tests := range []bool{false, true} {
			s := &Set{options: Options{Tests: tests, Limits: Limits{Time: 50 * time.Millisecond, Memory: 64 << 20}, Now: time.Unix(0, 0)}, inventory: newInventory(nil)}
			err := s.load(files)
			if err != nil {
				continue
			}
			_, _ = s.Review(t.Context(), Object{Value: pod})
			_, _, _ = s.Check(t.Context(), []*source.File{source.NewFile("pod.yaml", []byte(benchmarkPod))}, emptySystem)
			if tests && !strings.Contains(yaml, "/") {
				_, _, _ = s.Test(t.Context(), nil)
			}
		}
		l := &linter{set: &Set{inventory: newInventory(nil)}}
		l.errors(l.set.load(files))
		for _, m := range l.set.templates {
			l.template(m)
		}
		for _, c := range l.set.constraints {
			l.constraint(c)
		}
		l.packages()
		for _, x := range l.faults {
			if x.Span.IsValid() && x.Span.End > len(x.Span.File.Text) {
				t.Errorf("%s: the place is not in the file", x.Code)
			}
		}
	})
}

// FuzzRequest judges admission requests of any shape.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"operation": "DELETE", "oldObject": {"kind": "Pod", "spec": {"containers": [{}]}}}`))
	f.Add([]byte(`{"kind": {"group": "", "version": "v1", "kind": "Pod"}, "object": {"spec": {"containers": [{"name": "a"}]}}}`))
	f.Add([]byte(`{"object": {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"metadata": [], "spec": 1}}}}`))
	s := load(f, seed, Options{})
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := document.Decode(text)
		if err != nil {
			return
		}
		found, _ := s.Review(t.Context(), Object{Value: v, Request: v})
		for i := range found {
			found[i].locate(t.Context())
		}
	})
}
