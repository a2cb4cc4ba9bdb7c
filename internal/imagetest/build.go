package imagetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// A builder builds the images.
type builder struct {
	t     testing.TB
	ctx   context.Context //nolint:containedctx // of the one test that builds
	work  string          // folder that is removed in the end
	start time.Time
}

// log says how far the work is.
func (b *builder) log(format string, args ...any) {
	b.t.Logf("%3.0f s: %s", time.Since(b.start).Seconds(), fmt.Sprintf(format, args...))
}

// path returns a path in the work folder.
func (b *builder) path(name string) string { return filepath.Join(b.work, filepath.FromSlash(name)) }

// text returns a section of the recipe.
func text(name string) string {
	for _, f := range txtar.Parse(recipe).Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// A command is a program to run.
type command struct {
	dir  string // to run it in; "" is anywhere
	env  []string
	args []string
	fine int // exit status beside 0 that is none of a failure
}

// run runs a command and returns what it prints.
func (b *builder) run(c command) (string, error) {
	cmd := exec.CommandContext(b.ctx, c.args[0], c.args[1:]...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), c.env...)
	var out, diagnostics bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diagnostics
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != cmp.Or(c.fine, -1)) {
		return "", &failure{strings.Join(c.args, " "), out.String() + diagnostics.String(), err}
	}
	return out.String(), nil
}

// inside runs a program in the root file system that is being built.
func (b *builder) inside(args ...string) (string, error) {
	env := []string{"DEBIAN_FRONTEND=noninteractive", "HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}
	return b.run(command{env: env, args: append([]string{"chroot", b.path("root")}, args...)})
}

// build builds both images.
func (b *builder) build() error {
	for _, dir := range []string{"out/small", "out/large", "app/small/srv", "app/large/srv", "programs/usr/local/bin"} {
		if err := os.MkdirAll(b.path(dir), 0o755); err != nil {
			return err
		}
	}
	// The mirror is what the first step waits for, the processor the others.
	applications := make(chan error, 1)
	go func() { applications <- b.applications() }()
	err := b.base()
	if err = errors.Join(err, <-applications); err != nil {
		return err
	}
	if err := b.small(); err != nil {
		return err
	}
	return b.large()
}

// base makes the root file system of a small Debian, and its layer.
func (b *builder) base() error {
	b.log("base system of Debian")
	release := strings.TrimSpace(text("release"))
	if _, err := b.run(command{args: []string{"debootstrap", "--variant=minbase", release, b.path("root")}}); err != nil {
		return err
	}
	if _, err := b.inside("apt-get", "clean"); err != nil {
		return err
	}
	return b.pack("base.tar", b.path("root"))
}

// applications makes the applications for Node and the Go programs.
func (b *builder) applications() error {
	for _, size := range []string{"small", "large"} {
		web := b.path("app/" + size + "/srv/web")
		if err := os.MkdirAll(web, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(web, "package.json"), []byte(text(size+"/web/package.json")), 0o644); err != nil {
			return err
		}
		install := []string{"npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", b.path("npm")}
		if _, err := b.run(command{dir: web, args: install}); err != nil {
			return err
		}
		b.log("the %s application's packages of npm", size)
	}
	service := b.path("service")
	if err := os.MkdirAll(service, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"go.mod", "main.go"} {
		if err := os.WriteFile(filepath.Join(service, name), []byte(text("go/service/"+name)), 0o644); err != nil {
			return err
		}
	}
	env := []string{"GOFLAGS=-mod=mod", "CGO_ENABLED=0", "GOBIN=" + b.path("programs/usr/local/bin")}
	for program := range strings.FieldsSeq(text("go/programs")) {
		if _, err := b.run(command{dir: service, env: env, args: []string{"go", "install", program}}); err != nil {
			return err
		}
		b.log("the Go program %s", program)
	}
	return nil
}

// save writes what the programs that know say of the packages of an image.
func (b *builder) save(size string, said map[string]string) error {
	for name, text := range said {
		if err := os.WriteFile(b.path("out/"+size+"/"+name+".txt"), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// dpkg lists the packages of the root file system: state, name, version,
// architecture, source package and its version.
func (b *builder) dpkg() (string, error) {
	return b.inside("dpkg-query", "-W", "-f",
		`${db:Status-Status} ${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\n`)
}
