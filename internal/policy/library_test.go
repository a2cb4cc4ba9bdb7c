package policy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// libraryData is Gatekeeper's own library of templates, with its tests, one
// template a line.
const libraryData = "../../../shared/data/policy/gatekeeper-library/library.jsonl"

type libraryEntry struct {
	Dir   string `json:"dir"`
	Tests []struct {
		Name       string `json:"name"`
		Constraint struct {
			Name              string          `json:"name"`
			Match             json.RawMessage `json:"match"`
			Parameters        json.RawMessage `json:"parameters"`
			EnforcementAction json.RawMessage `json:"enforcementAction"`
		} `json:"constraint"`
		Cases []struct {
			Name       string            `json:"name"`
			Object     json.RawMessage   `json:"object"`
			Inventory  []json.RawMessage `json:"inventory"`
			Assertions []json.RawMessage `json:"assertions"`
		} `json:"cases"`
	} `json:"tests"`
	Template struct {
		Kind        string          `json:"kind"`
		APIVersion  string          `json:"apiVersion"`
		Name        string          `json:"name"`
		Annotations json.RawMessage `json:"annotations"`
		Schema      json.RawMessage `json:"schema"`
		Rego        string          `json:"rego"`
		Libs        []string        `json:"libs"`
		RegoVersion string          `json:"regoVersion"`
	} `json:"template"`
}

// library reads the library; the test is skipped where it is not here.
func library(t testing.TB) []libraryEntry {
	t.Helper()
	text, err := os.ReadFile(libraryData)
	if err != nil {
		t.Skipf("the library of templates is not here: %v", err)
	}
	var out []libraryEntry
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e libraryEntry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// put writes v as JSON, which is YAML too.
func put(t testing.TB, dir, name string, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// object is JSON that a test writes.
type jsonObject = map[string]any

// write writes e as a template, constraints and a suite, as the library's own
// folders are.
func (e *libraryEntry) write(t testing.TB, dir string) {
	t.Helper()
	source := jsonObject{"rego": e.Template.Rego, "libs": e.Template.Libs, "version": e.Template.RegoVersion}
	put(t, dir, "template.yaml", jsonObject{
		"apiVersion": e.Template.APIVersion, "kind": "ConstraintTemplate",
		"metadata": jsonObject{"name": e.Template.Name, "annotations": e.Template.Annotations},
		"spec": jsonObject{
			"crd":     jsonObject{"spec": jsonObject{"names": jsonObject{"kind": e.Template.Kind}, "validation": jsonObject{"openAPIV3Schema": e.Template.Schema}}},
			"targets": []any{jsonObject{"target": "admission.k8s.gatekeeper.sh", "code": []any{jsonObject{"engine": "Rego", "source": source}}}},
		},
	})
	var tests []any
	for i, x := range e.Tests {
		constraint := put(t, dir, fmt.Sprintf("constraint-%d.json", i), jsonObject{
			"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": e.Template.Kind,
			"metadata": jsonObject{"name": x.Constraint.Name},
			"spec":     jsonObject{"match": x.Constraint.Match, "parameters": x.Constraint.Parameters, "enforcementAction": x.Constraint.EnforcementAction},
		})
		if i > 0 {
			moved := filepath.Join("samples", constraint)
			if err := os.MkdirAll(filepath.Join(dir, "samples"), 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(filepath.Join(dir, constraint), filepath.Join(dir, moved)); err != nil {
				t.Fatal(err)
			}
			constraint = moved
		}
		var cases []any
		for j, c := range x.Cases {
			name := fmt.Sprintf("object-%d-%d.json", i, j)
			put(t, dir, name, c.Object)
			var inventory []string
			for k, o := range c.Inventory {
				inventory = append(inventory, put(t, dir, fmt.Sprintf("inventory-%d-%d-%d.json", i, j, k), o))
			}
			cases = append(cases, jsonObject{"name": c.Name, "object": name, "inventory": inventory, "assertions": c.Assertions})
		}
		tests = append(tests, jsonObject{"name": x.Name, "template": "template.yaml", "constraint": constraint, "cases": cases})
	}
	put(t, dir, "suite.yaml", jsonObject{"apiVersion": "test.gatekeeper.sh/v1alpha1", "kind": "Suite", "metadata": jsonObject{"name": "suite"}, "tests": tests})
}

func TestLibrary(t *testing.T) {
	passed, total := 0, 0
	for _, e := range library(t) {
		t.Run(strings.ReplaceAll(e.Dir, "/", "-"), func(t *testing.T) {
			dir := t.TempDir()
			e.write(t, dir)
			// Two tests may use one constraint's name: only what the suite
			// names is loaded with it.
			s, err := Load(Options{Paths: []string{filepath.Join(dir, "template.yaml"), filepath.Join(dir, "suite.yaml")}, Tests: true, Now: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			results, coverage, err := s.Test(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				total++
				if r.Err != nil {
					t.Errorf("%s: %v", r.Name, r.Err)
					continue
				}
				passed++
			}
			if len(coverage) == 0 {
				t.Error("the suite covers nothing")
			}
		})
	}
	t.Logf("%d of %d cases of the library pass", passed, total)
	if want := 270; passed != want || total != want {
		t.Errorf("got %d of %d cases, want %d of %d", passed, total, want, want)
	}
}
