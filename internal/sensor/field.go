package sensor

import (
	"net/netip"
	"path"
	"strings"
	"time"

	"bulkhead/internal/falco"
)

// A getter puts the value of a field into v and reports whether there is one.
type getter func(e *Event, r *falco.Ref, v *falco.Value) bool

func text(s string, v *falco.Value) bool {
	v.Str = s
	return s != ""
}

func integer(n int64, v *falco.Value) bool {
	v.Num = n
	return true
}

func truth(b bool, v *falco.Value) bool {
	*v = falco.Bool(b)
	return true
}

// getters are the fields that events can have a value for. What is not here has
// no value, and watch says which rules would need it.
var getters = [...]getter{
	falco.EvtNum:         func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.number), v) },
	falco.EvtTime:        func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(e.Time.UnixNano(), v) },
	falco.EvtTimeISO8601: func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(e.Time.UnixNano(), v) },
	falco.EvtRawtime:     func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(e.Time.UnixNano(), v) },
	falco.EvtType:        func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.name, v) },
	falco.SyscallType:    func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.name, v) },
	falco.EvtSource:      func(_ *Event, _ *falco.Ref, v *falco.Value) bool { return text("syscall", v) },
	falco.EvtArgs:        func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.args(), v) },
	falco.EvtArg:         argument,
	falco.EvtRes: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		if e.Ret >= 0 {
			return text("SUCCESS", v)
		}
		return text(result(e.Ret), v)
	},
	falco.EvtRawres:      func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(e.Ret, v) },
	falco.EvtFailed:      func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.Ret < 0, v) },
	falco.EvtIsOpenRead:  func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.opens() && e.openFlags()&3 != 1, v) },
	falco.EvtIsOpenWrite: func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.opens() && e.openFlags()&3 != 0, v) },

	falco.ProcName:            image0(func(p *process) string { return p.comm }),
	falco.ProcPname:           image1(func(p *process) string { return p.comm }),
	falco.ProcAname:           ancestors(func(p *process) string { return p.comm }),
	falco.ProcExe:             image0(argv0),
	falco.ProcPexe:            image1(argv0),
	falco.ProcAexe:            ancestors(argv0),
	falco.ProcExepath:         image0(func(p *process) string { return p.exe }),
	falco.ProcPexepath:        image1(func(p *process) string { return p.exe }),
	falco.ProcAexepath:        ancestors(func(p *process) string { return p.exe }),
	falco.ProcCmdline:         image0((*process).cmdline),
	falco.ProcPcmdline:        image1((*process).cmdline),
	falco.ProcAcmdline:        ancestors((*process).cmdline),
	falco.ProcArgs:            image0((*process).args),
	falco.ProcCwd:             image0((*process).folder),
	falco.ProcPID:             func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.PID), v) },
	falco.ProcPPID:            func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.PPID), v) },
	falco.ProcVPID:            func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.VPID), v) },
	falco.ProcSID:             func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.SID), v) },
	falco.ThreadTID:           func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.TID), v) },
	falco.ProcSname:           leader,
	falco.ProcTTY:             terminal,
	falco.ProcDuration:        func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.raw.Time-e.Start), v) },
	falco.ProcIsExeUpperLayer: func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.proc.flags&flagUpper != 0, v) },
	falco.ProcIsExeFromMemfd:  func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.memfd(), v) },
	falco.ThreadCapEffective:  func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(capabilityText(e.Effective), v) },
	falco.ThreadCapPermitted:  func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(capabilityText(e.Permitted), v) },

	falco.FDNum: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		return e.fd.hasNumber && integer(e.fd.number, v)
	},
	falco.FDType:      func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.fd.kind, v) },
	falco.FDTypechar:  typeChar,
	falco.FDName:      func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.fd.text(), v) },
	falco.FDNameraw:   func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.fd.raw, v) },
	falco.FDDirectory: filePart(func(p string) string { return path.Dir(p) }),
	falco.FDFilename:  filePart(func(p string) string { return path.Base(p) }),
	falco.FDL4Proto:   func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.fd.proto, v) },
	falco.FDSockfamily: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		if e.fd.connection() {
			return text("ip", v)
		}
		return e.fd.kind == "unix" && text("unix", v)
	},
	falco.FDConnected:   func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.Ret == 0, v) },
	falco.FDNameChanged: func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.address != nil, v) },
	falco.FDIP:          ends, falco.FDNet: ends,
	falco.FDCIP: addr(localEnd), falco.FDLIP: addr(localEnd), falco.FDCnet: addr(localEnd), falco.FDLnet: addr(localEnd),
	falco.FDSIP: addr(remoteEnd), falco.FDRIP: addr(remoteEnd), falco.FDSnet: addr(remoteEnd), falco.FDRnet: addr(remoteEnd),
	falco.FDPort:  ports,
	falco.FDCport: port(localEnd), falco.FDLport: port(localEnd),
	falco.FDSport: port(remoteEnd), falco.FDRport: port(remoteEnd),

	falco.UserUID:      func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.UID), v) },
	falco.UserName:     func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.users.user(e.UID, e.id), v) },
	falco.UserLoginUID: func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(int32(e.LoginUID)), v) },
	falco.UserLoginname: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		return int32(e.LoginUID) >= 0 && text(e.users.user(e.LoginUID, ""), v)
	},
	falco.GroupGID:  func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.GID), v) },
	falco.GroupName: func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.users.group(e.GID, e.id), v) },

	falco.ContainerID: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		if e.id == "" {
			return text("host", v)
		}
		return text(e.id[:12], v)
	},
	falco.ContainerFullID: func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.id, v) },
	falco.ContainerName: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		if e.id == "" {
			return text("host", v)
		}
		return e.Container != nil && text(e.Container.Name, v)
	},
	falco.ContainerImage:           contained(func(c *Container) string { return c.Image }),
	falco.ContainerImageRepository: contained(func(c *Container) string { repository, _ := c.reference(); return repository }),
	falco.ContainerImageTag:        contained(func(c *Container) string { _, tag := c.reference(); return tag }),
	falco.ContainerPrivileged: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		return e.Container != nil && truth(e.Container.Privileged, v)
	},
	falco.ContainerStartTs: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		return e.Container != nil && !e.Container.Started.IsZero() && integer(e.Container.Started.UnixNano(), v)
	},
	falco.ContainerDuration: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		return e.Container != nil && !e.Container.Started.IsZero() && integer(int64(max(e.Time.Sub(e.Container.Started), time.Nanosecond)), v)
	},
	falco.K8sPodName: contained(func(c *Container) string { return c.Labels["io.kubernetes.pod.name"] }),
	falco.K8sNsName:  contained(func(c *Container) string { return c.Labels["io.kubernetes.pod.namespace"] }),
}

