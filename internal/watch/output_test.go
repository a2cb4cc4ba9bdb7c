package watch

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/falco"
)

// example returns an alert that says text.
func example(text string) *Alert {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	return &Alert{
		Alert:   falco.Alert{Time: at, Rule: "Shell", Priority: falco.Critical, Source: "syscall", Output: text},
		Subject: Subject{Image: "shop:1", Process: "/bin/sh", Target: "/etc/passwd"},
	}
}

func TestStream(t *testing.T) {
	for name, c := range map[string]struct {
		format Format
		want   string
	}{
		"text": {Text, "03:04:05.000006000: Critical said\n"},
		"json": {JSON, `{"output":"03:04:05.000006000: Critical said","output_fields":{"evt.time":1767323045000006000},"priority":"Critical",` +
			`"rule":"Shell","source":"syscall","tags":[],"time":"2026-01-02T03:04:05.000006000Z"}` + "\n"},
	} {
		var b strings.Builder
		if err := (Stream{&b, c.format}).Write(example("said")); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(b.String(), c.want); diff != "" {
			t.Errorf("%s: got -, want +:\n%s", name, diff)
		}
	}
}

// TestRotation: no line is lost or split, no file is larger than allowed, and
// of those that are older only as many are kept as asked for.
func TestRotation(t *testing.T) {
	name := filepath.Join(t.TempDir(), "alerts")
	const size, keep, lines = 200, 3, 50
	f, err := OpenFile(name, Text, Rotation{Size: size, Keep: keep})
	if err != nil {
		t.Fatal(err)
	}
	for i := range lines {
		if err := f.Write(example("number " + strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var kept []string
	for n := keep; n >= 0; n-- {
		file := name
		if n > 0 {
			file += "." + strconv.Itoa(n)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > size || !strings.HasSuffix(string(text), "\n") {
			t.Errorf("%s: got %d bytes, want at most %d and whole lines", file, len(text), size)
		}
		kept = append(kept, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
	}
	for i, line := range kept {
		if want := fmt.Sprintf("number %d", lines-len(kept)+i); !strings.HasSuffix(line, want) {
			t.Errorf("got line %q, want %q at its end", line, want)
		}
	}
	if _, err := os.Stat(name + ".4"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got a file more than are kept: %v", err)
	}
}

// TestRotationBegins: a line that the last run left unfinished ends before the
// next begins.
func TestRotationBegins(t *testing.T) {
	name := filepath.Join(t.TempDir(), "alerts")
	if err := os.WriteFile(name, []byte("half a li"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(name, Text, Rotation{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Write(example("whole")), f.Close()); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(name)
	if want := "half a li\n03:04:05.000006000: Critical whole\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

const syslogWant = "<82>1 2026-01-02T03:04:05.000006Z %s bulkhead %d alert - Critical Shell: said"

// TestSyslog sends one alert over each kind of connection.
func TestSyslog(t *testing.T) {
	host, _ := os.Hostname()
	want := fmt.Sprintf(syslogWant, host, os.Getpid())
	path := filepath.Join(t.TempDir(), "log")
	stream := path + "-stream"
	for _, c := range []struct{ network, listen, address string }{
		{"udp", "127.0.0.1:0", "udp://"}, {"tcp", "127.0.0.1:0", "tcp://"}, {"unixgram", path, "unix://"}, {"unix", stream, "unix://"},
	} {
		t.Run(c.network, func(t *testing.T) {
			got := make(chan string, 1)
			address := listen(t, c.network, c.listen, got)
			q, err := OpenSyslog(c.address + address)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(q.Write(example("said")), q.Close()); err != nil {
				t.Error(err)
			}
			want := want
			if c.network == "tcp" || c.network == "unix" {
				want = strconv.Itoa(len(want)) + " " + want
			}
			if message := <-got; message != want {
				t.Errorf("got %q, want %q", message, want)
			}
		})
	}
}

// listen takes one message and returns the address it is to be sent to.
func listen(t *testing.T, network, address string, got chan<- string) string {
	t.Helper()
	if network == "udp" || network == "unixgram" {
		c, err := net.ListenPacket(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		go func() {
			b := make([]byte, maxMessage)
			n, _, _ := c.ReadFrom(b)
			got <- string(b[:n])
		}()
		return c.LocalAddr().String()
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			close(got)
			return
		}
		b := make([]byte, maxMessage)
		n, _ := bufio.NewReader(c).Read(b)
		got <- string(b[:n])
	}()
	return l.Addr().String()
}

func TestAddresses(t *testing.T) {
	for _, address := range []string{"", "log", "udp://", "http://log", "unix://log", "tcp://log/path", "udp://%zz"} {
		if q, err := OpenSyslog(address); err == nil {
			t.Errorf("%q: got a system log, want an error", address)
			_ = q.Close()
		}
	}
	for _, address := range []string{"", "hook", "ftp://hook", "http://", "http://%zz"} {
		if q, err := OpenWebhook(address); err == nil {
			t.Errorf("%q: got a webhook, want an error", address)
			_ = q.Close()
		}
	}
}

// TestWebhook: an alert is sent again until it is taken, and one that is refused
// is not.
func TestWebhook(t *testing.T) {
	var asked, refused atomic.Int32
	bodies := make(chan string, 8)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case strings.Contains(string(body), "never"):
			refused.Add(1)
			w.WriteHeader(http.StatusBadRequest)
		case asked.Add(1) < 3:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			bodies <- string(body)
		}
	}))
	defer server.Close()
	q, err := OpenWebhook(server.URL + "/secret")
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(q.Write(example("never")), q.Write(example("said")), q.Close())
	if err == nil || !strings.Contains(err.Error(), "1 alerts were lost") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got error %v, want one that counts one alert and does not tell the address", err)
	}
	var got struct{ Rule, Priority string }
	if err := json.Unmarshal([]byte(<-bodies), &got); err != nil || got.Rule != "Shell" || got.Priority != "Critical" {
		t.Errorf("got %+v, %v, want the alert", got, err)
	}
	if n := refused.Load(); n != 1 {
		t.Errorf("got %d attempts of what is refused, want 1", n)
	}
}

// TestQueueDoesNotWait: an output that takes nothing keeps nobody waiting, and
// what is lost is counted.
func TestQueueDoesNotWait(t *testing.T) {
	block, busy := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	q := newQueue("slow", 2, func(ctx context.Context, _ *Alert) error {
		if !once.Swap(true) {
			close(busy)
		}
		select {
		case <-block:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if err := q.Write(example("one")); err != nil {
		t.Error(err)
	}
	<-busy
	for range 10 {
		if err := q.Write(example("more")); err != nil {
			t.Error(err)
		}
	}
	close(block)
	if err := q.Close(); err == nil || !strings.Contains(err.Error(), "8 alerts were lost for want of room") {
		t.Errorf("got error %v, want one that counts 8", err)
	}
}

// FuzzLine: whatever an alert says, text and syslog are one line and JSON one
// object.
func FuzzLine(f *testing.F) {
	f.Add("a\nb", "\x1b[31m", "\u202egnp")
	f.Add("\xff\x00", "\r\n<34>1 - - forged", `","rule":"other`)
	f.Fuzz(func(t *testing.T, rule, value, name string) {
		a := example("said")
		a.Rule = rule
		a.add("value", value)
		a.addContainer(name, value, name)
		var b strings.Builder
		for _, format := range []Format{Text, JSON} {
			if err := (Stream{&b, format}).Write(a); err != nil {
				t.Fatal(err)
			}
		}
		b.Write((&syslog{hostname: name}).message(a))
		text := b.String()
		if strings.Count(text, "\n") != 2 {
			t.Errorf("got %q, want three lines", text)
		}
		for _, r := range text {
			if r < ' ' && r != '\n' || (r == 0x7f || r == '\u202e') && !strings.ContainsRune(rule, r) { // the rule's name is its user's
				t.Errorf("got %q in %q, want nothing that misleads", r, text)
			}
		}
	})
}
