package kernel

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/model"
)

var update = flag.Bool("update", false, "rewrite the golden facts in testdata")

// extract writes the files of an archive below a folder and returns it.
func extract(t *testing.T, a *txtar.Archive) string {
	t.Helper()
	root := t.TempDir()
	for _, f := range a.Files {
		name := filepath.Join(root, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if to, ok := strings.CutPrefix(strings.TrimSpace(string(f.Data)), "-> "); ok {
			err = os.Symlink(to, name)
		} else {
			err = os.WriteFile(name, f.Data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// text prints the fields of k that are not zero, capabilities in hexadecimal.
func text(k *model.Kernel) string {
	var out strings.Builder
	v := reflect.ValueOf(*k)
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		switch {
		case f.IsZero():
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
			for j := range f.Len() {
				fmt.Fprintf(&out, "%s[%d] = %+v\n", name, j, f.Index(j))
			}
		case f.Kind() == reflect.Uint64:
			fmt.Fprintf(&out, "%s = %x\n", name, f.Uint())
		default:
			fmt.Fprintf(&out, "%s = %v\n", name, f)
		}
	}
	return out.String()
}

// TestRead reads process 100 of each archive's machine.
func TestRead(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		t.Run(filepath.Base(name), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			k, err := Read(extract(t, a), 100)
			if err != nil {
				t.Fatal(err)
			}
			got := text(k)
			if *update {
				a.Files[0].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(got, string(a.Files[0].Data)); diff != "" {
				t.Errorf("kernel (-got +want):\n%s", diff)
			}
		})
	}
}

func TestGone(t *testing.T) {
	if _, err := Read(t.TempDir(), 100); !errors.Is(err, ErrGone) {
		t.Errorf("no such process: got %v, want ErrGone", err)
	}
	if _, err := Read("/", 1<<22+1); !errors.Is(err, ErrGone) {
		t.Errorf("a number above the largest: got %v, want ErrGone", err)
	}
}

func TestTightest(t *testing.T) {
	for _, tt := range []struct{ a, b, want int64 }{
		{-1, 0, 0}, {0, -1, 0}, {-1, -1, -1}, {-1, 5, 5}, {5, 0, 5}, {5, 3, 3}, {3, 5, 3}, {0, 0, 0},
	} {
		if got := tightest(tt.a, tt.b); got != tt.want {
			t.Errorf("tightest(%d, %d) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestLookupUser(t *testing.T) {
	a := txtar.Parse([]byte(`
-- proc/7/root/etc/passwd --
root:x:0:0::/:/bin/sh
broken
app:x:1000:50::/:/bin/sh
-- proc/7/root/etc/group --
staff:x:77:app
-- proc/7/root/etc/loop --
-> /etc/loop
-- proc/8/root/etc/passwd --
-> ../../../../../../../../../../../../etc/passwd
-- proc/9/root/etc/passwd --
-> /real/passwd
-- proc/9/root/real/passwd --
app:x:9:9::/:/
`))
	root := extract(t, a)
	for _, tt := range []struct {
		pid  int
		name string
		uid  int64
		want model.User
	}{
		{7, "app", -1, model.User{Name: "app", UID: 1000, GID: 50}},
		{7, "app:staff", -1, model.User{Name: "app:staff", UID: 1000, GID: 77}},
		{7, "1000", 1000, model.User{Name: "1000", UID: 1000, GID: 50}},
		{7, "4711", 4711, model.User{Name: "4711", UID: 4711, GID: 0}},
		{7, "nobody", -1, model.User{Name: "nobody", UID: -1, GID: -1}},
		{8, "root", -1, model.User{Name: "root", UID: -1, GID: -1}}, // the host's passwd is out of reach
		{9, "app", -1, model.User{Name: "app", UID: 9, GID: 9}},     // an absolute link stays inside
		{10, "app", -1, model.User{Name: "app", UID: -1, GID: -1}},
	} {
		got := LookupUser(root, tt.pid, model.User{Name: tt.name, UID: tt.uid, GID: -1})
		if got != tt.want {
			t.Errorf("process %d, %q: got %+v, want %+v", tt.pid, tt.name, got, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw", "0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 0 0 555")
	f.Add(" - ", ": : : 0A")
	f.Fuzz(func(t *testing.T, mount, socket string) {
		if m, ok := parseMount(mount); ok && (m.kind == "" || len(m.options) == 0) {
			t.Errorf("mount %+v of %q is not whole", m, mount)
		}
		for _, protocol := range []string{"tcp", "udp"} {
			if l, inode, ok := parseSocket(socket, protocol); ok && (l.Address == "" || l.Port < 0 || l.Port > 65535 || inode == "") {
				t.Errorf("socket %+v of %q is not whole", l, socket)
			}
		}
	})
}
