package watch

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Bounds of what is sent to other machines: how many alerts wait, how long the
// first and the longest pause after a failure is, and how long the end of a
// watch waits for what is left.
const (
	queueLength  = 4096
	firstPause   = 250 * time.Millisecond
	longestPause = 30 * time.Second
	lastWords    = 5 * time.Second
)

// errRefused is an answer that trying again would not change.
var errRefused = errors.New("refused")

// A Queue sends alerts from a goroutine of its own, so that an output that is
// slow or gone keeps nobody waiting. One that fails is tried again after
// pauses that double. What finds no room is counted.
type Queue struct {
	name    string
	send    func(context.Context, *Alert) error
	waiting chan *Alert
	end     chan struct{}
	done    chan struct{}
	abandon context.CancelFunc
	pause   time.Duration // the first
	lost    atomic.Uint64
	last    error // why the last failure was; read when done is closed
}

func newQueue(name string, length int, send func(context.Context, *Alert) error) *Queue {
	ctx, cancel := context.WithCancel(context.Background())
	q := &Queue{
		name: name, send: send, waiting: make(chan *Alert, length), end: make(chan struct{}), done: make(chan struct{}),
		abandon: cancel, pause: firstPause,
	}
	go q.run(ctx)
	return q
}

// Write lets the alert wait to be sent. It fails for want of room never: Close
// tells.
func (q *Queue) Write(a *Alert) error {
	select {
	case q.waiting <- a:
	default:
		q.lost.Add(1)
	}
	return nil
}

func (q *Queue) run(ctx context.Context) {
	defer close(q.done)
	for {
		select {
		case a := <-q.waiting:
			q.deliver(ctx, a)
			continue
		default:
		}
		select {
		case a := <-q.waiting:
			q.deliver(ctx, a)
		case <-q.end:
			if len(q.waiting) == 0 {
				return
			}
		}
	}
}

// deliver sends one alert, until it is sent, refused or ctx is done.
func (q *Queue) deliver(ctx context.Context, a *Alert) {
	for pause := q.pause; ctx.Err() == nil; pause = min(2*pause, longestPause) {
		err := q.send(ctx, a)
		if err == nil {
			return
		}
		q.last = err
		if errors.Is(err, errRefused) {
			break
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	q.lost.Add(1)
}

// Close sends what waits, for some seconds at most, and returns an error where
// alerts were lost.
func (q *Queue) Close() error {
	close(q.end)
	select {
	case <-q.done:
	case <-time.After(lastWords):
	}
	q.abandon()
	<-q.done
	if lost := q.lost.Load(); lost > 0 {
		if q.last == nil {
			return fmt.Errorf("%s: %d alerts were lost for want of room", q.name, lost)
		}
		return fmt.Errorf("%s: %d alerts were lost: %w", q.name, lost, q.last)
	}
	return nil
}
