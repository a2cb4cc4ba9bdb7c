package sensor

import (
	"net/netip"
	"strings"

	"bulkhead/internal/falco"
)

// filePart gets a part of the path of a file.
func filePart(of func(path string, slash int) string) getter {
	return func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		d := e.file()
		slash := strings.LastIndexByte(d.name, '/')
		return slash >= 0 && d.name[0] == '/' && d.char != "u" && text(of(d.name, slash), v)
	}
}

// fsPath gets the first of the arguments that the call has.
func fsPath(arguments ...string) getter {
	return func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		for _, name := range arguments {
			if e.call.argument(name) >= 0 {
				s, ok := e.arg(name)
				return ok && text(s, v)
			}
		}
		return false
	}
}

func localEnd(d *descriptor) netip.AddrPort  { return d.local }
func remoteEnd(d *descriptor) netip.AddrPort { return d.remote }

func addr(of func(*descriptor) netip.AddrPort) getter {
	return func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		d := e.file()
		a := of(d).Addr()
		v.Addr = a
		return d.connection() && a.IsValid()
	}
}

func port(of func(*descriptor) netip.AddrPort) getter {
	return func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		d := e.file()
		end := of(d)
		return d.connection() && end.IsValid() && integer(int64(end.Port()), v)
	}
}

// addressName gets the name that an address is known by.
func addressName(of func(*descriptor) netip.AddrPort) getter {
	return func(e *Event, _ *falco.Ref, v *falco.Value) bool {
		d := e.file()
		a := of(d).Addr()
		return d.connection() && a.IsValid() && text(e.names.address(a, e), v)
	}
}

func ends(e *Event, _ *falco.Ref, v *falco.Value) bool {
	d := e.file()
	if !d.connection() {
		return false
	}
	for _, end := range [...]netip.AddrPort{d.own(), d.remote} {
		if end.Addr().IsValid() {
			v.List = append(v.List, falco.Addr(end.Addr()))
		}
	}
	return len(v.List) > 0
}

func ports(e *Event, _ *falco.Ref, v *falco.Value) bool {
	d := e.file()
	if !d.connection() {
		return false
	}
	for _, end := range [...]netip.AddrPort{d.local, d.remote} {
		if end.IsValid() {
			v.List = append(v.List, falco.Int(int64(end.Port())))
		}
	}
	return len(v.List) > 0
}
