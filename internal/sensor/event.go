package sensor

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"bulkhead/internal/falco"
)

// A Container is what the engine says of a container.
type Container struct {
	ID         string
	Name       string
	Image      string // as the container was started from it
	Privileged bool
	Labels     map[string]string
	Started    time.Time
}

// An Event is one thing that happened on this machine. It implements
// falco.Event and is good until the handler returns.
type Event struct {
	Time      time.Time
	Container *Container // nil on the host, and while the engine has not answered
	Pending   bool       // of a container that the engine has not described

	raw
	number uint64
	kind   falco.EventType
	name   string
	call   *call // nil where the event is no system call
	id     string
	proc   process // a copy, so that what happens later does not change it
	fd     descriptor
	users  *users
}

// ContainerID returns the id of the event's container, "" on the host.
func (e *Event) ContainerID() string { return e.id }

// Type implements falco.Event.
func (e *Event) Type() falco.EventType { return e.kind }

// Field implements falco.Event.
func (e *Event) Field(r *falco.Ref, v *falco.Value) bool {
	get := getters[r.ID]
	return get != nil && get(e, r, v)
}

// Supports reports whether events can have a value for a field.
func Supports(r *falco.Ref) bool {
	return r.ID < falco.FieldID(len(getters)) && getters[r.ID] != nil
}

// Unsupported returns the types of events among names that the sensor cannot
// tell about.
func Unsupported(names []string) []string {
	var missing []string
	for _, n := range names {
		if callNamed(n) == nil {
			missing = append(missing, n)
		}
	}
	return missing
}

// A descriptor is the file or the connection that an event is about.
type descriptor struct {
	kind          string // "file", "directory", "ipv4", "ipv6", "unix", "pipe"; "" for none
	name, raw     string
	local, remote netip.AddrPort
	proto         string
	number        int64
	hasNumber     bool
}

// describe works out what descriptor the event is about.
func (e *Event) describe() {
	switch e.name {
	case "open", "openat", "openat2", "creat":
		i := e.call.argument("name")
		name := e.path(i)
		e.fd = descriptor{name: name, raw: e.texts[i], number: e.Ret, hasNumber: e.Ret >= 0}
		if e.Ret >= 0 {
			e.fd.kind = "file"
			if e.openFlags()&0o200000 != 0 {
				e.fd.kind = "directory"
			}
		}
		return
	}
	if len(e.descriptor) == 48 {
		e.readDescriptor()
		e.fd.number, e.fd.hasNumber = int64(int32(e.Args[0])), true
	}
	if a := e.address; len(a) >= 2 {
		e.readAddress(a)
	}
}

// readDescriptor reads what the kernel wrote of a descriptor: struct fact.
func (e *Event) readDescriptor() {
	d := e.descriptor
	u16 := binary.LittleEndian.Uint16
	mode, family, protocol := binary.LittleEndian.Uint32(d), u16(d[4:]), u16(d[8:])
	e.fd.name = e.fdPath
	switch mode & 0o170000 {
	case 0o100000:
		e.fd.kind = "file"
	case 0o040000:
		e.fd.kind = "directory"
	case 0o010000:
		e.fd.kind = "pipe"
	case 0o140000:
		n := 0
		switch family {
		case 1:
			e.fd.kind = "unix"
		case 2:
			e.fd.kind, n = "ipv4", 4
		case 10:
			e.fd.kind, n = "ipv6", 16
		}
		switch protocol {
		case 6:
			e.fd.proto = "tcp"
		case 17:
			e.fd.proto = "udp"
		case 1, 58:
			e.fd.proto = "icmp"
		}
		if n > 0 {
			local, _ := netip.AddrFromSlice(d[16 : 16+n])
			remote, _ := netip.AddrFromSlice(d[32 : 32+n])
			e.fd.local = netip.AddrPortFrom(local.Unmap(), u16(d[10:]))
			e.fd.remote = netip.AddrPortFrom(remote.Unmap(), binary.BigEndian.Uint16(d[12:]))
		}
	}
}

