package learn_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/engine"
	"bulkhead/internal/enginetest"
	"bulkhead/internal/learn"
	"bulkhead/internal/sensor"
	"bulkhead/internal/servicetest"
	"bulkhead/internal/source"
)

// TestMain is also the test command of services: of which is chosen by the
// environment.
func TestMain(m *testing.M) {
	flag.Parse()
	if what := os.Getenv("LEARN_TEST_OF"); what != "" && os.Getenv("BULKHEAD_IP") != "" {
		if err := functional(what); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// functional tests a service: it writes and reads back.
func functional(what string) error {
	if what == "notes" {
		return putAndGet("http://" + os.Getenv("BULKHEAD_IP") + ":8080/hello")
	}
	all, _ := servicetest.Named(what)
	return all[0].Check(context.Background(), os.Getenv("BULKHEAD_CONTAINER"))
}

func putAndGet(url string) error {
	client := &http.Client{Timeout: 5 * time.Second}
	want := fmt.Sprint("written at ", time.Now().UnixNano())
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPut, url, strings.NewReader(want))
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp, err = client.Get(url); err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	if err == nil && string(got) != want {
		err = fmt.Errorf("got %s %q, want %q", resp.Status, got, want)
	}
	return err
}

// recorded skips the test where nothing can be recorded.
func recorded(t *testing.T) *engine.Engine {
	t.Helper()
	for _, p := range sensor.Probes() {
		if (p.Name == "BTF" || p.Name == "tp_btf") && p.Status != sensor.Works {
			t.Skipf("no recorder: %s: %s", p.Name, p.Detail)
		}
	}
	host := enginetest.Engine(t)
	e, err := engine.Open(t.Context(), engine.Options{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// program builds a static Go program of testdata.
func program(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".go.txt"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "main.go"), filepath.Join(dir, "program")
	if err := os.WriteFile(in, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, in)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, said)
	}
	if text, err = os.ReadFile(out); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tested returns the options of a service with its functional test.
func tested(t *testing.T, e *engine.Engine, container, what string) learn.Options {
	t.Helper()
	t.Setenv("LEARN_TEST_OF", what)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return learn.Options{
		Engine: e, Container: container, Test: []string{exe}, Runs: 2, Timeout: time.Minute, Exhaustive: true,
		Log: func(s string) { t.Log(s) },
	}
}

// TestNotes learns what a small service needs, and that it works under no more.
func TestNotes(t *testing.T) {
	e := recorded(t)
	const tag = "bulkhead-learn-test/notes:1"
	enginetest.Image(t, tag, enginetest.File{Name: "notes", Text: program(t, "notes"), Mode: 0o755},
		enginetest.File{Name: "start", Text: "#!/notes\n", Mode: 0o755},
		enginetest.File{Name: "var/lib/notes/jail/first", Text: "hello"}, enginetest.File{Name: "run/keep"}, enginetest.File{Name: "tmp/keep"})
	id := enginetest.Create(t, "--user", "0", "--publish", "8080", tag, "/start")
	r, err := learn.Run(t.Context(), tested(t, e, id, "notes"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", r.Text())
	if !r.Verified || r.Measures != (learn.Measures{Seccomp: true, Capabilities: true, NoNewPrivileges: true, ReadOnly: true}) {
		t.Errorf("got verified %t, measures %+v, %s; want all in force", r.Verified, r.Measures, r.Failure)
	}
	if got, want := strings.Join(r.Capabilities, " "), "CHOWN SETGID SETUID SYS_CHROOT"; got != want {
		t.Errorf("capabilities: got %s, want %s", got, want)
	}
	var writable []string
	for _, p := range r.Writable {
		writable = append(writable, p.Path)
	}
	if got, want := strings.Join(writable, " "), "/run /tmp /var/lib/notes"; got != want {
		t.Errorf("writable: got %s, want %s", got, want)
	}
	if !slices.Equal(r.Listening, []learn.Listener{{Protocol: "tcp", Port: 8080}}) {
		t.Errorf("listening: got %v, want tcp 8080", r.Listening)
	}
	if got, want := strings.Join(r.Executed, " "), "/notes /start"; got != want {
		t.Errorf("executed: got %s, want %s: the script beside the program that reads it", got, want)
	}
	if n := len(r.Profile.Allowed()); n > 180 || slices.Contains(r.Profile.Allowed(), "ptrace") {
		t.Errorf("profile: got %d calls, want fewer, and no ptrace", n)
	}
}

// TestInPlace: copies take the container's place, with its port and its volume, and
// it runs again in the end.
func TestInPlace(t *testing.T) {
	e := recorded(t)
	const tag = "bulkhead-learn-test/place:1"
	enginetest.Image(t, tag, enginetest.File{Name: "notes", Text: program(t, "notes"), Mode: 0o755},
		enginetest.File{Name: "var/lib/notes/jail/first", Text: "hello"}, enginetest.File{Name: "run/keep"}, enginetest.File{Name: "tmp/keep"})
	volume := fmt.Sprintf("bulkhead-learn-test-%d", os.Getpid())
	enginetest.Docker(t, "volume", "create", volume)
	t.Cleanup(func() { enginetest.Docker(t, "volume", "rm", volume) })
	id := enginetest.Create(t, "--user", "0", "--publish", "127.0.0.1::8080", "--volume", volume+":/var/lib/notes", tag, "/notes")
	enginetest.Docker(t, "start", id)
	o := tested(t, e, id, "notes")
	o.Runs, o.Exhaustive, o.InPlace = 1, false, true
	r, err := learn.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Verified {
		t.Errorf("got %s, want it verified", r.Failure)
	}
	for _, p := range r.Writable {
		if p.Path == "/var/lib/notes" {
			t.Errorf("got %v writable, want what is no volume yet", p)
		}
	}
	if got := enginetest.Docker(t, "inspect", "-f", "{{.State.Running}}", id); got != "true" {
		t.Errorf("running: got %s, want the container as it was", got)
	}
	ip := enginetest.Docker(t, "inspect", "-f", "{{.NetworkSettings.IPAddress}}", id)
	resp, err := http.Get("http://" + ip + ":8080/hello")
	for end := time.Now().Add(20 * time.Second); err != nil && time.Now().Before(end); { // it has only been started
		<-time.After(100 * time.Millisecond)
		resp, err = http.Get("http://" + ip + ":8080/hello")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if text, err := io.ReadAll(resp.Body); err != nil || !strings.HasPrefix(string(text), "written at ") {
		t.Errorf("the container's volume: got %q, %v; want what a copy wrote", text, err)
	}
}

// TestAlone: what neither listens nor connects passes without a network, and its
// published port goes from the file that describes it.
func TestAlone(t *testing.T) {
	e := recorded(t)
	const tag = "bulkhead-learn-test/alone:1"
	enginetest.Image(t, tag)
	r, err := learn.Run(t.Context(), learn.Options{
		Engine: e, Container: enginetest.Create(t, "--publish", "9000", tag), Runs: 1, Timeout: time.Minute, Log: func(s string) { t.Log(s) },
		Test: []string{"true"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Verified || !r.Measures.NoNetwork || !slices.Equal(r.Gap.PortsUnused, []string{"9000/tcp"}) {
		t.Fatalf("got verified %t, %+v, ports without a listener %q; want no network, and 9000/tcp\n%s", r.Verified, r.Measures, r.Gap.PortsUnused, r.Text())
	}
	p, err := r.Patch(source.NewFile("run.sh", []byte("docker run --publish 9000 "+tag+"\n")), "alone", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(p.After.Text); !strings.Contains(got, "--network none") || strings.Contains(got, "9000") {
		t.Errorf("got %s, want it without a network and without the port", got)
	}
}

// TestFails: a service that does not pass its test as it is, is said to.
func TestFails(t *testing.T) {
	e := recorded(t)
	const tag = "bulkhead-learn-test/fails:1"
	enginetest.Image(t, tag)
	id := enginetest.Create(t, tag)
	o := tested(t, e, id, "notes")
	o.Timeout = 2 * time.Second
	if _, err := learn.Run(t.Context(), o); !errors.Is(err, learn.ErrFails) {
		t.Errorf("got %v, want %v", err, learn.ErrFails)
	}
	o.Container = "bulkhead-learn-test-nobody"
	if _, err := learn.Run(t.Context(), o); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("got %v, want %v", err, engine.ErrNotFound)
	}
}
