package learn

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bulkhead/internal/imagetest"
)

// parser returns the AppArmor parser: the installed one, or that of Debian's
// package, unpacked.
func parser(t *testing.T) string {
	t.Helper()
	if name, err := exec.LookPath("apparmor_parser"); err == nil {
		return name
	}
	dir := imagetest.Cache(t, "apparmor")
	name := filepath.Join(dir, "sbin", "apparmor_parser")
	if _, err := os.Stat(name); err == nil {
		return name
	}
	get := exec.Command("sh", "-c", "apt-get download -q apparmor && dpkg -x apparmor_*.deb .")
	get.Dir = dir
	if out, err := get.CombinedOutput(); err != nil {
		t.Skipf("no parser of AppArmor profiles: %v\n%s", err, out)
	}
	return name
}

// TestAppArmor has profiles read by AppArmor's own parser, also those with names
// that are not meant well.
func TestAppArmor(t *testing.T) {
	program := parser(t)
	r := &Learned{
		Name: "web\nprofile x {}", Capabilities: []string{"CHOWN", "NET_BIND_SERVICE"}, Executed: []string{"/usr/sbin/nginx", `/odd/a "b" {c}*` + "\n", "/x y"},
		Writable: []Place{{Path: "/run"}, {Path: "/var/lib/web data"}}, Granted: Granted{Mounts: []string{"/data"}},
	}
	name := filepath.Join(t.TempDir(), "profile")
	parse := func(text []byte) (string, error) {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(program, "--skip-kernel-load", "--skip-cache", name).CombinedOutput(); err != nil {
			return string(out), err
		}
		out, err := exec.Command(program, "--names", name).Output() // it warns where the kernel has none
		return string(out), err
	}
	text := r.AppArmor("bulkhead-web")
	if out, err := parse(text); err != nil || strings.TrimSpace(out) != "bulkhead-web" {
		t.Errorf("got %v: %s, want the one profile; of\n%s", err, out, text)
	}
	if out, err := parse([]byte(strings.Replace(string(text), "capability chown", "capability none", 1))); err == nil {
		t.Errorf("the parser takes anything: %s", out)
	}
}
