package learn_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulkhead/internal/enginetest"
	"bulkhead/internal/learn"
	"bulkhead/internal/servicetest"
)

var servicesFlag = flag.String("services", "nginx,redis,haproxy", "the services that TestServices learns about; all is all of servicetest")

// serviceImage returns the image of a service, whose layers are kept already:
// make bench-services makes them.
func serviceImage(t *testing.T, s *servicetest.Service) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("no images: %v", err)
	}
	i := &servicetest.Images{Dir: filepath.Join(dir, "bulkhead-test", "services"), Log: t.Logf, Kept: true}
	image, err := i.Load(t.Context(), s)
	if errors.Is(err, servicetest.ErrImpossible) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// TestServices learns what services of Debian need, and that they pass their tests,
// which write and read back, under no more: before and after a restart. The calls
// that each may make are bounded, so that profiles do not grow unseen.
func TestServices(t *testing.T) {
	e := recorded(t)
	var names []string
	if *servicesFlag != "all" {
		names = strings.Split(*servicesFlag, ",")
	}
	all, unknown := servicetest.Named(names...)
	if unknown != "" {
		t.Fatalf("there is no service %s", unknown)
	}
	for n := range all {
		s := &all[n]
		t.Run(s.Name, func(t *testing.T) {
			id := enginetest.Create(t, "--name", fmt.Sprintf("bulkhead-learn-of-%s-%d", s.Name, os.Getpid()), serviceImage(t, s))
			r, err := learn.Run(t.Context(), tested(t, e, id, s.Name))
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("\n%s", r.Text())
			if !r.Verified || r.Measures != (learn.Measures{Seccomp: true, Capabilities: true, NoNewPrivileges: true, ReadOnly: true}) {
				t.Errorf("got verified %t, measures %+v, %s; want all in force", r.Verified, r.Measures, r.Failure)
			}
			if len(r.Backed) > 0 {
				t.Errorf("taken back: got %q, want nothing: what it needs was seen", r.Backed)
			}
			if n := len(r.Profile.Allowed()); n > 160 {
				t.Errorf("profile: got %d calls, want at most 160", n)
			}
			if left := enginetest.Docker(t, "ps", "-aq", "--filter", fmt.Sprintf("name=bulkhead-learn-%d-", os.Getpid())); left != "" {
				t.Errorf("copies left behind: %s", left)
			}
		})
	}
}
