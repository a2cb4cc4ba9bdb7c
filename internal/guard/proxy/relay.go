package proxy

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// bulk reports whether answers of route are files as large as the engine likes.
func bulk(route string) bool {
	return slices.Contains([]string{
		"GET /images/get", "GET /images/{name}/get", "GET /containers/{name}/export", "GET /containers/{name}/archive",
		"GET /libpod/images/export", "GET /libpod/images/{name}/get", "GET /libpod/containers/{name}/export",
		"GET /libpod/containers/{name}/archive",
	}, route)
}

// relay passes the engine's bytes on as they are, in the engine's own framing:
// to read chunks and to write others costs more than all the rest. It takes the
// client's connection over, so that answer is its last.
func (p *Proxy) relay(w http.ResponseWriter, e *exchange, resp *http.Response, in *bufio.Reader) *failure {
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return &failure{http.StatusInternalServerError, "bulkhead: the connection cannot be taken over: " + err.Error()}
	}
	p.busy.note(client, http.StateActive)
	p.open.Store(client, e.engine)
	defer func() {
		p.open.Delete(client)
		p.busy.note(client, http.StateClosed)
		_ = client.Close()
	}()
	head := headersOf(resp.Header)
	head.Set("Connection", "close")
	switch {
	case slices.Contains(resp.TransferEncoding, "chunked"):
		head.Set("Transfer-Encoding", "chunked")
	case resp.ContentLength >= 0:
		head.Set("Content-Length", strconv.FormatInt(resp.ContentLength, 10))
	}
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 " + strings.TrimSpace(resp.Status) + "\r\n")
	_ = head.Write(&b) // a buffer takes everything
	b.WriteString("\r\n")
	if _, err := client.Write(b.Bytes()); err != nil {
		return nil
	}
	if n := in.Buffered(); n > 0 {
		if _, err := io.CopyN(client, in, int64(n)); err != nil {
			return nil
		}
	}
	// The engine closes its connection at the end. If it dies before that, the
	// framing tells the client so.
	_, _ = io.CopyBuffer(plainWriter{client}, plainReader{e.engine}, make([]byte, bulkSize))
	return nil
}

// bulkSize is as much as a socket holds by default.
const bulkSize = 208 << 10

// A plainReader and a plainWriter hide other methods than their own, by which
// package io would take a buffer of another size.
type (
	plainReader struct{ io.Reader }
	plainWriter struct{ io.Writer }
)
