package proxy

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

const (
	// bufferSize is that of one step of a stream.
	bufferSize = 128 << 10

	// maxKept bounds how much of an answer is read before it is passed on.
	maxKept = 64 << 10

	// lateTime is for a client to end a body whose answer is complete.
	lateTime = time.Second
)

// send writes e's request to the engine. The error says that the engine has
// gone, or that the client has.
func (e *exchange) send(body io.Reader, length int64) error {
	e.out.Body, e.out.ContentLength = nil, length
	if length != 0 {
		e.out.Body = io.NopCloser(inLarge{body})
	}
	w := bufio.NewWriterSize(e.engine, bufferSize)
	if err := e.out.Write(w); err != nil {
		return err
	}
	return w.Flush()
}

// An inLarge reader gives what it reads in large pieces: net/http sends each
// as a chunk of its own, and at once. No engine answers a part of a body.
type inLarge struct{ io.Reader }

// WriteTo implements io.WriterTo.
func (r inLarge) WriteTo(w io.Writer) (int64, error) {
	buffer := make([]byte, bulkSize)
	for written := int64(0); ; {
		n := 0
		var err error
		for n < bufferSize && err == nil {
			var m int
			m, err = r.Read(buffer[n:])
			n += m
		}
		if n > 0 {
			m, werr := w.Write(buffer[:n])
			if written += int64(m); werr != nil {
				return written, werr
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return written, err
		}
	}
}

// answer reads the header of the engine's answer.
func (e *exchange) answer(in *bufio.Reader) (*http.Response, error) {
	for range 10 {
		resp, err := http.ReadResponse(in, e.out)
		if err != nil || resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, err
		}
	}
	return nil, http.ErrNotSupported
}

// forward sends e on and copies the answer.
func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, e *exchange) *failure {
	stop := context.AfterFunc(r.Context(), func() { _ = e.engine.Close() }) // nobody waits for an answer
	defer stop()
	control := http.NewResponseController(w)
	sent := make(chan struct{})
	if e.stream && r.ContentLength != 0 {
		_ = control.EnableFullDuplex() // a build answers while it is sent
		go func() {
			defer close(sent)
			_ = e.send(r.Body, r.ContentLength) // the answer says what came of it
		}()
	} else {
		close(sent)
		_ = e.send(bytes.NewReader(e.text), int64(len(e.text))) // as above
	}
	in := bufio.NewReaderSize(e.engine, bufferSize)
	resp, err := e.answer(in)
	if err != nil {
		_ = e.engine.Close()
		p.settle(control, sent)
		return gone(err)
	}
	// Before the client is: it may ask about what was made at once.
	p.tell(e, resp.StatusCode, madeBy(resp))
	if e.bulk && resp.StatusCode == http.StatusOK && r.ProtoAtLeast(1, 1) { // older clients know no chunks
		return p.relay(w, e, resp, in)
	}
	copyHeaders(w.Header(), resp)
	w.WriteHeader(resp.StatusCode)
	_ = control.Flush() // a wait says at once that it waits; a failure shows below
	if err := copyBody(w, control, resp); err != nil {
		_ = e.engine.Close()
		p.settle(control, sent)
		panic(http.ErrAbortHandler) // the client must not take this for the end
	}
	p.settle(control, sent)
	return nil
}

// settle waits until nothing reads the client's body any more.
func (p *Proxy) settle(control *http.ResponseController, sent <-chan struct{}) {
	late := time.NewTimer(lateTime)
	defer late.Stop()
	select {
	case <-sent:
	case <-late.C:
		_ = control.SetReadDeadline(time.Now())
		<-sent
	}
}

// tell says what came of e.
func (p *Proxy) tell(e *exchange, status int, kept []byte) {
	p.guard.Answered(e.asked, status, kept)
	if p.Seen != nil {
		p.Seen(e.asked, status, kept)
	}
}

func copyHeaders(to http.Header, resp *http.Response) {
	maps.Copy(to, headersOf(resp.Header))
	if _, ok := to["Content-Type"]; !ok {
		to["Content-Type"] = nil // not net/http's guess
	}
	if resp.ContentLength >= 0 && bodyAllowed(resp.StatusCode) {
		to.Set("Content-Length", strconv.FormatInt(resp.ContentLength, 10))
	}
}

func bodyAllowed(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

// madeBy returns an answer that tells what was made. The answer holds it still.
func madeBy(resp *http.Response) []byte {
	if resp.StatusCode != http.StatusCreated {
		return nil
	}
	kept, err := io.ReadAll(io.LimitReader(resp.Body, maxKept))
	rest := io.Reader(resp.Body)
	if err != nil {
		rest = broken{err}
	}
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(kept), rest))
	return kept
}

// A broken reader fails as the one it stands for did.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// copyBody passes an answer on as it comes.
func copyBody(w io.Writer, control *http.ResponseController, resp *http.Response) error {
	buffer := make([]byte, bufferSize)
	for {
		n, err := resp.Body.Read(buffer)
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return err
			}
			if err := control.Flush(); err != nil {
				return err
			}
		}
		switch err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}

// closeWrite ends what c is sent, and leaves what it sends.
func closeWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // one that is closed already
		return
	}
	_ = c.Close()
}
