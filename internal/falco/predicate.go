package falco

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// predicate returns the test of one value against the values of c.
func predicate(c *check, t Type, lits []lit) (func(*Value) bool, *bindError) {
	if c.mod == modNone && c.op.takesList() {
		if c.op == opPmatch {
			return newPathSet(lits).matches, nil
		}
		return memberOf(t, lits), nil
	}
	tests := make([]func(*Value) bool, len(lits))
	for i, l := range lits {
		if tests[i] = single(c.op, t, l); tests[i] == nil {
			return nil, &bindError{at: c.values[i].at, message: "invalid regular expression " + quote(l.str)}
		}
	}
	if c.mod == modNone {
		return tests[0], nil
	}
	least, most := 1, len(tests)
	switch c.mod {
	case modOneOf:
		most = 1
	case modAllOf:
		least = max(1, len(tests))
	}
	return func(v *Value) bool {
		n := 0
		for _, test := range tests {
			if test(v) {
				n++
			}
		}
		return n >= least && n <= most
	}, nil
}

// single returns the test of one value against one, or nil for a regular
// expression that is none.
func single(op operator, t Type, l lit) func(*Value) bool {
	switch t.class() {
	case classNumber, classBool:
		return number(op, t, l.num)
	case classAddr:
		addr := l.addr
		if op == opNe {
			return func(v *Value) bool { return v.Addr != addr }
		}
		return func(v *Value) bool { return v.Addr == addr }
	case classNet:
		p := l.prefix
		if op == opNe {
			return func(v *Value) bool { return !p.Contains(v.Addr) }
		}
		return func(v *Value) bool { return p.Contains(v.Addr) }
	}
	return textTest(op, l.str)
}

func textTest(op operator, s string) func(*Value) bool {
	switch op {
	case opEq:
		return func(v *Value) bool { return v.Str == s }
	case opNe:
		return func(v *Value) bool { return v.Str != s }
	case opLt:
		return func(v *Value) bool { return v.Str < s }
	case opLe:
		return func(v *Value) bool { return v.Str <= s }
	case opGt:
		return func(v *Value) bool { return v.Str > s }
	case opGe:
		return func(v *Value) bool { return v.Str >= s }
	case opContains, opBContains:
		return func(v *Value) bool { return strings.Contains(v.Str, s) }
	case opStartsWith, opBStartsWith:
		return func(v *Value) bool { return strings.HasPrefix(v.Str, s) }
	case opEndsWith:
		return func(v *Value) bool { return strings.HasSuffix(v.Str, s) }
	case opIContains:
		lower := asciiLower(s)
		return func(v *Value) bool { return containsFold(v.Str, lower) }
	case opGlob:
		return globTest(s)
	case opIGlob:
		lower := asciiLower(s)
		return func(v *Value) bool { return glob(lower, v.Str, foldCase) }
	}
	return regexTest(s)
}

// regexTest matches the whole of a value, leftmost-longest. A match that starts
// at the beginning and is the longest there is the whole if any match is.
func regexTest(s string) func(*Value) bool {
	re, err := regexp.CompilePOSIX(s)
	if err != nil {
		return nil
	}
	return func(v *Value) bool {
		loc := re.FindStringIndex(v.Str)
		return loc != nil && loc[0] == 0 && loc[1] == len(v.Str)
	}
}

func number(op operator, t Type, n int64) func(*Value) bool {
	const flip = -1 << 63 // turns the order of unsigned numbers into that of signed ones
	var bias int64
	if !t.signed() {
		bias = flip
	}
	m := n ^ bias
	switch op {
	case opNe:
		return func(v *Value) bool { return v.Num != n }
	case opLt:
		return func(v *Value) bool { return v.Num^bias < m }
	case opLe:
		return func(v *Value) bool { return v.Num^bias <= m }
	case opGt:
		return func(v *Value) bool { return v.Num^bias > m }
	case opGe:
		return func(v *Value) bool { return v.Num^bias >= m }
	}
	return func(v *Value) bool { return v.Num == n }
}

