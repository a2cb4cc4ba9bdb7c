package watch

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/engine"
	"bulkhead/internal/falco"
	"bulkhead/internal/report"
	"bulkhead/internal/sensor"
)

// hostile are names that processes and files can have: nothing but NUL and a
// slash is kept from them.
func hostile() []string {
	return []string{
		"a\nb", "\r\n<34>1 - - forged", "a\x1b[2J\x1b[31mred", "\x1b]0;title\x07", "\u009b31mred", "\u202egnp.exe", "\u200b\ufeff", "\xff\xfe", "\xc3(", "\u2028\u2029",
		`","rule":"other`, `"} {"`, `\`, "\x7f\x08\x08", "\U000e0041", " ", "'; DROP", "%s%n", "\t", "\v\f\x00", strings.Repeat("n", 64<<10), strings.Repeat("\n", 20<<10),
		strings.Repeat("é", 8<<10),
	}
}

// hostileAlert returns an alert of somebody who calls everything name.
func hostileAlert(name string) *Alert {
	a := example("said")
	a.Container = &sensor.Container{ID: "0123456789abcdef", Name: name, Image: name}
	a.Subject = Subject{name, name, name}
	a.Pairs = []Pair{{"container.image.repository", name}, {"proc.exepath", name}, {"fd.name", name}}
	a.add("value", name)
	a.addContainer("0123456789abcdef", name, "")
	return a
}

// readable says what a reader of text could be misled by.
func readable(text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("%.80q is no UTF-8", text)
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
		return fmt.Errorf("%.80q holds %q", text[i:], []rune(text[i:])[0])
	}
	return nil
}

// TestHostile writes alerts of hostile names to every output, with files that are
// rotated, and repetitions: each stays one line or one message, and holds nothing
// that misleads.
func TestHostile(t *testing.T) {
	dir := t.TempDir()
	open := func(name string, f Format) *File {
		out, err := OpenFile(filepath.Join(dir, name), f, Rotation{Size: 4 << 10, Keep: rotated})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	bodies, messages := make(received, 1000), make(received, 1000)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // one that is cut short is no JSON
		bodies <- string(body)
	}))
	defer server.Close()
	hook, err := OpenWebhook(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	log, err := OpenSyslog("tcp://" + stream(t, messages))
	if err != nil {
		t.Fatal(err)
	}
	alerts := New(Options{Outputs: []Output{open("text", Text), open("json", JSON), hook, log}, Least: falco.Debug, Window: time.Hour})
	var want []string
	for _, name := range hostile() {
		want = append(want, report.Printable(name))
		for range 2 { // the second is counted, and summed up at the end
			if err := alerts.Take(hostileAlert(name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := alerts.Close(); err != nil {
		t.Fatal(err)
	}
	want = slices.Concat(want, want) // in the order they came, and their summaries
	check(t, "text", lines(t, filepath.Join(dir, "text")), len(want))
	checkJSON(t, "json", lines(t, filepath.Join(dir, "json")), want)
	checkJSON(t, "webhook", bodies.first(t, len(want)), want)
	check(t, "syslog", messages.first(t, len(want)), len(want))
}

// TestHostileRecords: what is recorded of responses, and proposed as exceptions,
// stays one line each too.
func TestHostileRecords(t *testing.T) {
	var audit, proposed bytes.Buffer
	var told []string
	responder := NewResponder(ResponderOptions{
		Reactions: []Reaction{{Response: engine.Kill, Least: falco.Debug}}, Allowed: func(string, string) bool { return true }, Audit: &audit,
		Told: func(a *Audit) { told = append(told, a.Container+a.Image+a.Alert) },
	})
	var learned Exceptions
	all := hostile()
	for n, name := range all {
		a := hostileAlert(name)
		a.Container.ID += strconv.Itoa(n)
		responder.Seen(a)
		learned.Seen(a)
	}
	if err := responder.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := learned.WriteTo(&proposed); err != nil {
		t.Fatal(err)
	}
	cut := func(b *bytes.Buffer) []string { return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n") }
	check(t, "audit", cut(&audit), len(all))
	check(t, "told", told, len(all))
	values := cut(&proposed)
	check(t, "exceptions", values, len(values))
	if n := strings.Count(proposed.String(), "        - ["); n != learned.Count() || n == 0 || n == len(all) {
		t.Errorf("got %d exceptions, want %d: some of %d", n, learned.Count(), len(all))
	}
}

// check: there are count texts, and each can be read.
func check(t *testing.T, what string, texts []string, count int) {
	t.Helper()
	if len(texts) != count {
		t.Errorf("%s: got %d, want %d", what, len(texts), count)
	}
	for _, text := range texts {
		if err := readable(text); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// checkJSON: each text is one object of the rule, with the value wanted.
func checkJSON(t *testing.T, what string, texts, want []string) {
	t.Helper()
	check(t, what, texts, len(want))
	var got []string
	for _, text := range texts {
		var a struct {
			Rule   string
			Fields map[string]any `json:"output_fields"`
		}
		if err := json.Unmarshal([]byte(text), &a); err != nil || a.Rule != "Shell" {
			t.Errorf("%s: got rule %q, %v, want one object of the rule Shell", what, a.Rule, err)
		}
		value, _ := a.Fields["bulkhead.value"].(string)
		got = append(got, value)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("%s: got -, want +:\n%s", what, diff)
	}
}

// rotated is how many older files are kept.
const rotated = 1000

// lines returns the lines of a file and of its older ones, the oldest first.
func lines(t *testing.T, name string) []string {
	t.Helper()
	var out []string
	for n := rotated; n >= 0; n-- {
		file := name
		if n > 0 {
			file += "." + strconv.Itoa(n)
		}
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil || !strings.HasSuffix(string(text), "\n") {
			t.Errorf("%s: got %d bytes, %v, want whole lines", file, len(text), err)
		}
		out = append(out, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
	}
	return out
}

// A received is what a server was sent.
type received chan string

// first returns the first n texts.
func (r received) first(t *testing.T, n int) []string {
	t.Helper()
	var out []string
	for len(out) < n {
		select {
		case text := <-r:
			out = append(out, text)
		case <-time.After(10 * time.Second):
			t.Fatalf("got %d messages, want %d", len(out), n)
		}
	}
	return out
}

// stream listens for one connection with messages of which each begins with its
// length, and returns the address.
func stream(t *testing.T, to received) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }() // all of it was read
		for r := bufio.NewReader(c); ; {
			head, err := r.ReadString(' ')
			if err != nil {
				return
			}
			n, err := strconv.Atoi(strings.TrimSuffix(head, " "))
			text := make([]byte, max(min(n, maxMessage), 0))
			if _, readErr := io.ReadFull(r, text); err != nil || readErr != nil || n > maxMessage {
				to <- "no message: " + head
				return
			}
			to <- string(text)
		}
	}()
	return l.Addr().String()
}
