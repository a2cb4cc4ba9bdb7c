package falco

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"bulkhead/internal/nearest"
)

// A lit is a value of a condition as the type of its field has it.
type lit struct {
	num    int64
	str    string
	addr   netip.Addr
	prefix netip.Prefix
}

// literals reads the values of c by the type of its left side.
func (s *symbols) literals(c *check, left *slot) ([]lit, *bindError) {
	lits := make([]lit, len(c.values))
	for i, v := range c.values {
		l, wrong := readLiteral(left.typ, c.op, v.s)
		if wrong != "" {
			return nil, &bindError{at: v.at, message: wrong}
		}
		lits[i] = l
		if left.ref != nil && (left.ref.ID == EvtType || left.ref.ID == SyscallType) {
			if err := s.checkEventType(c, v); err != nil {
				return nil, err
			}
		}
	}
	return lits, nil
}

// checkEventType refuses a name that no event has.
func (s *symbols) checkEventType(c *check, v value) *bindError {
	if c.op != opEq && c.op != opNe && c.op != opIn && c.op != opIntersects {
		return nil
	}
	if _, ok := s.types.byName[v.s]; ok {
		return nil
	}
	message := "unknown event type " + v.s
	if near := nearest.Of(v.s, s.types.names); near != "" {
		message += ", did you mean " + near + "?"
	}
	return &bindError{v.at, message, true}
}

// readLiteral returns what is wrong with text, or "".
func readLiteral(t Type, op operator, text string) (l lit, wrong string) {
	switch t.class() {
	case classString:
		if strings.IndexByte(text, 0) >= 0 {
			return l, "a string cannot hold a NUL byte"
		}
		l.str = text
	case classBytes:
		l.str = text
		if op == opBContains || op == opBStartsWith {
			b, err := hex.DecodeString(text)
			if err != nil {
				return l, "'" + op.String() + "' wants pairs of hexadecimal digits, not " + quote(text)
			}
			l.str = string(b)
		}
	case classBool:
		if text != "true" && text != "false" {
			return l, "wants true or false, not " + quote(text)
		}
		if text == "true" {
			l.num = 1
		}
	case classNumber:
		return readNumber(t, text)
	case classAddr:
		a, err := netip.ParseAddr(text)
		if err != nil {
			return l, "unrecognized IP address " + quote(text)
		}
		l.addr = a.Unmap()
	case classNet:
		p, err := parsePrefix(text)
		if err != nil {
			return l, "unrecognized IP network " + quote(text) + ", wants an address, a slash and a number of bits"
		}
		l.prefix = p
	}
	return l, ""
}

func readNumber(t Type, text string) (l lit, wrong string) {
	var err error
	base, digit := 10, text // a leading zero is no octal number
	if len(text) > 2 && text[0] == '0' && text[1]|0x20 == 'x' {
		base, digit = 16, text[2:]
	}
	switch {
	case t == TypePort && digits(text) == 0:
		if l.num = servicePort(text); l.num == 0 {
			return l, "unrecognized port " + quote(text)
		}
	case t.signed():
		l.num, err = strconv.ParseInt(digit, base, 64)
	default:
		var n uint64
		n, err = strconv.ParseUint(strings.TrimPrefix(digit, "+"), base, 64)
		l.num = int64(n) // compared as unsigned again
		if t == TypePort && n > 65535 {
			return l, "a port is at most 65535, not " + text
		}
	}
	if t == TypeDouble {
		l.num *= 1000
	}
	if err != nil {
		return l, quote(text) + " is not " + article(t.String())
	}
	return l, ""
}

func article(s string) string {
	if strings.IndexByte("aeiouI", s[0]) >= 0 {
		return "an " + s
	}
	return "a " + s
}

// parsePrefix also takes leading zeros in the parts of an IPv6 address and
// masks of the form 255.255.0.0, as the engine does.
func parsePrefix(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err == nil {
		return p.Masked(), nil
	}
	head, mask, _ := strings.Cut(text, "/")
	addr, addrErr := netip.ParseAddr(head)
	m, maskErr := netip.ParseAddr(mask)
	if addrErr != nil || maskErr != nil || !m.Is4() || !addr.Is4() {
		return p, err
	}
	bits := 0
	for _, b := range m.As4() {
		for ; b&0x80 != 0; b <<= 1 {
			bits++
		}
	}
	return netip.PrefixFrom(addr, bits).Masked(), nil
}

// servicePort returns the port of a service that rules name, or 0.
func servicePort(name string) int64 {
	switch name {
	case "ftp":
		return 21
	case "ssh":
		return 22
	case "telnet":
		return 23
	case "smtp":
		return 25
	case "domain":
		return 53
	case "http":
		return 80
	case "ntp":
		return 123
	case "snmp":
		return 161
	case "ldap":
		return 389
	case "https":
		return 443
	case "syslog":
		return 514
	case "mysql":
		return 3306
	case "postgresql":
		return 5432
	}
	return 0
}
