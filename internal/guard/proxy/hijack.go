package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// hijack sends e on and, if the engine turns the connection into a stream,
// passes bytes both ways until both have ended.
func (p *Proxy) hijack(w http.ResponseWriter, e *exchange) *failure {
	if err := e.send(bytes.NewReader(e.text), int64(len(e.text))); err != nil {
		return gone(err)
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return &failure{http.StatusInternalServerError, "bulkhead: the connection cannot be taken over: " + err.Error()}
	}
	p.open.Store(client, e.engine)
	defer func() {
		p.open.Delete(client)
		_ = client.Close()
	}()
	_ = client.SetDeadline(time.Time{}) // streams have no bound
	in := bufio.NewReader(e.engine)
	resp, err := e.answer(in)
	if err != nil {
		write(client, gone(err))
		return nil
	}
	if !streams(resp) {
		resp.Close = true
		resp.Header.Del("Connection")
		_ = resp.Write(client) // a client that has gone needs no answer
		p.tell(e, resp.StatusCode, nil)
		return nil
	}
	p.tell(e, resp.StatusCode, nil)
	var head bytes.Buffer
	_, _ = fmt.Fprintf(&head, "HTTP/1.1 %s\r\n", resp.Status)
	_ = resp.Header.Write(&head)
	head.WriteString("\r\n")
	if _, err := client.Write(head.Bytes()); err != nil {
		return nil
	}
	join(client, buffered.Reader, e.engine, in)
	return nil
}

// streams reports whether the engine has turned the connection into a stream:
// it says so or, to clients of old, gives an answer that has no end.
func streams(resp *http.Response) bool {
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return true
	}
	kind := resp.Header.Get("Content-Type")
	return resp.StatusCode == http.StatusOK && resp.ContentLength < 0 && len(resp.TransferEncoding) == 0 &&
		strings.HasPrefix(kind, "application/vnd.docker.") && strings.HasSuffix(kind, "-stream")
}

// write answers f on a connection that was taken over.
func write(c net.Conn, f *failure) {
	text := fmt.Sprintf("{\"message\":%q}\n", f.message)
	_, _ = fmt.Fprintf(c, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		f.status, http.StatusText(f.status), len(text), text)
}

// join copies both ways. Where one side ends its half the other is told, and
// the other half goes on: a program reads its input to the end and answers then.
func join(client net.Conn, fromClient *bufio.Reader, engine net.Conn, fromEngine *bufio.Reader) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := pass(engine, fromClient, client); err != nil {
			_ = engine.Close() // the client has gone, or the engine
			return
		}
		closeWrite(engine)
	}()
	if err := pass(client, fromEngine, engine); err != nil {
		_ = engine.Close()
		_ = client.Close()
	}
	closeWrite(client)
	// The engine ends its half when all is over. A client that goes on
	// without a word is let go.
	_ = client.SetReadDeadline(time.Now().Add(endTime))
	<-done
}

// pass copies what buffered holds and then what from sends.
func pass(to net.Conn, buffered *bufio.Reader, from net.Conn) error {
	if n := buffered.Buffered(); n > 0 {
		if _, err := io.CopyN(to, buffered, int64(n)); err != nil {
			return err
		}
	}
	_, err := io.Copy(to, from) // by the kernel, where it can
	return err
}
