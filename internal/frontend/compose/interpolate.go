package compose

import "strings"

// maxNesting bounds how deeply defaults of variables nest.
const maxNesting = 20

// interpolate replaces the variables in s. A variable nothing is known of is
// left as written unless it has a default, and makes the result unknown.
func interpolate(s string, lookup func(string) (string, bool)) (text string, unknown bool) {
	if strings.IndexByte(s, '$') < 0 {
		return s, false
	}
	return expand(s, lookup, 0)
}

func expand(s string, lookup func(string) (string, bool), depth int) (text string, unknown bool) {
	if depth > maxNesting {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if b.Len() > maxText {
			return s, true
		}
		dollar := strings.IndexByte(s[i:], '$')
		if dollar < 0 || i+dollar+1 >= len(s) {
			b.WriteString(s[i:])
			break
		}
		b.WriteString(s[i : i+dollar])
		i += dollar
		switch c := s[i+1]; {
		case c == '$':
			b.WriteByte('$')
			i += 2
		case c == '{':
			end := closing(s, i+1)
			if end < 0 {
				b.WriteString(s[i:]) // not a variable; the reference loader refuses it
				return b.String(), true
			}
			value, known := substitute(s[i+2:end], lookup, depth)
			if !known {
				value = s[i : end+1]
			}
			b.WriteString(value)
			unknown = unknown || !known
			i = end + 1
		case isNameStart(c):
			end := nameEnd(s, i+1)
			value, known := lookup(s[i+1 : end])
			if !known {
				value = s[i:end]
			}
			b.WriteString(value)
			unknown = unknown || !known
			i = end
		default:
			b.WriteByte('$')
			unknown = true
			i++
		}
	}
	return b.String(), unknown
}

// closing returns the index of the brace that closes the one at s[open], or -1.
func closing(s string, open int) int {
	depth := 0
	for i := open; i < len(s); i++ {
		switch {
		case s[i] == '{' && (i == open || s[i-1] == '$'):
			depth++
		case s[i] == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// substitute returns what ${inner} is.
func substitute(inner string, lookup func(string) (string, bool), depth int) (value string, known bool) {
	end := nameEnd(inner, 0)
	if end == 0 || !isNameStart(inner[0]) {
		return "", false
	}
	value, known = lookup(inner[:end])
	op := inner[end:]
	if op == "" {
		return value, known
	}
	empty := strings.HasPrefix(op, ":") // an empty value counts as none
	op = strings.TrimPrefix(op, ":")
	if op == "" {
		return "", false
	}
	has := known && (value != "" || !empty)
	switch op[0] {
	case '-':
		if has {
			return value, true
		}
		text, unknown := expand(op[1:], lookup, depth+1)
		return text, !unknown
	case '+':
		if known && !has {
			return "", true
		}
		text, unknown := expand(op[1:], lookup, depth+1)
		return text, known && !unknown
	case '?':
		return value, has
	}
	return "", false
}

func isNameStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// nameEnd returns the end of the name at s[i:].
func nameEnd(s string, i int) int {
	for i < len(s) && (isNameStart(s[i]) || s[i] >= '0' && s[i] <= '9') {
		i++
	}
	return i
}
