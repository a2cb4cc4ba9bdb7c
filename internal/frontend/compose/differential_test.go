package compose

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A caseFile is one project of the differential test.
type caseFile struct {
	name  string
	files []string          // the Compose files, in order
	all   map[string]string // every file by name
	env   map[string]string
}

// TestDifferential compares what is read with what the reference loader of
// Compose computes, wherever that loads the project.
func TestDifferential(t *testing.T) {
	logrus.SetOutput(io.Discard)
	cases := ours(t)
	if len(cases) < 40 {
		t.Errorf("got %d cases of our own, want at least 40", len(cases))
	}
	loaded := 0
	for _, c := range append(cases, kics(t)...) {
		if compare(t, c) {
			loaded++
		} else if strings.HasPrefix(c.name, "testdata") {
			t.Errorf("%s: the reference loader refuses it, so that nothing is compared", c.name)
		}
	}
	t.Logf("%d projects compared", loaded)
}

// ours returns the cases in testdata/differential: archives whose first file,
// and those with "override" in their name, are the Compose files.
func ours(t *testing.T) []caseFile {
	t.Helper()
	paths, err := filepath.Glob("testdata/differential/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var out []caseFile
	for _, p := range paths {
		a, err := txtar.ParseFile(p)
		if err != nil {
			t.Fatal(err)
		}
		c := caseFile{name: p, all: map[string]string{}, env: map[string]string{}}
		for line := range strings.FieldsSeq(string(a.Comment)) {
			if k, v, ok := strings.Cut(line, "="); ok {
				c.env[k] = v
			}
		}
		for i, f := range a.Files {
			if i == 0 || strings.Contains(f.Name, "override") {
				c.files = append(c.files, f.Name)
			}
			c.all[f.Name] = string(f.Data)
		}
		out = append(out, c)
	}
	return out
}

// kics returns the Compose files of the shared cases.
func kics(t *testing.T) []caseFile {
	t.Helper()
	text, err := os.ReadFile("../../../../shared/data/cases/kics-compose.jsonl")
	if err != nil {
		t.Logf("shared cases left out: %v", err)
		return nil
	}
	var out []caseFile
	for line := range bytes.Lines(text) {
		var x struct {
			Text string `json:"text"`
			Src  string `json:"src"`
		}
		if err := json.Unmarshal(line, &x); err != nil {
			t.Fatal(err)
		}
		out = append(out, caseFile{name: x.Src, files: []string{"compose.yaml"}, all: map[string]string{"compose.yaml": x.Text}, env: map[string]string{}})
	}
	return out
}

// compare reports whether the reference loader loads c, and whether the two
// readings are equal.
func compare(t *testing.T, c caseFile) bool {
	t.Helper()
	dir := t.TempDir()
	for name, text := range c.all {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	load := func(name string) (*source.File, error) {
		text, err := os.ReadFile(name)
		return source.NewFile(name, text), err
	}
	var files []*source.File
	details := types.ConfigDetails{WorkingDir: dir, Environment: types.Mapping{}}
	maps.Copy(details.Environment, c.env)
	for line := range strings.SplitSeq(c.all[".env"], "\n") {
		if k, v, ok := strings.Cut(line, "="); ok && c.env[k] == "" {
			details.Environment[k] = v
		}
	}
	for _, name := range c.files {
		f, _ := load(filepath.Join(dir, name))
		files = append(files, f)
		details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{Filename: filepath.Join(dir, name)})
	}
	facts := Read(files, Options{Name: "p", Dir: dir, Env: c.env, Load: load, Profiles: []string{"*"}})
	project, err := loader.LoadWithContext(context.Background(), details, func(o *loader.Options) {
		o.SetProjectName("p", true)
		o.SkipConsistencyCheck = true
		o.ResolvePaths = true
		o.Profiles = []string{"*"}
	})
	if err != nil {
		t.Logf("%s: not loaded: %v", c.name, err)
		return false
	}
	got, want := map[string]string{}, map[string]string{}
	skip := map[string]bool{}
	for _, w := range facts.Workloads {
		describe(w, got, skip)
	}
	for _, s := range project.Services {
		expect(s, project, want)
	}
	expectNetworks(project, facts, got, want)
	for k := range skip {
		delete(got, k)
		delete(want, k)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-reference +got):\n%s", c.name, d)
	}
	return true
}

