package proxy_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkhead/internal/engine"
	"bulkhead/internal/enginetest"
	"bulkhead/internal/guard/proxy"
)

// tool is what the containers of these tests run.
const tool = `package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	switch os.Args[1] {
	case "cat": // everything it is told, and then that it has ended
		n, _ := io.Copy(os.Stdout, os.Stdin)
		fmt.Println("end of", n)
	case "echo":
		fmt.Println(os.Args[2:])
	case "tty":
		_, _, e := syscall.Syscall(syscall.SYS_IOCTL, 0, syscall.TCGETS, uintptr(0))
		fmt.Println("terminal:", e != syscall.ENOTTY)
	case "stay":
		fmt.Println("ready")
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM)
		<-c
	}
}
`

// liveFront starts a proxy in front of the real engine, and makes the image
// proxytest:TAG, which holds /tool. DOCKER_HOST is the proxy.
func liveFront(t testing.TB, tag, policy string) (*front, string) {
	t.Helper()
	host := enginetest.Engine(t)
	path, ok := strings.CutPrefix(host, "unix://")
	if !ok {
		t.Skipf("the engine is at %s, which is no Unix socket", host)
	}
	e, err := engine.Open(t.Context(), engine.Options{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir+"/main.go", tool)
	if out, err := shell("CGO_ENABLED=0 GOFLAGS=-trimpath go build -o " + dir + "/tool " + dir + "/main.go"); err != nil {
		t.Fatalf("build the tool: %v\n%s", err, out)
	}
	layer, err := shell("tar -C " + dir + " -c tool")
	if err != nil {
		t.Fatalf("pack the tool: %v\n%s", err, layer)
	}
	image := "proxytest:" + tag
	enginetest.Import(t, image, layer)
	f := newFront(t, e, path, policy)
	t.Setenv("DOCKER_BUILDKIT", "0")
	return f, image
}

// shell runs a line of shell and returns what it printed. Whatever the line has
// started has ended with it, after patience at the latest. It has no test of
// its own: cleaning up uses it too.
func shell(line string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.WaitDelay = time.Second // a child may hold what it prints to
	return cmd.CombinedOutput()
}

// patience bounds every command.
const patience = 90 * time.Second

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// docker runs a docker command line on the front and returns what it printed.
func (f *front) docker(t testing.TB, stdin string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Env = append(os.Environ(), "DOCKER_HOST=unix://"+f.socket)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// follow runs a docker command line that does not end by itself on the front.
// The function it returns waits for a line with want and ends the command.
func (f *front) follow(t testing.TB, want string, args ...string) func() error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Env = append(os.Environ(), "DOCKER_HOST=unix://"+f.socket)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() error {
		defer func() { cancel(); _ = cmd.Wait() }() // it is killed
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return nil
			}
		}
		return fmt.Errorf("no line with %q, %w", want, cmp.Or(lines.Err(), ctx.Err(), io.EOF))
	}
}

