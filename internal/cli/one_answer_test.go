package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/engine"
	"bulkhead/internal/finding"
	request "bulkhead/internal/frontend/admission"
	"bulkhead/internal/guard"
	"bulkhead/internal/guard/admission"
	"bulkhead/internal/policy"
	"bulkhead/internal/rules"
	"bulkhead/internal/source"
)

// registryPolicy is a user's policy: images come from one registry.
const registryPolicy = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: ourregistry
spec:
  crd:
    spec:
      names:
        kind: OurRegistry
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package ourregistry
        violation[{"msg": msg}] {
          image := input.review.object.spec.containers[_].image
          not startswith(image, "registry.example/")
          msg := sprintf("image %v is not from registry.example", [image])
        }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: OurRegistry
metadata:
  name: everywhere
spec:
  match:
    kinds:
      - apiGroups: [""]
        kinds: [Pod]
`

// oneContainer is the same container as a Compose file, a request to the engine
// and a pod.
var oneContainer = struct{ compose, body, pod string }{
	compose: `services:
  web:
    image: docker.io/shop/web:1
    privileged: true
    pid: host
    cap_add: [SYS_MODULE]
    volumes: ["/etc:/host"]
`,
	body: `{"Image":"docker.io/shop/web:1","HostConfig":{"privileged":true,"PidMode":"host","CapAdd":["SYS_MODULE"],"Binds":["/etc:/host"]}}`,
	pod: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},"spec":{"hostPID":true,"containers":[{"name":"web","image":"docker.io/shop/web:1",` +
		`"securityContext":{"privileged":true,"capabilities":{"add":["SYS_MODULE"]}},"volumeMounts":[{"name":"etc","mountPath":"/host"}]}],` +
		`"volumes":[{"name":"etc","hostPath":{"path":"/etc"}}]}}`,
}

// An emptyEngine holds nothing.
type emptyEngine struct{}

func (emptyEngine) Object(context.Context, engine.Kind, string) (*source.File, error) {
	return nil, engine.ErrNotFound
}

func (emptyEngine) Info(context.Context) (*source.File, error) {
	return source.NewFile("info", []byte(`{"ServerVersion":"20.10.24","DockerRootDir":"/srv/engine"}`)), nil
}

// TestOneAnswer has check, the engine's plugin and the cluster's webhook judge
// one container by the rules and one policy folder: rule, severity and message
// are the same everywhere.
func TestOneAnswer(t *testing.T) {
	dir := t.TempDir()
	policies := filepath.Join(dir, "policies")
	if err := os.Mkdir(policies, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"policies/registry.yaml": registryPolicy, "compose.yaml": oneContainer.compose} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set, err := policy.Load(policy.Options{Paths: []string{policies}, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	judged := []string{"dangerous-capability", "host-pid", "ourregistry/everywhere", "privileged", "sensitive-host-mount"}
	answers := map[string][]string{
		"check":   checkAnswers(t, filepath.Join(dir, "compose.yaml"), policies),
		"plugin":  pluginAnswers(t, set),
		"webhook": webhookAnswers(t, set),
	}
	for who, all := range answers {
		all = slices.DeleteFunc(all, func(a string) bool {
			rule, _, _ := strings.Cut(a, ":")
			return !slices.Contains(judged, rule)
		})
		slices.Sort(all)
		answers[who] = slices.Compact(all)
		if len(answers[who]) != len(judged) {
			t.Errorf("%s: got %q, want an answer of each of %q", who, answers[who], judged)
		}
	}
	for _, who := range []string{"plugin", "webhook"} {
		if diff := cmp.Diff(answers[who], answers["check"]); diff != "" {
			t.Errorf("%s against check (-got +want)\n%s", who, diff)
		}
	}
}

func answer(rule string, severity any, message string) string {
	return fmt.Sprintf("%s: %v: %s", rule, severity, message)
}

func checkAnswers(t *testing.T, file, policies string) []string {
	t.Helper()
	var out bytes.Buffer
	Main(t.Context(), []string{"check", "--no-engine", "--policy", policies, "-o", "json", file}, strings.NewReader(""), &out, io.Discard)
	var report struct {
		Findings []struct{ Rule, Severity, Message string }
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	var all []string
	for _, f := range report.Findings {
		all = append(all, answer(f.Rule, f.Severity, f.Message))
	}
	return all
}

func pluginAnswers(t *testing.T, set *policy.Set) []string {
	t.Helper()
	g := &guard.Guard{Engine: emptyEngine{}, State: &guard.State{Dir: t.TempDir()}, Journal: guard.NewJournal(io.Discard), Timeout: 10 * time.Second}
	g.SetPolicy(guard.DefaultPolicy(rules.All()).With(regoJudge{set}))
	if err := g.State.Open(); err != nil {
		t.Fatal(err)
	}
	d := g.Decide(t.Context(), guard.Request{
		Method: "POST", URI: "/v1.41/containers/create", Body: []byte(oneContainer.body), Headers: map[string]string{"Content-Type": "application/json"},
	})
	if d.Allow {
		t.Error("the plugin allows it")
	}
	var all []string
	for _, f := range d.Refusals {
		all = append(all, answer(f.Rule, f.Severity, f.Message))
	}
	return all
}

func webhookAnswers(t *testing.T, set *policy.Set) []string {
	t.Helper()
	j, err := admission.NewJudge(admission.Mode{Deny: finding.Info}, rules.All(), admission.Policies{Set: set})
	if err != nil {
		t.Fatal(err)
	}
	r, err := request.Read([]byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","kind":{"group":"","version":"v1","kind":"Pod"},` +
		`"namespace":"shop","operation":"CREATE","object":` + oneContainer.pod + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	v, err := j.Review(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if v.Allowed() {
		t.Error("the webhook allows it")
	}
	var all []string
	for _, x := range v.Denied {
		all = append(all, answer(x.Rule, x.Severity, x.Message))
	}
	return all
}
