package admission

import (
	"strings"
	"testing"
)

const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","annotations":{"a.b/c":"x"}},"spec":{"hostPID":true,"containers":[{"name":"a"},{"name":"b","args":["x","y"],"securityContext":{"privileged":true}}]}}`

func TestPathAt(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`"v1"`, "apiVersion"},
		{`"hostPID"`, "spec.hostPID"},
		{`true,`, "spec.hostPID"},
		{`"b"`, "spec.containers[1].name"},
		{`"y"`, "spec.containers[1].args[1]"},
		{`true}`, "spec.containers[1].securityContext.privileged"},
		{`"x"}`, `metadata.annotations["a.b/c"]`},
		{`[{`, "spec.containers"},
	} {
		if got := PathAt([]byte(pod), strings.Index(pod, c.text)); got != c.want {
			t.Errorf("at %s: got %q, want %q", c.text, got, c.want)
		}
	}
	for _, offset := range []int{-1, len(pod), len(pod) + 5} {
		if got := PathAt([]byte(pod), offset); offset > 0 && got != "" {
			t.Errorf("at %d: got %q, want nothing", offset, got)
		}
	}
}

func TestRead(t *testing.T) {
	ok := `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","kind":{"group":"","version":"v1","kind":"Pod"},` +
		`"namespace":"shop","operation":"CREATE","userInfo":{"username":"ada","groups":["dev"]},"object":` + pod + `,"oldObject":null}}`
	r, err := Read([]byte(ok))
	if err != nil {
		t.Fatal(err)
	}
	if r.UID != "1" || r.Kind != "Pod" || r.Namespace != "shop" || r.User != "ada" || r.OldObject != nil {
		t.Errorf("got %+v", r)
	}
	if got := len(Facts(r.Object).Workloads); got != 2 {
		t.Errorf("workloads: got %d, want 2", got)
	}
	for _, c := range []struct{ from, to, want string }{
		{ok, "", "not an AdmissionReview: unexpected end of JSON input"},
		{`"AdmissionReview"`, `"Pod"`, `kind "Pod" is not AdmissionReview`},
		{"admission.k8s.io/v1", "admission.k8s.io/v1beta1", `apiVersion "admission.k8s.io/v1beta1" is not admission.k8s.io/v1`},
		{`"uid":"1"`, `"uid":""`, "request.uid is missing"},
		{`"CREATE"`, `"MAKE"`, `request.operation "MAKE" is none of CREATE, UPDATE, DELETE, CONNECT`},
		{pod, "null", "request.object is missing, though the operation is CREATE"},
	} {
		_, err := Read([]byte(strings.Replace(ok, c.from, c.to, 1)))
		if err == nil || err.Error() != c.want {
			t.Errorf("with %s: got %v, want %s", c.to, err, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","operation":"UPDATE","object":`+pod+`,"oldObject":`+pod+`}}`), 40)
	f.Add([]byte(`{"request":{}}`), 0)
	f.Fuzz(func(t *testing.T, body []byte, offset int) {
		r, err := Read(body)
		if err != nil {
			return
		}
		facts := Facts(r.Object)
		for _, w := range facts.Workloads {
			if !w.Place.Span.IsValid() || w.Place.Span.End > len(r.Object) {
				t.Errorf("workload %s: place %+v is not in the object", w.Name, w.Place)
			}
		}
		if path := PathAt(r.Object, offset); strings.HasPrefix(path, ".") {
			t.Errorf("at %d: got path %q", offset, path)
		}
	})
}