// TestStreams: what docker does with streams works as on the engine's socket.
func TestStreams(t *testing.T) {
	f, image := liveFront(t, "streams", "")
	dir := t.TempDir()
	write(t, dir+"/Dockerfile", "FROM "+image+"\nCOPY file /file\nCMD [\"/tool\", \"echo\", \"built\"]\n")
	write(t, dir+"/file", strings.Repeat("content\n", 100_000))
	t.Cleanup(func() {
		// What a failed test leaves; else there is nothing.
		_, _ = shell("docker rm -f proxytest-stay")
		_, _ = shell("docker rmi -f proxytest:built")
	})
	long := strings.Repeat("0123456789", 50_000)
	events := f.follow(t, "container exec_start", "events", "--since", "1s", "--filter", "container=proxytest-stay")
	for _, c := range []struct{ stdin, line, want string }{
		{"", "build -t proxytest:built " + dir, "Successfully tagged"},
		{"", "run --rm proxytest:built", "[built]"},
		{long, "run --rm -i " + image + " /tool cat", long + "end of 500000"},
		{"", "run -d --name proxytest-stay " + image + " /tool stay", ""},
		{long, "exec -i proxytest-stay /tool cat", long + "end of 500000"},
		{"", "logs proxytest-stay", "ready"},
		{"", "cp " + dir + "/file proxytest-stay:/copied", ""},
		{"", "cp proxytest-stay:/copied " + dir + "/back", ""},
		{"", "stop -t 5 proxytest-stay", "proxytest-stay"},
		{"", "logs -f proxytest-stay", "ready"},
		{"", "wait proxytest-stay", "0"},
		{"", "rm proxytest-stay", "proxytest-stay"},
	} {
		got, err := f.docker(t, c.stdin, strings.Fields(c.line)...)
		if err != nil || !strings.Contains(got, c.want) {
			t.Errorf("docker %s: got %v, %.300q, want %.100q", c.line, err, got, c.want)
		}
	}
	if err := events(); err != nil {
		t.Errorf("docker events: %v", err)
	}
	a, err1 := os.ReadFile(dir + "/file")
	b, err2 := os.ReadFile(dir + "/back")
	if err1 != nil || err2 != nil || !bytes.Equal(a, b) {
		t.Errorf("cp there and back: %v, %v, %d and %d bytes, want the same", err1, err2, len(a), len(b))
	}
}

// TestTerminals: run -it and exec -it, from a terminal.
func TestTerminals(t *testing.T) {
	script, err := exec.LookPath("script")
	if err != nil {
		t.Skip("no terminal: script is not installed")
	}
	f, image := liveFront(t, "terminals", "")
	if out, err := f.docker(t, "", "run", "-d", "--name", "proxytest-term", image, "/tool", "stay"); err != nil {
		t.Fatalf("run: %v %s", err, out)
	}
	t.Cleanup(func() { _, _ = shell("docker rm -f proxytest-term") }) // it may be gone
	for _, line := range []string{"run --rm -it " + image + " /tool tty", "exec -it proxytest-term /tool tty"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		cmd := exec.CommandContext(ctx, script, "-qec", "docker "+line, "/dev/null")
		cmd.Env = append(os.Environ(), "DOCKER_HOST=unix://"+f.socket)
		cmd.WaitDelay = time.Second
		out, err := cmd.CombinedOutput()
		cancel()
		if err != nil || !strings.Contains(string(out), "terminal: true") {
			t.Errorf("docker %s: got %v %q, want a terminal", line, err, out)
		}
	}
}

// TestManyStreams: twenty containers that echo what they are told, at once.
func TestManyStreams(t *testing.T) {
	f, image := liveFront(t, "many", "")
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			text := strings.Repeat(fmt.Sprint(i%10), 100_000)
			got, err := f.docker(t, text, "run", "--rm", "-i", "--network", "none", image, "/tool", "cat")
			if want := text + "end of 100000"; err != nil || got != want {
				t.Errorf("stream %d: got %v, %d bytes, want %d", i, err, len(got), len(want))
			}
		})
	}
	all.Wait()
}

// big makes an image with so many MiB that do not compress, and returns it.
func big(t testing.TB, tag string) string {
	t.Helper()
	mib := 50
	if os.Getenv("BULKHEAD_LONG") != "" {
		mib = 500
	}
	dir := t.TempDir()
	line := fmt.Sprintf("head -c %dM /dev/urandom > %s/big && tar -C %s -c big | docker import - proxytest:%s", mib, dir, dir, tag)
	if out, err := shell(line); err != nil {
		t.Fatalf("make an image: %v\n%s", err, out)
	}
	t.Cleanup(func() { _, _ = shell("docker rmi -f proxytest:" + tag) }) // it may be gone
	return "proxytest:" + tag
}

// client returns an HTTP client of the socket at path.
func client(path string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}, Timeout: patience}
}

// save reads an image from the socket at path and returns its hash and size.
func save(t testing.TB, path, image string, into io.Writer) (string, int64) {
	t.Helper()
	resp, err := client(path).Get("http://docker/v1.41/images/" + image + "/get")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // it has been read
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(sum, into), resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("save: %v, status %d", err, resp.StatusCode)
	}
	return hex.EncodeToString(sum.Sum(nil)), n
}

