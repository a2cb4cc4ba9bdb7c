package compose

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// seeds adds the first file of every archive in testdata to f.
func seeds(f *testing.F) {
	for _, pattern := range []string{"testdata/golden/*.txtar", "testdata/differential/*.txtar"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, p := range paths {
			a, err := txtar.ParseFile(p)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(a.Files[0].Data))
		}
	}
}

// FuzzRead checks that reading never panics, that every place is inside of
// its file, and that every edit leaves a file that reads.
func FuzzRead(f *testing.F) {
	seeds(f)
	f.Fuzz(checkRead)
}

// TestCases does to the shared cases what the fuzz target does to its input.
func TestCases(t *testing.T) {
	for _, c := range kics(t) {
		checkRead(t, c.all["compose.yaml"])
	}
}

func checkRead(t *testing.T, text string) {
	file := source.NewFile("compose.yaml", []byte(text))
	o := Options{Load: func(string) (*source.File, error) {
		return source.NewFile("other.yaml", []byte(text)), nil
	}}
	facts := Read([]*source.File{file}, o)
	for _, w := range facts.Workloads {
		checkSpans(t, reflect.ValueOf(*w), 0)
	}
	for _, n := range facts.Networks {
		checkSpans(t, reflect.ValueOf(*n), 0)
	}
	for _, x := range facts.Faults {
		checkSpan(t, x.Place.Span)
	}
	if len(facts.Faults) > 0 {
		return // what is not valid before an edit need not be after it
	}
	for i, w := range facts.Workloads {
		for name, edits := range allEdits(w) {
			if after := applyTo(t, file, name, edits); after != nil {
				checkEffect(t, name, i, after, o)
			}
		}
	}
}

// checkEffect checks that the file says what the edit called name made the
// i-th workload say.
func checkEffect(t *testing.T, name string, i int, after *source.File, o Options) {
	t.Helper()
	facts := Read([]*source.File{after}, o)
	if i >= len(facts.Workloads) {
		t.Fatalf("%s: workload %d is gone:\n%s", name, i, after.Text)
	}
	w := facts.Workloads[i]
	ok := true
	switch name {
	case "read_only":
		ok = w.ReadOnlyRoot.Value
	case "privileged", "no privileged":
		ok = !w.Privileged.Value
	case "cap_drop":
		ok = false
		for _, c := range w.CapDrop.Items {
			ok = ok || c.Value == "ALL"
		}
	case "nnp":
		ok = w.NoNewPrivileges.Value
	case "memory":
		ok = w.Memory.Value == 1<<29
	case "pids":
		ok = w.PIDs.Value == 100
	case "cpus":
		ok = w.CPUs.Value == 0.5
	case "restart":
		ok = w.Restart.Value == model.Restart{Policy: "on-failure", Max: 5}
	case "log":
		ok = w.Log.Value.Driver == "json-file" && w.Log.Value.Options["max-size"] == "10m"
	case "user":
		ok = w.User.Value.Name == "app"
	case "image":
		ok = w.Image.Ref.Value.Raw == "nginx:1.27"
	}
	if !ok {
		t.Fatalf("%s: the edit has no effect on %s:\n%s", name, w.Name, after.Text)
	}
}

