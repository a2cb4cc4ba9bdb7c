package compose

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// ports reads the ports published on the host. Of two that publish the same,
// the later counts, at the place of the first.
func (s *service) ports() []model.Port {
	v := s.at("ports")
	if v.isNull() {
		return nil
	}
	var out []model.Port
	at := map[string]int{}
	for _, i := range listOf(v).items {
		var p model.Port
		switch {
		case i.kind == yamltext.Mapping:
			p = s.longPort(i)
		case i.scalar():
			p = s.shortPort(i)
		default:
			continue
		}
		key := fmt.Sprintf("%s:%d-%d:%d-%d/%s", p.HostIP.Value, p.HostFirst, p.HostLast, p.First, p.Last, p.Protocol)
		if j, ok := at[key]; ok && p.State == model.Set {
			out[j] = p
			continue
		}
		at[key] = len(out)
		out = append(out, p)
	}
	return out
}

// shortPort reads [[IP:][HOST]:]CONTAINER[/PROTOCOL].
func (s *service) shortPort(v *value) model.Port {
	p := model.Port{Place: model.Place{Span: v.span()}, Protocol: "tcp", State: model.Set, Delete: v.deleter()}
	p.HostIP = model.Fact[string]{Span: v.span()}
	ip, host, container := splitPort(v.text)
	if rawIP, rawHost, rawContainer := splitPort(v.raw()); (rawIP == "") == (ip == "") && (rawHost == "") == (host == "") {
		p.HostIP.Edit = v.replacer(func(x string) string { return joinPort(x, rawHost, rawContainer) })
		if ip != "" {
			p.HostIP.Span = v.part(0, len(rawIP))
		}
	}
	container, protocol, _ := strings.Cut(container, "/")
	if protocol != "" {
		p.Protocol = strings.ToLower(protocol)
	}
	if ip != "" {
		p.HostIP.Value, p.HostIP.State = strings.Trim(ip, "[]"), model.Set
	}
	var ok1, ok2, ok3 bool
	p.First, p.Last, ok1 = portRange(container)
	p.HostFirst, p.HostLast, ok2 = portRange(host)
	ok2 = ok2 || host == ""
	ok3 = ip == "" || net.ParseIP(p.HostIP.Value) != nil
	if ok1 && ok2 && p.First != p.Last && host != "" && p.HostLast-p.HostFirst != p.Last-p.First {
		ok1 = false
	}
	if v.unknown {
		p.State = model.Unknown
		if strings.Contains(ip, "$") || ip == "" && strings.Contains(host, "$") {
			p.HostIP.State = model.Unknown // a variable may hold an address too
		}
		return p
	}
	if !ok1 || !ok2 || !ok3 {
		p.State, p.HostIP.State = model.Unknown, model.Unknown
		s.r.fault(v.span(), fmt.Sprintf("port %q is not valid", short(v.text)))
	}
	return p
}

// splitPort splits the short syntax at its last two colons outside of
// variables.
func splitPort(text string) (ip, host, container string) {
	depth, end, parts := 0, len(text), 0
	container = text
	for i := len(text) - 1; i >= 0; i-- {
		switch c := text[i]; {
		case c == '}':
			depth++
		case c == '{' && depth > 0:
			depth--
		case c == ':' && depth == 0:
			if parts++; parts == 1 {
				container, host, end = text[i+1:], text[:i], i
				continue
			}
			return text[:i], text[i+1 : end], container
		}
	}
	return "", host, container
}

// joinPort is the reverse of splitPort. An IPv6 address goes into brackets.
func joinPort(ip, host, container string) string {
	if ip == "" {
		if host == "" {
			return container
		}
		return host + ":" + container
	}
	if strings.Contains(ip, ":") && !strings.HasPrefix(ip, "[") {
		ip = "[" + ip + "]"
	}
	return ip + ":" + host + ":" + container
}

// portRange reads N or N-M.
func portRange(text string) (first, last int, ok bool) {
	a, b, isRange := strings.Cut(text, "-")
	first, ok = port(a)
	if !isRange || !ok {
		return first, first, ok
	}
	last, ok = port(b)
	if !ok || last < first {
		return 0, 0, false
	}
	return first, last, true
}

func port(text string) (int, bool) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, false
	}
	return int(n), true
}

// longPort reads a port in the long syntax.
func (s *service) longPort(v *value) model.Port {
	p := model.Port{Place: model.Place{Span: v.span()}, Protocol: "tcp", State: model.Set, Delete: v.deleter()}
	p.HostIP = model.Fact[string]{Span: v.span()}
	if !v.base {
		p.HostIP.Edit = func(x string) []source.Edit { return v.y.Get("host_ip").Set(yamltext.Str(x)) }
	}
	target, published := v.get("target"), v.get("published")
	for _, part := range []*value{target, published} {
		if part.scalar() {
			p.Place.Span = part.span()
		}
	}
	p.HostIP.Span = p.Place.Span
	if ip := v.get("host_ip"); ip.scalar() {
		p.HostIP.Value, p.HostIP.Span, p.HostIP.State = strings.Trim(ip.text, "[]"), ip.span(), model.Set
		if ip.unknown {
			p.HostIP.State = model.Unknown
		}
	}
	if proto := v.get("protocol"); proto.scalar() {
		p.Protocol = strings.ToLower(proto.text)
	}
	ok := target.scalar()
	if ok {
		p.First, p.Last, ok = portRange(target.text)
	}
	if published.scalar() && published.text != "" {
		var known bool
		p.HostFirst, p.HostLast, known = portRange(published.text)
		ok = ok && known
	}
	switch {
	case target.scalar() && target.unknown || published.scalar() && published.unknown:
		p.State = model.Unknown
	case !ok:
		p.State = model.Unknown
		s.r.fault(p.Place.Span, "port is not valid")
	}
	return p
}

// exposed reads the ports other containers are told of.
func (s *service) exposed() []model.Port {
	v := s.at("expose")
	if v.isNull() {
		return nil
	}
	var out []model.Port
	seen := map[string]bool{}
	for _, i := range listOf(v).items {
		if !i.scalar() || seen[i.text] {
			continue
		}
		seen[i.text] = true
		p := model.Port{Place: model.Place{Span: i.span()}, Protocol: "tcp", State: model.Set, Delete: i.deleter()}
		text, protocol, ok := strings.Cut(i.text, "/")
		if ok {
			p.Protocol = strings.ToLower(protocol)
		}
		if p.First, p.Last, ok = portRange(text); !ok || i.unknown {
			p.State = model.Unknown
		}
		out = append(out, p)
	}
	return out
}