// TestSaveAndLoad: an image is the same bytes on both sockets, both ways.
func TestSaveAndLoad(t *testing.T) {
	f, _ := liveFront(t, "save", "")
	image := big(t, "big")
	direct, _ := strings.CutPrefix(os.Getenv("DOCKER_HOST"), "unix://")
	file, err := os.Create(filepath.Join(t.TempDir(), "image.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // it has been read
	want, _ := save(t, direct, image, io.Discard)
	got, size := save(t, f.socket, image, file)
	if got != want {
		t.Errorf("saved through the proxy: got %s, want %s", got, want)
	}
	id := enginetest.Docker(t, "image", "inspect", "-f", "{{.Id}}", image)
	enginetest.Docker(t, "rmi", image)
	if out, err := f.docker(t, "", "load", "-i", file.Name()); err != nil {
		t.Fatalf("load: %v\n%s", err, out)
	}
	if again := enginetest.Docker(t, "image", "inspect", "-f", "{{.Id}}", image); again != id {
		t.Errorf("loaded through the proxy: got %s, want %s", again, id)
	}
	if again, _ := save(t, f.socket, image, io.Discard); again != want {
		t.Errorf("saved again: got %s, want %s", again, want)
	}
	t.Logf("%d bytes", size)
}

// A client of three that are recorded: see TestLearn.
type recordedClient struct {
	name string
	run  func(t *testing.T, f *front, image string)
}

func recordedClients() []recordedClient {
	return []recordedClient{
		{"traefik", func(t *testing.T, f *front, _ string) {
			f.get(t, "/v1.24/version", "/v1.24/containers/json?limit=0", "/v1.24/containers/proxytest-web/json", "/v1.24/events?until=1&filters=%7B%22type%22%3A%5B%22container%22%5D%7D")
		}},
		{"ci", func(t *testing.T, f *front, image string) {
			dir := t.TempDir()
			write(t, dir+"/Dockerfile", "FROM "+image+"\nLABEL a=b\n")
			f.must(t, "build", "-q", "-t", "proxytest:ci", dir)
			f.must(t, "run", "--rm", "-e", "CI=1", "proxytest:ci", "/tool", "echo", "*")
		}},
		{"watchtower", func(t *testing.T, f *front, image string) {
			f.get(t, "/v1.25/containers/json", "/v1.25/images/"+image+"/json")
			f.must(t, "inspect", "proxytest-web")
			f.must(t, "restart", "-t", "0", "proxytest-web")
		}},
	}
}

func (f *front) must(t *testing.T, args ...string) {
	t.Helper()
	if out, err := f.docker(t, "", args...); err != nil {
		t.Errorf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (f *front) get(t *testing.T, paths ...string) {
	t.Helper()
	for _, p := range paths {
		resp, err := client(f.socket).Get("http://docker" + p)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("GET %s: got %d %s, want 200", p, resp.StatusCode, text)
		}
	}
}

// TestLearn: what a client does can be done again under what was learned of
// it, and nothing else can.
func TestLearn(t *testing.T) {
	for _, c := range recordedClients() {
		t.Run(c.name, func(t *testing.T) {
			f, image := liveFront(t, "learn-"+c.name, "mode: audit\n")
			t.Cleanup(func() { // whichever of them were made
				_, _ = shell("docker rm -f proxytest-web")
				_, _ = shell("docker rmi -f proxytest:ci")
			})
			enginetest.Docker(t, "run", "-d", "--name", "proxytest-web", image, "/tool", "stay")
			c.run(t, f, image)
			calls, err := f.recorder.Calls()
			if err != nil || len(calls) == 0 {
				t.Fatalf("recorded %d calls: %v", len(calls), err)
			}
			learned, err := proxy.Learn(calls)
			if err != nil {
				t.Fatal(err)
			}
			held(t, f, learned)
			c.run(t, f, image)
			if t.Failed() {
				t.Logf("the policy:\n%s", learned.Text)
			}
		})
	}
}
