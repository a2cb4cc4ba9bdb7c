package dockerjson

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"bulkhead/internal/model"
)

// ParsePort parses PORT[-PORT][/PROTOCOL]. What cannot be parsed is Unknown.
func ParsePort(spec string) model.Port {
	ports, protocol, _ := strings.Cut(spec, "/")
	p := model.Port{Protocol: strings.ToLower(protocol), State: model.Set}
	if p.Protocol == "" {
		p.Protocol = "tcp"
	}
	var ok bool
	if p.First, p.Last, ok = parseRange(ports); !ok {
		p.State = model.Unknown
	}
	return p
}

// parseRange parses "80" or "80-90".
func parseRange(s string) (first, last int, ok bool) {
	low, high, ranged := strings.Cut(s, "-")
	if !ranged {
		high = low
	}
	first, err := strconv.Atoi(low)
	if err != nil || first < 1 || first > 65535 {
		return 0, 0, false
	}
	last, err = strconv.Atoi(high)
	if err != nil || last < first || last > 65535 {
		return 0, 0, false
	}
	return first, last, true
}

// ParseHostPort parses the port, or the range, on the host. "" and "0" leave
// the choice to the engine.
func ParseHostPort(s string) (first, last int) {
	first, last, _ = parseRange(s)
	return first, last
}

// SortPorts sorts ports by number, then protocol, then host address.
func SortPorts(ports []model.Port) {
	slices.SortFunc(ports, func(a, b model.Port) int {
		return cmp.Or(
			cmp.Compare(a.Protocol, b.Protocol),
			cmp.Compare(a.HostIP.Value, b.HostIP.Value),
			cmp.Compare(a.First, b.First),
			cmp.Compare(a.HostFirst, b.HostFirst),
			cmp.Compare(a.Place.Path, b.Place.Path),
		)
	})
}

// Coalesce joins runs of ports that are published alike, so that a range the
// engine took apart is one port again. It sorts ports.
func Coalesce(ports []model.Port) []model.Port {
	SortPorts(ports)
	var out []model.Port
	for _, p := range ports {
		if n := len(out); n > 0 && follows(out[n-1], p) {
			out[n-1].Last, out[n-1].HostLast = p.Last, p.HostLast
			continue
		}
		out = append(out, p)
	}
	return out
}

// follows reports whether b continues a, inside and outside.
func follows(a, b model.Port) bool {
	return a.State == model.Set && b.State == model.Set &&
		a.Protocol == b.Protocol && a.HostIP.Value == b.HostIP.Value &&
		b.First == a.Last+1 && a.HostFirst > 0 && b.HostFirst == a.HostLast+1
}
