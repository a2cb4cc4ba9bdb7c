package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/enginetest"
)

// hijacked opens a stream of bytes both ways at path, as docker attach does.
func (f *front) hijacked(t *testing.T, path string) (*net.UnixConn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("unix", f.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n", path)
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("POST %s: got %v, %v, want 101", path, resp, err)
	}
	return conn.(*net.UnixConn), in
}

// TestAttach: what is typed into an attached container comes back, and the keys
// that detach end the stream and not the container.
func TestAttach(t *testing.T) {
	f, image := liveFront(t, "attach", "")
	t.Cleanup(func() { _, _ = shell("docker rm -f proxytest-attach") }) // it may be gone
	f.must(t, "run", "-dit", "--name", "proxytest-attach", image, "/tool", "cat")
	conn, in := f.hijacked(t, "/v1.41/containers/proxytest-attach/attach?stream=1&stdin=1&stdout=1&stderr=1&detachKeys=ctrl-x,d")
	for i := range 3 {
		word := fmt.Sprintf("word %d", i)
		if _, err := io.WriteString(conn, word+"\n"); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the terminal's echo, and the program's answer
			if line, err := in.ReadString('\n'); err != nil || strings.TrimSpace(line) != word {
				t.Fatalf("got %q, %v, want %q", line, err, word)
			}
		}
	}
	if _, err := io.WriteString(conn, "\x18d"); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(in); err != nil {
		t.Errorf("after the keys that detach: got %q, %v, want the end", rest, err)
	}
	if got := enginetest.Docker(t, "inspect", "-f", "{{.State.Running}}", "proxytest-attach"); got != "true" {
		t.Errorf("after detaching: running is %s, want true", got)
	}
	// The end of the input ends the program, and the program the stream.
	conn, in = f.hijacked(t, "/v1.41/containers/proxytest-attach/attach?stream=1&stdin=1&stdout=1")
	if _, err := io.WriteString(conn, "\x04"); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(in); err != nil || !strings.Contains(string(rest), "end of") {
		t.Errorf("after the end of the input: got %q, %v, want that it was seen", rest, err)
	}
}

// TestLeft: where a client leaves what has no end, the proxy leaves the engine.
func TestLeft(t *testing.T) {
	f, image := liveFront(t, "left", "")
	t.Cleanup(func() { _, _ = shell("docker rm -f proxytest-left") }) // it may be gone
	f.must(t, "run", "-dit", "--name", "proxytest-left", image, "/tool", "stay")
	before := sockets(t)
	for range 3 {
		for _, path := range []string{"/v1.41/events?since=1", "/v1.41/containers/proxytest-left/logs?follow=1&stdout=1", "/v1.41/containers/proxytest-left/stats"} {
			ctx, leave := context.WithCancel(t.Context())
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client(f.socket).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := resp.Body.Read(make([]byte, 1)); err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("%s: got %d, %v, want 200 and something", path, resp.StatusCode, err)
			}
			leave()
			_ = resp.Body.Close() // the connection has been cut
		}
		conn, _ := f.hijacked(t, "/v1.41/containers/proxytest-left/attach?stream=1&stdin=1&stdout=1")
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	deadline := time.Now().Add(patience)
	for sockets(t) > before {
		if time.Now().After(deadline) {
			t.Fatalf("%d sockets are open, want at most %d as before", sockets(t), before)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// sockets counts those that this process has open: the proxy's, both ways.
func sockets(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("no list of open files: %v", err)
	}
	n := 0
	for _, e := range all {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// TestCutShort: a body that ends before its end does so for the engine too.
func TestCutShort(t *testing.T) {
	f := newFront(t, noEngine{}, "", "")
	engine := &fake{}
	defer engine.start(t, f)()
	conn, err := net.Dial("unix", f.socket)
	if err != nil {
		t.Fatal(err)
	}
	part := strings.Repeat("x", 300<<10)
	_, err = fmt.Fprintf(conn, "POST /v1.41/images/load HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n%x\r\nxx", len(part), part, 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); !strings.Contains(engine.log(), "/images/load"); {
		if time.Now().After(deadline) {
			t.Fatal("the engine was sent nothing")
		}
		<-time.After(time.Millisecond)
	}
	if got := engine.log(); strings.Contains(got, "<nil>") {
		t.Errorf("the engine was sent %s, want a body that breaks off", got)
	}
}

// TestOldClient: large files come in chunks for who knows them, and for nobody else.
func TestOldClient(t *testing.T) {
	f := newFront(t, noEngine{}, "", "")
	defer new(fake).start(t, f)()
	for _, version := range []string{"HTTP/1.1", "HTTP/1.0"} {
		got := f.say(t, "GET /v1.41/containers/web/export "+version+"\r\nHost: docker\r\n\r\n")
		if !strings.HasPrefix(got, version+" 200 ") || strings.Contains(got, "chunked") != (version == "HTTP/1.1") {
			t.Errorf("%s: got %q, want it to begin a file as that version does", version, got)
		}
	}
}
