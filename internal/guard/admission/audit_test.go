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
		"kind: Pod\n  x: [": "pods.yaml:2:3",
	} {
		_, err := judge(t, Default(), nil).Audit(t.Context(), "pods.yaml", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want an error at %s", text, err, want)
		}
	}
}
