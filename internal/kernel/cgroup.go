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

// unified is the name of the cgroup v2 hierarchy among controllers.
const unified = ""

// unlimited is what cgroup v1 writes for no limit: the largest number of whole
// pages. Values near it are no limit either.
const unlimited = 1 << 60

// maxGroups bounds how many cgroups below a container's are looked into.
const maxGroups = 256

// A cgroupMount is where a hierarchy is mounted.
type cgroupMount struct {
	controllers []string // of v1; nil is v2
	root, point string
}

// cgroupMounts returns the mounted hierarchies as we see them.
func (s *system) cgroupMounts() []cgroupMount {
	text, err := read(s.proc("self", "mountinfo"))
	if err != nil {
		return nil
	}
	var out []cgroupMount
	for line := range strings.Lines(text) {
		m, ok := parseMount(line)
		switch {
		case !ok:
		case m.kind == "cgroup":
			out = append(out, cgroupMount{controllers: m.superOptions, root: m.root, point: m.point})
		case m.kind == "cgroup2":
			out = append(out, cgroupMount{root: m.root, point: m.point})
		}
	}
	return out
}

// cgroupPaths returns the process's cgroup in each hierarchy by controller,
// unified for v2.
func (p process) cgroupPaths() map[string]string {
	text, err := read(p.file("cgroup"))
	if err != nil {
		return nil
	}
	out := map[string]string{}
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) != 3 {
			continue
		}
		for name := range strings.SplitSeq(parts[1], ",") {
			out[name] = parts[2]
		}
	}
	return out
}

// directory returns the folder of the cgroup at path in the hierarchy of
// controller, and the folder the hierarchy is mounted on. ok is false where it
// cannot be seen from here.
func (s *system) directory(controller, path string) (dir, top string, ok bool) {
	for _, m := range s.cgroups {
		if controller == unified && m.controllers != nil || controller != unified && !slices.Contains(m.controllers, controller) {
			continue
		}
		rel := path
		if m.root != "/" {
			if rel, ok = strings.CutPrefix(path, m.root); !ok {
				continue
			}
		}
		if strings.Contains(rel, "/../") { // above the root of our cgroup namespace
			continue
		}
		top = filepath.Join(s.root, m.point)
		dir = filepath.Join(top, rel)
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir, top, true
		}
	}
	return "", "", false
}

// limits fills in the limits in force: the tightest of the container's cgroup
// and of those above it.
func (s *system) limits(k *model.Kernel, groups map[string]string) {
	_, v2 := groups[unified]
	k.CgroupVersion = 2
	if len(groups) > 1 || !v2 {
		k.CgroupVersion = 1 // hybrid counts as 1, as for the engine
	}
	k.MemoryMax, k.SwapMax, k.PIDsMax, k.CPUs = -1, -1, -1, -1
	if groups == nil {
		return
	}
	if !s.each(groups, "memory", func(dir string, v2 bool) { memory(k, dir, v2) }) {
		k.MemoryMax = 0
	}
	if !s.each(groups, "pids", func(dir string, _ bool) {
		k.PIDsMax = tightest(k.PIDsMax, limit(dir, "pids.max"))
	}) {
		k.PIDsMax = 0
	}
	if !s.each(groups, "cpu", func(dir string, v2 bool) { k.CPUs = tightest(k.CPUs, quota(dir, v2)) }) {
		k.CPUs = 0
	}
}

// each calls do for the container's cgroup in the hierarchy controller is in,
// and for each one above. It returns false where no hierarchy can have the
// controller, so that it limits nothing.
func (s *system) each(groups map[string]string, controller string, do func(dir string, v2 bool)) bool {
	path, v1 := groups[controller]
	name := controller
	if !v1 {
		var v2 bool
		name = unified
		if path, v2 = groups[unified]; !v2 {
			return false
		}
	}
	dir, top, ok := s.directory(name, path)
	if !ok {
		return true
	}
	do(dir, !v1)
	for dir != top && len(dir) > len(top) {
		dir = filepath.Dir(dir)
		do(dir, !v1)
	}
	return true
}