// put writes the value of a fact under key, or marks the key as not comparable.
func put[T any](got map[string]string, skip map[string]bool, key string, f model.Fact[T]) {
	if f.State == model.Unknown {
		skip[key] = true
		return
	}
	got[key] = fmt.Sprint(f.Value)
}

func putList(got map[string]string, skip map[string]bool, key string, l model.List[string]) {
	if l.State == model.Unknown {
		skip[key] = true
		return
	}
	items := []string{}
	for _, i := range l.Items {
		items = append(items, i.Value)
	}
	got[key] = strings.Join(items, " ")
}

func namespace(n model.Namespace) string {
	if n.Target != "" {
		return n.Mode + ":" + n.Target
	}
	return n.Mode
}

// describe writes what was read of w into got.
func describe(w *model.Workload, got map[string]string, skip map[string]bool) {
	n := w.Name + "."
	if ref := w.Image.Ref; ref.State == model.Unknown {
		skip[n+"image"] = true
	} else {
		got[n+"image"] = ref.Value.Raw
	}
	if w.User.State == model.Unknown {
		skip[n+"user"] = true
	} else {
		got[n+"user"] = w.User.Value.Name
	}
	put(got, skip, n+"privileged", w.Privileged)
	put(got, skip, n+"read_only", w.ReadOnlyRoot)
	putList(got, skip, n+"cap_add", w.CapAdd)
	putList(got, skip, n+"cap_drop", w.CapDrop)
	putList(got, skip, n+"devices", w.Devices)
	putList(got, skip, n+"groups", w.Groups)
	putList(got, skip, n+"links", w.Links)
	put(got, skip, n+"nnp", w.NoNewPrivileges)
	put(got, skip, n+"seccomp", w.Seccomp)
	put(got, skip, n+"apparmor", w.AppArmor)
	put(got, skip, n+"unmasked", w.UnmaskedPaths)
	for key, f := range map[string]model.Fact[model.Namespace]{"pid": w.PID, "ipc": w.IPC, "uts": w.UTS, "userns": w.UserNS, "cgroupns": w.CgroupNS, "network_mode": w.Network} {
		if f.State == model.Unknown {
			skip[n+key] = true
			continue
		}
		got[n+key] = namespace(f.Value)
	}
	put(got, skip, n+"cgroup_parent", w.CgroupParent)
	put(got, skip, n+"memory", w.Memory)
	put(got, skip, n+"swap", w.MemorySwap)
	put(got, skip, n+"reservation", w.MemoryReservation)
	if w.CPUs.State == model.Unknown {
		skip[n+"cpus"] = true
	} else {
		got[n+"cpus"] = strconv.FormatFloat(w.CPUs.Value, 'f', 3, 64)
	}
	put(got, skip, n+"pids", w.PIDs)
	put(got, skip, n+"oom", w.OOMKillDisable)
	put(got, skip, n+"stdin", w.Stdin)
	put(got, skip, n+"tty", w.TTY)
	put(got, skip, n+"workdir", w.WorkingDir)
	if w.Command.State != model.Unknown {
		got[n+"command"] = fmt.Sprintf("%q", w.Command.Value.Args)
	} else {
		skip[n+"command"] = true
	}
	if w.Entrypoint.State != model.Unknown {
		got[n+"entrypoint"] = fmt.Sprintf("%q", w.Entrypoint.Value.Args)
	} else {
		skip[n+"entrypoint"] = true
	}
	describeMore(w, got, skip)
}

