package admission

import (
	"fmt"
	"strings"
	"testing"
)

func TestAudit(t *testing.T) {
	list := `{"apiVersion":"v1","kind":"List","items":[` + pod(good) + `,` + "\n" +
		strings.Replace(pod(`{"privileged":true}`), `"shop"`, `"kube-system"`, 1) + `,` + "\n" + pod(`{"privileged":true}`) + `]}`
	v, err := judge(t, Default(), nil).Audit(t.Context(), "pods.json", []byte(list))
	if err != nil {
		t.Fatal(err)
	}
	if got := names(v.Denied); got != "privileged" || !strings.HasPrefix(v.Denied[0].Path, "pods.json:3:") {
		t.Errorf("denied: got %q at %v, want privileged in line 3", got, v.Denied)
	}
	if !strings.Contains(names(v.Warned), "privileged") || !strings.HasPrefix(v.Warned[0].Path, "pods.json:2:") {
		t.Errorf("warned: got %v, want privileged in line 2", v.Warned)
	}
}

// TestAuditMany reads more pods than one file of a check may hold.
func TestAuditMany(t *testing.T) {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: List\nitems:\n")
	const pods = 5000
	for i := range pods {
		fmt.Fprintf(&b, "  - apiVersion: v1\n    kind: Pod\n    metadata: {name: p%d}\n    spec: {hostPID: true, containers: [{name: a, image: a}]}\n", i)
	}
	m := Mode{Rules: map[string]Action{"host-pid": Deny}, Deny: 10, Warn: 10}
	v, err := judge(t, m, nil).Audit(t.Context(), "pods.yaml", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Denied) != pods {
		t.Errorf("denied: got %d, want %d", len(v.Denied), pods)
	}
}

func TestAuditErrors(t *testing.T) {
	for text, want := range map[string]string{
		"kind: Pod\n  x: [":              "pods.yaml:2:3",
		"":                               "pods.yaml holds no Kubernetes object",
		"---\n# nothing\n---\n":          "pods.yaml holds no Kubernetes object",
		"kind: Pod\nmetadata: {name: a}": "pods.yaml holds no Kubernetes object",
		"services: {web: {image: a}}":    "pods.yaml holds no Kubernetes object",
		"FROM alpine\nUSER 1000":         "pods.yaml holds no Kubernetes object",
		"[{apiVersion: v1, kind: Pod}]":  "pods.yaml holds no Kubernetes object",
		"apiVersion: v1\nkind: Pod\n---\nservices: {a: b}":                  "pods.yaml:4:1: no Kubernetes object: apiVersion or kind is missing",
		"{apiVersion: v1, kind: PodList, items: [{spec: {hostPID: true}}]}": "pods.yaml:1:41: no Kubernetes object",
	} {
		_, err := judge(t, Default(), nil).Audit(t.Context(), "pods.yaml", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want an error at %s", text, err, want)
		}
	}
}

// TestAuditOthers counts what no rule reads, and takes a list of nothing for an answer.
func TestAuditOthers(t *testing.T) {
	text := "apiVersion: v1\nkind: Pood\n---\napiVersion: v1\nkind: ConfigMap\n---\n---\napiVersion: v1\nkind: List\nitems:\n" +
		"  - {apiVersion: v1, kind: ConfigMap}\n  - {apiVersion: v1, kind: Service}\n  - " + pod(good) + "\n"
	for text, want := range map[string]string{
		text: "map[ConfigMap:2 Pood:1]",
		`{"apiVersion":"v1","kind":"List","items":[]}`: "map[]",
	} {
		v, err := judge(t, Default(), nil).Audit(t.Context(), "all.yaml", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := fmt.Sprint(v.Others); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
