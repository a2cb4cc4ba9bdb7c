package proxy

import (
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// peerOf asks the kernel who is at the other end of c.
func (p *Proxy) peerOf(c net.Conn) *peer {
	out := &peer{name: p.Name}
	socket, ok := c.(*net.UnixConn)
	if !ok {
		return out
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return out
	}
	err = raw.Control(func(fd uintptr) {
		cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		if err != nil {
			return
		}
		out.known, out.uid, out.gid, out.pid = true, cred.Uid, cred.Gid, cred.Pid
		if pidfd, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PEERPIDFD); err == nil {
			defer func() { _ = unix.Close(pidfd) }() // it was only asked
			out.place(pidfd)
		}
	})
	if err != nil {
		return &peer{name: p.Name}
	}
	return out
}

// containerInPath finds the id of a container in the path of a cgroup, as
// engines name them.
var containerInPath = regexp.MustCompile(`(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?(?:/|$)`)

// place finds out where the process of pidfd runs. What /proc says counts only
// if the process is there still: its number may be another's by then.
func (p *peer) place(pidfd int) {
	if p.pid <= 0 {
		return // it is in a process namespace that cannot be seen from here
	}
	dir := "/proc/" + strconv.Itoa(int(p.pid))
	groups, err := os.ReadFile(dir + "/cgroup")
	if err != nil {
		return
	}
	theirs, err1 := os.Readlink(dir + "/ns/pid")
	ours, err2 := os.Readlink("/proc/self/ns/pid")
	if unix.PidfdSendSignal(pidfd, 0, nil, 0) != nil {
		return
	}
	for line := range strings.Lines(string(groups)) {
		if id := containerInPath.FindStringSubmatch(strings.TrimSpace(line)); id != nil {
			p.container = id[1]
		}
	}
	p.host = p.container == "" && err1 == nil && err2 == nil && theirs == ours
}
