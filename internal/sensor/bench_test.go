package sensor

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"bulkhead/internal/falco"
	"bulkhead/internal/source"
)

// upstream returns an evaluator of all rules of files of upstream's, or skips.
func upstream(b testing.TB, files ...string) (*falco.Program, *falco.Evaluator) {
	b.Helper()
	var sources []*source.File
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "falco", "rules", name))
		if errors.Is(err, fs.ErrNotExist) {
			b.Skipf("upstream's rules are not here: %v", err)
		}
		if err != nil {
			b.Fatal(err)
		}
		sources = append(sources, source.NewFile(name, text))
	}
	set := falco.Load(sources, falco.Options{})
	if err := set.Err(); err != nil {
		b.Fatal(err)
	}
	for _, r := range set.Rules {
		r.Enabled = true
	}
	p := set.Compile()
	return p, p.Evaluator()
}

// busy is ten events as a busy host's kernel writes them: eight files opened, a
// program started and a connection made, in a container, none of which matches.
func busy(b *testing.B) [][]byte {
	h := header{
		Kind: kindSyscall, Nr: 257, Ret: 3, PID: 4711, TID: 4711, PPID: 4700, VPID: 7, SID: 4700, Cgroup: 99, UID: 33, EUID: 33,
		LoginUID: 1<<32 - 1, Start: 1, Time: uint64(time.Hour), Effective: 1 << 10, Permitted: 1 << 10, Comm: [16]byte{'n', 'g', 'i', 'n', 'x'},
	}
	var events [][]byte
	for i, path := range []string{
		"/usr/share/nginx/html/index.html", "/proc/self/status", "/var/log/nginx/access.log", "/lib/x86_64-linux-gnu/libc.so.6",
		"/etc/nginx/conf.d/default.conf", "/usr/share/zoneinfo/UTC", "/tmp/upload-1", "/var/cache/nginx/proxy/1",
	} {
		h.Args[2] = 0
		if i == 2 || i > 5 {
			h.Args[2] = 0o2101 // write, create, append
		}
		events = append(events, event(b, h, 1, path+"\x00"))
	}
	exec := h
	exec.Kind, exec.Nr, exec.Ret, exec.PID, exec.TID, exec.Comm = kindExec, -1, 0, 4712, 4712, [16]byte{'p', 'y', 't', 'h', 'o', 'n', '3'}
	events = append(events, event(b, exec, tagExe, "python3\x00", tagExe, "bin\x00", tagExe, "usr\x00", tagExe, "", tagCwd, "", tagCwd, "app\x00",
		tagFilename, "/usr/bin/python3\x00", tagArgv, "python3\x00worker.py\x00", tagProgram, string(make([]byte, 40))))
	connect := h
	connect.Nr, connect.Args = 42, [6]uint64{5}
	address := append([]byte{2, 0, 0x15, 0x38}, 10, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0)
	return append(events, event(b, connect, tagDescriptor, string(fact(netip.MustParseAddrPort("10.1.2.9:41234"))), tagAddress, string(address)))
}

// fact is a TCP socket of IPv4 as the kernel writes it.
func fact(local netip.AddrPort) []byte {
	f := make([]byte, factSize)
	binary.LittleEndian.PutUint32(f, 0o140000)
	binary.LittleEndian.PutUint16(f[4:], 2)
	binary.LittleEndian.PutUint16(f[8:], 6)
	binary.LittleEndian.PutUint16(f[10:], local.Port())
	copy(f[16:], local.Addr().AsSlice())
	return f
}

