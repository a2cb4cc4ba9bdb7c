// Package enginetest gives tests a real engine, and images and containers that
// go away with the test.
package enginetest

import (
	"archive/tar"
	"bytes"
	"context"
	_ "embed" // the images' program
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// timeout bounds each call of the engine's command line.
const timeout = 60 * time.Second

// usualSocket is where an engine listens unless told otherwise.
const usualSocket = "/var/run/docker.sock"

// Engine returns the address of an engine that answers, and sets DOCKER_HOST
// to it for the rest of the test. It uses the one that runs, or else starts one
// of its own and stops it at the end. Where neither can be, the test is skipped
// with the reason. The test must not be parallel.
func Engine(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("docker"); err != nil {
		t.Skip("no engine: the command docker is not installed")
	}
	host := os.Getenv("DOCKER_HOST")
	if host == "" {
		host = "unix://" + usualSocket
	}
	out, err := try(host, nil, "version", "--format", "{{.Server.Version}}")
	if err == nil {
		t.Setenv("DOCKER_HOST", host)
		return host
	}
	if os.Getenv("DOCKER_HOST") != "" {
		t.Skipf("no engine: DOCKER_HOST is %s, which does not answer: %s", host, out)
	}
	host = start(t)
	t.Setenv("DOCKER_HOST", host)
	return host
}

// Docker runs docker with args on the test's engine and returns what it
// printed. The test fails if docker does.
func Docker(t testing.TB, args ...string) string {
	t.Helper()
	out, err := try(os.Getenv("DOCKER_HOST"), nil, args...)
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(out)
}

// try runs docker with args on the engine at host. The error is docker's; what
// it printed says more.
func try(host string, stdin []byte, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+host, "DOCKER_CONTEXT=", "DOCKER_BUILDKIT=0")
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// A File is one file of an image.
type File struct {
	Name string // without a leading slash
	Text string
	Mode int64 // permission bits; 0 is 0644
}

// Image makes the image tag and removes it at the end of the test. It holds
// the program /app (see testdata/app.go.txt), a passwd file with root and app (1000),
// and files. Its command is /app, its user app.
//
// No registry is asked: the layer is made here and imported.
func Image(t testing.TB, tag string, files ...File) {
	t.Helper()
	layer := archive(t, append([]File{
		{Name: "app", Text: Program(t), Mode: 0o755},
		{Name: "etc/passwd", Text: "root:x:0:0::/:/app\napp:x:1000:1000::/:/app\n"},
	}, files...))
	args := []string{"import", "-c", `CMD ["/app"]`, "-c", "USER app", "-", tag}
	id, err := try(os.Getenv("DOCKER_HOST"), layer, args...)
	if err != nil {
		t.Fatalf("docker import %s: %v\n%s", tag, err, id)
	}
	t.Cleanup(func() { removeImage(t, strings.TrimSpace(id)) })
}

// Import makes the image tag of one layer, without a command, and removes it at
// the end of the test.
func Import(t testing.TB, tag string, layer []byte) {
	t.Helper()
	id, err := try(os.Getenv("DOCKER_HOST"), layer, "import", "-", tag)
	if err != nil {
		t.Fatalf("docker import %s: %v\n%s", tag, err, id)
	}
	t.Cleanup(func() { removeImage(t, strings.TrimSpace(id)) })
}

// removeImage removes an image by its id, because another test may have taken
// its tag since, and first the nameless ones built on it: a build leaves those
// of its earlier stages behind.
func removeImage(t testing.TB, id string) {
	host := os.Getenv("DOCKER_HOST")
	nameless, err := try(host, nil, "images", "-q", "--no-trunc", "--filter", "dangling=true")
	if err != nil {
		t.Errorf("list images: %v\n%s", err, nameless)
	}
	remove := []string{"rmi", "-f"}
	for child := range strings.FieldsSeq(nameless) {
		// One that has gone meanwhile is another test's.
		if made, err := try(host, nil, "history", "-q", "--no-trunc", child); err == nil && child != id && strings.Contains(made, id) {
			remove = append(remove, child)
		}
	}
	if out, err := try(host, nil, append(remove, id)...); err != nil && !strings.Contains(out, "No such image") {
		t.Errorf("remove image %s: %v\n%s", id, err, out)
	}
}

// app is the source of the images' program.
//
//go:embed testdata/app.go.txt
var app []byte

// Program builds the program of the images and returns its bytes.
func Program(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	src, out := filepath.Join(dir, "main.go"), filepath.Join(dir, "app")
	if err := os.WriteFile(src, app, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", out, src)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the images' program: %v\n%s", err, text)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// archive returns files as a layer.
func archive(t testing.TB, files []File) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		mode := f.Mode
		if mode == 0 {
			mode = 0o644
		}
		h := &tar.Header{Name: f.Name, Mode: mode, Size: int64(len(f.Text)), Typeflag: tar.TypeReg}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.Text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Run starts a container with the arguments of docker run, returns its id once
// its program is ready, and removes it at the end of the test.
func Run(t testing.TB, args ...string) string {
	t.Helper()
	id := Create(t, args...)
	Docker(t, "start", id)
	ready(t, id)
	return id
}

// Create makes a container with the arguments of docker create, returns its id,
// and removes it at the end of the test.
func Create(t testing.TB, args ...string) string {
	t.Helper()
	out := Docker(t, append([]string{"create"}, args...)...)
	lines := strings.Split(out, "\n")
	id := strings.TrimSpace(lines[len(lines)-1]) // warnings go before
	t.Cleanup(func() { remove(t, id) })
	return id
}

func remove(t testing.TB, id string) {
	if out, err := try(os.Getenv("DOCKER_HOST"), nil, "rm", "-f", "-v", id); err != nil && !strings.Contains(out, "No such container") {
		t.Errorf("remove container %s: %v\n%s", id, err, out)
	}
}

// ready returns once the container's program has said so. It follows the
// container's output rather than waiting a while.
func ready(t testing.TB, id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker", "logs", "-f", id)
	var said bytes.Buffer
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n, err := out.Read(make([]byte, 1))
	cancel()
	_ = cmd.Wait() // it was cancelled
	if n == 0 {
		t.Fatalf("container %s ended before it was ready: %v\n%s", id, err, said.String())
	}
}
