//go:build unix

package vuln

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// spent returns the CPU time of this process.
func spent(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestBudgets builds the database of all real advisories, opens it and looks
// up what a large image holds. The bounds are those users are promised. The build
// is measured in CPU time, so that a busy machine does not fail it; what is short
// gets more than one try.
func TestBudgets(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a database of all real advisories")
	}
	dir, out := advisories(t), filepath.Join(t.TempDir(), "advisories.db")
	within := func(what string, limit time.Duration, do func()) {
		t.Helper()
		var took time.Duration
		for begin, n := time.Now(), 0; n < 3 || time.Since(begin) < time.Second; n++ {
			start := time.Now()
			do()
			if took = time.Since(start); took < limit {
				t.Logf("%s: %v", what, took)
				return
			}
		}
		t.Errorf("%s: took %v, want less than %v", what, took, limit)
	}
	before := spent(t)
	stats, err := Build(context.Background(), dir, out, Options{Now: day})
	if err != nil {
		t.Fatal(err)
	}
	if got, limit := spent(t)-before, 10*time.Second; got > limit {
		t.Errorf("build: took %v of CPU time, want less than %v", got, limit)
	}
	if limit := int64(15_000_000); stats.Size > limit {
		t.Errorf("got a file of %d bytes, want %d at most", stats.Size, limit)
	}
	within("open", 20*time.Millisecond, func() {
		d, err := Open(out)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	})
	d := open(t, out)
	packages := image(t, d)
	within("match 900 packages", 20*time.Millisecond, func() {
		if len(match(t, d, packages...).Vulnerabilities) == 0 {
			t.Fatal("got no vulnerability, want many")
		}
	})
}
