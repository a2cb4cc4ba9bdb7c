package daemon

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/frontend/internal/facttest"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// TestRead compares the facts of each archive's first file with its section
// facts.
func TestRead(t *testing.T) {
	facttest.Pairs(t, func(name string, data []byte) *model.Facts { return Read(source.NewFile(name, data)) })
}

// host returns the one host of a daemon.json.
func host(t *testing.T, text string) (*source.File, *model.Host) {
	t.Helper()
	f := source.NewFile("daemon.json", []byte(text))
	facts := Read(f)
	if len(facts.Faults) > 0 || len(facts.Hosts) != 1 {
		t.Fatalf("%s: faults %+v, %d hosts, want none and 1", text, facts.Faults, len(facts.Hosts))
	}
	return f, facts.Hosts[0]
}

func TestEdit(t *testing.T) {
	for _, tt := range []struct {
		name, text, want string
		edit             func(h *model.Host) []source.Edit
	}{
		{
			"replace", "{\n  \"icc\": true,\n  \"debug\": true\n}\n", "{\n  \"icc\": false,\n  \"debug\": true\n}\n",
			func(h *model.Host) []source.Edit { return h.ICC.Edit(false) },
		},
		{
			"insert", "{\n  \"debug\": true\n}\n", "{\n  \"debug\": true,\n  \"icc\": false\n}\n",
			func(h *model.Host) []source.Edit { return h.ICC.Edit(false) },
		},
		{
			"tabs", "{\n\t\"debug\": true\n}\n", "{\n\t\"debug\": true,\n\t\"icc\": false\n}\n",
			func(h *model.Host) []source.Edit { return h.ICC.Edit(false) },
		},
		{
			"one line", `{"debug": true}`, `{"debug": true, "live-restore": true}`,
			func(h *model.Host) []source.Edit { return h.LiveRestore.Edit(true) },
		},
		{
			"empty object", "{}\n", "{\n  \"live-restore\": true\n}\n",
			func(h *model.Host) []source.Edit { return h.LiveRestore.Edit(true) },
		},
		{
			"debug", "{\n  \"debug\": true\n}\n", "{\n  \"debug\": false,\n  \"log-level\": \"info\"\n}\n",
			func(h *model.Host) []source.Edit { return h.LogLevel.Edit("info") },
		},
		{
			"list", "{\n  \"insecure-registries\": [\"a:5000\", \"b:5000\"]\n}\n", "{\n  \"insecure-registries\": [\"b:5000\"]\n}\n",
			func(h *model.Host) []source.Edit { return h.InsecureRegistries.Items[0].Delete() },
		},
		{
			"log options", "{\n  \"log-driver\": \"json-file\",\n  \"log-opts\": {\n    \"max-file\": \"3\"\n  }\n}\n",
			"{\n  \"log-driver\": \"json-file\",\n  \"log-opts\": {\n    \"max-file\": \"3\",\n    \"max-size\": \"10m\"\n  }\n}\n",
			func(h *model.Host) []source.Edit {
				return h.Log.Edit(model.LogConfig{Driver: "json-file", Options: map[string]string{"max-file": "3", "max-size": "10m"}})
			},
		},
		{
			"delete", "{\n  \"experimental\": true,\n  \"icc\": false\n}\n", "{\n  \"icc\": false\n}\n",
			func(h *model.Host) []source.Edit { return h.Experimental.Delete() },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, h := host(t, tt.text)
			got, err := source.Apply(f, tt.edit(h))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(got), tt.want); diff != "" {
				t.Errorf("edited (-got +want):\n%s", diff)
			}
		})
	}
}

