package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// echo answers with the path, the length and the body.
func echo(_ context.Context, q *Question) Answer {
	switch q.Path {
	case "/Unread":
		return Answer{Body: []byte("unread")}
	case "/None":
		return Answer{Status: http.StatusNotFound, Body: []byte("none")}
	}
	text, err := q.Body()
	if err != nil {
		return Answer{Status: http.StatusInternalServerError, Body: []byte(err.Error())}
	}
	return Answer{Body: fmt.Appendf(nil, "%s %d %s", q.Path, q.Length, text)}
}

func server() *Server {
	return &Server{Answer: echo, Type: "text/plain", MaxBody: 1 << 20, Wait: 5 * time.Second, Idle: time.Minute}
}

// serve runs s on a socket of the test's, until its end, and returns its path.
func serve(t testing.TB, s *Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("serve: got %v, want nil", err)
		}
	})
	return path
}

// dial connects to path and bounds all that is read and written.
func dial(t testing.TB, path string) *net.UnixConn {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c.(*net.UnixConn)
}

// said reads an answer; it is "gone" where the connection has ended.
func said(in *bufio.Reader) string {
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return "gone"
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(resp.StatusCode, " ", string(text))
}

const usual = "Host: x\r\nUser-Agent: Go-http-client/1.1\r\n"

