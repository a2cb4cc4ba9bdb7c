package admission

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/finding"
	"bulkhead/internal/frontend/admission"
	"bulkhead/internal/policy"
	"bulkhead/internal/rules"
	"bulkhead/internal/source"
)

// team is a Gatekeeper policy: what is made needs a label.
const team = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: needsteam
spec:
  crd:
    spec:
      names:
        kind: NeedsTeam
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package needsteam
        violation[{"msg": msg}] {
          not input.review.object.metadata.labels.team
          msg := sprintf("%v of %v has no team", [input.review.object.metadata.name, input.review.userInfo.username])
        }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: NeedsTeam
metadata:
  name: everybody
spec:
  match:
    kinds:
      - apiGroups: [""]
        kinds: [Pod]
`

func policies(t testing.TB) Policies {
	t.Helper()
	file := filepath.Join(t.TempDir(), "team.yaml")
	if err := os.WriteFile(file, []byte(team), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := policy.Load(policy.Options{Paths: []string{file}, Now: time.Now(), Point: "validation.gatekeeper.sh"})
	if err != nil {
		t.Fatal(err)
	}
	return Policies{set}
}

// TestRego judges by a user's policy: with who asks, and what was there before
// left out.
func TestRego(t *testing.T) {
	j := judge(t, Default(), policies(t))
	ask := func(operation, object, old string) *Verdict {
		t.Helper()
		r, err := admission.Read([]byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","kind":{"group":"","version":"v1","kind":"Pod"},` +
			`"namespace":"shop","name":"web","operation":"` + operation + `","userInfo":{"username":"ada"},"object":` + object + `,"oldObject":` + old + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		return verdict(t, j, r)
	}
	bare := pod(good)
	labelled := strings.Replace(bare, `"name":"web",`, `"name":"web","labels":{"team":"a"},`, 1)
	if v := ask("CREATE", bare, "null"); len(v.Denied) != 1 || v.Denied[0].Message != "web of ada has no team" || !strings.HasPrefix(v.Denied[0].Rule, "needsteam") {
		t.Errorf("a pod without a team: got %+v", v.Denied)
	}
	if v := ask("CREATE", labelled, "null"); !v.Allowed() {
		t.Errorf("a pod with a team: got %+v", v.Denied)
	}
	if v := ask("UPDATE", bare, bare); !v.Allowed() {
		t.Errorf("an update that changes nothing: got %+v", v.Denied)
	}
	if v := ask("UPDATE", bare, labelled); v.Allowed() {
		t.Error("an update that takes the team away was allowed")
	}
}

// BenchmarkRego judges by the rules and a policy.
func BenchmarkRego(b *testing.B) {
	j := judge(b, Default(), policies(b))
	object := pod(good)
	body, err := json.Marshal(map[string]any{"apiVersion": admission.Version, "kind": "AdmissionReview", "request": map[string]any{
		"uid": "1", "kind": map[string]string{"version": "v1", "kind": "Pod"}, "operation": "CREATE", "userInfo": map[string]string{"username": "ada"}, "object": json.RawMessage(object),
	}})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r, err := admission.Read(body)
		if err != nil {
			b.Fatal(err)
		}
		if v, err := j.Review(b.Context(), r); err != nil || len(v.Denied) != 1 {
			b.Fatal(v, err)
		}
	}
}

// broken is a policy that finds something and then gives up.
type broken struct{ found []Violation }

func (b broken) Review(context.Context, *admission.Request) ([]Violation, error) {
	return b.found, errors.New("no time left")
}

func (b broken) Audit(context.Context, *source.File) ([]Violation, error) {
	return b.found, errors.New("no time left")
}

// TestBroken: a policy that gives up does not let through what the rules, or
// other policies, refuse.
func TestBroken(t *testing.T) {
	denial := []Violation{{Rule: "team", Severity: finding.High, Message: "no team", Action: Deny}}
	for _, tt := range []struct {
		spec  string
		found []Violation
		want  string // of the refusal; "" is the error
	}{
		{`"containers":[{"name":"a","image":"app:1","securityContext":{"privileged":true}}]`, nil, "privileged"},
		{`"containers":[]`, denial, "team"},
		{`"containers":[]`, nil, ""},
	} {
		j, err := NewJudge(Default(), rules.All(), broken{tt.found})
		if err != nil {
			t.Fatal(err)
		}
		v, err := j.Review(t.Context(), &admission.Request{
			Operation: admission.Create, Kind: "Pod", Namespace: "shop",
			Object: []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{` + tt.spec + `}}`),
		})
		switch {
		case tt.want == "" && err == nil:
			t.Errorf("%s: got %+v, want the policy's error", tt.spec, v)
		case tt.want != "" && (err != nil || v.Allowed() || v.Denied[0].Rule != tt.want):
			t.Errorf("%s: got %+v and %v, want a refusal for %s", tt.spec, v, err, tt.want)
		}
	}
}

// TestNamespaces: a constraint that selects by the labels of namespaces judges
// by the objects it is given, and gives no answer about others.
func TestNamespaces(t *testing.T) {
	file := filepath.Join(t.TempDir(), "team.yaml")
	if err := os.WriteFile(file, []byte(team+"    namespaceSelector: {matchLabels: {tier: front}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := policy.Load(policy.Options{Paths: []string{file}, Now: time.Now(), Point: "validation.gatekeeper.sh"})
	if err != nil {
		t.Fatal(err)
	}
	known, err := Policies{set}.WithNamespaces(source.NewFile("ns.yaml", []byte(`kind: NamespaceList
apiVersion: v1
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {tier: front}}}
- {apiVersion: v1, kind: Namespace, metadata: {name: batch}}
`)))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		p      Policies
		space  string
		found  int
		failed bool
	}{{known, "shop", 1, false}, {known, "batch", 0, false}, {known, "other", 0, true}, {Policies{set}, "shop", 0, true}} {
		r := &admission.Request{Operation: admission.Create, Raw: []byte(`{"operation":"CREATE","namespace":"` + tt.space + `",
			"kind":{"version":"v1","kind":"Pod"},"userInfo":{"username":"a"},
			"object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"}}}`)}
		found, err := tt.p.Review(t.Context(), r)
		if len(found) != tt.found || (err != nil) != tt.failed {
			t.Errorf("%s: got %v and %v, want %d found, failed %v", tt.space, found, err, tt.found, tt.failed)
		}
	}
	if _, err := (Policies{set}).WithNamespaces(source.NewFile("ns.yaml", []byte("kind: Pod\n"))); err == nil {
		t.Error("a file without namespaces is taken")
	}
}
