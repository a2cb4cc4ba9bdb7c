package admission

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"bulkhead/internal/check"
	"bulkhead/internal/rules"
	"bulkhead/internal/source"
)

func installation(t *testing.T) *Installation {
	t.Helper()
	a, err := NewAuthority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return &Installation{
		Namespace: "bulkhead", Image: "registry.example/bulkhead:1.0@sha256:" + strings.Repeat("0", 64),
		Fail: FailOpen, Exempt: []string{"kube-system"}, Authority: a,
		Policies: map[string]string{"a.rego": "package a\n\nb := 1\n"},
	}
}

func written(t *testing.T, i *Installation) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := i.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestManifests holds what we ask others to run against our own rules, and the
// webhook against itself.
func TestManifests(t *testing.T) {
	for _, fail := range []FailMode{FailOpen, FailClosed} {
		i := installation(t)
		i.Fail, i.Namespaces, i.Flags = fail, "kind: List\n", []string{"--deny=critical"}
		text := written(t, i)
		sys := check.System(check.Sources{Files: []*source.File{source.NewFile("bulkhead.yaml", text)}})
		if len(sys.Workloads) != 1 {
			t.Errorf("workloads: got %d, want 1", len(sys.Workloads))
		}
		for _, f := range check.Findings(rules.All(), sys) {
			t.Errorf("fail %s: %s: %s: %s (%s)", fail, f.Where(), f.Severity, f.Message, f.Rule)
		}
	}
}

// TestFailMode tells the API server what to do where there is no answer.
func TestFailMode(t *testing.T) {
	for fail, want := range map[FailMode]string{FailOpen: "Ignore", FailClosed: "Fail"} {
		i := installation(t)
		i.Fail = fail
		i.Former = []byte("-----BEGIN CERTIFICATE-----\nold\n-----END CERTIFICATE-----\n")
		decoder := yaml.NewDecoder(bytes.NewReader(written(t, i)))
		alert, found := false, false
		for {
			var o struct {
				Kind     string
				Data     map[string]string
				Webhooks []struct {
					FailurePolicy     string                    `yaml:"failurePolicy"`
					ClientConfig      struct{ CaBundle string } `yaml:"clientConfig"`
					NamespaceSelector struct {
						MatchExpressions []struct{ Values []string } `yaml:"matchExpressions"`
					} `yaml:"namespaceSelector"`
				}
			}
			if err := decoder.Decode(&o); err != nil {
				break
			}
			alert = alert || o.Kind == "PrometheusRule"
			if o.Kind == "ConfigMap" && o.Data["a.rego"] != i.Policies["a.rego"] {
				t.Errorf("policy: got %q, want %q", o.Data["a.rego"], i.Policies["a.rego"])
			}
			if o.Kind != "ValidatingWebhookConfiguration" {
				continue
			}
			found = true
			w := o.Webhooks[0]
			if w.FailurePolicy != want {
				t.Errorf("failurePolicy: got %s, want %s", w.FailurePolicy, want)
			}
			if got := strings.Join(w.NamespaceSelector.MatchExpressions[0].Values, " "); got != "bulkhead kube-system" {
				t.Errorf("namespaces left out: got %q, want its own and kube-system", got)
			}
		}
		if !found {
			t.Error("no webhook configuration")
		}
		if alert != (fail == FailOpen) {
			t.Errorf("fail %s: got an alert %t", fail, alert)
		}
		if text := string(written(t, i)); !strings.Contains(text, base64.StdEncoding.EncodeToString(i.Bundle())) || !bytes.Contains(i.Bundle(), []byte("old")) {
			t.Error("the former authority is not in the bundle")
		}
	}
}

func TestInstallationErrors(t *testing.T) {
	for want, change := range map[string]func(*Installation){
		`"Shop!" is no name of a namespace`:                                                 func(i *Installation) { i.Namespace = "Shop!" },
		`image "shop:1" is not pinned to a digest: name@sha256:…`:                           func(i *Installation) { i.Image = "shop:1" },
		`policy file "a/b": a ConfigMap allows letters, digits, '-', '_' and '.' in a name`: func(i *Installation) { i.Policies["a/b"] = "" },
		"no authority is given":                                                             func(i *Installation) { i.Authority = nil },
	} {
		i := installation(t)
		change(i)
		if err := i.Write(&bytes.Buffer{}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