func argument(e *Event, r *falco.Ref, v *falco.Value) bool {
	s, ok := e.arg(r.Arg)
	v.Str = s
	return ok
}

func (e *Event) opens() bool { return strings.HasPrefix(e.name, "open") || e.name == "creat" }

// memfd reports whether the program has no file: a memfd, not one deleted since.
func (e *Event) memfd() bool {
	return e.proc.flags&flagMemfd != 0 && strings.HasPrefix(e.proc.exe, "/memfd:")
}

func image0(of func(*process) string) getter {
	return func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		v.Str = of(&e.proc)
		return e.proc.argv != nil || v.Str != ""
	}
}

func image1(of func(*process) string) getter {
	return func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		p := e.proc.parent
		return p != nil && text(of(p), v)
	}
}

// maxAncestors bounds how far up rules look.
const maxAncestors = 32

// ancestors gets one ancestor by number, or all.
func ancestors(of func(*process) string) getter {
	return func(e *Event, r *falco.Ref, v *falco.Value) bool {
		if r.Index >= 0 {
			p := e.proc.ancestor(min(r.Index, maxAncestors))
			return p != nil && text(of(p), v)
		}
		for p := e.proc.parent; p != nil && len(v.List) < maxAncestors; p = p.parent {
			v.List = append(v.List, falco.String(of(p)))
		}
		return len(v.List) > 0
	}
}

func argv0(p *process) string {
	if len(p.argv) == 0 {
		return ""
	}
	return p.argv[0]
}

// folder returns the working folder as rules compare it, with a slash at the end.
func (p *process) folder() string {
	if p.cwd == "" || p.cwd == "/" {
		return p.cwd
	}
	return p.cwd + "/"
}

func leader(e *Event, _ *falco.Ref, v *falco.Value) bool {
	for p := &e.proc; p != nil; p = p.parent {
		if p.pid == e.SID {
			return text(p.comm, v)
		}
	}
	return false
}

// terminal returns the number of the controlling terminal, 0 for none: that of
// the first pseudo terminal is 136:0.
func terminal(e *Event, _ *falco.Ref, v *falco.Value) bool {
	if e.Flags&flagTTY == 0 {
		return integer(0, v)
	}
	return integer(136<<8+int64(e.TTY), v)
}

func typeChar(e *Event, _ *falco.Ref, v *falco.Value) bool {
	return text(map[string]string{"file": "f", "directory": "d", "ipv4": "4", "ipv6": "6", "unix": "u", "pipe": "p"}[e.fd.kind], v)
}

// filePart gets a part of the path of a file.
func filePart(of func(string) string) getter {
	return func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		return strings.HasPrefix(e.fd.name, "/") && e.fd.kind != "unix" && text(of(e.fd.name), v)
	}
}

func localEnd(d *descriptor) netip.AddrPort  { return d.local }
func remoteEnd(d *descriptor) netip.AddrPort { return d.remote }

func addr(of func(*descriptor) netip.AddrPort) getter {
	return func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		a := of(&e.fd).Addr()
		*v = falco.Addr(a)
		return e.fd.connection() && a.IsValid()
	}
}

func port(of func(*descriptor) netip.AddrPort) getter {
	return func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		return e.fd.connection() && integer(int64(of(&e.fd).Port()), v)
	}
}

func ends(e *Event, _ *falco.Ref, v *falco.Value) bool {
	for _, end := range []netip.AddrPort{e.fd.local, e.fd.remote} {
		if end.Addr().IsValid() && e.fd.connection() {
			v.List = append(v.List, falco.Addr(end.Addr()))
		}
	}
	return len(v.List) > 0
}

func ports(e *Event, _ *falco.Ref, v *falco.Value) bool {
	if !e.fd.connection() {
		return false
	}
	v.List = []falco.Value{falco.Int(int64(e.fd.local.Port())), falco.Int(int64(e.fd.remote.Port()))}
	return true
}

func contained(of func(*Container) string) getter {
	return func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		return e.Container != nil && text(of(e.Container), v)
	}
}

// reference splits the image into repository and tag; an image without a name
// has neither.
func (c *Container) reference() (repository, tag string) {
	name, _, _ := strings.Cut(c.Image, "@")
	if strings.HasPrefix(name, "sha256:") {
		return "", ""
	}
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		return name[:i], name[i+1:]
	}
	return name, "latest"
}

// capabilityText names a set of capabilities as rules compare it.
func capabilityText(set uint64) string {
	var names []string
	for i, n := range capabilityNames {
		if set&(1<<i) != 0 {
			names = append(names, "CAP_"+n)
		}
	}
	return strings.Join(names, " ")
}