func TestQuestions(t *testing.T) {
	post := func(headers, body string) string { return "POST /Q HTTP/1.1\r\n" + headers + "\r\n" + body }
	path := serve(t, server())
	for _, tt := range []struct{ text, want string }{
		{post(usual+"Content-Length: 2\r\nAccept: x\r\n", "ab"), "200 /Q 2 ab"},
		{post(usual, ""), "200 /Q 0 "},
		{post(usual+"content-LENGTH:\t2 \r\n", "ab"), "200 /Q 2 ab"},
		{"POST /Unread HTTP/1.1\r\n" + usual + "Content-Length: 2\r\n\r\nab", "200 unread"},
		{"POST /None HTTP/1.1\r\n" + usual + "\r\n", "404 none"},
		{"GET /Q HTTP/1.1\r\n" + usual + "\r\n", "400 only POST is answered"},
		{"POST /Q HTTP/1.0\r\n" + usual + "\r\n", "400 only HTTP/1.1 is spoken"},
		{"POST  /Q HTTP/1.1\r\n" + usual + "\r\n", "400 the path is no plugin's"},
		{"POST http://x/Q HTTP/1.1\r\n" + usual + "\r\n", "400 the path is no plugin's"},
		{"POST /Q?a=b HTTP/1.1\r\n" + usual + "\r\n", "400 the path is no plugin's"},
		{"POST /Q/../R HTTP/1.1\r\n" + usual + "\r\n", "400 the path is no plugin's"},
		{"POST / HTTP/1.1\r\n" + usual + "\r\n", "400 the path is no plugin's"},
		{"POST /Q HTTP/1.1\n" + usual + "\r\n", "400 a line does not end in CR LF"},
		{post("Host: x\n", ""), "400 a line does not end in CR LF"},
		{post("User-Agent: x\r\n", ""), "400 there is no host"},
		{post(usual+"Host: y\r\n", ""), "400 there are several hosts"},
		{post(usual+"Content-Length: 2\r\nContent-Length: 2\r\n", "ab"), "400 there are several lengths"},
		{post(usual+"Content-Length: 2, 2\r\n", "ab"), "400 the length is no number"},
		{post(usual+"Content-Length: +2\r\n", "ab"), "400 the length is no number"},
		{post(usual+"Content-Length: \r\n", ""), "400 the length is no number"},
		{post(usual+"Content-Length: 99999999999999999999\r\n", ""), "400 the length is no number"},
		{post(usual+"Content-Length: 1048577\r\n", ""), "400 the body is too long"},
		{post(usual+"Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), "400 a question has a length and nothing else: no Transfer-Encoding"},
		{post(usual+"Expect: 100-continue\r\n", ""), "400 a question has a length and nothing else: no Expect"},
		{post(usual+"Connection: Upgrade\r\n", ""), "400 the connection is to become something else"},
		{post(usual+" folded\r\n", ""), "400 a header has no name"},
		{post(usual+"Bad Name: x\r\n", ""), "400 a header has no name"},
		{post(usual+"Name : x\r\n", ""), "400 a header has no name"},
		{post(usual+"Nul: \x00\r\n", ""), "400 a header holds control characters"},
		{post(usual+"Return: a\rb\r\n", ""), "400 a header holds control characters"},
		{post(usual+strings.Repeat("A: b\r\n", maxHeaders), ""), "400 there are too many headers"},
		{post(usual+"Long: "+strings.Repeat("x", maxHead)+"\r\n", ""), "400 the headers are too long"},
		{post(usual+strings.Repeat("A: "+strings.Repeat("x", 1000)+"\r\n", 20), ""), "400 the headers are too long"},
		{post(usual+"Content-Length: 3\r\n", "ab"), "500 unexpected EOF"},
		{"POST /Q HT", "gone"},
		{"", "gone"},
	} {
		c := dial(t, path)
		if _, err := c.Write([]byte(tt.text)); err != nil {
			t.Fatal(err)
		}
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSuffix(said(bufio.NewReader(c)), "\n"); got != tt.want && (tt.want != "500 unexpected EOF" || got != "gone") {
			t.Errorf("%.80q: got %.100q, want %q", tt.text, got, tt.want)
		}
	}
}

// TestKeptOpen: a connection answers one question after the other, in pieces
// or all at once, until the client says that it is the last.
func TestKeptOpen(t *testing.T) {
	c := dial(t, serve(t, server()))
	in := bufio.NewReader(c)
	large := strings.Repeat("x", 600<<10)
	send := func(text string) {
		t.Helper()
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	want := func(w string) {
		t.Helper()
		if got := said(in); got != w {
			t.Errorf("got %.60q, want %.60q", got, w)
		}
	}
	send("POST /A HTTP/1.1\r\n" + usual)
	send("Content-Length: 4\r\n\r\nab")
	send("cd")
	want("200 /A 4 abcd")
	two := "POST /B HTTP/1.1\r\n" + usual + "Content-Length: 1\r\n\r\nb"
	send(two + two)
	want("200 /B 1 b")
	want("200 /B 1 b")
	head := fmt.Sprintf(" HTTP/1.1\r\n%sContent-Length: %d\r\n", usual, len(large))
	send("POST /Unread" + head + "\r\n" + large)
	want("200 unread")
	send("POST /C" + head + "Connection: close\r\n\r\n" + large + two)
	want(fmt.Sprintf("200 /C %d %s", len(large), large))
	want("gone")
}

// TestDeadlines: who begins a question and does not end it is not waited for,
// nor is who asks none.
func TestDeadlines(t *testing.T) {
	s := server()
	s.Wait, s.Idle = 250*time.Millisecond, 50*time.Millisecond // the end of the server waits as long, also on a busy machine
	path := serve(t, s)
	for _, text := range []string{"", "POST /Q HTTP/1.1\r\nHo", "POST /Q HTTP/1.1\r\n" + usual + "Content-Length: 5\r\n\r\nab"} {
		c := dial(t, path)
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if got := said(bufio.NewReader(c)); got != "gone" && !strings.Contains(got, "timeout") {
			t.Errorf("%q: got %q, want the connection closed", text, got)
		}
	}
}

// TestEnd: a server that ends answers what it was asked, says that it is the
// last, and takes nothing more from who had nothing to ask.
func TestEnd(t *testing.T) {
	s := server()
	asked, release := make(chan struct{}), make(chan struct{})
	s.Answer = func(ctx context.Context, q *Question) Answer {
		if q.Path == "/Slow" {
			close(asked)
			<-release
		}
		return echo(ctx, q)
	}
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	busy, idle := dial(t, path), dial(t, path)
	in := bufio.NewReader(idle)
	if _, err := idle.Write([]byte("POST /A HTTP/1.1\r\n" + usual + "\r\n")); err != nil {
		t.Fatal(err)
	}
	if got := said(in); got != "200 /A 0 " {
		t.Errorf("got %q, want an answer", got)
	}
	if _, err := busy.Write([]byte("POST /Slow HTTP/1.1\r\n" + usual + "\r\n")); err != nil {
		t.Fatal(err)
	}
	<-asked
	stop()
	if got := said(in); got != "gone" {
		t.Errorf("a connection without a question: got %q, want it closed", got)
	}
	close(release)
	resp, err := http.ReadResponse(bufio.NewReader(busy), nil)
	if err != nil || resp.StatusCode != http.StatusOK || !resp.Close {
		t.Errorf("a question that was asked: got %v, %v, want 200 and that it is the last", resp, err)
	}
	if err := <-done; err != nil {
		t.Errorf("serve: got %v, want nil", err)
	}
}

// TestHandedOn: servers that take turns on one socket, as systemd keeps it,
// lose no question of a client like the engine's.
func TestHandedOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	kept, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = kept.Close() }() // each server had one of its own
	f, err := kept.File()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // as above
	ending, end := context.WithCancel(t.Context())
	var all sync.WaitGroup
	var answered, lost atomic.Int64
	for range 4 {
		all.Go(func() {
			client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
				return net.Dial("unix", path)
			}}}
			for ending.Err() == nil {
				resp, err := client.Post("http://x/Q", "text/plain", bytes.NewBufferString("question"))
				if err != nil {
					lost.Add(1)
					t.Log(err)
					continue
				}
				text, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close() // it has been read
				if err != nil || string(text) != "/Q 8 question" {
					t.Errorf("got %q, %v, want the answer", text, err)
				}
				answered.Add(1)
			}
		})
	}
	for range 20 {
		l, err := net.FileListener(f)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- server().Serve(ctx, l) }()
		for want := answered.Load() + 50; answered.Load() < want && lost.Load() == 0; {
			<-time.After(time.Millisecond)
		}
		stop()
		if err := <-done; err != nil {
			t.Errorf("serve: got %v, want nil", err)
		}
	}
	end()
	l, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server().Serve(ctx, l) }() // for those that ask still
	all.Wait()
	stop()
	if err := <-done; err != nil {
		t.Errorf("serve: got %v, want nil", err)
	}
	if lost.Load() > 0 {
		t.Errorf("%d of %d questions were lost, want 0", lost.Load(), lost.Load()+answered.Load())
	}
}

