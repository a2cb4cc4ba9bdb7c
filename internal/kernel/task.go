package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"bulkhead/internal/model"
)

// errNoProcess says that a status file holds no process: it ended after the
// file was opened.
var errNoProcess = errors.New("no such process")

// A status is what /proc/PID/status says.
type status struct {
	command    string
	zombie     bool
	uid        int64 // effective
	capEff     uint64
	capBnd     uint64
	noNewPrivs bool
	seccomp    int
}

func (p process) status() (status, error) {
	text, err := read(p.file("status"))
	if err != nil {
		return status{}, err
	}
	s := status{uid: -1}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch key {
		case "Name":
			s.command = value
		case "State":
			s.zombie = strings.HasPrefix(value, "Z") || strings.HasPrefix(value, "X")
		case "Uid": // real, effective, saved, file system
			if ids := strings.Fields(value); len(ids) > 1 {
				s.uid = decimal(ids[1])
			}
		case "CapEff":
			s.capEff, _ = strconv.ParseUint(value, 16, 64)
		case "CapBnd":
			s.capBnd, _ = strconv.ParseUint(value, 16, 64)
		case "NoNewPrivs":
			s.noNewPrivs = value == "1"
		case "Seccomp":
			s.seccomp, _ = strconv.Atoi(value)
		}
	}
	if s.uid < 0 {
		return status{}, errNoProcess
	}
	return s, nil
}

// decimal returns the number s is, or -1.
func decimal(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// tasks returns the processes of the container, the first one first. They are
// those of its cgroups, where also what docker exec started is; a container
// that is in no cgroup of its own is known by its PID namespace.
func (p process) tasks(first status, uids idMap, groups map[string]string) []model.Task {
	out := []model.Task{p.task(first, uids)}
	out[0].First = true
	pids := p.members(groups)
	if pids == nil {
		pids = p.sameNamespace()
	}
	for _, pid := range pids {
		if pid == p.pid || len(out) >= maxTasks {
			continue
		}
		q := process{system: p.system, pid: pid}
		s, err := q.status()
		if err != nil || s.zombie {
			continue // it ended meanwhile
		}
		out = append(out, q.task(s, uids))
	}
	return out
}

func (p process) task(s status, uids idMap) model.Task {
	return model.Task{PID: p.pid, UID: s.uid, UIDIn: uids.inside(s.uid), Command: s.command, CapEff: s.capEff}
}

// sameNamespace returns the processes in the PID namespace of p, none where
// that is the host's or may not be read.
func (p process) sameNamespace() []int {
	if slices.Contains(p.hostNamespaces(), "pid") {
		return nil
	}
	ns, err := os.Readlink(p.file("ns/pid"))
	if err != nil {
		return nil
	}
	names, err := filepath.Glob(filepath.Join(p.root, "proc/[0-9]*"))
	if err != nil {
		return nil
	}
	var out []int
	for _, name := range names {
		if other, err := os.Readlink(filepath.Join(name, "ns/pid")); err == nil && other == ns {
			if pid, err := strconv.Atoi(filepath.Base(name)); err == nil {
				out = append(out, pid)
			}
		}
	}
	slices.Sort(out)
	return out
}

// An idMap is a process's uid_map, user_namespaces(7).
type idMap []idRange

type idRange struct{ inside, outside, count int64 }

func (p process) uidMap() idMap {
	text, err := read(p.file("uid_map"))
	if err != nil {
		return nil
	}
	var out idMap
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 3 {
			out = append(out, idRange{decimal(f[0]), decimal(f[1]), decimal(f[2])})
		}
	}
	return out
}

// inside returns what the host's id is called in the namespace, -1 where it has
// no name there. Without a map nothing is known, and the ids are the same.
func (m idMap) inside(id int64) int64 {
	for _, r := range m {
		if id >= r.outside && id-r.outside < r.count {
			return r.inside + id - r.outside
		}
	}
	if m == nil {
		return id
	}
	return -1
}

// outside returns what the namespace's id is called on the host, -1 where it
// is not mapped.
func (m idMap) outside(id int64) int64 {
	for _, r := range m {
		if id >= r.inside && id-r.inside < r.count {
			return r.outside + id - r.inside
		}
	}
	if m == nil {
		return id
	}
	return -1
}
