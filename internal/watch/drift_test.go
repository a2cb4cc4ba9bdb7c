package watch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestCopied: of the files that changed, those that engines have unpacked are told,
// and all where none looks like it.
func TestCopied(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	write := func(name string, written time.Time) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		if !written.IsZero() {
			if err := os.Chtimes(name, written, written); err != nil {
				t.Fatal(err)
			}
		}
	}
	told := func() []string {
		a := made(Rule{}, "docker", now)
		(&Drift{}).Copied(t.Context(), &Details{Upper: dir}, &a)
		var out []string
		for _, f := range a.Fields {
			if value, _ := f.Value.(string); !strings.HasPrefix(f.Name, "bulkhead.sha256") {
				out = append(out, value)
			} else if len(value) != 64 {
				t.Errorf("%s: got %q, want a hash", f.Name, value)
			}
		}
		return out
	}
	write("log", time.Time{})
	write("run", now.Truncate(time.Second).Add(time.Second-time.Millisecond))
	if diff := cmp.Diff(told(), []string{"/log", "/run"}); diff != "" {
		t.Errorf("nothing looks copied: got -, want +:\n%s", diff)
	}
	write("arrived", now.Truncate(time.Second))
	write("old", now.Add(-time.Hour))
	if diff := cmp.Diff(told(), []string{"/arrived", "/old"}); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	for n := range maxCopied {
		write("more-"+string(rune('a'+n)), now.Add(-time.Hour))
	}
	if got := told(); len(got) != maxCopied+1 || got[maxCopied] != "more than these" {
		t.Errorf("got %q, want %d files and that there are more", got, maxCopied)
	}
	other := made(Rule{}, "docker", now.Add(time.Hour))
	(&Drift{}).Copied(t.Context(), &Details{Upper: dir}, &other)
	if !strings.Contains(other.Output, "none in the container's own layer") {
		t.Errorf("got %q, want that there are none", other.Output)
	}
}
