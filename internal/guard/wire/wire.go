// Package wire answers the engine's questions to a plugin: as much of HTTP/1.1
// as the engine's plugin client speaks, and nothing else.
//
// Not net/http: the engine asks twice for every call of its API, and a server
// that has to be ready for everything costs more than the answer.
package wire

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// A Server answers questions. Its fields must not change while it serves.
type Server struct {
	// Answer returns the answer to a question. It may leave the body unread.
	// It must not panic.
	Answer func(ctx context.Context, q *Question) Answer

	Type    string        // the media type of answers
	MaxBody int64         // of a question, in bytes
	Wait    time.Duration // for a question to come in, for an answer to be taken (at most twice this), and for what has begun when the server ends
	Idle    time.Duration // a connection without a question is closed after this, at most twice this
}

// An Answer is what a question is answered.
type Answer struct {
	Status int // 0 is 200
	Body   []byte
}

const (
	maxConns = 256       // open at once; more wait
	large    = 256 << 10 // a body above this size waits for one of maxLarge places
	maxLarge = 8

	// linger is how long a connection that takes no more questions stays open.
	// A client that uses it meanwhile is told that nothing was sent, and asks
	// on another; one that sees it closed may not.
	linger = 50 * time.Millisecond

	// firstTime is for the first question on a connection, where the server ends.
	firstTime = time.Second
)

// A session is one run of Serve.
type session struct {
	*Server
	ctx   context.Context // of answers
	large chan struct{}   // holds one for each large body in memory

	mu    sync.Mutex
	conns map[*conn]struct{}
	ended bool
}

// Serve answers on the connections of l until ctx ends, and closes l. Then it
// answers what has been asked by that time. It returns nil where ctx has ended
// and every question has its answer.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	n := &session{
		Server: s, ctx: context.WithoutCancel(ctx),
		large: make(chan struct{}, maxLarge), conns: map[*conn]struct{}{},
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var all sync.WaitGroup
	err := n.accept(ctx, l, &all)
	_ = l.Close() // it may be closed already
	n.end()
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	late := time.NewTimer(s.Wait)
	defer late.Stop()
	select {
	case <-done:
		return err
	case <-late.C:
		n.cut()
		return errors.Join(err, errors.New("the engine did not take its last answers"))
	}
}

// accept takes connections until l is closed.
func (n *session) accept(ctx context.Context, l net.Listener, all *sync.WaitGroup) error {
	places := make(chan struct{}, maxConns)
	for wait := time.Duration(0); ; {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		c, err := l.Accept()
		switch {
		case err == nil: // whoever has connected is answered
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		default: // too many open files, which passes
			<-places
			wait = min(max(2*wait, 5*time.Millisecond), time.Second)
			<-time.After(wait)
			continue
		}
		wait = 0
		this := &conn{Conn: c, in: bufio.NewReaderSize(c, maxHead), fresh: true}
		n.add(this)
		all.Go(func() {
			defer func() { <-places }()
			defer n.remove(this)
			n.talk(this)
		})
	}
}

func (n *session) add(c *conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c.ending = n.ended
	n.conns[c] = struct{}{}
}

func (n *session) remove(c *conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.conns, c)
	_ = c.Close() // whatever was written has been written
}

// end tells every connection to end after what it has begun.
func (n *session) end() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ended = true
	for c := range n.conns {
		c.end()
	}
}

// cut closes what did not end.
func (n *session) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		_ = c.Close()
	}
}

// talk answers the questions on c until there are no more.
func (n *session) talk(c *conn) {
	for c.next(n.Idle, n.Wait) {
		q, err := read(c.in, n.MaxBody)
		if err != nil {
			if refused := new(refusal); errors.As(err, &refused) {
				c.answer(n, Answer{http.StatusBadRequest, []byte(refused.Error() + "\n")}, true)
			}
			return
		}
		q.large = n.large
		a := n.Answer(n.ctx, q)
		err = q.finish()
		if err != nil || !c.answer(n, a, q.last) || q.last {
			return
		}
	}
}

// A conn is one connection of the engine.
type conn struct {
	net.Conn
	in  *bufio.Reader
	out []byte

	written time.Time // until when c may be written
	until   time.Time // until when it may be read

	mu     sync.Mutex
	fresh  bool // no question has come yet: one that was just opened will send one
	idle   bool // no question has begun
	ending bool // no more is to begin
}