// allEdits returns the edits a fix of w could be made of, by what they do.
func allEdits(w *model.Workload) map[string][]source.Edit {
	out := map[string][]source.Edit{
		"read_only":     w.ReadOnlyRoot.Edit(true),
		"privileged":    w.Privileged.Edit(false),
		"no privileged": call(w.Privileged.Delete),
		"cap_drop":      w.CapDrop.Add("ALL"),
		"nnp":           call2(w.NoNewPrivileges.Edit, true),
		"memory":        w.Memory.Edit(1 << 29),
		"pids":          w.PIDs.Edit(100),
		"cpus":          w.CPUs.Edit(0.5),
		"restart":       w.Restart.Edit(model.Restart{Policy: "on-failure", Max: 5}),
		"log":           w.Log.Edit(model.LogConfig{Driver: "json-file", Options: map[string]string{"max-size": "10m"}}),
		"pid":           call(w.PID.Delete),
		"user":          w.User.Edit(model.User{Name: "app"}),
		"image":         w.Image.Ref.Edit(model.Reference{Raw: "nginx:1.27"}),
	}
	for _, p := range w.Ports {
		out["port "+p.Place.Span.Text()] = call2(p.HostIP.Edit, "127.0.0.1")
		out["no port "+p.Place.Span.Text()] = call(p.Delete)
	}
	for _, m := range w.Mounts {
		out["mount "+m.Place.Span.Text()] = call2(m.ReadOnly.Edit, true)
		out["no mount "+m.Place.Span.Text()] = call(m.Delete)
	}
	for _, c := range w.CapAdd.Items {
		out["no cap "+c.Value] = call(c.Delete)
	}
	return out
}

func call(f func() []source.Edit) []source.Edit {
	if f == nil {
		return nil
	}
	return f()
}

func call2[T any](f func(T) []source.Edit, v T) []source.Edit {
	if f == nil {
		return nil
	}
	return f(v)
}

// applyTo applies edits, if they are of file, and returns the result.
func applyTo(t *testing.T, file *source.File, name string, edits []source.Edit) *source.File {
	t.Helper()
	for _, e := range edits {
		if e.Span.File != file {
			return nil
		}
	}
	if len(edits) == 0 {
		return nil
	}
	got, err := source.Apply(file, edits)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	after := source.NewFile("compose.yaml", got)
	docs, errs := yamltext.Parse(after)
	if len(errs) > 0 && !strings.Contains(errs[0].Message, "nested deeper") {
		t.Fatalf("%s: the result does not parse: %v\n%s", name, errs[0], got)
	}
	if before, _ := yamltext.Parse(file); len(docs) != len(before) {
		t.Fatalf("%s: got %d documents, want %d:\n%s", name, len(docs), len(before), got)
	}
	return after
}

func checkSpan(t *testing.T, s source.Span) {
	t.Helper()
	if s.IsValid() && (s.Start < 0 || s.End < s.Start || s.End > len(s.File.Text)) {
		t.Fatalf("span %d to %d of %d bytes", s.Start, s.End, len(s.File.Text))
	}
}

// checkSpans checks every span in v.
func checkSpans(t *testing.T, v reflect.Value, depth int) {
	if depth > 6 {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if s, ok := reflect.TypeAssert[source.Span](v); ok {
			checkSpan(t, s)
			return
		}
		for _, field := range v.Fields() {
			checkSpans(t, field, depth+1)
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkSpans(t, v.Index(i), depth+1)
		}
	}
}

