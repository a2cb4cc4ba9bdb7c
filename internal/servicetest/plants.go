package servicetest

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Victim returns a service that does what somebody who broke into it would do, as
// Plants ask it to.
func Victim() Service {
	return Service{
		Name: "victim", Packages: []string{"libcap2-bin"}, Programs: []string{"srv/app/main.go"}, Port: 8000,
		Command: []string{"/srv/app/main"},
		Test: func(ctx context.Context, t *Target) error {
			// Programs of the image, and files where such a service writes.
			for _, path := range []string{"/run?arg=id", "/run?arg=ls&arg=/srv", "/append?path=/srv/files/a&text=b", "/append?path=/tmp/a&text=b"} {
				if err := ask(ctx, t, path); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// A Plant is something in a container that is not of its image, or does not belong
// there.
type Plant struct {
	Name string
	Do   func(ctx context.Context, t *Target) error
	Age  time.Duration // how long the container has to have run
}

// Plants returns what to plant in a Victim, each in one of its own.
func Plants() []Plant {
	const started = 65 * time.Second // after which a port is new
	return []Plant{
		{Name: "a new program runs", Do: asking("/run?arg=cp&arg=/bin/true&arg=/srv/files/new", "/run?arg=/srv/files/new")},
		{Name: "a library is replaced", Do: asking("/run?arg=cp&arg="+library+"&arg=/tmp/library", "/append?path=/tmp/library&text=x",
			"/run?arg=mv&arg=/tmp/library&arg="+library, "/run?arg=getcap&arg=/bin/true")},
		{Name: "a configuration is changed", Do: asking("/append?path=/etc/service.conf&text=port%3D1")},
		{Name: "a program is deleted and runs", Do: asking("/ghost?path=/srv/files/ghost&seconds=60")},
		{Name: "a program runs from memory", Do: asking("/memfd")},
		{Name: "docker cp", Do: copyIn},
		{Name: "docker exec", Do: func(ctx context.Context, t *Target) error {
			_, err := Docker(ctx, "exec", t.Container, "touch", "/srv/files/by-exec")
			return err
		}},
		{Name: "a setuid file", Do: asking("/run?arg=cp&arg=/bin/true&arg=/srv/files/setuid", "/run?arg=chmod&arg=4755&arg=/srv/files/setuid")},
		{Name: "a cron file", Do: asking("/run?arg=mkdir&arg=-p&arg=/etc/cron.d", "/append?path=/etc/cron.d/plant&text=*+*+*+*+*+root+id")},
		{Name: "a shell in a service", Do: asking("/run?arg=/bin/sh&arg=-c&arg=id")},
		{Name: "a package manager runs", Do: asking("/run?arg=apt-get&arg=check")},
		{Name: "a new listening port", Do: asking("/listen?port=31337"), Age: started},
	}
}

// library is one that getcap loads.
const library = "/lib/x86_64-linux-gnu/libcap.so.2"

// asking returns what asks a Victim for things, one after the other.
func asking(paths ...string) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		for _, p := range paths {
			if err := ask(ctx, t, p); err != nil {
				return err
			}
		}
		return nil
	}
}

func ask(ctx context.Context, t *Target, path string) error {
	u, err := url.Parse("http://" + t.Host() + path)
	if err != nil {
		return err
	}
	_, _, err = (&request{method: http.MethodPost, url: u.String()}).do(ctx)
	return err
}

// copyIn copies a file into the container from outside.
func copyIn(ctx context.Context, t *Target) error {
	dir, err := os.MkdirTemp("", "bulkhead-plant-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a file of a word
	name := filepath.Join(dir, "arrival")
	if err := os.WriteFile(name, []byte(strings.Repeat(word(), 2)), 0o600); err != nil {
		return err
	}
	_, err = Docker(ctx, "cp", name, t.Container+":/srv/files/arrival")
	return err
}
