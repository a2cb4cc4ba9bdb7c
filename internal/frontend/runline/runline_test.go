package runline

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/frontend/internal/facttest"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// TestRead compares the facts of every file of every archive, and what the edits
// named in its comment make of the file, with what stands beside it.
func TestRead(t *testing.T) {
	facttest.Archives(t, func(t *testing.T, in txtar.File, edits []string) []txtar.File {
		f := source.NewFile(in.Name, in.Data)
		facts := Read(f)
		out := []txtar.File{{Name: in.Name + ".facts", Data: []byte(printed(facts))}}
		if len(edits) > 0 {
			out = append(out, txtar.File{Name: in.Name + ".edited", Data: edited(t, f, facts, edits)})
		}
		return out
	})
}

func printed(facts *model.Facts) string {
	var b strings.Builder
	for _, w := range facts.Workloads {
		fmt.Fprintf(&b, "# %s\n", w.Name)
		for line := range strings.Lines(facttest.Print(w)) {
			if !tedious(line) {
				b.WriteString(line)
			}
		}
	}
	for _, n := range facts.Networks {
		fmt.Fprintf(&b, "# network %s\n%s", n.Name, facttest.Print(n))
	}
	for _, f := range facts.Faults {
		fmt.Fprintf(&b, "fault %s: %s\n", f.Place.Span.Position(), f.Message)
	}
	for _, n := range facts.Notes {
		fmt.Fprintf(&b, "note %s: %s\n", n.What, n.Why)
	}
	return b.String()
}

// tedious reports whether a line of facts says nothing of what was read: what
// is the same for every command line.
func tedious(line string) bool {
	for _, name := range []string{
		"Surface", "Kind", "Image.Surface", "Image.Use", "CapAdd.Span", "CapDrop.Span", "Devices.Span", "Groups.Span", "Links.Span",
		"Seccomp = default (unset)", "AppArmor = default (unset)", "SELinux = default (unset)", "Restart = {Policy:no Max:0} (unset)",
		"CapAdd.State = set", "MountsAll = set",
	} {
		if rest, ok := strings.CutPrefix(line, name); ok && (strings.Contains(name, "=") || strings.HasPrefix(rest, " ")) {
			return true
		}
	}
	return strings.HasSuffix(line, "(unknown) @\n") || strings.HasPrefix(line, "Attachments[0].Network.")
}

// edited applies the first of edits that does something for each workload,
// again and again until none does anything.
func edited(t *testing.T, f *source.File, facts *model.Facts, names []string) []byte {
	t.Helper()
	for range 50 {
		var todo []source.Edit
		for _, w := range facts.Workloads {
			for _, name := range names {
				todo = add(todo, editOf(t, w, name))
			}
		}
		if len(todo) == 0 {
			return f.Text
		}
		next, err := source.Apply(f, todo)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(next, f.Text) {
			t.Fatalf("the edits of %s change nothing", f.Name)
		}
		f = source.NewFile(f.Name, next)
		facts = Read(f)
	}
	t.Fatalf("the edits of %s do not end:\n%s", f.Name, f.Text)
	return nil
}

// add adds edits to todo unless they meet one of it.
func add(todo, edits []source.Edit) []source.Edit {
	for _, e := range edits {
		if slices.ContainsFunc(todo, e.Meets) {
			return todo
		}
	}
	return append(todo, edits...)
}

