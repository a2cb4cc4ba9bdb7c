package sensor

import (
	"encoding/binary"
	"net/netip"
	"path"
	"strconv"
)

// A descriptor is the file or the connection that an event is about.
type descriptor struct {
	kind          string // "file", "directory", "ipv4", "ipv6", "unix", "pipe" …; "" for none
	char          string // the engine's letter for kind
	name, raw     string
	local, remote netip.AddrPort
	proto         string
	number        int64
	hasNumber     bool
	inode         uint64
	device        uint32
	ip            bool // a connection of IPv4 or IPv6
	listens       bool // waits for connections: it has no other end
	serves        bool // the other end began
	connected     bool
	changed       bool // its other end is another than before
}

// file returns what the event is about.
func (e *Event) file() *descriptor {
	if !e.described {
		e.described = true
		e.describe()
	}
	return &e.fd
}

// describe works out what descriptor the event is about.
func (e *Event) describe() {
	if e.opens() {
		e.describeOpen()
		return
	}
	e.fd = descriptor{}
	if e.readDescriptor() {
		e.fd.number, e.fd.hasNumber = int64(int32(e.Args[0])), true
		if e.name == "accept" || e.name == "accept4" {
			e.fd.number = e.Ret
		}
	}
	if a := []byte(e.record(tagAddress)); len(a) >= 2 {
		e.readAddress(a)
	}
}

// describeOpen describes a file that was opened, or was not: rules tell by the
// number, which is -1 then.
func (e *Event) describeOpen() {
	d := &e.fd
	*d = descriptor{}
	d.kind, d.char, d.number, d.hasNumber = "file", "f", max(e.Ret, -1), true
	if i := e.call.file(); i >= 0 {
		d.raw = e.text(i)
		d.name = e.absolute(d.raw, i)
	} else if e.readDescriptor() { // by a handle
		d.number = e.Ret
	}
	if e.openFlags()&openDirectory != 0 {
		d.kind, d.char = "directory", "d"
	}
}

// factSize is the size of struct fact in bpf/sensor.c.
const factSize = 64

// readDescriptor reads what the kernel wrote of a descriptor, struct fact, and
// reports whether it wrote any.
func (e *Event) readDescriptor() bool {
	d := []byte(e.record(tagDescriptor))
	if len(d) != factSize {
		return false
	}
	mode := binary.LittleEndian.Uint32(d)
	e.fd.inode, e.fd.device = binary.LittleEndian.Uint64(d[48:]), binary.LittleEndian.Uint32(d[56:])
	switch mode & 0o170000 {
	case 0o140000:
		e.readSocket(d)
		return true
	case 0o040000:
		e.fd.kind, e.fd.char = "directory", "d"
	case 0o010000:
		e.fd.kind, e.fd.char = "pipe", "p"
		if e.fd.name = e.folder(tagDescriptorPath); e.fd.name == "" || e.fd.name == "/" {
			e.fd.name = "pipe:[" + strconv.FormatUint(e.fd.inode, 10) + "]"
		}
		return true
	case 0: // no file of a folder: what the kernel gives out descriptors for
		e.fd.kind, e.fd.char = "other", "o"
	default:
		e.fd.kind, e.fd.char = "file", "f"
	}
	e.fd.name = e.folder(tagDescriptorPath)
	return true
}

func (e *Event) readSocket(d []byte) {
	u16 := binary.LittleEndian.Uint16
	const established, listening = 1, 10 // of enum in the kernel's tcp_states.h
	e.fd.connected, e.fd.listens = u16(d[14:]) == established, u16(d[14:]) == listening
	n := 0
	switch family := u16(d[4:]); family {
	case 1:
		e.fd.kind, e.fd.char, e.fd.name = "unix", "u", e.text(tagDescriptorPath)
	case 2:
		e.fd.kind, e.fd.char, n = "ipv4", "4", 4
		e.fd.ip = true
	case 10:
		e.fd.kind, e.fd.char, n = "ipv6", "6", 16
		e.fd.ip = true
	default:
		e.fd.kind, e.fd.char = "other", "o"
	}
	switch u16(d[8:]) {
	case 6:
		e.fd.proto = "tcp"
	case 17:
		e.fd.proto = "udp"
	case 1, 58:
		e.fd.proto = "icmp"
	case 255:
		e.fd.proto = "raw"
	}
	if n == 0 {
		return
	}
	local, _ := netip.AddrFromSlice(d[16 : 16+n])
	remote, _ := netip.AddrFromSlice(d[32 : 32+n])
	e.fd.local = netip.AddrPortFrom(local.Unmap(), u16(d[10:]))
	if port := binary.BigEndian.Uint16(d[12:]); !e.fd.listens && (port != 0 || !remote.IsUnspecified()) {
		e.fd.remote = netip.AddrPortFrom(remote.Unmap(), port)
	}
}

// readAddress reads the address that the program gave, or got: where something
// goes, or where it came from.
func (e *Event) readAddress(a []byte) {
	var to netip.AddrPort
	switch family := binary.LittleEndian.Uint16(a); {
	case family == 1:
		e.fd.kind, e.fd.char = "unix", "u"
		if name := cText(string(a[2:])); name != "" {
			e.fd.name = name
			if name[0] == '/' {
				e.fd.name = path.Clean(name)
			}
		}
		return
	case family == 2 && len(a) >= 8:
		to = netip.AddrPortFrom(netip.AddrFrom4([4]byte(a[4:8])), binary.BigEndian.Uint16(a[2:]))
	case family == 10 && len(a) >= 24:
		to = netip.AddrPortFrom(netip.AddrFrom16([16]byte(a[8:24])).Unmap(), binary.BigEndian.Uint16(a[2:]))
	default:
		return
	}
	if e.name == "bind" {
		e.fd.local = to
		return
	}
	e.fd.remote = to
}

// connection reports whether the event is about an IP connection.
func (d *descriptor) connection() bool { return d.ip }

// client and server return the ends of a connection: which one began it.
func (d *descriptor) client() netip.AddrPort {
	switch {
	case d.listens:
		return netip.AddrPort{}
	case d.serves:
		return d.remote
	}
	return d.own()
}

func (d *descriptor) server() netip.AddrPort {
	if d.listens || d.serves {
		return d.own()
	}
	return d.remote
}

// own returns the local end. A socket that is bound to no address sends from
// one that it does not tell.
func (d *descriptor) own() netip.AddrPort {
	if d.remote.IsValid() && d.local.IsValid() && d.local.Addr().IsUnspecified() {
		return netip.AddrPort{}
	}
	return d.local
}

func (d *descriptor) text() string {
	switch {
	case !d.connection():
		return d.name
	case d.listens, !d.remote.IsValid():
		return d.local.String()
	case d.serves:
		return d.remote.String() + "->" + d.local.String()
	}
	return d.local.String() + "->" + d.remote.String()
}
