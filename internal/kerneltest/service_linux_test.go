package kerneltest

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/engine"
	"bulkhead/internal/enginetest"
	"bulkhead/internal/imagetest"
	"bulkhead/internal/learn"
	"bulkhead/internal/servicetest"
)

// What the test program does instead of testing where it is a helper.
const (
	tests    = "BULKHEAD_TEST_SERVICE"  // tests the service that is being learned about
	confines = "BULKHEAD_TEST_CONFINED" // becomes a program under this profile
	runAs    = "BULKHEAD_TEST_USER"     // and as this user
)

// TestMain makes the test program a helper.
func TestMain(m *testing.M) {
	var err error
	switch {
	case os.Getenv(tests) != "" && os.Getenv("BULKHEAD_CONTAINER") != "":
		err = service().Check(context.Background(), os.Getenv("BULKHEAD_CONTAINER"))
	case os.Getenv(confines) != "":
		err = become(os.Getenv(confines), os.Args[1:])
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// service is the one that is learned about and confined.
func service() *servicetest.Service {
	all, _ := servicetest.Named("redis")
	return &all[0]
}

// Names in the machine.
const (
	parser      = "/sbin/apparmor_parser"
	profileName = "bulkhead-redis"
	profileFile = "/etc/apparmor.d/bulkhead-redis"
)

// serve gives the machine the root file system of the service, and the AppArmor
// profile that was learned about it on this machine.
func (m *machine) serve(t *testing.T) {
	t.Helper()
	host := enginetest.Engine(t)
	images := &servicetest.Images{Dir: filepath.Dir(imagetest.Cache(t, "services/x")), Log: t.Logf}
	image, err := images.Load(t.Context(), service())
	if err != nil {
		t.Fatal(err)
	}
	id := enginetest.Create(t, "--name", fmt.Sprintf("bulkhead-kernel-%d", os.Getpid()), image)
	m.export(t, id)
	t.Setenv(tests, "1")
	e, err := engine.Open(t.Context(), engine.Options{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	start := time.Now()
	learned, err := learn.Run(t.Context(), learn.Options{Engine: e, Container: id, Test: []string{"/proc/self/exe"}, Runs: 1, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if !learned.Verified {
		t.Fatalf("nothing was learned: %s", learned.Failure)
	}
	t.Logf("learned about %s in %.0f s", service().Name, time.Since(start).Seconds())
	m.files.add(&entry{name: profileFile[1:], mode: regular | 0o644, data: learned.AppArmor(profileName)})
}

// unused are folders that the machine does without.
var unused = []string{"usr/share/", "usr/lib/locale/", "var/lib/dpkg/", "var/lib/apt/", "var/cache/", "dev/", "proc/", "sys/"}

// export copies the root file system of a container into the machine.
func (m *machine) export(t *testing.T, id string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "docker", "export", id)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	err = m.copy(tar.NewReader(out))
	if err := errors.Join(err, cmd.Wait()); err != nil {
		t.Fatalf("docker export: %v", err)
	}
}

func (m *machine) copy(files *tar.Reader) error {
	linked := map[string][]byte{}
	for {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if slices.ContainsFunc(unused, func(dir string) bool { return strings.HasPrefix(h.Name, dir) }) {
			continue
		}
		e := &entry{name: h.Name, mode: uint32(h.Mode) & 0o7777, uid: h.Uid, gid: h.Gid}
		switch h.Typeflag {
		case tar.TypeDir:
			e.mode |= folder
		case tar.TypeSymlink:
			e.mode, e.data = e.mode|symlink, []byte(h.Linkname)
		case tar.TypeLink:
			e.mode, e.data = e.mode|regular, linked[h.Linkname]
		case tar.TypeReg:
			e.mode |= regular
			if e.data, err = io.ReadAll(files); err != nil {
				return err
			}
			linked[h.Name] = e.data
		default:
			continue
		}
		m.files.add(e)
	}
}
