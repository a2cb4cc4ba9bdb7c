package sensor

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What the test program does instead of testing where it is the helper.
const (
	noisy  = "BULKHEAD_TEST_CALLS" // duplicates a descriptor that does not exist, many times
	paced  = "BULKHEAD_TEST_PACE"  // opens a file that does not exist, so many times a second, for a while
	costly = "BULKHEAD_TEST_COST"  // measures what a call costs, as often as a line comes
	apart  = "BULKHEAD_TEST_APART" // opens a sensor and prints the error
	asking = "BULKHEAD_TEST_ASKS"  // asks for a capability, as root and as nobody
	drifts = "BULKHEAD_TEST_DRIFT" // runs what is not of an image, whose folder this is
)

// TestMain makes the test program the helper.
func TestMain(m *testing.M) {
	number := func(name string) int {
		n, _ := strconv.Atoi(os.Getenv(name)) // what is not set is none
		return n
	}
	switch {
	case number(apart) > 0:
		_, err := Open(Options{})
		fmt.Println(err)
	case number(noisy) > 0:
		for range number(noisy) {
			_, _ = syscall.Dup(-1) // the failure is the point
		}
	case number(paced) > 0:
		pace(number(paced))
	case number(costly) > 0:
		cost(number(costly))
	case os.Getenv(asking) != "":
		ask()
	case os.Getenv(drifts) != "":
		drift(os.Getenv(drifts))
	default:
		os.Exit(m.Run())
	}
}

// pacedFor is how long the helper keeps its pace.
const pacedFor = 3 * time.Second

// pace opens a file that does not exist, rate times a second.
func pace(rate int) {
	const step = 5 * time.Millisecond
	start, done := time.Now(), 0
	for time.Since(start) < pacedFor {
		due := int(time.Since(start).Seconds() * float64(rate))
		for ; done < due; done++ {
			_, _ = syscall.Open("/nonexistent/file", syscall.O_RDONLY, 0) // the failure is the point
		}
		time.Sleep(step) // what was missed is made up for
	}
	fmt.Println(done)
}

// cost prints what one getppid and one open and close cost, in nanoseconds of
// computing, each time a line comes.
func cost(n int) {
	each := func(call func()) float64 {
		best := 0.0
		for range 5 {
			var before, after syscall.Rusage
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before) // it cannot fail for oneself
			for range n {
				call()
			}
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
			spent := float64(after.Utime.Nano()+after.Stime.Nano()-before.Utime.Nano()-before.Stime.Nano()) / float64(n)
			if best == 0 || spent < best {
				best = spent
			}
		}
		return best
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(each(func() { syscall.Getppid() }), each(func() {
			if fd, err := syscall.Open("/dev/null", syscall.O_RDONLY, 0); err == nil {
				_ = syscall.Close(fd) // nothing was written
			}
		}))
	}
}

// A meter is a helper that measures calls.
type meter struct {
	in  *bufio.Writer
	out *bufio.Reader
}

func newMeter(b *testing.B) *meter {
	b.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), costly+"=100000")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close() // which ends it
		_ = cmd.Wait()
	})
	return &meter{bufio.NewWriter(in), bufio.NewReader(out)}
}

// measure returns the nanoseconds that getppid, and open with close, take.
func (m *meter) measure(b *testing.B) (ppid, open float64) {
	b.Helper()
	if _, err := m.in.WriteString("\n"); err != nil {
		b.Fatal(err)
	}
	if err := m.in.Flush(); err != nil {
		b.Fatal(err)
	}
	line, err := m.out.ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	if _, err := fmt.Sscan(line, &ppid, &open); err != nil {
		b.Fatal(err)
	}
	return ppid, open
}

// BenchmarkCost measures what the attached programs add to a system call that no
// rule wants, and to one that is wanted and evaluated.
func BenchmarkCost(b *testing.B) {
	needsKernel(b)
	p, ev := upstream(b, allFiles...)
	m := newMeter(b)
	for b.Loop() {
		ppid, open := m.measure(b)
		s, err := Open(Options{EventTypes: p.EventTypes(), Fields: p.Refs()})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx, func(e *Event) { ev.Match(e) }) }()
		watchedPpid, watchedOpen := m.measure(b)
		cancel()
		if err := <-ended; err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(ppid, "ns/unwanted-before")
		b.ReportMetric(watchedPpid, "ns/unwanted-watched")
		b.ReportMetric(watchedPpid-ppid, "ns/unwanted-added")
		b.ReportMetric(watchedPpid/ppid, "ratio-unwanted")
		b.ReportMetric(watchedOpen/open, "ratio-open+close")
	}
}

// BenchmarkAttach opens and closes a sensor for all of upstream's rules.
func BenchmarkAttach(b *testing.B) {
	needsKernel(b)
	p, _ := upstream(b, allFiles...)
	for b.Loop() {
		s, err := Open(Options{EventTypes: p.EventTypes(), Fields: p.Refs()})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDrops has more than 200,000 files opened a second, reads them all and decides
// them by all of upstream's rules.
func BenchmarkDrops(b *testing.B) {
	needsKernel(b)
	p, ev := upstream(b, allFiles...)
	const rate = 210_000 // what a busy machine makes of it should be 200,000 still
	for b.Loop() {
		s, err := Open(Options{EventTypes: p.EventTypes(), Fields: p.Refs()})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx, func(e *Event) { ev.Match(e) }) }()
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), paced+"="+strconv.Itoa(rate))
		out, err := cmd.Output()
		if err != nil {
			b.Fatal(err)
		}
		cancel()
		if err := <-ended; err != nil {
			b.Fatal(err)
		}
		c, err := s.Counts()
		made, _ := strconv.Atoi(strings.TrimSpace(string(out)))
		if err != nil || c.Produced != c.Read+c.Dropped || c.Produced < uint64(made) {
			b.Fatalf("got %+v of %d calls, %v, want produced to be read and dropped", c, made, err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(made)/pacedFor.Seconds(), "opens/s")
		b.ReportMetric(float64(c.Dropped), "dropped")
	}
}