func describeMore(w *model.Workload, got map[string]string, skip map[string]bool) {
	n := w.Name + "."
	put(got, skip, n+"restart", w.Restart)
	if w.Log.State == model.Unknown {
		skip[n+"log"] = true
	} else {
		got[n+"log"] = w.Log.Value.Driver + fmt.Sprint(sorted(w.Log.Value.Options))
	}
	if w.Health.State == model.Unknown {
		skip[n+"health"] = true
	} else {
		got[n+"health"] = fmt.Sprintf("%s %q", w.Health.Value.Kind, w.Health.Value.Test)
	}
	for _, v := range w.Env {
		put(got, skip, n+"env "+v.Name, v.Value)
	}
	for _, v := range w.Labels {
		put(got, skip, n+"label "+v.Name, v.Value)
	}
	for _, v := range w.Sysctls {
		put(got, skip, n+"sysctl "+v.Name, v.Value)
	}
	for _, u := range w.Ulimits {
		put(got, skip, n+"ulimit soft "+u.Name, u.Soft)
		put(got, skip, n+"ulimit hard "+u.Name, u.Hard)
	}
	var ports []string
	for _, p := range w.Ports {
		if p.State == model.Unknown || p.HostIP.State == model.Unknown {
			skip[n+"ports"] = true
		}
		for i := p.First; i <= p.Last; i++ {
			host := ""
			switch {
			case p.HostFirst == 0:
			case p.First == p.Last && p.HostFirst != p.HostLast:
				host = fmt.Sprintf("%d-%d", p.HostFirst, p.HostLast)
			default:
				host = strconv.Itoa(p.HostFirst + i - p.First)
			}
			ports = append(ports, fmt.Sprintf("%s:%s:%d/%s", p.HostIP.Value, host, i, p.Protocol))
		}
	}
	sort.Strings(ports)
	got[n+"ports"] = fmt.Sprint(ports)
	var exposed []string
	for _, p := range w.Exposed {
		if p.State == model.Unknown {
			skip[n+"expose"] = true
		}
		exposed = append(exposed, strings.Trim(p.Place.Span.Text(), `"'`))
	}
	got[n+"expose"] = fmt.Sprint(exposed)
	describeMounts(w, got, skip)
	var nets []string
	for _, a := range w.Attachments {
		nets = append(nets, a.Name+fmt.Sprint(a.Aliases))
	}
	sort.Strings(nets)
	got[n+"networks"] = fmt.Sprint(nets)
	var secrets []string
	for _, x := range w.Secrets {
		secrets = append(secrets, x.Name+":"+x.Target.Value)
	}
	got[n+"secrets"] = fmt.Sprint(secrets)
	describeBuild(w, got, skip)
}

func describeMounts(w *model.Workload, got map[string]string, skip map[string]bool) {
	n := w.Name + "."
	var mounts []string
	for _, m := range w.Mounts {
		if m.Kind == model.OtherMount {
			continue
		}
		for _, state := range []model.State{m.Source.State, m.Target.State, m.ReadOnly.State} {
			if state == model.Unknown {
				skip[n+"mounts"] = true
			}
		}
		kind, src := m.Kind, m.Source.Value
		if m.Options != nil {
			kind = model.VolumeMount
			src = "declared"
		}
		ro := m.ReadOnly.Value
		line := fmt.Sprintf("%s %s %s %v %s", kind, src, m.Target.Value, ro, m.Propagation.Value)
		if m.Tmpfs != nil {
			line += fmt.Sprintf(" size=%d", m.Tmpfs.Size.Value)
		}
		mounts = append(mounts, line)
	}
	sort.Strings(mounts)
	got[n+"mounts"] = strings.Join(mounts, "\n")
}

func describeBuild(w *model.Workload, got map[string]string, skip map[string]bool) {
	b, n := w.Source, w.Name+"."
	if b == nil {
		return
	}
	if b.Context.State == model.Unknown || b.Dockerfile.State == model.Unknown || b.Target.State == model.Unknown {
		skip[n+"build"] = true
	}
	context := b.Context.Value
	if !remote(context) {
		context = join(b.Dir, context)
	}
	file := b.Dockerfile.Value
	if b.Inline != nil {
		file = string(b.Inline.Text)
	}
	got[n+"build"] = context + " " + file + " " + b.Target.Value
	for _, a := range b.Args {
		if a.From == model.FromShell && a.Value.State == model.Unknown {
			continue
		}
		put(got, skip, n+"arg "+a.Name, a.Value)
	}
}

func sorted(m map[string]string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k+"="+m[k])
	}
	return out
}
