package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkhead/internal/engine"
	"bulkhead/internal/enginetest"
	"bulkhead/internal/falco"
	"bulkhead/internal/sensor"
	"bulkhead/internal/source"
)

const identityImage = "bulkhead-identity-test:1"

// identityRules alert for the first program of a container and for the first
// thing it does.
const identityRules = `
- rule: first program
  desc: a container's first program
  condition: evt.type = execve and proc.vpid = 1 and container.id != host and proc.args startswith whoami
  output: "%container.name"
  priority: INFO
- rule: first file
  desc: what it reads at once
  condition: evt.type in (open, openat) and fd.name = /etc/shadow and proc.args startswith whoami
  output: "%container.name"
  priority: INFO
- rule: on the host
  desc: a container's event taken for the host's
  condition: evt.type in (open, openat) and fd.name = /etc/shadow and proc.args startswith whoami and container.id = host
  output: "%container.name"
  priority: INFO
`

// A lives is what alerted of each container, by name.
type lives struct {
	sync.Mutex
	rules  map[string][]string
	begun  map[string]time.Time
	wrong  []string
	latest time.Duration // from a container's first program to its last alert
}

func (l *lives) take(e *sensor.Event, rule, prefix string) {
	var args falco.Value
	e.Field(&falco.Ref{ID: falco.ProcArgs, Index: -1}, &args)
	name := strings.TrimPrefix(args.Str, "whoami ")
	if !strings.HasPrefix(name, prefix) {
		return
	}
	l.Lock()
	defer l.Unlock()
	if e.Pending || e.Container == nil || e.Container.Name != name || e.Container.Image != identityImage || rule == "on the host" {
		l.wrong = append(l.wrong, fmt.Sprintf("%s: %s: container %+v, pending %v", name, rule, e.Container, e.Pending))
	}
	if rule == "first program" {
		l.begun[name] = e.Time
	}
	l.latest = max(l.latest, e.Time.Sub(l.begun[name]))
	l.rules[name] = append(l.rules[name], rule)
}

// TestIdentity starts many containers that each alert in the first moment of
// their lives: every alert has the container's name and image. A hundred by
// default, five hundred where BULKHEAD_LONG is set.
func TestIdentity(t *testing.T) {
	needsSensor(t)
	host := enginetest.Engine(t)
	program, err := os.ReadFile(cachedProgram(t, "testdata/step.go.txt"))
	if err != nil {
		t.Fatal(err)
	}
	enginetest.Image(t, identityImage, enginetest.File{Name: "step", Text: string(program), Mode: 0o755},
		enginetest.File{Name: "etc/shadow", Text: "root:*:1::::::\n"})
	count, prefix := 100, fmt.Sprintf("bulkhead-identity-%d-", os.Getpid())
	if os.Getenv("BULKHEAD_LONG") != "" {
		count = 500
	}
	seen := &lives{rules: map[string][]string{}, begun: map[string]time.Time{}}
	stop := senseLives(t, host, seen, prefix)
	next := make(chan int)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range next {
				name := fmt.Sprintf("%s%d", prefix, i)
				cmd := exec.Command("docker", "run", "--rm", "--name", name, "--network", "none", "--user", "0",
					"-e", "ACT=read /etc/shadow", identityImage, "/step", "whoami", name)
				if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
					t.Errorf("%s: %v\n%s", name, err, out)
				}
			}
		})
	}
	start := time.Now()
	for i := range count {
		next <- i
	}
	close(next)
	all.Wait()
	stop()
	t.Logf("%d containers in %v; the last alert %v after the first program began", count, time.Since(start).Round(time.Millisecond), seen.latest)
	for i := range count {
		name := fmt.Sprintf("%s%d", prefix, i)
		if got, want := seen.rules[name], []string{"first program", "first file"}; !slices.Equal(got, want) {
			t.Errorf("%s: got alerts %q, want %q", name, got, want)
		}
	}
	if len(seen.wrong) > 0 {
		t.Errorf("got %d alerts without the right container, such as %s", len(seen.wrong), seen.wrong[0])
	}
	if seen.latest > 10*time.Millisecond {
		t.Logf("the machine is busy: not every alert was in the first 10 ms")
	}
}

// senseLives runs the sensor until the function it returns is called.
func senseLives(t *testing.T, host string, seen *lives, prefix string) func() {
	t.Helper()
	set := falco.Load([]*source.File{source.NewFile("identity", []byte(identityRules))}, falco.Options{})
	if err := set.Err(); err != nil {
		t.Fatal(err)
	}
	program := set.Compile()
	e, err := engine.Open(t.Context(), engine.Options{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	s, err := sensor.Open(sensor.Options{EventTypes: program.EventTypes(), Fields: program.Refs(), Describe: describe(e)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	ev := program.Evaluator()
	go func() {
		ended <- s.Run(ctx, func(e *sensor.Event) {
			for _, r := range ev.Match(e) {
				seen.take(e, r.Name, prefix)
			}
		})
	}()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if c, err := s.Counts(); err != nil || c.Dropped > 0 {
			t.Errorf("got %+v, %v, want no event dropped", c, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		e.Close()
	}
}
