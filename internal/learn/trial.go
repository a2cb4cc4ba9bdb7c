package learn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"bulkhead/internal/kernel"
)

// How long a container may take to end after its stop signal before it is killed,
// how often it is looked at, and how long it has to be quiet to count as started
// where nothing else tells.
const (
	grace = 20 * time.Second
	pause = 250 * time.Millisecond
	quiet = 2 * time.Second
)

// A course says how far a trial goes.
type course int

const (
	throughTest    course = iota // start, test, stop
	throughRestart               // and once more
)

// An outcome is what came of a trial.
type outcome struct {
	failure string // "" where the service passed
	use     use
	ready   time.Duration
	exit    int // of the container, after its stop signal
}

// trial makes a copy under h, starts it, tests it, stops it and removes it. A
// service that does not pass is no error.
func (l *learner) trial(h *hardening, to course) (out *outcome, err error) {
	l.number++
	name := fmt.Sprintf("bulkhead-learn-%d-%d", os.Getpid(), l.number)
	id, err := l.create(name, h)
	if id != "" {
		defer func() { err = errors.Join(err, l.Engine.Remove(context.WithoutCancel(l.ctx), id)) }()
	}
	if err != nil {
		return nil, fmt.Errorf("copy %s: %w", l.subject.name, err)
	}
	l.watch.follow(id)
	out = &outcome{}
	seen := use{}
	for range 1 + int(to) {
		if err := l.once(name, id, out, &seen); err != nil {
			return nil, err
		}
		if out.failure != "" {
			break
		}
	}
	l.watch.settle()
	usages, err := l.rec.Usages()
	if err != nil {
		return nil, err
	}
	u, ok := usages[id]
	if !ok && out.failure == "" {
		return nil, errors.New("nothing of the container is seen: its engine runs on another machine, or below control groups of its own")
	}
	out.use = use{calls: u.Program, runtime: u.Runtime, refused: u.Refused, given: u.Given, missing: u.Missing, compat: u.Compat, unknown: u.Unknown}
	out.use.add(&seen)
	if events := l.watch.take(id); events != nil {
		out.use.add(events)
	}
	return out, nil
}

// once starts a copy, waits until it is ready and passes the test, looks at it and
// stops it.
func (l *learner) once(name, id string, out *outcome, seen *use) error {
	start := time.Now()
	if err := l.Engine.Start(l.ctx, id); err != nil {
		out.failure = "it cannot be started: " + err.Error()
		return l.ctx.Err()
	}
	failure, err := l.pass(name, id)
	if err != nil {
		return err
	}
	if out.failure = failure; failure != "" {
		return nil
	}
	out.ready = max(out.ready, time.Since(start))
	l.ready = max(l.ready, out.ready)
	if err := l.look(id, seen); err != nil {
		return err
	}
	if err := l.Engine.Stop(l.ctx, id, grace); err != nil {
		return err
	}
	c, err := l.state(id)
	if err != nil {
		return err
	}
	out.exit = c.State.ExitCode
	return l.changes(id, seen)
}

// A state is what trials look at of a copy.
type state struct {
	State struct {
		Running   bool
		Pid       int
		ExitCode  int
		OOMKilled bool
		Health    *struct{ Status string }
	}
	NetworkSettings struct {
		IPAddress string
		Ports     map[string][]struct {
			HostIP   string `json:"HostIp"`
			HostPort string
		}
		Networks map[string]struct {
			IPAddress   string
			IPPrefixLen int
		}
	}
}

func (l *learner) state(id string) (*state, error) {
	text, err := l.Engine.Inspect(l.ctx, id)
	if err != nil {
		return nil, err
	}
	var s state
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("read container %s: %w", id, err)
	}
	return &s, nil
}

// pass waits until the copy is ready and its test passes, and returns why it did
// not: it ended, or took too long.
func (l *learner) pass(name, id string) (string, error) {
	said := "it was not ready"
	calls, since := 0, time.Now()
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for end := time.Now().Add(l.patience()); time.Now().Before(end); {
		s, err := l.state(id)
		if err != nil {
			return "", err
		}
		if !s.State.Running {
			return because(fmt.Sprintf("it ended with %d", s.State.ExitCode), l.lastLines(id)), nil
		}
		healthy := s.State.Health == nil || s.State.Health.Status == "healthy"
		switch {
		case !healthy:
			said = "it is " + s.State.Health.Status
		case len(l.Test) > 0:
			if said, err = l.test(name, id, s); said == "" || err != nil {
				return "", err
			}
		case s.State.Health != nil:
			return "", nil
		default:
			n, err := l.count(id)
			if err != nil {
				return "", err
			}
			if n != calls {
				calls, since = n, time.Now()
			} else if time.Since(since) >= quiet {
				return "", nil
			}
		}
		select {
		case <-ticker.C:
		case <-l.ctx.Done():
			return "", l.ctx.Err()
		}
	}
	return because(said, l.lastLines(id)), nil
}

// because says what happened and, where there is any, why.
func because(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}

// patience returns how long a copy may take. Where it is known how long it takes
// as it is, one that fails is not waited for as long as a slow machine may need.
func (l *learner) patience() time.Duration {
	const least, factor = 10 * time.Second, 5
	if l.ready == 0 {
		return l.Timeout
	}
	return min(max(least, factor*l.ready), l.Timeout)
}