// TestAccept: a socket that is closed by somebody else ends the server.
func TestAccept(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := server().Serve(t.Context(), l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want %v", err, net.ErrClosed)
	}
}

// FuzzRead: what is accepted net/http accepts too, and reads as the same path
// and body.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"POST /Q HTTP/1.1\r\n" + usual + "Content-Length: 2\r\n\r\nab",
		"POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nHost: %2Frun%2Fs.sock\r\nConnection: close\r\n\r\n",
		"POST /Q HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST /Q HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"POST / HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		in := bufio.NewReaderSize(bytes.NewReader(text), maxHead)
		_, _ = in.Peek(1)
		ready := whole(in)
		q, err := read(in, 1<<20)
		if err != nil {
			return
		}
		body, err := q.Body()
		if ready && err != nil {
			t.Errorf("%q: all of it was there, and its body is not: %v", text, err)
		}
		r, stdErr := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
		if stdErr != nil {
			t.Fatalf("%q: accepted, and net/http says %v", text, stdErr)
		}
		theirs, stdErr := io.ReadAll(r.Body)
		if r.URL.Path != q.Path || r.ContentLength != q.Length || r.Close != q.last || (err == nil) != (stdErr == nil) || !bytes.Equal(body, theirs) {
			t.Errorf("%q:\ngot  %s %d %v %q %v\nwant %s %d %v %q %v", text, q.Path, q.Length, q.last, body, err, r.URL.Path, r.ContentLength, r.Close, theirs, stdErr)
		}
	})
}
