package falco

import (
	"net/netip"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// A kernelEvent is an event as a sensor hands it over: raw facts from which
// fields are made when a rule asks for them.
type kernelEvent struct {
	kind     EventType
	ret      int64
	flags    uint32
	path     string
	pid      int64
	comm     string
	argv     []string
	cwd      string
	parents  []string
	remote   netip.AddrPort
	local    netip.AddrPort
	start    int64
	caps     string
	tty      int64
	upper    bool
	image    string
	cmdline  string // made when first asked for
	parented Value  // ancestors, made when first asked for
	ends     Value  // both ends of a connection, likewise
}

func (e *kernelEvent) Type() EventType { return e.kind }

func (e *kernelEvent) Shape() Shape { return 0 }

func (e *kernelEvent) Field(r *Ref, v *Value) bool {
	switch r.ID {
	case FDName, FsPathName, EvtArg:
		v.Str = e.path
		return e.path != ""
	case FDNameraw:
		v.Str = e.path
		return e.path != ""
	case FDDirectory:
		for i := len(e.path) - 1; i > 0; i-- {
			if e.path[i] == '/' {
				v.Str = e.path[:i]
				return true
			}
		}
		v.Str = "/"
		return e.path != ""
	case FDFilename:
		for i := len(e.path) - 1; i >= 0; i-- {
			if e.path[i] == '/' {
				v.Str = e.path[i+1:]
				return true
			}
		}
		return false
	case FDTypechar:
		if e.remote.IsValid() {
			v.Str = "4"
			return true
		}
		v.Str = "f"
		return e.path != ""
	case FDType:
		if e.remote.IsValid() {
			v.Str = "ipv4"
			return true
		}
		v.Str = "file"
		return e.path != ""
	case FDNum:
		v.Num = e.ret
		return true
	case FDSIP, FDRIP, FDSnet, FDRnet:
		*v = Value{Addr: e.remote.Addr()}
		return e.remote.IsValid()
	case FDCIP, FDLIP, FDCnet, FDLnet:
		*v = Value{Addr: e.local.Addr()}
		return e.local.IsValid()
	case FDSport, FDRport:
		v.Num = int64(e.remote.Port())
		return e.remote.IsValid()
	case FDCport, FDLport:
		v.Num = int64(e.local.Port())
		return e.local.IsValid()
	case FDIP, FDNet:
		if !e.remote.IsValid() {
			return false
		}
		if e.ends.List == nil {
			e.ends.List = []Value{{Addr: e.local.Addr()}, {Addr: e.remote.Addr()}}
		}
		*v = e.ends
		return true
	case FDL4Proto:
		v.Str = "tcp"
		return e.remote.IsValid()
	case FDConnected:
		v.Num = 1
		return e.remote.IsValid()
	case EvtIsOpenRead:
		*v = Bool(e.flags&3 != 1)
		return true
	case EvtIsOpenWrite:
		*v = Bool(e.flags&3 != 0)
		return true
	case EvtIsOpenExec:
		return true
	case EvtRes:
		v.Str = "SUCCESS"
		return true
	case EvtRawres:
		v.Num = e.ret
		return true
	case ProcName:
		v.Str = e.comm
		return true
	case ProcExe:
		v.Str = e.argv[0]
		return true
	case ProcExepath:
		v.Str = e.argv[0]
		return true
	case ProcCmdline, ProcArgs:
		if e.cmdline == "" {
			e.cmdline = e.comm
			for _, a := range e.argv[1:] {
				e.cmdline += " " + a
			}
		}
		v.Str = e.cmdline
		return true
	case ProcCwd:
		v.Str = e.cwd
		return true
	case ProcPname, ProcPexe, ProcPcmdline, ProcPexepath, ProcSname:
		v.Str = e.parents[0]
		return true
	case ProcAname, ProcAexe, ProcAexepath:
		if r.Index > 0 {
			if r.Index > len(e.parents) {
				return false
			}
			v.Str = e.parents[r.Index-1]
			return true
		}
		if e.parented.List == nil {
			e.parented = Strings(e.parents...)
		}
		*v = e.parented
		return true
	case ProcTTY:
		v.Num = e.tty
		return true
	case ProcPID, ProcVPID:
		v.Num = e.pid
		return true
	case ProcDuration:
		v.Num = e.start
		return true
	case ProcIsExeUpperLayer:
		*v = Bool(e.upper)
		return true
	case ProcIsExeFromMemfd:
		return true
	case ThreadCapEffective, ThreadCapPermitted:
		v.Str = e.caps
		return true
	case UserUID, UserLoginUID:
		v.Num = 0
		return true
	case UserName, UserLoginname:
		v.Str = "root"
		return true
	case ContainerID:
		v.Str = "c61b4b13ae44"
		return true
	case ContainerImageRepository:
		v.Str = e.image
		return true
	case ContainerPrivileged:
		return true
	case ContainerStartTs:
		v.Num = e.start
		return true
	}
	return false
}

// mix is ten events as a busy host has them: eight openat, an execve and a
// connect, all in containers, none of which matches a rule.
func mix() []*kernelEvent {
	base := kernelEvent{
		ret: 3, pid: 4711, comm: "nginx", argv: []string{"/usr/sbin/nginx", "-g", "daemon off;"}, cwd: "/",
		parents: []string{"docker-entrypoint", "containerd-shim", "systemd"}, start: int64(time.Hour), image: "docker.io/library/nginx",
		caps: "CAP_CHOWN CAP_DAC_OVERRIDE CAP_NET_BIND_SERVICE",
	}
	var events []*kernelEvent
	for i, path := range []string{
		"/usr/share/nginx/html/index.html", "/proc/self/status", "/var/log/nginx/access.log", "/lib/x86_64-linux-gnu/libc.so.6",
		"/etc/nginx/conf.d/default.conf", "/usr/share/zoneinfo/UTC", "/tmp/upload-1", "/var/cache/nginx/proxy/1",
	} {
		e := base
		e.kind, e.path = EventTypeOf("openat"), path
		if i == 2 || i > 5 {
			e.flags = 1
		}
		events = append(events, &e)
	}
	exec := base
	exec.kind, exec.comm, exec.argv, exec.ret = EventTypeOf("execve"), "python3", []string{"/usr/bin/python3", "worker.py"}, 0
	connect := base
	connect.kind = EventTypeOf("connect")
	connect.remote, connect.local = netip.MustParseAddrPort("10.1.2.3:5432"), netip.MustParseAddrPort("10.1.2.9:41234")
	return append(events, &exec, &connect)
}

func benchmarkMatch(b *testing.B, files ...string) {
	set := Load(upstream(b, files...), Options{})
	if err := set.Err(); err != nil {
		b.Fatal(err)
	}
	for _, r := range set.Rules {
		r.Enabled = true
	}
	ev := set.Compile().Evaluator()
	events := mix()
	b.ReportAllocs()
	matched, n := 0, 0
	before := cpuTime(b)
	for b.Loop() {
		e := events[n%len(events)]
		e.cmdline, e.parented, e.ends = "", Value{}, Value{}
		matched += len(ev.Match(e))
		n++
	}
	cpu := cpuTime(b) - before
	b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Mevents/s")
	b.ReportMetric(float64(cpu)/float64(n), "cpu-ns/event") // of use where others keep the machine busy
	b.ReportMetric(float64(matched)/float64(n), "matches/event")
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

// BenchmarkAllRules decides events by all of upstream's 93 rules, fields made
// as they are asked for.
func BenchmarkAllRules(b *testing.B) {
	benchmarkMatch(b, "falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml")
}

// BenchmarkStableRules decides events by the 25 rules of upstream's stable
// file.
func BenchmarkStableRules(b *testing.B) { benchmarkMatch(b, "falco_rules.yaml") }

// BenchmarkWorstEvent decides one event that reaches most checks: a shell that
// opens a file of /etc for writing.
func BenchmarkWorstEvent(b *testing.B) {
	set := Load(upstream(b, "falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"), Options{})
	ev := set.Compile().Evaluator()
	e := mix()[4]
	e.comm, e.flags, e.tty, e.path = "bash", 1, 34816, "/etc/cron.d/"+strconv.Itoa(7)
	b.ReportAllocs()
	for b.Loop() {
		ev.Match(e)
	}
}

// BenchmarkLoad reads, checks and compiles all of upstream's rules.
func BenchmarkLoad(b *testing.B) {
	files := upstream(b, "falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml")
	size := 0
	for _, f := range files {
		size += len(f.Text)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		Load(files, Options{}).Compile()
	}
}
