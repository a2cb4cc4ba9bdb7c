package sensor

import (
	"strconv"
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
	if b {
		v.Num = 1
	}
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
	falco.EvtRawres: func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(e.Ret, v) },
	falco.EvtFailed: func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.Ret < 0, v) },
	falco.EvtBuffer: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		return e.has(tagData) && text(e.record(tagData), v)
	},
	falco.EvtBuflen: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		return e.has(tagData) && integer(e.Ret, v)
	},
	falco.EvtIsOpenExec: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		return truth(e.opens() && e.Ret >= 0 && e.makes() && e.openMode()&0o111 != 0, v)
	},
	falco.EvtIsOpenCreate: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		return truth(e.opens() && e.Ret >= 0 && e.makes(), v)
	},
	falco.EvtIsOpenRead:  func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.opens() && e.openFlags()&3 != 1, v) },
	falco.EvtIsOpenWrite: func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.opens() && e.openFlags()&3 != 0, v) },

	falco.ProcName:     image0(func(p *process) string { return p.comm }),
	falco.ProcPname:    image1(func(p *process) string { return p.comm }),
	falco.ProcAname:    ancestors(func(p *process) string { return p.comm }),
	falco.ProcExe:      image0(argv0),
	falco.ProcPexe:     image1(argv0),
	falco.ProcAexe:     ancestors(argv0),
	falco.ProcExepath:  image0((*process).exepath),
	falco.ProcPexepath: image1((*process).exepath),
	falco.ProcAexepath: ancestors((*process).exepath),
	falco.ProcCmdline:  image0((*process).cmdline),
	falco.ProcPcmdline: image1((*process).cmdline),
	falco.ProcAcmdline: ancestors((*process).cmdline),
	falco.ProcArgs:     image0((*process).args),
	falco.ProcCwd:      image0(func(p *process) string { return p.cwd }),
	falco.ProcPID:      func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.PID), v) },
	falco.ProcPPID:     func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.PPID), v) },
	falco.ProcVPID:     func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.VPID), v) },
	falco.ProcSID:      func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.SID), v) },
	falco.ThreadTID:    func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.TID), v) },
	falco.ProcSname:    leader,
	falco.ProcTTY:      terminal,
	falco.ProcEnv:      environment,
	falco.ProcExeline:  image0(func(p *process) string { return strings.Join(p.argv, " ") }),
	falco.ProcCmdnargs: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		return integer(int64(max(len(e.proc.argv)-1, 0)), v)
	},
	falco.ProcAPID:            ancestorIDs,
	falco.ProcVPGID:           func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.VPGID), v) },
	falco.ProcPGID:            func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.PGID), v) },
	falco.ProcIsVPGIDLeader:   func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.VPGID == e.VPID, v) },
	falco.ProcIsPGIDLeader:    func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.PGID == e.PID, v) },
	falco.ProcIsSIDLeader:     func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.SID == e.PID, v) },
	falco.ProcSIDExe:          sessionLeader(argv0),
	falco.ProcSIDExepath:      sessionLeader((*process).exepath),
	falco.ThreadIsmain:        func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.TID == e.PID, v) },
	falco.ProcPIDTs:           func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.Start), v) },
	falco.ProcIsExeWritable:   func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.proc.writable(e), v) },
	falco.ProcIsExeLowerLayer: func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.proc.flags&flagLower != 0, v) },
	falco.ProcIsSetuid:        func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.proc.file.mode&0o4000 != 0, v) },
	falco.ProcIsSetgid:        func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.proc.file.mode&0o2000 != 0, v) },
	falco.ProcExeIno:          ofProgram(func(p *program, _ *Event) int64 { return int64(p.inode) }),
	falco.ProcExeInoCtime:     ofProgram(func(p *program, _ *Event) int64 { return p.changed }),
	falco.ProcExeInoMtime:     ofProgram(func(p *program, _ *Event) int64 { return p.wrote }),
	falco.ProcExeInoCtimeDurationProcStart: ofProgram(func(p *program, e *Event) int64 {
		return e.Time.UnixNano() - int64(e.raw.Time-e.Start) - p.changed
	}),
	falco.ProcDuration:         func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.raw.Time-e.Start), v) },
	falco.ProcIsExeUpperLayer:  func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.proc.flags&flagUpper != 0, v) },
	falco.ProcIsExeFromMemfd:   func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.proc.memfd(), v) },
	falco.ThreadCapInheritable: func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(capabilityText(e.Inheritable), v) },
	falco.ThreadCapEffective:   func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(capabilityText(e.Effective), v) },
	falco.ThreadCapPermitted:   func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(capabilityText(e.Permitted), v) },

	falco.FDNum: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		d := e.file()
		return d.hasNumber && integer(d.number, v)
	},
	falco.FDType:      func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.file().kind, v) },
	falco.FDTypechar:  func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.file().char, v) },
	falco.FDName:      func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.file().text(), v) },
	falco.FDNameraw:   func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.file().raw, v) },
	falco.FDDirectory: filePart(func(p string, slash int) string { return p[:max(slash, 1)] }),
	falco.FDFilename:  filePart(func(p string, slash int) string { return p[slash+1:] }),
	falco.FDL4Proto:   func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.file().proto, v) },
	falco.FDSockfamily: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		if e.file().connection() {
			return text("ip", v)
		}
		return e.file().kind == "unix" && text("unix", v)
	},
	falco.FDIno: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		return e.file().inode != 0 && integer(int64(e.file().inode), v)
	},
	falco.FDIsServer: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		d := e.file()
		return d.connection() && truth(d.serves || d.listens, v)
	},
	falco.FDConnected:   func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.file().connected, v) },
	falco.FDNameChanged: func(e *Event, _ *falco.Ref, v *falco.Value) bool { return truth(e.file().changed, v) },
	falco.FDIP:          ends, falco.FDNet: ends,
	falco.FDCIP: addr((*descriptor).client), falco.FDCnet: addr((*descriptor).client),
	falco.FDSIP: addr((*descriptor).server), falco.FDSnet: addr((*descriptor).server),
	falco.FDLIP: addr((*descriptor).own), falco.FDLnet: addr((*descriptor).own),
	falco.FDRIP: addr(remoteEnd), falco.FDRnet: addr(remoteEnd),
	falco.FDPort:  ports,
	falco.FDCport: port((*descriptor).client), falco.FDSport: port((*descriptor).server),
	falco.FDLport: port(localEnd), falco.FDRport: port(remoteEnd),
	falco.FDCIPName: addressName((*descriptor).client), falco.FDSIPName: addressName((*descriptor).server),
	falco.FDLIPName: addressName((*descriptor).own), falco.FDRIPName: addressName(remoteEnd),

	falco.FsPathName:   fsPath("path", "name", "filename", "dir"),
	falco.FsPathSource: fsPath("oldpath", "target"),
	falco.FsPathTarget: fsPath("newpath", "linkpath"),

	falco.UserUID:      func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.UID), v) },
	falco.UserName:     func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.names.user(e.UID, e), v) },
	falco.UserLoginUID: func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(int32(e.LoginUID)), v) },
	falco.UserLoginname: func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		if int32(e.LoginUID) < 0 {
			return text(unknownName, v)
		}
		return text(e.names.login(e.LoginUID), v)
	},
	falco.GroupGID:  func(e *Event, _ *falco.Ref, v *falco.Value) bool { return integer(int64(e.GID), v) },
	falco.GroupName: func(e *Event, _ *falco.Ref, v *falco.Value) bool { return text(e.names.group(e.GID, e), v) },

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
	falco.ContainerImage:            contained(func(c *Container) string { return c.Image }),
	falco.ContainerImageRepository:  contained(func(c *Container) string { repository, _ := c.reference(); return repository }),
	falco.ContainerImageTag:         contained(func(c *Container) string { _, tag := c.reference(); return tag }),
	falco.ContainerImageID:          contained(func(c *Container) string { return strings.TrimPrefix(c.ImageID, "sha256:") }),
	falco.ContainerImageDigest:      contained(func(c *Container) string { _, digest, _ := strings.Cut(c.Image, "@"); return digest }),
	falco.ContainerHostPID:          ofContainer(func(c *Container) bool { return c.HostPID }),
	falco.ContainerHostNetwork:      ofContainer(func(c *Container) bool { return c.HostNetwork }),
	falco.ContainerHostIPC:          ofContainer(func(c *Container) bool { return c.HostIPC }),
	falco.ContainerMounts:           contained(func(c *Container) string { return joinMounts(c.Mounts) }),
	falco.ContainerMount:            mountPart(bySource, Mount.String),
	falco.ContainerMountSource:      mountPart(byDestination, func(m Mount) string { return m.Source }),
	falco.ContainerMountDest:        mountPart(bySource, func(m Mount) string { return m.Destination }),
	falco.ContainerMountMode:        mountPart(bySource, func(m Mount) string { return m.Mode }),
	falco.ContainerMountRdwr:        mountPart(bySource, func(m Mount) string { return strconv.FormatBool(m.Writable) }),
	falco.ContainerMountPropagation: mountPart(bySource, func(m Mount) string { return m.Propagation }),
	falco.ContainerLabel: func(e *Event, r *falco.Ref, v *falco.Value) bool {
		return e.Container != nil && text(e.Container.Labels[r.Arg], v)
	},
	falco.ContainerLabels: contained(func(c *Container) string { return joinLabels(c.Labels) }),
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

