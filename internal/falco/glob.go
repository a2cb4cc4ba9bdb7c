package falco

import "strings"

// A folding says whether a pattern minds the case of ASCII letters.
type folding uint8

const (
	keepCase folding = iota
	foldCase         // the pattern is in lower case
)

func (f folding) byte(b byte) byte {
	if f == foldCase && b >= 'A' && b <= 'Z' {
		return b | 0x20
	}
	return b
}

// Glob reports whether the whole of s fits a pattern as the operator glob has it:
// a star fits slashes too.
func Glob(pattern, s string) bool { return glob(pattern, s, keepCase) }

// globTest returns the test of fnmatch without flags. The usual patterns need
// no matcher.
func globTest(pattern string) func(*Value) bool {
	body := strings.Trim(pattern, "*")
	if body == "" || strings.ContainsAny(body, `*?[\`) {
		return func(v *Value) bool { return glob(pattern, v.Str, keepCase) }
	}
	before, after := strings.HasPrefix(pattern, "*"), strings.HasSuffix(pattern, "*")
	switch {
	case before && after:
		return func(v *Value) bool { return strings.Contains(v.Str, body) }
	case before:
		return func(v *Value) bool { return strings.HasSuffix(v.Str, body) }
	case after:
		return func(v *Value) bool { return strings.HasPrefix(v.Str, body) }
	}
	return func(v *Value) bool { return v.Str == body }
}

// glob reports whether s matches pattern as fnmatch without flags has it:
// bytes, not characters; "*" and "?" also match a slash and a leading dot. It
// goes back to the last star only, so it takes len(pattern)*len(s) steps at
// most.
func glob(pattern, s string, fold folding) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) || p < len(pattern) {
		if p < len(pattern) && pattern[p] == '*' {
			star, mark = p, i
			p++
			continue
		}
		if p < len(pattern) && i < len(s) {
			if ok, n := globByte(pattern[p:], fold.byte(s[i]), fold); ok {
				p += n
				i++
				continue
			}
		}
		if star < 0 || mark >= len(s) {
			return false
		}
		mark++
		p, i = star+1, mark
	}
	return true
}

// globByte reports whether the first piece of pattern, no star, matches b, and
// how long it is.
func globByte(pattern string, b byte, fold folding) (bool, int) {
	switch pattern[0] {
	case '?':
		return true, 1
	case '\\':
		if len(pattern) > 1 {
			return pattern[1] == b, 2
		}
		return b == '\\', 1
	case '[':
		if ok, n := bracket(pattern, b, fold); n > 0 {
			return ok, n
		}
	}
	return pattern[0] == b, 1
}

// bracket matches b against the bracket expression pattern starts with; n is 0
// where there is none, and "[" then stands for itself.
func bracket(pattern string, b byte, fold folding) (ok bool, n int) {
	i := 1
	negated := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negated {
		i++
	}
	for first := true; ; first = false {
		if i >= len(pattern) {
			return false, 0
		}
		if pattern[i] == ']' && !first {
			return ok != negated, i + 1
		}
		if strings.HasPrefix(pattern[i:], "[:") {
			if end := strings.Index(pattern[i:], ":]"); end > 0 {
				ok = ok || inClass(pattern[i+2:i+end], b)
				i += end + 2
				continue
			}
		}
		low := pattern[i]
		if low == '\\' && i+1 < len(pattern) {
			i++
			low = pattern[i]
		}
		high := low
		if i+2 < len(pattern) && pattern[i+1] == '-' && pattern[i+2] != ']' {
			i += 2
			if high = pattern[i]; high == '\\' && i+1 < len(pattern) {
				i++
				high = pattern[i]
			}
		}
		i++
		ok = ok || b >= fold.byte(low) && b <= fold.byte(high)
	}
}

// inClass reports whether b is in a class of the C locale.
func inClass(name string, b byte) bool {
	upper, lower := b >= 'A' && b <= 'Z', b >= 'a' && b <= 'z'
	switch name {
	case "alpha":
		return isLetter(b)
	case "digit":
		return isDigit(b)
	case "alnum":
		return isLetter(b) || isDigit(b)
	case "upper":
		return upper
	case "lower":
		return lower
	case "space":
		return strings.IndexByte(" \t\n\v\f\r", b) >= 0
	case "blank":
		return b == ' ' || b == '\t'
	case "punct":
		return b > ' ' && b < 0x7f && !isLetter(b) && !isDigit(b)
	case "print":
		return b >= ' ' && b < 0x7f
	case "graph":
		return b > ' ' && b < 0x7f
	case "cntrl":
		return b < ' ' || b == 0x7f
	case "xdigit":
		return hexDigit(b) >= 0
	}
	return false
}

// containsFold reports whether s holds lower, which is in lower case, minding
// no case of ASCII letters.
func containsFold(s, lower string) bool {
	if lower == "" {
		return true
	}
	for i := 0; i+len(lower) <= len(s); i++ {
		j := 0
		for j < len(lower) && foldCase.byte(s[i+j]) == lower[j] {
			j++
		}
		if j == len(lower) {
			return true
		}
	}
	return false
}

// A pathSet tells whether a path is, or lies under, one of a set of paths
// whose parts may be patterns.
type pathSet struct {
	exact map[string]struct{} // without slashes at the ends
	globs [][]string          // parts
	most  int                 // the longest of exact
}

func newPathSet(lits []lit) *pathSet {
	s := &pathSet{exact: map[string]struct{}{}}
	for _, l := range lits {
		p := strings.Trim(l.str, "/")
		if strings.ContainsAny(p, "*?[") {
			s.globs = append(s.globs, strings.Split(p, "/"))
			continue
		}
		s.exact[p] = struct{}{}
		s.most = max(s.most, len(p))
	}
	return s
}

func (s *pathSet) matches(v *Value) bool {
	path := strings.TrimPrefix(v.Str, "/")
	for i := 0; i <= len(path) && i <= s.most; i++ {
		if i < len(path) && path[i] != '/' {
			continue
		}
		if _, ok := s.exact[path[:i]]; ok {
			return true
		}
	}
	for _, parts := range s.globs {
		if underGlob(path, parts) {
			return true
		}
	}
	return false
}

func underGlob(path string, parts []string) bool {
	for i, pattern := range parts {
		part, rest, more := strings.Cut(path, "/")
		if !glob(pattern, part, keepCase) || !more && i+1 < len(parts) {
			return false
		}
		path = rest
	}
	return true
}