// TestHostile reads what is made to cost time or memory, or to lead nowhere.
func TestHostile(t *testing.T) {
	bomb := "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n"
	for i := 1; i < 9; i++ {
		n, prev := string(rune('0'+i)), "*x"+string(rune('0'+i-1))
		bomb += "x" + n + ": &x" + n + " [" + strings.Repeat(prev+", ", 9) + prev + "]\n"
	}
	double := "A0=0123456789\n"
	for i := range 40 {
		double += "A" + strconv.Itoa(i+1) + "=${A" + strconv.Itoa(i) + "}${A" + strconv.Itoa(i) + "}\n"
	}
	var many strings.Builder
	for i := range 60_000 {
		many.WriteString("  s" + strconv.Itoa(i) + ": {}\n")
	}
	for _, tt := range []struct{ name, text, want string }{
		{"many services", "services:\n" + many.String(), "too many services"},
		{"many limits", "services:\n s:\n  ulimits:\n" + strings.ReplaceAll(strings.ReplaceAll(many.String(), "  s", "   s"), "{}", "1"), "too many ulimits"},
		{"doubling variables", "services:\n  a:\n    image: ${A40}\n", ""},
		{"include ladder", "include: [l1.yaml, l1.yaml]\n", "includes are nested too deeply"},
		{"bomb", bomb + "services:\n  a:\n    image: x\n    cap_add: *x8\n", "project is too large or too deeply nested"},
		{"circle", "services:\n  a: &a\n    image: x\n    labels: {b: *a}\n", "project is too large or too deeply nested"},
		{"extends itself", "services:\n  a:\n    extends: a\n", "extends leads back to service a"},
		{"includes itself", "include: [compose.yaml]\nservices: {a: {image: x}}\n", "include leads back to compose.yaml"},
		{"extends its file", "services:\n  a:\n    extends: {file: compose.yaml, service: a}\n", "extends leads back to service a"},
		{"nested variables", "services:\n  a:\n    image: " + strings.Repeat("${A:-", 40_000) + "\n", ""},
		{"list", "- a\n", "a Compose file is a mapping"},
		{"many files", "include: [" + strings.Repeat("a.yaml, ", 1000) + "]\n", "a.yaml cannot be read"},
	} {
		file := source.NewFile("compose.yaml", []byte(tt.text))
		facts := Read([]*source.File{file}, Options{Load: func(name string) (*source.File, error) {
			n, ladder := strings.CutPrefix(name, "l")
			switch {
			case name == "compose.yaml":
				return file, nil
			case name == ".env":
				return source.NewFile(name, []byte(double)), nil
			case ladder:
				i, err := strconv.Atoi(strings.TrimSuffix(n, ".yaml"))
				next := "l" + strconv.Itoa(i+1) + ".yaml"
				return source.NewFile(name, []byte("include: ["+next+", "+next+"]\n")), err
			}
			return nil, errors.New("no such file")
		}})
		got := ""
		if len(facts.Faults) > 0 {
			got = facts.Faults[0].Message
		}
		if got != tt.want {
			t.Errorf("%s: got fault %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestTooLarge reads a project too large to be read in whole: what a service
// may have said where it was not read is not known, and what was read stands.
func TestTooLarge(t *testing.T) {
	bomb := "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n"
	for i := range 5 {
		bomb += fmt.Sprintf("x%d: &x%d [%s*x%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*x%d, ", i), 9), i)
	}
	text := bomb + "services:\n  whole: {image: x}\n  cut: {image: x, ports: *x5}\n  heir: {extends: whole}\n"
	facts := Read([]*source.File{source.NewFile("compose.yaml", []byte(text))}, Options{})
	got := map[string]model.State{}
	for _, w := range facts.Workloads {
		got[w.Name] = w.CapDrop.State
	}
	if want := (map[string]model.State{"whole": model.Unset, "cut": model.Unknown, "heir": model.Unknown}); !maps.Equal(got, want) {
		t.Errorf("dropped capabilities: got %v, want %v", got, want)
	}
}

// BenchmarkRead reads a file of 40 lines as people write them.
func BenchmarkRead(b *testing.B) {
	text := []byte(`services:
  web:
    image: nginx:1.27
    restart: unless-stopped
    ports:
      - "80:80"
      - "443:443"
    volumes:
      - ./html:/usr/share/nginx/html:ro
    environment:
      - TZ=Europe/Berlin
      - DEBUG=${DEBUG:-0}
    depends_on:
      - app
    networks: [front]
    deploy:
      resources:
        limits:
          memory: 128M
  app:
    build: ./app
    user: "1000:1000"
    read_only: true
    cap_drop: [ALL]
    security_opt:
      - no-new-privileges:true
    environment:
      DATABASE_URL: postgres://app:${PASSWORD}@db/app
    networks: [front, back]
  db:
    image: postgres:17
    volumes:
      - data:/var/lib/postgresql/data
    networks: [back]
volumes:
  data:
networks:
  front:
  back:
    internal: true
`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Read([]*source.File{source.NewFile("compose.yaml", text)}, Options{Name: "p"})
	}
}