// tightest returns the smaller limit of two, of which 0 is none and -1 unknown.
func tightest[T int64 | float64](a, b T) T {
	switch {
	case a <= 0 && b <= 0:
		return max(a, b)
	case a <= 0:
		return b
	case b <= 0:
		return a
	}
	return min(a, b)
}

// limit returns the number in a file: 0 for no limit and where there is no such
// file, -1 where it cannot be read.
func limit(dir, file string) int64 {
	text, err := read(filepath.Join(dir, file))
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	text = strings.TrimSpace(text)
	if err != nil || text == "" {
		return -1
	}
	if text == "max" {
		return 0
	}
	n := decimal(text)
	if n >= unlimited {
		return 0
	}
	return n
}

// memory takes the limits of memory, and of memory and swap, in dir into k.
func memory(k *model.Kernel, dir string, v2 bool) {
	if !v2 {
		k.MemoryMax = tightest(k.MemoryMax, limit(dir, "memory.limit_in_bytes"))
		if _, err := os.Stat(filepath.Join(dir, "memory.memsw.limit_in_bytes")); err == nil {
			k.SwapAccounting = true
			k.SwapMax = tightest(k.SwapMax, limit(dir, "memory.memsw.limit_in_bytes"))
		}
		return
	}
	ram := limit(dir, "memory.max")
	k.MemoryMax = tightest(k.MemoryMax, ram)
	text, err := read(filepath.Join(dir, "memory.swap.max"))
	if err != nil {
		return
	}
	k.SwapAccounting = true
	swap := decimal(strings.TrimSpace(text)) // without memory; -1 for max
	both := int64(0)
	if ram > 0 && swap >= 0 {
		both = ram + swap
	}
	k.SwapMax = tightest(k.SwapMax, both)
}

// quota returns how many processors dir allows: 0 for all, -1 where it cannot be
// read.
func quota(dir string, v2 bool) float64 {
	if !v2 {
		allowed, period := limit(dir, "cpu.cfs_quota_us"), limit(dir, "cpu.cfs_period_us")
		if allowed <= 0 || period <= 0 {
			return 0 // -1 is no limit here
		}
		return float64(allowed) / float64(period)
	}
	text, err := read(filepath.Join(dir, "cpu.max"))
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	f := strings.Fields(text)
	if err != nil || len(f) != 2 {
		return -1
	}
	allowed, period := decimal(f[0]), decimal(f[1])
	if allowed <= 0 || period <= 0 {
		return 0
	}
	return float64(allowed) / float64(period)
}

// members returns the processes of the container's cgroup and of those below
// it. Nil where it has none of its own, or none that can be read.
func (p process) members(groups map[string]string) []int {
	for _, controller := range [...]string{unified, "pids", "memory", "cpu", "name=systemd"} {
		path, ok := groups[controller]
		if !ok || path == "/" || path == "" {
			continue
		}
		dir, _, ok := p.directory(controller, path)
		if !ok {
			continue
		}
		if pids := processes(dir); slices.Contains(pids, p.pid) {
			return pids
		}
	}
	return nil
}

// processes returns the processes in the cgroup dir and in those below it.
func processes(dir string) []int {
	var out []int
	queue := []string{dir}
	for seen := 0; len(queue) > 0 && seen < maxGroups; seen++ {
		dir, queue = queue[0], queue[1:]
		text, err := read(filepath.Join(dir, "cgroup.procs"))
		if err != nil {
			continue // it went away, or is threaded
		}
		for line := range strings.Lines(text) {
			if pid, err := strconv.Atoi(strings.TrimSpace(line)); err == nil && pid > 0 {
				out = append(out, pid)
			}
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if e.IsDir() {
				queue = append(queue, filepath.Join(dir, e.Name()))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
