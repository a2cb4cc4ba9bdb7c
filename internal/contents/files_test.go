package contents

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// An item is an entry of a layer: a folder where its name ends in a slash, a
// link where it leads somewhere.
type item struct {
	name string
	mode int64
	uid  int
	text string
	to   string // of a symbolic link
	hard string // of a hard link
	caps string
}

// items returns a layer of them.
func items(t *testing.T, all ...item) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, i := range all {
		h := &tar.Header{Name: i.name, Mode: i.mode, Uid: i.uid, Gid: i.uid, Size: int64(len(i.text)), Typeflag: tar.TypeReg}
		switch {
		case strings.HasSuffix(i.name, "/"):
			h.Typeflag = tar.TypeDir
		case i.to != "":
			h.Typeflag, h.Linkname = tar.TypeSymlink, i.to
		case i.hard != "":
			h.Typeflag, h.Linkname = tar.TypeLink, i.hard
		}
		if i.caps != "" {
			h.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": i.caps}
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(i.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// look returns what is said of an image that runs as configured.
func look(t *testing.T, run map[string]any, layers ...[]byte) *model.Contents {
	t.Helper()
	return lookInto(t, saveAs(t, run, layers...)).Contents
}

// lookInto returns what is in the image that the archive called name holds.
func lookInto(t *testing.T, name string) *model.Image {
	t.Helper()
	tree, err := oci.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tree.Close(); err != nil {
			t.Error(err)
		}
	})
	image := &model.Image{Name: "test:1"}
	if _, err := Look(t.Context(), tree, image, nil); err != nil {
		t.Fatal(err)
	}
	return image
}

// elfProgram returns an ELF program that asks for a loader, or for none.
func elfProgram(loader string) string {
	b := make([]byte, 64+56)
	copy(b, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint64(b[32:], 64) // where program headers are
	binary.LittleEndian.PutUint16(b[54:], 56)
	if loader != "" {
		binary.LittleEndian.PutUint16(b[56:], 1)
		binary.LittleEndian.PutUint32(b[64:], 3) // PT_INTERP
		binary.LittleEndian.PutUint64(b[64+8:], uint64(len(b)))
		binary.LittleEndian.PutUint64(b[64+32:], uint64(len(loader)+1))
		b = append(b, loader+"\x00"...)
	}
	return string(b) + strings.Repeat("\x00", 8<<10)
}

func TestFiles(t *testing.T) {
	netRaw := string([]byte{1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	got := look(t, map[string]any{},
		items(t,
			item{name: "usr/bin/su", mode: 0o4755, text: "su"},
			item{name: "usr/bin/gone", mode: 0o4755, text: "x"},
			item{name: "usr/bin/fixed", mode: 0o4755, text: "x"},
			item{name: "usr/bin/ping", mode: 0o755, text: "x", caps: netRaw},
			item{name: "usr/bin/notes", mode: 0o4644, text: "not a program"},
			item{name: "tmp/", mode: 0o1777},
			item{name: "tmp/x", mode: 0o666, text: "x"},
			item{name: "srv/closed/", mode: 0o777},
			item{name: "data/", mode: 0o777},
			item{name: "data/a", mode: 0o666, text: "a"},
			item{name: "data/b/", mode: 0o777},
		),
		items(t,
			item{name: "usr/bin/.wh.gone"},
			item{name: "usr/bin/fixed", mode: 0o755, text: "x"},
			item{name: "srv/closed/", mode: 0o755},
			item{name: "etc/a.conf", mode: 0o666, text: "a"},
			item{name: "etc/b.conf", mode: 0o666, text: "b"},
		))
	want := &model.Contents{
		Privileged: []model.File{
			{Name: "usr/bin/ping", Mode: 0o755, Capabilities: []string{"NET_RAW"}},
			{Name: "usr/bin/su", Mode: 0o4755},
		},
		Writable: []model.File{
			{Name: "data", Folder: true, Mode: 0o777, Beneath: 2},
			{Name: "etc/a.conf", Mode: 0o666, Layer: 1, Beneath: 1},
		},
	}
	if diff := cmp.Diff(got, want, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
}

func TestAccounts(t *testing.T) {
	got := look(t, map[string]any{}, items(t,
		item{name: "etc/passwd", mode: 0o644, text: "root:x:0:0:root:/root:/bin/sh\nopen::5:5::/:/bin/sh\nshop:x:1000:1000:,,,:/home/shop:/bin/bash\nodd:x:one:1:::\n"},
		item{name: "etc/shadow", mode: 0o640, text: "root:::0:::::\nshop:!:19000:0:99999:7:::\nhalf:\n"},
	)).Accounts
	want := []model.Account{
		{Name: "root", Shell: "/bin/sh", EmptyPassword: true},
		{Name: "open", UID: 5, GID: 5, Shell: "/bin/sh", EmptyPassword: true},
		{Name: "shop", UID: 1000, GID: 1000, Shell: "/bin/bash"},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
}

func TestPrograms(t *testing.T) {
	got := look(t, map[string]any{}, items(t,
		item{name: "usr/bin/gcc-12", mode: 0o755, text: "x"},
		item{name: "usr/bin/gcc", mode: 0o777, to: "gcc-12"},
		item{name: "usr/local/bin/npm", mode: 0o777, to: "../lib/node_modules/npm/bin/npm-cli.js"},
		item{name: "bin/make", mode: 0o777, to: "/bin/busybox"},
		item{name: "app/node_modules/x/bin/yarn", mode: 0o755, text: "x"},
		item{name: "usr/share/doc/git", mode: 0o755, text: "x"},
		item{name: "usr/bin/python3.12", mode: 0o755, text: "x"},
	)).Programs
	want := []model.Program{
		{Name: "gcc", File: "usr/bin/gcc", Kind: model.BuildTool},
		{Name: "gcc", File: "usr/bin/gcc-12", Kind: model.BuildTool},
		{Name: "npm", File: "usr/local/bin/npm", Kind: model.PackageManager},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
}

func TestLeftovers(t *testing.T) {
	mega := strings.Repeat("x", 1<<20)
	got := look(t, map[string]any{},
		items(t,
			item{name: "var/lib/apt/lists/a", mode: 0o644, text: mega},
			item{name: "var/lib/apt/lists/b", mode: 0o644, text: mega},
			item{name: "var/lib/apt/lists/lock", mode: 0o644},
			item{name: "root/.cache/pip/http/x", mode: 0o644, text: mega},
		),
		items(t, item{name: "var/lib/apt/lists/.wh..wh..opq"})).Leftovers
	want := []model.Leftover{
		{What: "pip's cache", Folder: "root/.cache/pip", Size: 1 << 20},
		{What: "apt's package lists", Folder: "var/lib/apt/lists", Size: 2 << 20, Deleted: true},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
}

func TestStart(t *testing.T) {
	loader := "/lib64/ld-linux-x86-64.so.2"
	program := item{name: "app/server", mode: 0o755, uid: 1000, text: elfProgram(loader)}
	file := &model.File{Name: "app/server", Mode: 0o755, UID: 1000, GID: 1000}
	run := func(args ...string) map[string]any { return map[string]any{"Cmd": args} }
	for _, c := range []struct {
		name  string
		run   map[string]any
		items []item
		want  *model.Start
	}{
		{"nothing said", map[string]any{}, []item{program}, nil},
		{"no loader", run("/app/server"), []item{program}, &model.Start{Program: "/app/server", File: file, Interpreter: loader, NoInterpreter: true}},
		{"a loader", run("/app/server"), []item{
			program,
			{name: "lib64", mode: 0o777, to: "usr/lib64"},
			{name: "usr/lib64/ld-linux-x86-64.so.2", mode: 0o777, to: "../lib/ld.so"},
			{name: "usr/lib/ld.so", mode: 0o755, text: "x"},
		}, &model.Start{Program: "/app/server", File: file, Interpreter: loader}},
		{"static", run("/app"), []item{{name: "app", mode: 0o755, text: elfProgram("")}}, &model.Start{Program: "/app", File: &model.File{Name: "app", Mode: 0o755}}},
		{"code of the user's", map[string]any{"Cmd": []string{"/app/server", "--port=80", "main.js", "other.js"}, "WorkingDir": "/srv"}, []item{
			program, {name: "srv/main.js", mode: 0o644, uid: 1000, text: "x"},
		}, &model.Start{Program: "/app/server", File: file, Interpreter: loader, NoInterpreter: true, Code: &model.File{Name: "srv/main.js", Mode: 0o644, UID: 1000, GID: 1000}}},
		{"code of root's", map[string]any{"Cmd": []string{"/app/server", "/srv/main.js"}}, []item{
			program, {name: "srv/main.js", mode: 0o644, text: "x"},
		}, &model.Start{Program: "/app/server", File: file, Interpreter: loader, NoInterpreter: true}},
		{"missing", run("/app/serve"), []item{program}, &model.Start{Program: "/app/serve", Missing: true}},
		{"a shell that is missing", run("/bin/sh", "-c", "server"), []item{program}, &model.Start{Program: "/bin/sh", Missing: true}},
		{"relative", map[string]any{"Entrypoint": []string{"./serve"}, "WorkingDir": "/app"}, []item{program}, &model.Start{Program: "/app/serve", Missing: true}},
		{"on PATH", map[string]any{"Cmd": []string{"server"}, "Env": []string{"PATH=/app"}}, []item{
			{name: "app/", mode: 0o755, uid: 1000}, {name: "app/server", mode: 0o755, uid: 1000, text: "#!/bin/bash -e\n"},
		}, &model.Start{
			Program: "/app/server", File: file, Folder: &model.File{Name: "app", Folder: true, Mode: 0o755, UID: 1000, GID: 1000},
			Interpreter: "/bin/bash", Script: true, NoInterpreter: true,
		}},
		{"nowhere on PATH", run("server"), []item{program}, nil},
		{"a hard link", run("/bin/sh"), []item{{name: "bin/busybox", mode: 0o755, text: "x"}, {name: "bin/sh", mode: 0o755, hard: "bin/busybox"}}, &model.Start{Program: "/bin/sh"}},
		{"a circle", run("/a"), []item{{name: "a", to: "b"}, {name: "b", to: "a"}}, &model.Start{Program: "/a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(look(t, c.run, items(t, c.items...)).Start, c.want); diff != "" {
				t.Errorf("-got +want\n%s", diff)
			}
		})
	}
}

// TestHostileStart: what an image says of its start may be as large as its
// configuration, and is given up in time.
func TestHostileStart(t *testing.T) {
	var many []item
	for i := range 20_000 {
		many = append(many, item{name: fmt.Sprintf("bin/p%d", i), mode: 0o4755})
	}
	layer := items(t, many...)
	deep := strings.Repeat("/a", 1_000_000)
	for name, run := range map[string]map[string]any{
		"many folders":         {"Entrypoint": []string{"p"}, "Env": []string{"PATH=" + strings.Repeat("/b:", 800_000)}},
		"deep folder":          {"Entrypoint": []string{"p"}, "Env": []string{"PATH=" + deep}},
		"deep program":         {"Entrypoint": []string{deep}},
		"deep working folder":  {"Entrypoint": []string{"./p"}, "WorkingDir": deep},
		"long name":            {"Entrypoint": []string{deep[1:3] + strings.Repeat("p", 1_000_000)}, "Env": []string{"PATH=" + strings.Repeat("/b:", 400_000)}},
		"deep code":            {"Entrypoint": []string{"/bin/p0", "main.js"}, "WorkingDir": deep},
		"many folders, no way": {"Entrypoint": []string{"p"}, "Env": []string{"PATH=" + strings.Repeat("/a/../b:", maxDirs-1)}},
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			got := look(t, run, layer).Start
			if got != nil && (got.Missing || got.Code != nil) {
				t.Errorf("got %.100v, want nothing said", got)
			}
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("got %v, want at most 10 s on a loaded machine", took)
			}
		})
	}
}

func TestLoader(t *testing.T) {
	b := make([]byte, 52+32)
	copy(b, "\x7fELF\x01\x02\x01") // 32 bits, the high byte first
	binary.BigEndian.PutUint32(b[28:], 52)
	binary.BigEndian.PutUint16(b[42:], 32)
	binary.BigEndian.PutUint16(b[44:], 1)
	binary.BigEndian.PutUint32(b[52:], 3)
	binary.BigEndian.PutUint32(b[52+4:], uint32(len(b)))
	binary.BigEndian.PutUint32(b[52+16:], 8)
	b = append(b, "/lib/ld\x00"...)
	if got, want := loader(b), "/lib/ld"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for cut := range b { // none may panic
		if got := loader(b[:cut]); got != "" {
			t.Errorf("of the first %d bytes: got %q, want nothing", cut, got)
		}
	}
}
