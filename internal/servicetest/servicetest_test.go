package servicetest

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/enginetest"
)

// TestTable holds the table and the files against each other.
func TestTable(t *testing.T) {
	all := All()
	if len(all) < 16 {
		t.Errorf("got %d services, want 16", len(all))
	}
	names := map[string]bool{}
	for _, s := range append(all, Victim()) {
		if names[s.Name] {
			t.Errorf("two services are called %s", s.Name)
		}
		names[s.Name] = true
		commands, list, err := s.text()
		if err != nil {
			t.Error(err)
		}
		if strings.Contains(commands, "\n-- ") || len(s.Command) == 0 || s.Port == 0 || s.Test == nil {
			t.Errorf("%s: the table has not all of it", s.Name)
		}
		for _, f := range list {
			if !path.IsAbs("/"+f.Name) || path.Clean(f.Name) != f.Name {
				t.Errorf("%s: file %s: want a clean absolute path", s.Name, f.Name)
			}
		}
	}
	texts, err := files.ReadDir("services")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range texts {
		if !names[strings.TrimSuffix(f.Name(), ".txtar")] {
			t.Errorf("%s belongs to no service", f.Name())
		}
	}
	if _, unknown := Named("nginx", "cobol"); unknown != "cobol" {
		t.Errorf("got unknown %q, want cobol", unknown)
	}
}

// cached returns the image of a service, whose layers are kept already; making
// all of them takes minutes and is for the benchmark.
func cached(t *testing.T, s *Service) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("no images: %v", err)
	}
	i := &Images{Dir: filepath.Join(dir, "bulkhead-test", "services"), Log: t.Logf, Kept: true}
	image, err := i.Load(t.Context(), s)
	if errors.Is(err, ErrImpossible) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// TestServices starts services, tests them, restarts them, tests them and stops
// them. All of them are in scripts/bench-services.sh.
func TestServices(t *testing.T) {
	enginetest.Engine(t)
	all, _ := Named("go", "memcached", "unbound")
	for n := range all {
		s := &all[n]
		t.Run(s.Name, func(t *testing.T) {
			c, err := Start(t.Context(), s, cached(t, s))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Remove()
			if err := c.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := c.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := c.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			if err := s.Check(t.Context(), c.Name); err == nil {
				t.Error("the test passes of a container that is stopped, want it to fail")
			}
		})
	}
}

// TestTests runs the tests that speak a protocol against a server that sends
// back what it is sent, and one that hangs up: none may pass.
func TestTests(t *testing.T) {
	for name, serve := range map[string]func(net.Conn){
		"echo":   func(c net.Conn) { _, _ = io.Copy(c, c) }, // until who asks hangs up
		"hangup": func(net.Conn) {},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }() // nobody listens any longer
			go func() {
				for c, err := l.Accept(); err == nil; c, err = l.Accept() {
					go func() {
						serve(c)
						_ = c.Close() // what was to be said was said
					}()
				}
			}()
			target := &Target{Address: "127.0.0.1", Gateway: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port}
			for _, s := range All() {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				if err := s.Test(ctx, target); err == nil {
					t.Errorf("the test of %s passes, want it to fail", s.Name)
				}
				cancel()
			}
		})
	}
}
