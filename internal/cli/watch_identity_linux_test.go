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
// thing it does. The first of them is no alert: it tells when a life began, which
// is when the runtime, called with "init", has become the container's program.
const identityRules = `
- rule: any program
  desc: what runs in a container
  condition: evt.type in (execve, execveat) and container.id != host and not proc.args = init
  output: "%container.name"
  priority: INFO
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

// young is how long a container is said to be in the first moment of its life.
const young = 10 * time.Millisecond

// A lives is what alerted of each container, by name.
type lives struct {
	sync.Mutex
	rules map[string][]string
	begun map[string]time.Time       // by id: when the kernel started the first program
	ages  map[string][]time.Duration // by rule: how old the containers were, by the kernel's clock
	wrong []string
}

func (l *lives) take(e *sensor.Event, rule, prefix string) {
	l.Lock()
	defer l.Unlock()
	id := e.ContainerID()
	if rule == "any program" {
		if _, known := l.begun[id]; !known {
			l.begun[id] = e.Time
		}
		return
	}
	var args falco.Value
	e.Field(&falco.Ref{ID: falco.ProcArgs, Index: -1}, &args)
	name := strings.TrimPrefix(args.Str, "whoami ")
	if !strings.HasPrefix(name, prefix) {
		return
	}
	if e.Pending || e.Container == nil || e.Container.Name != name || e.Container.Image != identityImage || rule == "on the host" {
		l.wrong = append(l.wrong, fmt.Sprintf("%s: %s: container %+v, pending %v", name, rule, e.Container, e.Pending))
	}
	l.ages[rule] = append(l.ages[rule], e.Time.Sub(l.begun[id]))
	l.rules[name] = append(l.rules[name], rule)
}

// check holds that count alerts of a rule came while their containers were young,
// but for some late ones, and prints how old they were. Between two calls of a
// program a busy machine runs others.
func (l *lives) check(t *testing.T, rule string, count, late int) {
	t.Helper()
	ages := slices.Sorted(slices.Values(l.ages[rule]))
	if len(ages) != count {
		t.Errorf("%s: got %d alerts, want %d", rule, len(ages), count)
		return
	}
	within := 0
	for _, age := range ages {
		if age >= 0 && age <= young {
			within++
		}
	}
	t.Logf("%s: median %v, 99th percentile %v, most %v after the container's first program began; %d of %d within %v",
		rule, ages[count/2], ages[count*99/100], ages[count-1], within, count, young)
	if within < count-late {
		t.Errorf("%s: got %d of %d within %v of the container's life, want %d", rule, within, count, young, count-late)
	}
}

// TestIdentity starts many containers that each alert in the first moment of
// their lives: every alert has the container's name and image. A hundred by
// default, five hundred where BULKHEAD_LONG is set: that takes minutes.
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
	seen := &lives{rules: map[string][]string{}, begun: map[string]time.Time{}, ages: map[string][]time.Duration{}}
	stop := senseLives(t, host, seen, prefix)
	start := time.Now()
	live(t, prefix, count)
	took := time.Since(start)
	stop()
	t.Logf("%d containers in %v", count, took.Round(time.Millisecond))
	for i := range count {
		name := fmt.Sprintf("%s%d", prefix, i)
		if got, want := seen.rules[name], []string{"first program", "first file"}; !slices.Equal(got, want) {
			t.Errorf("%s: got alerts %q, want %q", name, got, want)
		}
	}
	if len(seen.wrong) > 0 {
		t.Errorf("got %d alerts without the right container, such as %s", len(seen.wrong), seen.wrong[0])
	}
	seen.check(t, "first program", count, 0)
	seen.check(t, "first file", count, count/2)
}

// live runs containers, four at once.
func live(t *testing.T, prefix string, count int) {
	t.Helper()
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
	for i := range count {
		next <- i
	}
	close(next)
	all.Wait()
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