// next waits for the next question and reports whether there is one. Where
// there is, it has wait to come in.
func (c *conn) next(idle, wait time.Duration) bool {
	if c.in.Buffered() == 0 {
		if !c.rest(idle) {
			return false
		}
		if _, err := c.in.Peek(1); err != nil && !c.last(err) {
			return false
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle, c.fresh = false, false
	if whole(c.in) {
		return true
	}
	c.until = time.Now().Add(wait)
	return c.SetReadDeadline(c.until) == nil
}

// rest begins a wait for a question; it reports false if c has gone.
func (c *conn) rest(idle time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = true
	if c.ending {
		return c.hurry() == nil
	}
	// Setting a deadline wakes another thread, so one that has enough left is
	// left alone.
	if now := time.Now(); c.until.Sub(now) < idle {
		c.until = now.Add(2 * idle)
		return c.SetReadDeadline(c.until) == nil
	}
	return true
}

// end makes c end when it rests.
func (c *conn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending = true
	if c.idle {
		_ = c.hurry() // a connection that has gone has ended too
	}
}

// hurry ends the wait for a question.
func (c *conn) hurry() error {
	if c.fresh {
		return c.SetReadDeadline(time.Now().Add(firstTime))
	}
	return c.SetReadDeadline(time.Unix(1, 0))
}

// last takes no more questions and reports whether one has come meanwhile. err
// is why c stopped waiting: only a time that is up leaves somebody to wait for.
func (c *conn) last(err error) bool {
	var late net.Error
	half, ok := c.Conn.(interface{ CloseRead() error })
	if !errors.As(err, &late) || !late.Timeout() || !ok {
		return false
	}
	c.mu.Lock()
	c.ending = true
	c.mu.Unlock()
	if half.CloseRead() != nil || c.SetReadDeadline(time.Now().Add(linger)) != nil {
		return false
	}
	if _, err := c.in.Peek(1); err == nil {
		return true
	}
	<-time.After(linger)
	return false
}

// answer writes a in one piece and reports whether c goes on.
func (c *conn) answer(n *session, a Answer, last bool) bool {
	c.mu.Lock()
	last = last || c.ending
	c.mu.Unlock()
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	b := append(c.out[:0], "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(a.Status), 10)
	b = append(b, ' ')
	b = append(b, http.StatusText(a.Status)...)
	b = append(b, "\r\nContent-Type: "...)
	b = append(b, n.Type...)
	b = append(b, "\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(a.Body)), 10)
	if last {
		b = append(b, "\r\nConnection: close"...)
	}
	b = append(b, "\r\n\r\n"...)
	b = append(b, a.Body...)
	c.out = b
	if cap(b) > maxHead {
		c.out = nil // a long answer is rare; its memory is not kept
	}
	if now := time.Now(); c.written.Sub(now) < n.Wait { // as in rest
		c.written = now.Add(2 * n.Wait)
		if c.SetWriteDeadline(c.written) != nil {
			return false
		}
	}
	_, err := c.Write(b)
	return err == nil && !last
}

// A Question is one request.
type Question struct {
	Path   string
	Length int64 // of the body, in bytes

	in    *bufio.Reader
	left  int64 // of the body
	last  bool  // the client asks no more on this connection
	large chan struct{}
	held  bool // a place among the large ones
}

// Body reads the body. Few large ones are read at a time.
func (q *Question) Body() ([]byte, error) {
	if q.left > large && !q.held {
		q.large <- struct{}{} // whoever has a place gives it back in time: reading has a deadline
		q.held = true
	}
	if q.left <= int64(q.in.Size()) { // no memory but what is there
		text := make([]byte, q.left)
		n, err := io.ReadFull(q.in, text)
		q.left -= int64(n)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return text[:n], err
	}
	text, err := io.ReadAll(io.LimitReader(q.in, q.left))
	q.left -= int64(len(text))
	if err == nil && q.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return text, err
}

// finish skips what was not read of the body. A client that is still sending
// does not listen.
func (q *Question) finish() error {
	if q.held {
		<-q.large
	}
	_, err := io.CopyN(io.Discard, q.in, q.left)
	return err
}
