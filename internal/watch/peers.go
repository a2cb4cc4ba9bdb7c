package watch

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"bulkhead/internal/falco"
	"bulkhead/internal/sensor"
)

// Bounds of what is remembered of who spoke to the engine, and how long after
// its end a process can still be who asked.
const (
	maxPeers = 256
	afterEnd = 2 * time.Second
)

// A peer is a process that connected to the engine's socket.
type peer struct {
	at        time.Time
	pid       string
	uid       string
	login     string
	line      string
	container string // "" on the host
}

// Peers are who connected to the engine's socket, as the kernel tells. The
// engine's own events do not say who asked for what.
type Peers struct {
	socket string // the path on the host
	mu     sync.Mutex
	peers  []peer

	Narrow bool // only one container's events are read
}

// NewPeers returns what remembers who connects to the engine at a path.
func NewPeers(socket string) *Peers { return &Peers{socket: unlinkedRun(socket)} }

// is reports whether a path is the engine's socket. Containers have it where
// somebody mounted it.
func (p *Peers) is(name string, contained bool) bool {
	return contained && path.Base(name) == path.Base(p.socket) || unlinkedRun(name) == p.socket
}

// unlinkedRun returns a path below /run: /var/run leads there.
func unlinkedRun(name string) string {
	if rest, ok := strings.CutPrefix(name, "/var/run/"); ok {
		return "/run/" + rest
	}
	return name
}

// Take remembers the event where it is a connection to the engine.
func (p *Peers) Take(e *sensor.Event) {
	if e.Type() != connecting || e.Ret < 0 || !p.is(fieldOf(e, falco.FDName), e.ContainerID() != "") {
		return
	}
	seen := peer{
		at: e.Time, pid: fieldOf(e, falco.ProcPID), uid: strconv.FormatUint(uint64(e.UID), 10),
		login: fieldOf(e, falco.UserLoginname), line: fieldOf(e, falco.ProcCmdline),
	}
	if e.Container != nil {
		seen.container = e.Container.Name
	} else {
		seen.container = e.ContainerID()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.peers) >= maxPeers {
		p.peers = append(p.peers[:0], p.peers[len(p.peers)-maxPeers/2:]...)
	}
	p.peers = append(p.peers, seen)
}

// describe says in the alert who asked the engine for what it did then: the one
// process it can have been, or the last of several, or why nobody can be named.
func (p *Peers) describe(a *Alert, at time.Time) {
	if p == nil {
		a.add("actor", "unknown: the kernel's events are not read")
		return
	}
	candidates := p.at(at)
	if len(candidates) == 0 && p.Narrow {
		a.add("actor", "unknown: of the machine's other processes nothing is seen where one container is watched")
		return
	}
	if len(candidates) == 0 {
		a.add("actor", "unknown: no connection to the engine's socket was seen; it may be older than this watch or come over a network")
		return
	}
	last := candidates[len(candidates)-1]
	a.add("actor", last.line)
	a.add("actor_pid", last.pid)
	a.add("actor_uid", last.uid)
	if last.login != "" && last.login != "<NA>" {
		a.add("actor_login", last.login)
	}
	if last.container != "" {
		a.add("actor_container", last.container)
	}
	if n := len(candidates); n > 1 {
		a.add("actor_certain", fmt.Sprintf("no: %d processes were connected", n))
	}
}

// at returns the processes that were connected at a time, or may have been,
// each once, who came last at the end.
func (p *Peers) at(t time.Time) []peer {
	const skew = 2 * time.Millisecond // between the clocks of the engine and the kernel
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []peer
	for _, seen := range p.peers {
		if seen.at.After(t.Add(skew)) {
			continue
		}
		if _, err := os.Stat("/proc/" + seen.pid); err != nil && t.Sub(seen.at) > afterEnd {
			continue
		}
		for i := range out {
			if out[i].pid == seen.pid {
				out = append(out[:i], out[i+1:]...)
				break
			}
		}
		out = append(out, seen)
	}
	return out
}