// benchTracker returns a tracker that knows the container and the ancestors of
// the events of busy.
func benchTracker(b *testing.B, p *falco.Program, handle func(*Event)) *tracker {
	const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	t := &tracker{
		procs: processes{}, groups: map[uint64]string{}, uses: map[string]int{}, asked: map[string]time.Time{}, held: map[string][]*Event{},
		known:   map[string]*Container{id: {ID: id, Name: "web", Image: "docker.io/library/nginx:1", Started: time.Unix(1, 0)}},
		sockets: map[uint64]socket{}, calls: map[int32]wanted{}, exec: falco.EventTypeOf("execve"), names: nobody(), boot: time.Unix(1, 0),
		ask: func(string) {}, handle: handle, decide: func(uint64, string, *Container) {}, forget: func(uint64) {},
	}
	t.names.inside[id] = &nameFiles{users: map[uint32]string{33: "www-data"}, read: time.Now().Add(time.Hour)}
	for _, name := range p.EventTypes() {
		if c := callNamed(name); c != nil {
			t.calls[int32(c.nr)] = wanted{c, falco.EventTypeOf(name)}
		}
	}
	t.group(99, id)
	before := uint32(1)
	for i, name := range []string{"systemd", "containerd-shim", "docker-entrypoint.sh", "nginx"} {
		var r raw
		h := header{Kind: kindExec, PID: []uint32{1, 4600, 4700, 4711}[i], PPID: before, Cgroup: 99}
		copy(h.Comm[:], name)
		if r.decode(event(b, h, tagExe, name+"\x00", tagExe, "bin\x00", tagExe, "", tagArgv, name+"\x00-x\x00", tagCwd, ""), new(arena)) == 0 {
			b.Fatal("no event")
		}
		t.procs.of(&r)
		before = h.PID
	}
	return t
}

var allFiles = []string{"falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"}

// measured reports how many events a second one processor does: by the time spent
// computing, which others on the machine do not change much.
func measured(b *testing.B, n int, before time.Duration) {
	each := float64(cpuTime(b)-before) / float64(n)
	b.ReportMetric(each, "cpu-ns/event")
	b.ReportMetric(1e3/each, "Mevents/s")
}

// cpuTime returns the time the process has spent computing.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkEvaluate decides events of the sensor by upstream's rules, the values
// of fields made as rules ask for them.
func BenchmarkEvaluate(b *testing.B) {
	for _, bb := range []struct {
		name  string
		files []string
	}{{"all", allFiles}, {"stable", allFiles[:1]}} {
		b.Run(bb.name, func(b *testing.B) {
			p, ev := upstream(b, bb.files...)
			var events []*Event
			t := benchTracker(b, p, func(e *Event) { events = append(events, e.kept()) })
			for _, data := range busy(b) {
				var r raw
				if r.decode(data, new(arena)) == 0 {
					b.Fatal("no event")
				}
				t.take(&r)
			}
			if len(events) != 10 {
				b.Fatalf("got %d events, want 10", len(events))
			}
			n, before := 0, cpuTime(b)
			b.ReportAllocs()
			for b.Loop() {
				e := events[n%len(events)]
				e.described = false
				if e.call == nil {
					e.proc.line = "" // a program that starts has a new one
				}
				if rules := ev.Match(e); len(rules) > 0 {
					b.Fatalf("%s %s: got %s, want no match", e.name, e.file().name, rules[0].Name)
				}
				n++
			}
			measured(b, n, before)
		})
	}
}

// BenchmarkPipeline does all that user space does with an event: reads what the
// kernel wrote, finds its process and its container, and decides it by all of
// upstream's rules.
func BenchmarkPipeline(b *testing.B) {
	p, ev := upstream(b, allFiles...)
	t := benchTracker(b, p, func(e *Event) { ev.Match(e) })
	events := busy(b)
	var r raw
	var texts arena
	n, before := 0, cpuTime(b)
	b.ReportAllocs()
	for b.Loop() {
		if r.decode(events[n%len(events)], &texts) == 0 {
			b.Fatal("no event")
		}
		t.take(&r)
		n++
	}
	measured(b, n, before)
}

// BenchmarkDecode reads what the kernel wrote.
func BenchmarkDecode(b *testing.B) {
	events := busy(b)
	b.SetBytes(int64(len(bytes.Join(events, nil)) / len(events)))
	b.ReportAllocs()
	var r raw
	var texts arena
	n := 0
	for b.Loop() {
		r.decode(events[n%len(events)], &texts)
		n++
	}
}
