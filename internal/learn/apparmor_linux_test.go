package learn_test

import (
	"errors"
	"strings"
	"testing"

	"bulkhead/internal/imagetest"
	"bulkhead/internal/learn"
	"bulkhead/internal/servicetest"
)

// TestAppArmor has profiles read by AppArmor's own parser, also those with names
// that are not meant well.
func TestAppArmor(t *testing.T) {
	p, err := servicetest.FindParser(t.Context(), imagetest.Cache(t, "apparmor"))
	if errors.Is(err, servicetest.ErrImpossible) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	r := &learn.Learned{
		Name: "web\nprofile x {}", Capabilities: []string{"CHOWN", "NET_BIND_SERVICE"},
		Executed: []string{"/usr/sbin/nginx", `/odd/a "b" {c}*` + "\n", "/x y"},
		Writable: []learn.Place{{Path: "/run"}, {Path: "/var/lib/web data"}}, Granted: learn.Granted{Mounts: []string{"/data"}},
	}
	const name = "bulkhead-web"
	text := r.AppArmor(name)
	if err := p.Check(t.Context(), name, text); err != nil {
		t.Errorf("%v; of\n%s", err, text)
	}
	for old, wrong := range map[string]string{"capability chown": "capability none", "}\n": "}\nprofile other {\n}\n"} {
		if err := p.Check(t.Context(), name, []byte(strings.Replace(string(text), old, wrong, 1))); err == nil {
			t.Errorf("with %q the parser takes anything", wrong)
		}
	}
}
