package sensor

import (
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

// unknownName is what the rules language calls a user without a name: it has a
// value, which rules compare with.
const unknownName = "<NA>"

// names knows what users, groups and addresses are called, on this machine and
// in each container: they have files of their own.
type names struct {
	procDir  string
	host     *nameFiles
	inside   map[string]*nameFiles // by container
	resolved map[netip.Addr]string // of names that rules ask for, by this machine's resolver
	flags    map[uint64]string     // how files are opened, as text
}

// A nameFiles is what the files of one root folder say.
type nameFiles struct {
	users, groups map[uint32]string
	hosts         map[netip.Addr]string
	read          time.Time
}

// fresh is how long the files of a container are believed.
const fresh = 30 * time.Second

// maxContainers bounds how many containers' files are remembered.
const maxContainers = 1024

func newNames(procDir string) *names {
	n := &names{procDir: procDir, inside: map[string]*nameFiles{}, resolved: map[netip.Addr]string{}, flags: map[uint64]string{}}
	n.host = readNames("/")
	return n
}

// of returns the names as they are for the process of e, or nil where it is of a
// container that cannot be looked into any more.
func (n *names) of(e *Event) *nameFiles {
	if e.id == "" {
		return n.host
	}
	known := n.inside[e.id]
	if known != nil && e.Time.Sub(known.read) < fresh {
		return known
	}
	for p := e.proc; p != nil; p = p.parent {
		dir := n.procDir + "/" + strconv.FormatUint(uint64(p.pid), 10)
		if group, err := os.ReadFile(dir + "/cgroup"); err != nil || !strings.Contains(string(group), e.id) {
			continue // gone, its number another's, or outside of the container
		}
		if f := readNames(dir + "/root"); f != nil {
			if len(n.inside) >= maxContainers {
				clear(n.inside)
			}
			n.inside[e.id] = f
			return f
		}
	}
	return known
}

// maxFlags bounds how many ways of opening files are remembered.
const maxFlags = 4096

// opening returns how a file is opened as rules compare it.
func (n *names) opening(flags uint64) string {
	text, ok := n.flags[flags]
	if !ok {
		if len(n.flags) >= maxFlags {
			clear(n.flags)
		}
		text = openText(flags)
		n.flags[flags] = text
	}
	return text
}

// user returns the name of a user.
func (n *names) user(id uint32, e *Event) string {
	f := n.of(e)
	if f != nil && f.users[id] != "" {
		return f.users[id]
	}
	return rootOnly(id)
}

// login returns the name of the user that logged in: one of this machine's.
func (n *names) login(id uint32) string {
	if name := n.host.users[id]; name != "" {
		return name
	}
	return rootOnly(id)
}

func (n *names) group(id uint32, e *Event) string {
	f := n.of(e)
	if f != nil && f.groups[id] != "" {
		return f.groups[id]
	}
	return rootOnly(id)
}

// address returns the name that the process of e, or else this machine, knows
// an address by; "" for none.
func (n *names) address(a netip.Addr, e *Event) string {
	if f := n.of(e); f != nil && f.hosts[a] != "" {
		return f.hosts[a]
	}
	return n.resolved[a]
}

func rootOnly(id uint32) string {
	if id == 0 {
		return "root"
	}
	return unknownName
}

// parseNames reads the format of passwd and group.
func parseNames(text string) map[uint32]string {
	names := map[uint32]string{}
	for line := range strings.Lines(text) {
		f := strings.SplitN(line, ":", 4)
		if len(f) < 3 {
			continue
		}
		if n, err := strconv.ParseUint(f[2], 10, 32); err == nil && names[uint32(n)] == "" {
			names[uint32(n)] = f[0]
		}
	}
	return names
}

// parseHosts reads the format of hosts: the first name of an address counts.
func parseHosts(text string) map[netip.Addr]string {
	hosts := map[netip.Addr]string{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		if a, err := netip.ParseAddr(f[0]); err == nil && hosts[a.Unmap()] == "" {
			hosts[a.Unmap()] = f[1]
		}
	}
	return hosts
}
