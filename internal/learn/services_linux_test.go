package learn

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/enginetest"
	"bulkhead/internal/servicetest"
)

var (
	servicesFlag = flag.String("services", "nginx,redis", "the services that TestServices learns about; all is all of servicetest")
	makeFlag     = flag.Bool("make-images", false, "make the images of services that are not kept, which takes minutes")
)

// serviceImage returns the image of a service.
func serviceImage(t *testing.T, s *servicetest.Service) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("no images: %v", err)
	}
	i := &servicetest.Images{Dir: filepath.Join(dir, "bulkhead-test", "services"), Log: t.Logf, Kept: !*makeFlag}
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
			o := tested(t, e, id, s.Name)
			o.Timeout = 3 * time.Minute
			r, err := Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("\n%s", r.Text())
			t.Logf("allowed: %s", strings.Join(r.Profile.Allowed(), " "))
			t.Logf("TABLE\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%t\t%+v\t%v", s.Name, r.Gap.CallsGranted, r.Gap.CallsUsed, r.Gap.CallsAllowed,
				len(r.Gap.DangerousGranted)-len(r.Gap.DangerousAllowed), len(r.Granted.Capabilities), len(r.Asked), len(r.Capabilities), r.Verified, r.Measures, r.Backed)
			if !r.Verified || r.Measures != (Measures{true, true, true, true}) {
				t.Errorf("got verified %t, measures %+v, %s; want all in force", r.Verified, r.Measures, r.Failure)
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
