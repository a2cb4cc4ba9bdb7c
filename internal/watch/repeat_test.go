package watch

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/falco"
)

// TestRepeats: the first of each kind is written, those that follow are counted,
// and summed up when the window ends.
func TestRepeats(t *testing.T) {
	start := time.Now()
	r := repeats{window: time.Minute}
	take := func(target string, at time.Duration) bool {
		a := example(target)
		a.Subject.Target = target
		first, forgotten := r.take(a, start.Add(at))
		if forgotten != nil {
			t.Errorf("got %d, want nothing to be forgotten", len(forgotten))
		}
		return first
	}
	for i, c := range []struct {
		target string
		at     time.Duration
		want   bool
	}{
		{"/etc/passwd", 0, true}, {"/etc/passwd", time.Second, false}, {"/etc/shadow", time.Second, true}, {"/etc/passwd", time.Second, false},
	} {
		if got := take(c.target, c.at); got != c.want {
			t.Errorf("%d: %s: got first %t, want %t", i, c.target, got, c.want)
		}
	}
	if got := r.due(start.Add(59 * time.Second)); len(got) > 0 {
		t.Errorf("got %d summaries before the window ends, want none", len(got))
	}
	got := r.due(start.Add(2 * time.Minute))
	if len(got) != 1 || got[0].Output != "/etc/passwd repeated=2" {
		t.Fatalf("got %d summaries, %+v, want one of two repetitions", len(got), got)
	}
	if last := got[0].Fields[len(got[0].Fields)-1]; last != (falco.OutputField{Name: "bulkhead.repeated", Value: uint64(2)}) {
		t.Errorf("got %+v, want the count among the fields", last)
	}
	if take("/etc/passwd", 2*time.Minute) || !take("/etc/shadow", 2*time.Minute) {
		t.Error("want the kind that still came to be counted, and the other to be new")
	}
	if rest := r.rest(); len(rest) != 1 || !strings.HasSuffix(rest[0].Output, "repeated=1") {
		t.Errorf("got %d summaries at the end, want one", len(rest))
	}
}

// TestRepeatsForget: however many kinds there are, memory is bounded, the first
// of each is written, and what was counted is not lost.
func TestRepeatsForget(t *testing.T) {
	r := repeats{window: time.Hour}
	now := time.Now()
	counted := 0
	for i := range 2 * maxKinds {
		for n := range 2 {
			a := example("x")
			a.Subject.Process = strconv.Itoa(i)
			first, forgotten := r.take(a, now)
			if first != (n == 0) {
				t.Fatalf("%d: got first %t, want %t", i, first, n == 0)
			}
			counted += len(forgotten)
		}
	}
	if len(r.kinds) != maxKinds || r.order.Len() != maxKinds || counted != maxKinds {
		t.Errorf("got %d kinds, %d in order and %d summaries, want %d of each", len(r.kinds), r.order.Len(), counted, maxKinds)
	}
}

// TestRepeatsKeep: however long names are, what is remembered of them is bounded,
// and what was counted is not lost.
func TestRepeatsKeep(t *testing.T) {
	r := repeats{window: time.Hour}
	now := time.Now()
	first, counted := 0, 0
	const all, length = 3000, 8 << 10
	for i := range all {
		a := example(strings.Repeat("x", length))
		a.Subject.Target = strconv.Itoa(i)
		for range 2 {
			is, forgotten := r.take(a, now)
			if counted += len(forgotten); is {
				first++
			}
		}
		if r.kept > maxKept {
			t.Fatalf("got %d bytes kept, want at most %d", r.kept, maxKept)
		}
	}
	if want := maxKept / (2 * length); first != all || r.order.Len() >= want || r.order.Len() < want*9/10 {
		t.Errorf("got %d new kinds and %d remembered, want %d and nearly %d", first, r.order.Len(), all, want)
	}
	counted += len(r.rest())
	if counted != all || r.kept != 0 {
		t.Errorf("got %d summaries and %d bytes left, want %d and 0", counted, r.kept, all)
	}
}

// TestAlerts: alerts below the least priority are left out, and a failing output
// is told without keeping the others from their alert.
func TestAlerts(t *testing.T) {
	var b strings.Builder
	seen := 0
	a := New(Options{
		Outputs: []Output{broken{}, Stream{&b, Text}}, Least: falco.Warn, Window: time.Hour, Seen: []func(*Alert){func(*Alert) { seen++ }},
	})
	quiet := example("quiet")
	quiet.Priority = falco.Notice
	if err := a.Take(quiet); err != nil {
		t.Error(err)
	}
	for range 3 {
		if err := a.Take(example("loud")); err == nil {
			t.Error("got no error, want that of the output")
		}
	}
	if err := a.Close(); err == nil {
		t.Error("got no error, want that of the output")
	}
	if all, counted := a.Counts(); all != 3 || counted != 2 || seen != 3 {
		t.Errorf("got %d alerts, %d counted, %d seen, want 3, 2 and 3", all, counted, seen)
	}
	const want = "03:04:05.000006000: Critical loud\n03:04:05.000006000: Critical loud repeated=2\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

// A broken output takes nothing.
type broken struct{}

func (broken) Write(*Alert) error { return errRefused }
func (broken) Close() error       { return nil }
