// Package imagetest builds images for tests from real packages of Debian, npm
// and Go, and keeps them, because building them takes minutes.
package imagetest

import (
	"crypto/sha256"
	_ "embed" // the recipe
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// recipe says what the images are made of.
//
//go:embed recipe.txtar
var recipe []byte

// format is part of the key images are kept by: another number builds them anew.
const format = 3

// An Image is a built one.
type Image struct {
	Tag     string // as docker load names it
	Archive string // as docker save writes it, with uncompressed layers
	dir     string
}

// Plants are what the layers of Small hold although nobody should see it. All of
// it is made anew whenever the image is built.
type Plants struct {
	AccessKey  string // of AWS: root/.aws/credentials of layer 1, deleted in layer 4
	PrivateKey string // PEM: srv/web/deploy.pem of layer 1, deleted in layer 4
	Password   string // in the environment: DB_PASSWORD
}

// Said returns what a program said about the content of the image while it was a
// folder: "dpkg", "npm" or "go".
func (i *Image) Said(t testing.TB, program string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(i.dir, program+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Small returns an image of about 200 MB: Debian, an application for Node, Go
// programs, and secrets of which two are deleted in its last layer.
func Small(t testing.TB) (*Image, Plants) {
	t.Helper()
	i := image(t, "small")
	read := func(name string) string { return i.Said(t, name) }
	return i, Plants{AccessKey: read("accesskey"), PrivateKey: read("privatekey"), Password: read("password")}
}

// Large returns an image of about 1.5 GB in which nobody left a secret: Debian
// with Node, Python, Go, Ruby, PHP and libraries for Java as its packages, an
// application for Node, and Go programs.
func Large(t testing.TB) *Image {
	t.Helper()
	return image(t, "large")
}

// Cache returns the folder of that name in which tests keep what takes long to make.
func Cache(t testing.TB, name string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("nowhere to keep what takes long to make: %v", err)
	}
	dir := filepath.Join(cache, "bulkhead-test", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Skipf("nowhere to keep what takes long to make: %v", err)
	}
	return dir
}

// image returns an image that is kept, and builds both where it is not.
func image(t testing.TB, name string) *Image {
	t.Helper()
	key := sha256.Sum256(fmt.Appendf(nil, "%d %s %s", format, runtime.GOARCH, recipe))
	cache := Cache(t, "images")
	dir := filepath.Join(cache, fmt.Sprintf("%x", key[:8]))
	i := &Image{Tag: "bulkhead-test-" + name + ":1", Archive: filepath.Join(dir, name, "image.tar"), dir: filepath.Join(dir, name)}
	if _, err := os.Stat(dir); err == nil {
		return i
	}
	possible(t)
	work, err := os.MkdirTemp(cache, "building-") //nolint:usetesting // what it makes is renamed into the cache, so it must be on the same file system
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(work) }() // what is left of it takes room and harms nothing
	b := &builder{t: t, ctx: t.Context(), work: work, start: time.Now()}
	b.log("building two images of packages, once; they are kept in %s", dir)
	if err := b.build(); err != nil {
		if offline(err) {
			t.Skipf("no images: packages cannot be fetched: %v", err)
		}
		t.Fatalf("build images: %v", err)
	}
	b.log("built")
	// Another test may have been faster: its images are as good.
	if err := os.Rename(filepath.Join(work, "out"), dir); err != nil {
		if _, staterr := os.Stat(dir); staterr != nil {
			t.Fatal(err)
		}
	}
	return i
}

// possible skips the test where images cannot be built.
func possible(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("no images: building a root file system takes root")
	}
	for _, program := range []string{"debootstrap", "chroot", "tar", "npm", "go"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no images: the command %s is not installed", program)
		}
	}
}

// offline reports whether err is that of a program that reached nobody.
func offline(err error) bool {
	var f *failure
	if !errors.As(err, &f) {
		return false
	}
	for _, says := range []string{
		"Failed getting release file", "Temporary failure resolving", "Could not resolve", "Could not connect",
		"EAI_AGAIN", "ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "no such host", "connection refused", "i/o timeout",
	} {
		if strings.Contains(f.output, says) {
			return true
		}
	}
	return false
}

// A failure is a command that failed, with what it printed.
type failure struct {
	command, output string
	err             error
}

func (f *failure) Error() string {
	said := f.output[max(len(f.output)-2000, 0):]
	return fmt.Sprintf("%s: %v\n%s", f.command, f.err, said)
}

func (f *failure) Unwrap() error { return f.err }
