package learn

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/enginetest"
	"bulkhead/internal/imagetest"
)

// servicePackages are what the image of services is made of, beside the base
// system.
const servicePackages = "nginx-core,redis-server,apache2,memcached"

// serviceLayer returns the root file system of Debian with the services, as a
// layer. It is built once and kept.
func serviceLayer(t *testing.T) []byte {
	t.Helper()
	name := filepath.Join(imagetest.Cache(t, "learn-services"), strings.ReplaceAll(servicePackages, ",", "+")+".tar")
	if text, err := os.ReadFile(name); err == nil {
		return text
	}
	if _, err := exec.LookPath("debootstrap"); err != nil || os.Geteuid() != 0 {
		t.Skip("no services: building a root file system takes root and debootstrap")
	}
	work, err := os.MkdirTemp(filepath.Dir(name), "building-") //nolint:usetesting // what it makes is renamed into the cache
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(work) }() // what is left of it takes room and harms nothing
	root, part := filepath.Join(work, "root"), filepath.Join(work, "layer.tar")
	out, err := exec.Command("debootstrap", "--variant=minbase", "--include="+servicePackages, "bookworm", root).CombinedOutput()
	if err != nil {
		said := string(out[max(len(out)-1000, 0):])
		if strings.Contains(said, "Failed getting release file") {
			t.Skipf("no services: packages cannot be fetched: %s", said)
		}
		t.Fatalf("debootstrap: %v\n%s", err, said)
	}
	args := []string{"--numeric-owner", "--exclude=./var/cache/apt/*", "--exclude=./var/lib/apt/lists/*", "--exclude=./dev/*", "-C", root, "-cf", part, "."}
	if out, err := exec.Command("tar", args...).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	if err := os.Rename(part, name); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// dav lets nginx store what is put.
const dav = `server {
	listen 8080;
	root /var/lib/nginx/body;
	location / { dav_methods PUT DELETE; create_full_put_path on; }
}
`

// apacheDAV is the same for Apache.
const apacheDAV = `Listen 8080
ServerName notes
LoadModule dav_module /usr/lib/apache2/modules/mod_dav.so
LoadModule dav_fs_module /usr/lib/apache2/modules/mod_dav_fs.so
DavLockDB /var/lock/apache2/DAVLock
<VirtualHost *:8080>
	DocumentRoot /var/cache/apache2/mod_cache_disk
	<Directory /var/cache/apache2/mod_cache_disk>
		Dav On
		Require all granted
	</Directory>
</VirtualHost>
`

// A service is a daemon of Debian with its functional test, and what has to come
// out.
type service struct {
	name   string
	config string // bound into conf.d or its like, "" for none
	at     string // where
	create []string
	most   int // calls of the profile
}

var services = []service{
	{"nginx", dav, "/etc/nginx/conf.d/notes.conf", []string{"--stop-signal", "SIGQUIT", servicesImage, "nginx", "-g", "daemon off;"}, 160},
	{"redis", "", "", []string{
		"--user", "redis", servicesImage, "redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--dir", "/var/lib/redis", "--appendonly", "yes",
	}, 150},
	{"apache", apacheDAV, "/etc/apache2/conf-enabled/notes.conf", []string{"--stop-signal", "SIGWINCH", servicesImage, "apachectl", "-D", "FOREGROUND"}, 170},
	{"memcached", "", "", []string{"--user", "memcache", servicesImage, "memcached", "-p", "11211"}, 140},
}

const servicesImage = "bulkhead-learn-test/services:1"

// talk sends lines to a service and compares what it answers.
func talk(address, say string, want ...string) error {
	c, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprint(c, say); err != nil {
		return err
	}
	lines := bufio.NewReader(c)
	for _, w := range want {
		got, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		if got = strings.TrimSpace(got); got != w {
			return fmt.Errorf("got %q, want %q", got, w)
		}
	}
	return nil
}

// TestServices learns what daemons of Debian need and that they pass their tests
// under no more: each writes and reads back, before and after a restart.
func TestServices(t *testing.T) {
	e := recorded(t)
	enginetest.Import(t, servicesImage, serviceLayer(t))
	for _, s := range services {
		t.Run(s.name, func(t *testing.T) {
			args := s.create
			if s.config != "" {
				name := filepath.Join(t.TempDir(), "notes.conf")
				if err := os.WriteFile(name, []byte(s.config), 0o644); err != nil {
					t.Fatal(err)
				}
				args = append([]string{"--volume", name + ":" + s.at + ":ro"}, args...)
			}
			id := enginetest.Create(t, args...)
			r, err := Run(t.Context(), tested(t, e, id, s.name))
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("\n%s", r.Text())
			t.Logf("allowed: %s", strings.Join(r.Profile.Allowed(), " "))
			if !r.Verified || r.Measures != (Measures{true, true, true, true}) {
				t.Errorf("got verified %t, measures %+v, %s; want all in force", r.Verified, r.Measures, r.Failure)
			}
			if n := len(r.Profile.Allowed()); n > s.most {
				t.Errorf("profile: got %d calls, want at most %d", n, s.most)
			}
			if left := enginetest.Docker(t, "ps", "-aq", "--filter", fmt.Sprintf("name=bulkhead-learn-%d-", os.Getpid())); left != "" {
				t.Errorf("copies left behind: %s", left)
			}
		})
	}
}