// editOf returns the edits that w needs to have what name says.
func editOf(t *testing.T, w *model.Workload, name string) []source.Edit {
	t.Helper()
	switch name {
	case "read-only":
		return set(w.ReadOnlyRoot, true)
	case "unprivileged":
		if w.Privileged.Value && w.Privileged.Delete != nil {
			return w.Privileged.Delete()
		}
	case "no-tty":
		return set(w.TTY, false)
	case "no-new-privileges":
		return set(w.NoNewPrivileges, true)
	case "memory":
		return set(w.Memory, 512<<20)
	case "user":
		return set(w.User, model.User{Name: "1000:1000", UID: 1000, GID: 1000})
	case "seccomp":
		return set(w.Seccomp, "default")
	case "own-pid":
		return set(w.PID, model.Namespace{})
	case "restart":
		return set(w.Restart, model.Restart{Policy: "on-failure", Max: 5})
	case "log":
		if w.Log.Value.Options["max-size"] == "" && w.Log.Edit != nil {
			return w.Log.Edit(model.LogConfig{Driver: w.Log.Value.Driver, Options: map[string]string{"max-size": "10m", "max-file": "3"}})
		}
	case "drop-all":
		if len(w.CapDrop.Items) == 0 && w.CapDrop.Add != nil {
			return w.CapDrop.Add("ALL")
		}
	case "cap-add":
		for _, c := range w.CapAdd.Items {
			if c.Delete != nil {
				return c.Delete()
			}
		}
	case "mounts":
		for _, m := range w.Mounts {
			if m.Kind == model.BindMount && m.Source.Value == "/var/run/docker.sock" && m.Delete != nil {
				return m.Delete()
			}
			if m.Kind != model.TmpfsMount && !m.ReadOnly.Value && m.ReadOnly.Edit != nil {
				return m.ReadOnly.Edit(true)
			}
			if m.Tmpfs != nil && !m.Tmpfs.NoExec.Value && m.Tmpfs.NoExec.Edit != nil {
				return m.Tmpfs.NoExec.Edit(true)
			}
		}
	case "loopback":
		for _, p := range w.Ports {
			if p.HostIP.Value != "127.0.0.1" && p.HostIP.Edit != nil {
				return p.HostIP.Edit("127.0.0.1")
			}
		}
	case "tag":
		if r := w.Image.Ref; r.Value.Tag == "" && r.Edit != nil && r.State == model.Set {
			return r.Edit(model.Reference{Raw: r.Value.Raw + ":1.2"})
		}
	default:
		t.Fatalf("no edit is called %q", name)
	}
	return nil
}

func set[T comparable](f model.Fact[T], v T) []source.Edit {
	if f.Value == v || f.Edit == nil {
		return nil
	}
	return f.Edit(v)
}

// TestBareTmpfs covers a tmpfs without options, whose word ends at its target.
func TestBareTmpfs(t *testing.T) {
	const text = "docker run --tmpfs /tmp alpine\n"
	f := source.NewFile("run.sh", []byte(text))
	m := Read(f).Workloads[0].Mounts[0]
	if m.Target.Value != "/tmp" || !m.Tmpfs.NoExec.Value {
		t.Errorf("got %q, noexec %t, want /tmp, noexec", m.Target.Value, m.Tmpfs.NoExec.Value)
	}
	got, err := source.Apply(f, m.Tmpfs.Size.Edit(64<<20))
	if want := "docker run --tmpfs /tmp:size=64m alpine\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// TestEncryptNetwork covers that the engine has an option, not a flag.
func TestEncryptNetwork(t *testing.T) {
	f := source.NewFile("run.sh", []byte("docker network create --driver overlay shop\n"))
	got, err := source.Apply(f, Read(f).Networks[0].Encrypted.Edit(true))
	if want := "docker network create --opt encrypted --driver overlay shop\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// TestLineEnds checks that files with the line ends of Windows say the same.
func TestLineEnds(t *testing.T) {
	for _, in := range facttest.Inputs(t) {
		want := printed(Read(source.NewFile(in.Name, in.Data)))
		got := printed(Read(source.NewFile(in.Name, bytes.ReplaceAll(in.Data, []byte("\n"), []byte("\r\n")))))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s with CRLF (-LF +CRLF):\n%s", in.Name, diff)
		}
	}
}

// TestOpaqueString checks that a string whose bytes cannot be told apart, here
// one with escaped line ends, is read and offers no edit.
func TestOpaqueString(t *testing.T) {
	f := source.NewFile("ci.yaml", []byte("run: \"docker run \\\n  --pid=host c\"\n"))
	w := Read(f).Workloads
	if len(w) != 1 || w[0].PID.Value.Mode != "host" {
		t.Fatalf("got %v, want one workload in the host's PID namespace", w)
	}
	if w[0].PID.Delete != nil || w[0].ReadOnlyRoot.Edit(true) != nil {
		t.Error("got edits, want none")
	}
}