// count returns how many different calls a copy has made.
func (l *learner) count(id string) (int, error) {
	usages, err := l.rec.Usages()
	return len(usages[id].Program), err
}

// lastLines returns what the copy said last.
func (l *learner) lastLines(id string) string {
	const lines, most = 3, 600
	said, err := l.Engine.Logs(l.ctx, id, lines)
	if err != nil {
		return err.Error()
	}
	said = strings.Join(strings.Split(strings.TrimSpace(said), "\n"), "; ")
	return said[:min(len(said), most)]
}

// test runs the test once and returns what it says where it fails.
func (l *learner) test(name, id string, s *state) (string, error) {
	ctx, cancel := context.WithTimeout(l.ctx, l.patience())
	defer cancel()
	cmd := exec.CommandContext(ctx, l.Test[0], l.Test[1:]...) //nolint:gosec // it is the user's own
	cmd.Dir = l.Dir
	cmd.Env = append(os.Environ(), environment(name, id, s)...)
	cmd.WaitDelay = time.Second
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "", nil
	case l.ctx.Err() != nil:
		return "", l.ctx.Err()
	case !errors.As(err, &exit) && ctx.Err() == nil:
		return "", fmt.Errorf("run the test: %w", err)
	}
	const most = 300
	text := strings.TrimSpace(said.String())
	return because(fmt.Sprintf("the test fails (%v)", err), text[max(len(text)-most, 0):]), nil
}

// environment tells the test where the copy is.
func environment(name, id string, s *state) []string {
	address := s.NetworkSettings.IPAddress
	for _, network := range slices.Sorted(maps.Keys(s.NetworkSettings.Networks)) {
		if address == "" {
			address = s.NetworkSettings.Networks[network].IPAddress
		}
	}
	out := []string{"BULKHEAD_CONTAINER=" + id, "BULKHEAD_NAME=" + name, "BULKHEAD_IP=" + address}
	for port, at := range s.NetworkSettings.Ports {
		number, _, _ := strings.Cut(port, "/")
		if len(at) > 0 {
			out = append(out, "BULKHEAD_PORT_"+number+"=127.0.0.1:"+at[0].HostPort)
		}
	}
	return out
}

// look notes what can be seen of a copy that runs: its users, what it listens on,
// and what it has written.
func (l *learner) look(id string, seen *use) error {
	s, err := l.state(id)
	if err != nil {
		return err
	}
	now := use{written: map[string]bool{}, real: map[string]string{}, folders: map[string]folder{}, absent: map[string]bool{}, networks: s.networks()}
	k, err := kernel.Read("/", s.State.Pid)
	if err == nil {
		for _, t := range k.Tasks {
			if t.UIDIn >= 0 {
				now.users = merged(now.users, []int64{t.UIDIn})
			}
		}
		for _, p := range k.Listening {
			now.listening = append(now.listening, Listener{Protocol: p.Protocol, Port: p.Port})
		}
	}
	if err := l.changes(id, &now); err != nil {
		return err
	}
	root := "/proc/" + strconv.Itoa(s.State.Pid) + "/root"
	f, err := rootOf(s.State.Pid)
	if err == nil {
		defer func() { _ = f.Close() }() // it was only read
		root = fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	}
	written := maps.Clone(now.written)
	maps.Copy(written, l.watch.written(id))
	for name := range written {
		now.own(root, name)
	}
	now.fill(root, written)
	if err != nil {
		now.absent = nil // below another root nobody knows
	}
	now.executed = scripts(root, l.watch.started(id))
	seen.add(&now)
	if l.static == nil {
		found := l.table.static(root, l.watch.executed(id))
		l.static = &found
	}
	return nil
}

// scripts returns those of the names below root that are of scripts. The kernel
// starts another program for them, but they are what it has to be allowed to start.
func scripts(root string, names []string) map[string]bool {
	out := map[string]bool{}
	for _, name := range names {
		if name = resolve(root, name); isScript(root + name) {
			out[name] = true
		}
	}
	return out
}

// isScript reports whether a file begins as scripts do.
func isScript(name string) bool {
	const begin = "#!"
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe in its place would have it wait
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // it is only read
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return false
	}
	var first [len(begin)]byte
	_, err = io.ReadFull(f, first[:])
	return err == nil && string(first[:]) == begin
}

// networks returns the addresses of the networks that a copy is in.
func (s *state) networks() map[string]netip.Prefix {
	out := map[string]netip.Prefix{}
	for name, n := range s.NetworkSettings.Networks {
		if p, err := netip.ParsePrefix(fmt.Sprintf("%s/%d", n.IPAddress, n.IPPrefixLen)); err == nil {
			out[name] = p.Masked()
		}
	}
	return out
}

// changes notes what a copy has written to its own layer.
func (l *learner) changes(id string, seen *use) error {
	changes, err := l.Engine.Changes(l.ctx, id)
	if err != nil {
		return err
	}
	if seen.written == nil {
		seen.written = map[string]bool{}
	}
	for _, c := range leaves(changes) {
		seen.written[c] = true
	}
	return nil
}