func image0(of func(*process) string) getter {
	return func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		v.Str = of(e.proc)
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

// slashed returns a folder as rules compare it, with a slash at the end.
func slashed(folder string) string {
	if folder == "" || folder[len(folder)-1] == '/' {
		return folder
	}
	return folder + "/"
}

func leader(e *Event, r *falco.Ref, v *falco.Value) bool {
	return sessionLeader(func(p *process) string { return p.comm })(e, r, v)
}

// sessionLeader gets something of the process that began the session.
func sessionLeader(of func(*process) string) getter {
	return func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		for p := e.proc; p != nil; p = p.parent {
			if p.pid == e.SID {
				return text(of(p), v)
			}
		}
		return false
	}
}

func ancestorIDs(e *Event, r *falco.Ref, v *falco.Value) bool {
	if r.Index >= 0 {
		p := e.proc.ancestor(min(r.Index, maxAncestors))
		return p != nil && integer(int64(p.pid), v)
	}
	for p := e.proc.parent; p != nil && len(v.List) < maxAncestors; p = p.parent {
		v.List = append(v.List, falco.Int(int64(p.pid)))
	}
	return len(v.List) > 0
}

// environment gets one variable, or all of them on one line.
func environment(e *Event, r *falco.Ref, v *falco.Value) bool {
	if r.Arg != "" {
		value, ok := e.proc.variable(r.Arg)
		v.Str = value
		return ok
	}
	return e.proc.env != "" && text(strings.Join(e.proc.environment(), " "), v)
}

func ofProgram(of func(*program, *Event) int64) getter {
	return func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		return e.proc.file.inode != 0 && integer(of(&e.proc.file, e), v)
	}
}

// terminal returns the number of the controlling terminal, 0 for none: that of
// the first pseudo terminal is 136:0.
func terminal(e *Event, _ *falco.Ref, v *falco.Value) bool {
	if e.Flags&flagTTY == 0 {
		return integer(0, v)
	}
	return integer(136<<8+int64(e.TTY), v)
}

func ofContainer(of func(*Container) bool) getter {
	return func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		return e.Container != nil && truth(of(e.Container), v)
	}
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
