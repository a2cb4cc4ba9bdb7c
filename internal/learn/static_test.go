package learn

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestStatic reads a program of this machine with its libraries, and one that is
// linked statically, below a root of their own.
func TestStatic(t *testing.T) {
	sh, err := filepath.EvalSymlinks("/bin/sh")
	if err != nil {
		t.Skip("no shell")
	}
	table := newTable()
	s := table.static("", []string{sh, "/etc/passwd", "/nowhere"})
	if !slices.Contains(s.Programs, sh) || len(s.Programs) < 3 {
		t.Errorf("got %v, want the shell, its C library and its loader", s.Programs)
	}
	for _, want := range []string{"kill", "pipe", "execve", "wait4"} {
		if !slices.Contains(s.Reachable, want) {
			t.Errorf("got %v reachable, want %s among them", s.Reachable, want)
		}
	}
	if !slices.Contains(s.Direct, "kill") || len(without(s.Direct, s.Reachable)) > 0 {
		t.Errorf("got %v direct, want a part of %v", s.Direct, s.Reachable)
	}
	if slices.Contains(s.Reachable, "ptrace") || len(s.Opaque) > 0 {
		t.Errorf("got %v reachable, %v opaque, want neither ptrace nor any", s.Reachable, s.Opaque)
	}
}

// TestStaticRoot: links lead to where they lead inside.
func TestStaticRoot(t *testing.T) {
	root := t.TempDir()
	source := filepath.Join(root, "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-o", filepath.Join(root, "program"), source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, to := range map[string]string{"absolute": "/program", "up": "../../program", "loop": "/loop", "escape": "/../../../../../bin/sh"} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	s := newTable().static(root, []string{"/absolute", "/up", "/loop", "/escape"})
	if !slices.Equal(s.Programs, []string{"/program"}) || !slices.Equal(s.Opaque, []string{"/program"}) {
		t.Errorf("got %v, opaque %v; want the one program, opaque", s.Programs, s.Opaque)
	}
}
