package admission

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"bulkhead/internal/finding"
	"bulkhead/internal/frontend/admission"
	"bulkhead/internal/rules"
	"bulkhead/internal/source"
)

// pod returns a pod with a container of that security context.
func pod(security string) string {
	return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},"spec":{"automountServiceAccountToken":false,` +
		`"securityContext":{"runAsNonRoot":true,"runAsUser":1000,"seccompProfile":{"type":"RuntimeDefault"}},` +
		`"containers":[{"name":"web","image":"registry.example/shop/web:1.2.3@sha256:` + strings.Repeat("a", 64) + `",` +
		`"resources":{"limits":{"memory":"128Mi","cpu":"500m"}},"livenessProbe":{"httpGet":{"port":8080}},"securityContext":` + security + `}]}}`
}

const good = `{"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"capabilities":{"drop":["ALL"]}}`

func request(op admission.Operation, object, old string) *admission.Request {
	r := &admission.Request{UID: "1", Kind: "Pod", Namespace: "shop", Name: "web", Operation: op, Object: json.RawMessage(object)}
	if old != "" {
		r.OldObject = json.RawMessage(old)
	}
	return r
}

func judge(t testing.TB, m Mode, p Policy) *Judge {
	t.Helper()
	j, err := NewJudge(m, rules.All(), p)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func verdict(t *testing.T, j *Judge, r *admission.Request) *Verdict {
	t.Helper()
	v, err := j.Review(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func names(all []Violation) string {
	var out []string
	for _, v := range all {
		out = append(out, v.Rule)
	}
	return strings.Join(slices.Compact(out), " ")
}

func TestReview(t *testing.T) {
	bad := strings.Replace(good, `{`, `{"privileged":true,`, 1)
	for _, c := range []struct {
		name         string
		r            *admission.Request
		mode         func(*Mode)
		denied, want string // want: the warned
	}{
		{"a good pod", request(admission.Create, pod(good), ""), nil, "", ""},
		{"a privileged pod", request(admission.Create, pod(bad), ""), nil, "privileged", ""},
		{"what was there before", request(admission.Update, pod(bad), pod(bad)), nil, "", ""},
		{"what is new", request(admission.Update, pod(bad), pod(good)), nil, "privileged", ""},
		{"a warning", request(admission.Create, pod(bad), ""), func(m *Mode) { m.Rules["privileged"] = Warn }, "", "privileged"},
		{"logged alone", request(admission.Create, pod(bad), ""), func(m *Mode) { m.Rules["privileged"] = DryRun }, "", ""},
		{"a rule that is off", request(admission.Create, pod(bad), ""), func(m *Mode) { m.Rules["privileged"] = Off }, "", ""},
		{"a deletion", &admission.Request{UID: "1", Kind: "Pod", Operation: admission.Delete, OldObject: json.RawMessage(pod(bad))}, nil, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := Default()
			if c.mode != nil {
				c.mode(&m)
			}
			v := verdict(t, judge(t, m, nil), c.r)
			if got := names(v.Denied); got != c.denied {
				t.Errorf("denied: got %q, want %q", got, c.denied)
			}
			if got := names(v.Warned); got != c.want {
				t.Errorf("warned: got %q, want %q", got, c.want)
			}
			if v.Allowed() != (c.denied == "") {
				t.Errorf("allowed: got %t", v.Allowed())
			}
		})
	}
}

// TestKinds refuses a privileged container wherever a pod can be.
func TestKinds(t *testing.T) {
	spec := `"spec":{"containers":[{"name":"web","image":"a","securityContext":{"privileged":true}}]}`
	template := `{` + spec + `}`
	for kind, object := range map[string]string{
		"Pod":                   `{"apiVersion":"v1","kind":"Pod",` + spec + `}`,
		"ReplicationController": `{"apiVersion":"v1","kind":"ReplicationController","spec":{"template":` + template + `}}`,
		"Deployment":            `{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":` + template + `}}`,
		"ReplicaSet":            `{"apiVersion":"apps/v1","kind":"ReplicaSet","spec":{"template":` + template + `}}`,
		"StatefulSet":           `{"apiVersion":"apps/v1","kind":"StatefulSet","spec":{"template":` + template + `}}`,
		"DaemonSet":             `{"apiVersion":"apps/v1","kind":"DaemonSet","spec":{"template":` + template + `}}`,
		"Job":                   `{"apiVersion":"batch/v1","kind":"Job","spec":{"template":` + template + `}}`,
		"CronJob":               `{"apiVersion":"batch/v1","kind":"CronJob","spec":{"jobTemplate":{"spec":{"template":` + template + `}}}}`,
		"PodTemplate":           `{"apiVersion":"v1","kind":"PodTemplate","template":` + template + `}`,
		"ephemeral container": `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"web","image":"a"}],` +
			`"ephemeralContainers":[{"name":"debug","image":"a","securityContext":{"privileged":true}}]}}`,
		"init container": `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"web","image":"a"}],` +
			`"initContainers":[{"name":"debug","image":"a","securityContext":{"privileged":true}}]}}`,
	} {
		v := verdict(t, judge(t, Default(), nil), request(admission.Create, object, ""))
		if !strings.Contains(names(v.Denied), "privileged") {
			t.Errorf("%s: denied %q, want privileged", kind, names(v.Denied))
		}
	}
}

// TestUnjudged refuses what is too much to be read.
func TestUnjudged(t *testing.T) {
	containers := strings.Repeat(`{"name":"a","image":"a"},`, 5000)
	object := `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[` + strings.TrimSuffix(containers, ",") + `]}}`
	v := verdict(t, judge(t, Default(), nil), request(admission.Create, object, ""))
	if v.Allowed() || v.Unjudged == "" {
		t.Errorf("got allowed %t, unjudged %q, want a refusal", v.Allowed(), v.Unjudged)
	}
}

func TestExempt(t *testing.T) {
	r := request(admission.Create, pod(`{"privileged":true}`), "")
	r.Namespace = "kube-system"
	v := verdict(t, judge(t, Default(), nil), r)
	a := Respond(r, v).Response
	if !a.Allowed || len(a.Warnings) == 0 || a.AuditAnnotations["exempt"] != "true" {
		t.Errorf("got %+v, want it allowed with a warning", a)
	}
}

func TestNewJudge(t *testing.T) {
	for name, want := range map[string]string{"privilegd": `no rule is called "privilegd"`, "privileged": `rule privileged: "block" is none of deny, warn, dryrun, off`} {
		_, err := NewJudge(Mode{Rules: map[string]Action{name: "block"}}, rules.All(), nil)
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// A stuck policy answers when its time is up.
type stuck struct{}

func (stuck) Review(ctx context.Context, _ *admission.Request) ([]Violation, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (stuck) Audit(ctx context.Context, _ *source.File) ([]Violation, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestPolicies(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := judge(t, Default(), stuck{}).Review(ctx, request(admission.Create, pod(good), "")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	for mode, allowed := range map[FailMode]bool{FailOpen: true, FailClosed: false} {
		a := Unanswered(request(admission.Create, pod(good), ""), context.DeadlineExceeded, mode).Response
		if a.Allowed != allowed || fmt.Sprint(a.Warnings, a.Status) == "" {
			t.Errorf("%s: got %+v", mode, a)
		}
	}
}

func TestRefusal(t *testing.T) {
	r := request(admission.Create, pod(strings.Replace(good, `{`, `{"privileged":true,`, 1)), "")
	got := Respond(r, verdict(t, judge(t, Default(), nil), r)).Response.Status.Message
	want := `bulkhead refuses Pod shop/web
  privileged: web/web: container is privileged
    at           spec.containers[0].securityContext.privileged
    do instead   run without privileges
  why: bulkhead explain privileged`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWarnings(t *testing.T) {
	many := make([]Violation, 1000)
	for i := range many {
		many[i] = Violation{Rule: "a-rule", Severity: finding.Medium, Message: strings.Repeat("ä", 300)}
	}
	got := warnings(many)
	size := 0
	for _, w := range got {
		size += len(w)
		if len(w) > maxWarning {
			t.Errorf("a warning of %d bytes, want at most %d", len(w), maxWarning)
		}
	}
	if last := got[len(got)-1]; size > maxWarnings || !strings.Contains(last, "more") {
		t.Errorf("got %d bytes, the last %q, want at most %d and the number of those left out", size, last, maxWarnings)
	}
}

func BenchmarkReview(b *testing.B) {
	j := judge(b, Default(), nil)
	for name, object := range map[string]string{"good": pod(good), "refused": pod(`{"privileged":true}`)} {
		b.Run(name, func(b *testing.B) {
			body := []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","operation":"CREATE","object":` + object + `}}`)
			b.ReportAllocs()
			for b.Loop() {
				r, err := admission.Read(body)
				if err != nil {
					b.Fatal(err)
				}
				v, err := j.Review(b.Context(), r)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := json.Marshal(Respond(r, v)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