// TestEditsTogether: the keys that are missing can be added in one go.
func TestEditsTogether(t *testing.T) {
	f, h := host(t, "{\n  \"debug\": false\n}\n")
	var edits []source.Edit
	edits = append(edits, h.ICC.Edit(false)...)
	edits = append(edits, h.LiveRestore.Edit(true)...)
	edits = append(edits, h.Ulimits.Edit(true)...)
	edits = append(edits, h.Log.Edit(model.LogConfig{Driver: "local", Options: map[string]string{"max-size": "10m"}})...)
	text, err := source.Apply(f, edits)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(text) {
		t.Fatalf("not JSON:\n%s", text)
	}
	_, h = host(t, string(text))
	if h.ICC.Value || !h.LiveRestore.Value || !h.Ulimits.Value || h.Log.Value.Driver != "local" {
		t.Errorf("icc %v, live-restore %v, ulimits %v, log %q, want false, true, true, local:\n%s",
			h.ICC.Value, h.LiveRestore.Value, h.Ulimits.Value, h.Log.Value.Driver, text)
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct{ text, place, message string }{
		{"{\n  // no\n  \"icc\": false\n}", "d.json:2:3", "not valid JSON"},
		{"{\"icc\": false,}", "d.json:1:15", "not valid JSON"},
		{"[]", "d.json:1:1", "not valid JSON"},
		{"{\"icc\": \"false\"}", "d.json:1:9", `key "icc" has type string, not boolean`},
		{"{\"hosts\": \"tcp://0.0.0.0:2375\"}", "d.json:1:11", `key "hosts" has type string, not sequence`},
		{"{\"log-opts\": {\"max-file\": 3}}", "d.json:1:27", `key "max-file" has type integer, not string`},
		{"{\"iccc\": false}", "d.json:1:2", `key "iccc" is not one dockerd knows`},
		{"{\"ServerVersion\": 1}", "daemon: ServerVersion", "holds a number"},
	} {
		facts := Read(source.NewFile("d.json", []byte(tt.text)))
		if len(facts.Faults) == 0 {
			t.Errorf("%s: no fault, want %q", tt.text, tt.message)
			continue
		}
		f := facts.Faults[0]
		place := f.Place.Path
		if f.Place.Span.IsValid() {
			place = f.Place.Span.Position().String()
		}
		if place != tt.place || !strings.Contains(f.Message, tt.message) {
			t.Errorf("%s: got %q at %q, want %q at %q", tt.text, f.Message, place, tt.message, tt.place)
		}
	}
}

// TestDefaults: an empty file is dockerd's defaults, and what only a running
// engine knows is unknown.
func TestDefaults(t *testing.T) {
	for _, text := range []string{"", "\n", "{}"} {
		_, h := host(t, text)
		got := []any{
			h.ICC.Value, h.IPTables.Value, h.UserlandProxy.Value, h.LiveRestore.Value, h.NoNewPrivileges.Value,
			h.Experimental.Value, h.TLSVerify.Value, h.LogLevel.Value, h.Log.Value.Driver, h.Seccomp.Value,
			h.Rootless.Known(), h.SwapLimit.Known(), h.CgroupVersion.Known(), h.SocketMode.Known(), h.Version.Known(),
		}
		want := []any{
			true, true, true, false, false,
			false, false, "info", "json-file", "default",
			false, false, false, false, false,
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%q (-got +want):\n%s", text, diff)
		}
	}
}

func FuzzRead(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data)
	}
	f.Add([]byte("{\n\t\"log-opts\":{\"a\":null},\r\n\"hosts\":[1]}"))
	f.Add([]byte(`{"icc":1,"icc":true,"\u0069cc":false}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		file := source.NewFile("daemon.json", text)
		for _, h := range Read(file).Hosts {
			if h.Live || h.ICC.Edit == nil {
				continue
			}
			edits := h.ICC.Edit(false)
			if len(edits) == 0 {
				continue
			}
			out, err := source.Apply(file, edits)
			if err != nil {
				t.Fatalf("apply: %v", err)
			}
			again := Read(source.NewFile("daemon.json", out))
			if len(again.Hosts) != 1 || again.Hosts[0].ICC.Value {
				t.Errorf("icc is not false after the edit:\n%q\n%q", text, out)
			}
		}
	})
}

func TestLongList(t *testing.T) {
	text := `{"hosts": [` + strings.Repeat(`"tcp://0.0.0.0:1",`, 5000) + `"unix://"]}`
	facts := Read(source.NewFile("daemon.json", []byte(text)))
	l := facts.Hosts[0].Listen
	if len(l.Items) != 1000 || l.Known() || len(facts.Faults) != 1 {
		t.Errorf("got %d items, known %t, and %d faults, want 1000, false and 1", len(l.Items), l.Known(), len(facts.Faults))
	}
}

func TestEmptyLogOptions(t *testing.T) {
	f := source.NewFile("daemon.json", []byte(`{"log-opts": {}}`))
	edits := Read(f).Hosts[0].Log.Edit(model.LogConfig{Options: map[string]string{"max-file": "3", "max-size": "10m"}})
	got, err := source.Apply(f, edits)
	if want := `{"log-opts": {"max-file": "3", "max-size": "10m"}}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}
