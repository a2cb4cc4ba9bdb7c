package guard_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"bulkhead/internal/enginetest"
)

// A spelling is one way to ask for something forbidden.
type spelling struct {
	rule         string // what denies it
	name         string // as failures call it
	method, text string
}

// tableOf reads testdata/forbidden.txt.
func tableOf(t *testing.T, r *strings.Replacer) []spelling {
	t.Helper()
	text, err := os.ReadFile("testdata/forbidden.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []spelling
	for line := range strings.Lines(r.Replace(string(text))) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		parts := strings.SplitN(line, " ", 4)
		if len(parts) < 3 {
			t.Fatalf("%s: want what denies it, a method and a path", line)
		}
		body := ""
		if len(parts) == 4 {
			body = parts[3]
		}
		out = append(out, spelling{strings.ReplaceAll(parts[0], "-", " "), line, parts[1], string(request(parts[1], parts[2], body))})
	}
	return out
}

const bad = `{"Image":"box:1","HostConfig":{"Privileged":true}}`

// transports are ways to send one forbidden request that plugins have been
// deceived by.
func transports() []spelling {
	post := func(path, headers, body string) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n%s\r\n%s", path, headers, body)
	}
	sized := func(path, kind, body string) string {
		return post(path, fmt.Sprintf("Content-Type: %s\r\nContent-Length: %d\r\n", kind, len(body)), body)
	}
	chunked := func(body string) string {
		return post("/v1.41/containers/create", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
			fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body))
	}
	pad := func(n int) string {
		return strings.Replace(bad, "{", `{"Labels":{"x":"`+strings.Repeat("x", n)+`"},`, 1)
	}
	const plain = "/v1.41/containers/create"
	all := [][2]string{
		{"padded by 1 MiB", sized(plain, "application/json", pad(1<<20))},
		{"padded by 4 MiB", sized(plain, "application/json", pad(4<<20))},
		{"padded with blanks before", sized(plain, "application/json", strings.Repeat(" ", 1<<20)+bad)},
		{"padded with blanks after", sized(plain, "application/json", bad+strings.Repeat(" ", 1<<20))},
		{"chunked", chunked(bad)},
		{"chunked and padded", chunked(pad(1 << 20))},
		{"trailing garbage", sized(plain, "application/json", bad+" garbage")},
		{"a second object", sized(plain, "application/json", bad+`{"Image":"box:1"}`)},
		{"a harmless object first", sized(plain, "application/json", `{"Image":"box:1"}`+bad)},
		{"encoded letter", sized("/v1.41/contain%65rs/create", "application/json", bad)},
		{"encoded route", sized("/v1.41/%63ontainers/%63reate", "application/json", bad)},
		{"encoded slash", sized("/v1.41/containers%2fcreate", "application/json", bad)},
		{"encoded version", sized("/v1%2e41/containers/create", "application/json", bad)},
		{"doubled slash", sized("//v1.41/containers/create", "application/json", bad)},
		{"doubled slash inside", sized("/v1.41//containers/create", "application/json", bad)},
		{"dot segment", sized("/v1.41/./containers/create", "application/json", bad)},
		{"dot dot segment", sized("/v1.41/images/../containers/create", "application/json", bad)},
		{"trailing slash", sized("/v1.41/containers/create/", "application/json", bad)},
		{"absolute address", sized("http://engine/v1.41/containers/create", "application/json", bad)},
		{"absolute address elsewhere", sized("http://elsewhere:1/v1.41/containers/create?x=/auth", "application/json", bad)},
		{"query that ends like auth", sized(plain+"?x=/v1.41/auth", "application/json", bad)},
		{"fragment", sized(plain+"#/v1.41/auth", "application/json", bad)},
		{"semicolon in the query", sized(plain+"?name=a;name=b", "application/json", bad)},
		{"no version", sized("/containers/create", "application/json", bad)},
		{"leading zero in the version", sized("/v1.041/containers/create", "application/json", bad)},
		{"long version", sized("/v1.41.0/containers/create", "application/json", bad)},
		{"version 1.23", sized("/v1.23/containers/create", "application/json", bad)},
		{"version 1.12", sized("/v1.12/containers/create", "application/json", bad)},
		{"version 0.9", sized("/v0.9/containers/create", "application/json", bad)},
		{"start of version 1.23", sized("/v1.23/containers/plain/start", "application/json", `{"Privileged":true}`)},
		{"start with a body", sized("/v1.41/containers/old-priv/start", "application/json", `{"Privileged":true}`)},
		{"charset", sized(plain, "application/json; charset=utf-8", bad)},
		{"media type in capitals", sized(plain, "Application/JSON", bad)},
		{"odd parameter", sized(plain, "application/json;q=0.1", bad)},
		{"broken parameter", sized(plain, "application/json;;", bad)},
		{"text", sized(plain, "text/plain", bad)},
		{"json of a vendor", sized(plain, "application/vnd.docker+json", bad)},
		{"form", sized(plain+"?x=1", "application/x-www-form-urlencoded", bad)},
		{"no media type", post(plain, fmt.Sprintf("Content-Length: %d\r\n", len(bad)), bad)},
		{"two media types", post(plain, fmt.Sprintf("Content-Type: application/json\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n", len(bad)), bad)},
		{"expect continue", post(plain, fmt.Sprintf("Expect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", len(bad)), bad)},
		{"upgrade", post(plain, fmt.Sprintf("Upgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", len(bad)), bad)},
		{"method override", post(plain, fmt.Sprintf("X-HTTP-Method-Override: GET\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", len(bad)), bad)},
		{"byte order mark", sized(plain, "application/json", "\xef\xbb\xbf"+bad)},
		{"UTF-16", sized(plain, "application/json", "{\x00\"\x00")},
		{"build from a form", sized("/v1.41/build", "application/x-www-form-urlencoded", "networkmode=host&remote=http://127.0.0.1/x")},
	}
	var out []spelling
	for _, a := range all {
		out = append(out, spelling{name: a[0], method: "POST", text: a[1]})
	}
	return out
}

