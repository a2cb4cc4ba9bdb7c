package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// Serve answers clients on l until ctx ends, and then gives what it has begun a
// little time. Streams that have no end are cut.
func (p *Proxy) Serve(ctx context.Context, l net.Listener) error {
	s := &http.Server{
		Handler:           p,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		// net/http would answer OPTIONS * itself.
		DisableGeneralOptionsHandler: true,
		MaxHeaderBytes:               1 << 20,
		ConnState:                    p.busy.note,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, peerKey{}, p.peerOf(c))
		},
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	// A server that shuts down reads a request and throws it away. So it first
	// answers what has come: nothing new is taken, and no connection is kept.
	_ = l.Close()
	served := <-done
	if errors.Is(served, net.ErrClosed) {
		served = nil
	}
	s.SetKeepAlivesEnabled(false)
	p.busy.wait(ending)
	err := s.Shutdown(ending)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.Close()
	}
	p.open.Range(func(client, engine any) bool {
		_ = client.(net.Conn).Close() // whatever it was in the middle of
		_ = engine.(net.Conn).Close()
		return true
	})
	return errors.Join(served, err)
}

// A busy knows the connections that may have a request under way.
type busy struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// note is told how connections change.
func (b *busy) note(c net.Conn, state http.ConnState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conns == nil {
		b.conns = map[net.Conn]struct{}{}
	}
	switch state {
	case http.StateNew, http.StateActive:
		b.conns[c] = struct{}{}
	default:
		delete(b.conns, c)
	}
}

// wait returns when there are none, or ctx ends.
func (b *busy) wait(ctx context.Context) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		b.mu.Lock()
		n := len(b.conns)
		b.mu.Unlock()
		if n == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
