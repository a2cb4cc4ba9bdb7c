package kernel

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"bulkhead/internal/model"
)

// maxDescriptors bounds how many open files of a container in the host's
// network are looked at to tell its sockets from the others.
const maxDescriptors = 65_536

// listening returns the sockets the container listens on. In a network
// namespace of its own they are all there are; in the host's they are those
// its processes hold, which only a privileged reader can tell.
func (p process) listening(k *model.Kernel) []model.Listener {
	var own map[string]bool
	if slices.Contains(k.HostNamespaces, "net") {
		own = p.sockets(k.Tasks)
	}
	var out []model.Listener
	inUse := p.inUse()
	for _, protocol := range [...]string{"tcp", "tcp6", "udp", "udp6"} {
		for _, line := range p.socketTable(protocol, inUse) {
			l, inode, ok := parseSocket(line, strings.TrimSuffix(protocol, "6"))
			if ok && (own == nil || own[inode]) && !slices.Contains(out, l) {
				out = append(out, l)
			}
		}
	}
	return out
}

// inUse returns how many sockets of each protocol the network namespace has:
// "TCP6" to 3. What the kernel does not say is not there.
func (p process) inUse() map[string]int {
	out := map[string]int{}
	for _, name := range [...]string{"net/sockstat", "net/sockstat6"} {
		text, err := read(p.file(name))
		if err != nil {
			continue
		}
		for line := range strings.Lines(text) {
			protocol, rest, _ := strings.Cut(line, ":")
			if f := strings.Fields(rest); len(f) > 1 && f[0] == "inuse" {
				if n, err := strconv.Atoi(f[1]); err == nil {
					out[protocol] = n
				}
			}
		}
	}
	return out
}

// socketTable returns the lines of the table of a protocol: "tcp", "udp6". It
// reads no more of them than there are sockets. The kernel finds the end of a
// table only by going through the hash table of the whole machine, which takes
// milliseconds, and most containers have sockets of one protocol at most.
func (p process) socketTable(protocol string, inUse map[string]int) []string {
	left := maxFile
	if n, ok := inUse[strings.ToUpper(protocol)]; ok {
		left = n
	}
	if left == 0 {
		return nil
	}
	f, err := os.Open(p.file("net/" + protocol))
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	var out []string
	lines := bufio.NewScanner(io.LimitReader(f, maxFile))
	for len(out) <= left && lines.Scan() { // the heading comes on top
		out = append(out, lines.Text())
	}
	return out
}

// sockets returns the inodes of the sockets the tasks hold.
func (p process) sockets(tasks []model.Task) map[string]bool {
	out := map[string]bool{}
	left := maxDescriptors
	for _, t := range tasks {
		dir := p.proc(strconv.Itoa(t.PID), "fd")
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries[:min(len(entries), left)] {
			to, err := os.Readlink(filepath.Join(dir, e.Name()))
			if inode, ok := strings.CutPrefix(to, "socket:["); err == nil && ok {
				out[strings.TrimSuffix(inode, "]")] = true
			}
		}
		left -= min(len(entries), left)
	}
	return out
}

// parseSocket reads a line of /proc/net/tcp and its kin: proc_net_tcp(5). ok is
// false for the heading and for sockets that nobody can connect to.
func parseSocket(line, protocol string) (l model.Listener, inode string, ok bool) {
	const local, remote, state, inodeField = 1, 2, 3, 9
	f := strings.Fields(line)
	if len(f) <= inodeField {
		return l, "", false
	}
	switch protocol {
	case "tcp":
		const listen = "0A"
		if f[state] != listen {
			return l, "", false
		}
	case "udp":
		if !strings.HasSuffix(f[remote], ":0000") { // connected to one peer
			return l, "", false
		}
	}
	address, port, found := strings.Cut(f[local], ":")
	n, err := strconv.ParseUint(port, 16, 16)
	ip, valid := parseAddress(address)
	if !found || err != nil || !valid {
		return l, "", false
	}
	return model.Listener{Address: ip.String(), Port: int(n), Protocol: protocol}, f[inodeField], true
}

// parseAddress reads an address as the kernel prints it: words of 32 bits in
// the machine's byte order.
func parseAddress(s string) (netip.Addr, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 4 && len(b) != 16 {
		return netip.Addr{}, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	ip, ok := netip.AddrFromSlice(b)
	return ip.Unmap(), ok
}