// readAddress reads the address that the program gave: where it wanted to go.
func (e *Event) readAddress(a []byte) {
	var to netip.AddrPort
	switch family := binary.LittleEndian.Uint16(a); {
	case family == 1:
		e.fd.kind, e.fd.name = "unix", cText(a[2:])
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
func (d *descriptor) connection() bool { return d.kind == "ipv4" || d.kind == "ipv6" }

func (d *descriptor) text() string {
	if d.connection() {
		return d.local.String() + "->" + d.remote.String()
	}
	return d.name
}

// argument returns the index of the argument called name, or -1.
func (c *call) argument(name string) int {
	if c != nil && name != "" {
		for i, n := range c.names {
			if n == name {
				return i
			}
		}
	}
	return -1
}

func (e *Event) openFlags() uint64 {
	switch e.name {
	case "openat2":
		return e.how
	case "creat":
		return 0o1101
	}
	if i := e.call.argument("flags"); i >= 0 {
		return e.Args[i]
	}
	return 0
}

// arg returns an argument as rules compare it.
func (e *Event) arg(name string) (string, bool) {
	if name == "res" {
		return result(e.Ret), true
	}
	if name == "flags" && strings.HasPrefix(e.name, "open") || name == "flags" && e.name == "creat" {
		return openText(e.openFlags()), true
	}
	i := e.call.argument(name)
	if i < 0 {
		return "", false
	}
	n := e.Args[i]
	switch {
	case e.call.reads[i] == argText:
		return e.texts[i], true
	case e.call.reads[i] == argPath || e.call.reads[i] == argPathAt:
		text := e.path(i)
		return text, true
	case name == "mode":
		return bitsText(n&0o7777, modeBits), true
	case name == "flags" && e.name == "unshare", name == "nstype":
		return bitsText(n, cloneFlags), true
	case name == "domain":
		return numberText(n, domains), true
	case name == "request":
		return numberText(n, ptraceRequests), true
	case name == "cmd":
		return numberText(n, bpfCommands), true
	}
	return strconv.FormatInt(int64(int32(n)), 10), true
}

// args returns all arguments on one line.
func (e *Event) args() string {
	out := "res=" + result(e.Ret)
	if e.call == nil {
		return out
	}
	for _, name := range e.call.names {
		if text, ok := e.arg(name); ok {
			out += " " + name + "=" + text
		}
	}
	return out
}

// result names a system call's result: a number, or the error.
func result(ret int64) string {
	if ret >= 0 {
		return strconv.FormatInt(ret, 10)
	}
	for _, b := range errorNames {
		if b.value == uint64(-ret) {
			return b.name
		}
	}
	return strconv.FormatInt(ret, 10)
}

var errorNames = []bit{
	{1, "EPERM"},
	{2, "ENOENT"},
	{3, "ESRCH"},
	{4, "EINTR"},
	{5, "EIO"},
	{9, "EBADF"},
	{11, "EAGAIN"},
	{12, "ENOMEM"},
	{13, "EACCES"},
	{14, "EFAULT"},
	{16, "EBUSY"},
	{17, "EEXIST"},
	{18, "EXDEV"},
	{20, "ENOTDIR"},
	{21, "EISDIR"},
	{22, "EINVAL"},
	{28, "ENOSPC"},
	{30, "EROFS"},
	{38, "ENOSYS"},
	{39, "ENOTEMPTY"},
	{40, "ELOOP"},
	{101, "ENETUNREACH"},
	{110, "ETIMEDOUT"},
	{111, "ECONNREFUSED"},
	{113, "EHOSTUNREACH"},
	{115, "EINPROGRESS"},
}

func openText(flags uint64) string {
	mode := [...]string{"O_RDONLY", "O_WRONLY", "O_RDWR", "O_RDWR"}[flags&3]
	if rest := bitsText(flags, openFlags); rest != "0" {
		return rest + "|" + mode
	}
	return mode
}

func bitsText(n uint64, names []bit) string {
	var set []string
	for _, b := range names {
		if n&b.value == b.value {
			set = append(set, b.name)
		}
	}
	if set == nil {
		return "0"
	}
	return strings.Join(set, "|")
}

func numberText(n uint64, names []bit) string {
	for _, b := range names {
		if b.value == n {
			return b.name
		}
	}
	return fmt.Sprint(n)
}