// memberOf returns the test whether a value is one of lits.
func memberOf(t Type, lits []lit) func(*Value) bool {
	switch t.class() {
	case classNumber, classBool:
		numbers := make([]int64, len(lits))
		for i, l := range lits {
			numbers[i] = l.num
		}
		return func(v *Value) bool { return slices.Contains(numbers, v.Num) }
	case classAddr:
		set := make(map[netip.Addr]struct{}, len(lits))
		for _, l := range lits {
			set[l.addr] = struct{}{}
		}
		return func(v *Value) bool { _, ok := set[v.Addr]; return ok }
	case classNet:
		return func(v *Value) bool {
			for i := range lits {
				if lits[i].prefix.Contains(v.Addr) {
					return true
				}
			}
			return false
		}
	}
	return newStringSet(lits).has
}

// A stringSet is a set of strings that tells most strings that are not in it
// by their length and first byte.
type stringSet struct {
	lengths uint64
	first   [4]uint64
	few     []string // instead of all, where there are few
	all     map[string]struct{}
	empty   bool // whether "" is in it
}

func newStringSet(lits []lit) *stringSet {
	s := &stringSet{}
	if len(lits) > 6 {
		s.all = make(map[string]struct{}, len(lits))
	}
	for _, l := range lits {
		if l.str == "" {
			s.empty = true
			continue
		}
		s.lengths |= 1 << min(len(l.str), 63)
		s.first[l.str[0]>>6] |= 1 << (l.str[0] & 63)
		if s.all != nil {
			s.all[l.str] = struct{}{}
		} else {
			s.few = append(s.few, l.str)
		}
	}
	return s
}

func (s *stringSet) has(v *Value) bool {
	str := v.Str
	if str == "" {
		return s.empty
	}
	if s.lengths>>min(len(str), 63)&1 == 0 || s.first[str[0]>>6]>>(str[0]&63)&1 == 0 {
		return false
	}
	if s.all != nil {
		_, ok := s.all[str]
		return ok
	}
	return slices.Contains(s.few, str)
}

// severalTest returns test for a value that may be several: all ancestors are
// asked until one fits; neither end of a connection may equal what is unequal;
// "in" wants every item of a list.
func severalTest(test func(*Value) bool, c *check, several FieldFlags) func(*Value) bool {
	if several == 0 {
		return test
	}
	all := c.op == opNe && several&Either != 0 || c.op == opIn && several&IsList != 0
	return func(v *Value) bool {
		if v.List == nil {
			return test(v)
		}
		for i := range v.List {
			if test(&v.List[i]) != all {
				return !all
			}
		}
		return all && len(v.List) > 0
	}
}

// pairTest returns the test of one value against another, or nil where op
// needs a constant.
func pairTest(op operator, t Type) func(v, r *Value) bool {
	switch op {
	case opRegex, opExists:
		return nil
	case opIn, opIntersects:
		op = opEq
	case opPmatch:
		return func(v, r *Value) bool { return newPathSet([]lit{{str: r.Str}}).matches(v) }
	}
	switch t.class() {
	case classNumber, classBool:
		return func(v, r *Value) bool { return number(op, t, r.Num)(v) }
	case classAddr, classNet:
		if op == opNe {
			return func(v, r *Value) bool { return v.Addr != r.Addr }
		}
		return func(v, r *Value) bool { return v.Addr == r.Addr }
	}
	return func(v, r *Value) bool { return textTest(op, r.Str)(v) }
}

// severalPair returns pair for values that may be several: "in" wants every
// value of the left in the right, anything else one pair that fits.
func severalPair(pair func(v, r *Value) bool, op operator) func(v, r *Value) bool {
	right := func(v, r *Value) bool {
		if r.List == nil {
			return pair(v, r)
		}
		for i := range r.List {
			if pair(v, &r.List[i]) {
				return true
			}
		}
		return false
	}
	return func(v, r *Value) bool {
		if v.List == nil {
			return right(v, r)
		}
		for i := range v.List {
			if right(&v.List[i], r) != (op == opIn) {
				return op != opIn
			}
		}
		return op == opIn && len(v.List) > 0
	}
}

// asciiLower leaves all but ASCII letters as they are: names need not be UTF-8.
func asciiLower(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r >= 'A' && r <= 'Z' }) < 0 {
		return s
	}
	b := []byte(s)
	for i := range b {
		b[i] = foldCase.byte(b[i])
	}
	return string(b)
}

func asciiUpper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c &^ 0x20
		}
	}
	return string(b)
}
