package kube

import (
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
		out := []txtar.File{{Name: in.Name + ".facts", Data: []byte(printed(Read(f)))}}
		if len(edits) > 0 {
			out = append(out, txtar.File{Name: in.Name + ".edited", Data: edited(t, f, edits)})
		}
		return out
	})
}

// printed returns facts as text, without the lines that are the same for every
// container.
func printed(facts *model.Facts) string {
	var b strings.Builder
	section := func(title, text string) {
		fmt.Fprintf(&b, "# %s\n", title)
		for line := range strings.Lines(text) {
			if !tedious(line) {
				b.WriteString(line)
			}
		}
	}
	for _, w := range facts.Workloads {
		section(w.Name, facttest.Print(w))
	}
	for _, s := range facts.Services {
		section(s.Kind+" "+s.Name, facttest.Print(s))
	}
	for _, p := range facts.Policies {
		section("NetworkPolicy "+p.Name, facttest.Print(p))
	}
	for _, g := range facts.Grants {
		section(g.Name, facttest.Print(g))
	}
	for _, f := range facts.Faults {
		fmt.Fprintf(&b, "fault %s: %s\n", f.Place.Span.Position(), f.Message)
	}
	for _, n := range facts.Notes {
		fmt.Fprintf(&b, "note %s: %s\n", n.What, n.Why)
	}
	return b.String()
}

func tedious(line string) bool {
	for _, prefix := range []string{
		"Name = ", "Surface = ", "Image.Surface", "Image.Use", "CapAdd.Span", "CapDrop.Span", "Devices.Span", "Groups.Span", "Links.Span",
		"CapAdd.State = set", "CapDrop.State = set", "MountsAll = set", "Restart = {Policy:always Max:0} (unknown)",
		"Seccomp = unconfined (unset)", "AppArmor = default (unset)", "SELinux = default (unset)", "NetworkPolicy = false (unknown)",
		"UserNS = {Mode:host Target: Host:false} (unset)", "ServiceAccount = default (unset)", "ServiceAccountToken = true (unset)",
		"User = {Name: UID:0 GID:-1} (unset)",
	} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return strings.HasSuffix(line, "(unknown) @\n") || strings.Contains(line, "Image.Name")
}

// edited makes every edit named, one after the other, on every container that
// needs it.
func edited(t *testing.T, f *source.File, names []string) []byte {
	t.Helper()
	for _, name := range names {
		for i := 0; ; i++ {
			if i > 50 {
				t.Fatalf("edit %s of %s does not end:\n%s", name, f.Name, f.Text)
			}
			var todo []source.Edit
			for _, w := range Read(f).Workloads {
				if todo = editOf(t, w, name); len(todo) > 0 {
					break
				}
			}
			if len(todo) == 0 {
				break
			}
			next, err := source.Apply(f, todo)
			if err != nil {
				t.Fatalf("edit %s: %v", name, err)
			}
			f = source.NewFile(f.Name, next)
		}
	}
	return f.Text
}

// editOf returns the edits w needs to have what name says.
func editOf(t *testing.T, w *model.Workload, name string) []source.Edit {
	t.Helper()
	switch name {
	case "read-only":
		return set(w.ReadOnlyRoot, true)
	case "unprivileged":
		if w.Privileged.State == model.Set {
			return w.Privileged.Delete()
		}
	case "no-new-privileges":
		return set(w.NoNewPrivileges, true)
	case "memory":
		return set(w.Memory, 512<<20)
	case "cpu":
		return set(w.CPUs, 0.5)
	case "user":
		if w.User.Value.UID != 1000 {
			return w.User.Edit(model.User{Name: "1000", UID: 1000, GID: -1})
		}
	case "non-root":
		return set(w.NonRoot, true)
	case "seccomp":
		return set(w.Seccomp, "default")
	case "apparmor":
		return set(w.AppArmor, "default")
	case "own-namespaces":
		for _, ns := range []model.Fact[model.Namespace]{w.PID, w.IPC, w.Network} {
			if ns.Value.Mode == "host" {
				return ns.Delete()
			}
		}
	case "no-token":
		return set(w.ServiceAccountToken, false)
	case "drop-all":
		for _, c := range w.CapDrop.Items {
			if c.Value == "ALL" {
				return nil
			}
		}
		return w.CapDrop.Add("ALL")
	case "no-cap-add":
		for _, c := range w.CapAdd.Items {
			return c.Delete()
		}
	case "mounts-read-only":
		for _, m := range w.Mounts {
			if m.Kind == model.BindMount && !m.ReadOnly.Value {
				return m.ReadOnly.Edit(true)
			}
		}
	case "no-host-ports":
		for _, p := range w.Ports {
			return p.Delete()
		}
	case "tag":
		if r := w.Image.Ref; r.State == model.Set && r.Value.Tag == "" {
			return r.Edit(model.Reference{Raw: r.Value.Raw + ":1.2"})
		}
	default:
		t.Fatalf("no edit is called %q", name)
	}
	return nil
}

func set[T comparable](f model.Fact[T], v T) []source.Edit {
	if f.Value == v || f.Edit == nil || !f.Known() {
		return nil
	}
	return f.Edit(v)
}

// TestObject: what an API server has is no template, whatever it looks like.
func TestObject(t *testing.T) {
	const pod = `{"apiVersion": "v1", "kind": "Pod", "spec": {
		"containers": [{"name": "c", "image": "${X}", "args": ["{{x}}"], "env": [{"name": "E", "value": "{{x}}"}],
			"securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": "${X}"}},
			"volumeMounts": [{"name": "v", "mountPath": "/v", "subPath": "${X}"}]}],
		"volumes": [{"name": "v", "hostPath": {"path": "/srv/${X}"}}]}}`
	read := func(f func(*source.File) *model.Facts) []model.State {
		w := f(source.NewFile("pod.json", []byte(pod))).Workloads[0]
		return []model.State{w.Command.State, w.Env[0].Value.State, w.Seccomp.State, w.Mounts[0].Source.State}
	}
	for want, f := range map[model.State]func(*source.File) *model.Facts{model.Unknown: Read, model.Set: Object} {
		if got := read(f); slices.ContainsFunc(got, func(s model.State) bool { return s != want }) {
			t.Errorf("got %v, want all %v", got, want)
		}
	}
}

func TestOperatingSystem(t *testing.T) {
	for spec, want := range map[string]string{
		"os: {name: windows}":                       "windows",
		"nodeSelector: {kubernetes.io/os: windows}": "windows",
		"hostNetwork: false":                        "",
	} {
		text := "apiVersion: v1\nkind: Pod\nspec:\n  " + spec + "\n  containers: [{name: web, image: shop/web:1}]\n"
		if got := Read(source.NewFile("pod.yaml", []byte(text))).Workloads[0].OS; got != want {
			t.Errorf("%s: got %q, want %q", spec, got, want)
		}
	}
}

// TestLineEnds checks that files with the line ends of Windows say the same.
func TestLineEnds(t *testing.T) {
	for _, in := range facttest.Inputs(t) {
		want := printed(Read(source.NewFile(in.Name, in.Data)))
		got := printed(Read(source.NewFile(in.Name, []byte(strings.ReplaceAll(string(in.Data), "\n", "\r\n")))))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s with CRLF (-LF +CRLF):\n%s", in.Name, diff)
		}
	}
}
