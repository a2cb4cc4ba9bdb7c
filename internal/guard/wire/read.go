package wire

import (
	"bufio"
	"bytes"
	"errors"
	"strconv"
)

const (
	maxHead    = 16 << 10 // bytes of a question's line and headers
	maxHeaders = 64
	maxDigits  = 12 // of a length
)

// A refusal is what is wrong with a question.
type refusal struct{ why string }

func (r *refusal) Error() string { return r.why }

func refuse(why string) error { return &refusal{why} }

// read reads the line and the headers of a question. The error is a refusal
// where the client can be told what is wrong.
func read(in *bufio.Reader, maxBody int64) (*Question, error) {
	left := maxHead
	text, err := line(in, &left)
	if err != nil {
		return nil, err
	}
	q := &Question{in: in}
	if q.Path, err = target(text); err != nil {
		return nil, err
	}
	var h headers
	for range maxHeaders + 1 {
		text, err := line(in, &left)
		if err != nil {
			return nil, err
		}
		if len(text) == 0 {
			return q, h.into(q, maxBody)
		}
		if err := h.add(text); err != nil {
			return nil, err
		}
	}
	return nil, refuse("there are too many headers")
}

// line reads up to CR LF and takes it off left. What it returns holds until in
// is read again.
func line(in *bufio.Reader, left *int) ([]byte, error) {
	text, err := in.ReadSlice('\n')
	*left -= len(text)
	switch {
	case errors.Is(err, bufio.ErrBufferFull) || *left < 0:
		return nil, refuse("the headers are too long")
	case err != nil:
		return nil, err
	case len(text) < 2 || text[len(text)-2] != '\r':
		return nil, refuse("a line does not end in CR LF")
	}
	return text[:len(text)-2], nil
}

// target returns the path that a request line names.
func target(text []byte) (string, error) {
	text, ok := bytes.CutPrefix(text, []byte("POST "))
	if !ok {
		return "", refuse("only POST is answered")
	}
	text, ok = bytes.CutSuffix(text, []byte(" HTTP/1.1"))
	if !ok {
		return "", refuse("only HTTP/1.1 is spoken")
	}
	for i, c := range text {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.'
		if i == 0 && c != '/' || i > 0 && !letter {
			return "", refuse("the path is no plugin's")
		}
	}
	if len(text) < 2 {
		return "", refuse("the path is no plugin's")
	}
	return string(text), nil
}

// headers are those that count. Others, such as a trace's, are read over.
type headers struct {
	host   bool
	length []byte // nil: none was given
	close  bool
}

// add reads one header.
func (h *headers) add(text []byte) error {
	name, value, ok := bytes.Cut(text, []byte(":"))
	if !ok || len(name) == 0 || bytes.ContainsFunc(name, notToken) {
		return refuse("a header has no name")
	}
	value = bytes.Trim(value, " \t")
	if bytes.ContainsFunc(value, control) {
		return refuse("a header holds control characters")
	}
	is := func(s string) bool { return len(s) == len(name) && bytes.EqualFold(name, []byte(s)) }
	switch {
	case is("Host"):
		if h.host {
			return refuse("there are several hosts")
		}
		h.host = true
	case is("Content-Length"):
		if h.length != nil {
			return refuse("there are several lengths")
		}
		h.length = bytes.Clone(value)
		if len(value) == 0 || len(value) > maxDigits || bytes.ContainsFunc(value, notDigit) {
			return refuse("the length is no number")
		}
	case is("Connection"):
		if !bytes.EqualFold(value, []byte("close")) && !bytes.EqualFold(value, []byte("keep-alive")) {
			return refuse("the connection is to become something else")
		}
		h.close = h.close || bytes.EqualFold(value, []byte("close"))
	case is("Transfer-Encoding"), is("Expect"), is("Upgrade"), is("Trailer"), is("Content-Encoding"):
		return refuse("a question has a length and nothing else: no " + string(name))
	}
	return nil
}

// into gives q what the headers say.
func (h *headers) into(q *Question, maxBody int64) error {
	if !h.host {
		return refuse("there is no host")
	}
	if h.length != nil {
		n, err := strconv.ParseInt(string(h.length), 10, 64)
		if err != nil || n > maxBody {
			return refuse("the body is too long")
		}
		q.Length, q.left = n, n
	}
	q.last = h.close
	return nil
}

func control(c rune) bool  { return c < ' ' && c != '\t' || c == 0x7f }
func notDigit(c rune) bool { return c < '0' || c > '9' }

// notToken reports whether a header's name may not hold c: RFC 9110, 5.6.2.
func notToken(c rune) bool {
	letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	return !letter && (c > '~' || !bytes.ContainsRune([]byte("!#$%&'*+-.^_`|~"), c))
}

// whole reports whether all of a question has come. It only looks for the usual
// one: false says that reading may have to wait.
func whole(in *bufio.Reader) bool {
	text, _ := in.Peek(in.Buffered()) // what is there can be looked at
	head, body, ok := bytes.Cut(text, []byte("\r\n\r\n"))
	if !ok {
		return false
	}
	_, length, ok := bytes.Cut(head, []byte("\r\nContent-Length: "))
	if !ok {
		return false
	}
	length, _, _ = bytes.Cut(length, []byte("\r\n"))
	n, err := strconv.Atoi(string(length))
	return err == nil && n <= len(body)
}
