package rule

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLookup(t *testing.T) {
	rules := []*Rule{
		{Name: "root-user", Refs: []string{"hadolint DL3002", "trivy DS-0002", "CIS-Docker 4.1"}},
		{Name: "no-user", Refs: []string{"trivy DS-0002", "checkov CKV_DOCKER_3"}},
	}
	for id, want := range map[string][]string{
		"root-user":       {"root-user"},
		"Root-User":       {"root-user"},
		"DL3002":          {"root-user"},
		"hadolint DL3002": {"root-user"},
		"ckv_docker_3":    {"no-user"},
		"AVD-DS-0002":     {"root-user", "no-user"},
		"DS002":           {"root-user", "no-user"},
		"CIS-Docker 4.1":  {"root-user"},
		"trivy":           nil,
		"":                nil,
		"DL300":           nil,
	} {
		var got []string
		for _, r := range Lookup(rules, id) {
			got = append(got, r.Name)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%q: -got +want\n%s", id, diff)
		}
	}
}

func TestPage(t *testing.T) {
	r := &Rule{Doc: "What goes\nwrong.\n\nWhat to do.\n\n-- bad/compose.yaml --\nb\n-- bad/run.sh --\nr\n-- findings --\nx\n-- good/compose.yaml --\ng\n"}
	want := Page{
		Paragraphs: []string{"What goes wrong.", "What to do."},
		Examples:   []Example{{Name: "compose.yaml", Bad: "b\n", Good: "g\n"}, {Name: "run.sh", Bad: "r\n"}},
		Findings:   "x\n",
	}
	if diff := cmp.Diff(r.Page(), want); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
}