// TestForbidden: no spelling of something forbidden gets through, and every
// command line that a denial names starts.
func TestForbidden(t *testing.T) {
	l := newLive(t)
	names := l.fixtures(t)
	before := holdings(t)
	stop := l.serve(t, "")
	defer stop()
	l.enable(t)
	table := tableOf(t, names)
	spellings := append(table, transports()...)
	if len(spellings) < 120 {
		t.Fatalf("the table has %d spellings, want at least 120", len(spellings))
	}
	lines := map[string]bool{}
	for i, s := range spellings {
		got := l.send(t, s.method, []byte(s.text))
		// What the engine itself does not take has not got through either.
		refused := got.Code == 403 && strings.Contains(got.Text, "plugin bulkhead") || got.Code == 403 && s.method == "HEAD"
		engines := i >= len(table) && (got.Code == 400 || got.Code == 404 || got.Code == 301)
		switch {
		case !refused && !engines:
			t.Errorf("%s:\ngot  %d %s\nwant a denial", s.name, got.Code, got.Text)
		case refused && s.method != "HEAD" && !strings.Contains(strings.ReplaceAll(got.Text, "-", " "), "\n  "+s.rule):
			t.Errorf("%s:\ngot  %s\nwant %s to deny it", s.name, got.Text, s.rule)
		}
		if _, use, ok := strings.Cut(got.Text, "use instead  "); ok {
			use, _, _ = strings.Cut(use, "\n")
			lines[use] = true
		}
	}
	if after := holdings(t); after != before {
		t.Errorf("the engine holds more than before:\ngot  %s\nwant %s", after, before)
	}
	t.Logf("%d spellings", len(spellings))
	starts(t, lines)
}

// holdings lists what the engine holds.
func holdings(t *testing.T) string {
	t.Helper()
	var all []string
	for _, args := range [][]string{
		{"ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.State}}"},
		{"volume", "ls", "-q"},
		{"network", "ls", "-q"},
		{"images", "-q"},
	} {
		all = append(all, enginetest.Docker(t, args...))
	}
	return strings.Join(all, "\n")
}

// starts runs each command line and checks that its container has started.
func starts(t *testing.T, lines map[string]bool) {
	t.Helper()
	if len(lines) < 10 {
		t.Errorf("denials named %d command lines, want at least 10", len(lines))
	}
	for line := range lines {
		out, err := shell(t, line)
		if err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
			continue
		}
		id := strings.TrimSpace(string(out))
		if got := enginetest.Docker(t, "inspect", "-f", "{{.State.Running}}", id); got != "true" {
			t.Errorf("%s: running is %s, want true", line, got)
		}
		enginetest.Docker(t, "rm", "-f", id)
	}
	t.Logf("%d command lines started", len(lines))
}
