package falco

import "strings"

// The lexer's functions look at the rest of a condition and return how many of
// its bytes a token takes, 0 for none. They are the engine's regular
// expressions, by hand.

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// lexIdentifier is [a-zA-Z]+[a-zA-Z0-9_]*.
func lexIdentifier(s string) int {
	if s == "" || !isLetter(s[0]) {
		return 0
	}
	n := 1
	for n < len(s) && (isLetter(s[n]) || isDigit(s[n]) || s[n] == '_') {
		n++
	}
	return n
}

// lexField is an identifier followed by at least one more after a dot.
func lexField(s string) int {
	n := lexIdentifier(s)
	dots := 0
	for n > 0 && n < len(s) && s[n] == '.' {
		part := lexIdentifier(s[n+1:])
		if part == 0 {
			break
		}
		n += 1 + part
		dots++
	}
	if dots == 0 {
		return 0
	}
	return n
}

// lexBareArg is [^][\"'[:space:]]+, the argument of a field without quotes.
func lexBareArg(s string) int {
	if n := strings.IndexAny(s, "[]\"' \t\n\r\v\f"); n >= 0 {
		return n
	}
	return len(s)
}

// lexBare is [^()\"'[:space:]=,]+, a value without quotes.
func lexBare(s string) int {
	if n := strings.IndexAny(s, "()\"' \t\n\r\v\f=,"); n >= 0 {
		return n
	}
	return len(s)
}

// lexNumber is 0[xX][0-9a-zA-Z]+ or [+-]?[0-9]+[.]?[0-9]*([eE][+-][0-9]+)?.
func lexNumber(s string) int {
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' && (isDigit(s[2]) || isLetter(s[2])) {
		n := 3
		for n < len(s) && (isDigit(s[n]) || isLetter(s[n])) {
			n++
		}
		return n
	}
	n := 0
	if s != "" && (s[0] == '+' || s[0] == '-') {
		n++
	}
	first := n
	n += digits(s[n:])
	if n == first {
		return 0
	}
	if n < len(s) && s[n] == '.' {
		n++
		n += digits(s[n:])
	}
	if n+2 < len(s) && s[n]|0x20 == 'e' && (s[n+1] == '+' || s[n+1] == '-') {
		if d := digits(s[n+2:]); d > 0 {
			n += 2 + d
		}
	}
	return n
}

func digits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// lexQuoted returns the length of the quoted string s starts with.
func lexQuoted(s string) int {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		return 0
	}
	for i := 1; i < len(s); i++ {
		if s[i] == s[0] && s[i-1] != '\\' {
			return i + 1
		}
	}
	return 0
}

// unescape returns what the quoted string s, quotes included, stands for. The
// second result says what is wrong with it.
func unescape(s string) (string, string) {
	body := s[1 : len(s)-1]
	if strings.IndexByte(body, '\\') < 0 {
		return body, ""
	}
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		c := body[i]
		if c != '\\' {
			b.WriteByte(c)
			continue
		}
		if i++; i == len(body) {
			return "", "a string ends in a backslash"
		}
		switch c = body[i]; c {
		case 'b', 'f', 'n', 'r', 't':
			b.WriteByte("\b\f\n\r\t"[strings.IndexByte("bfnrt", c)])
		case ' ':
			b.WriteByte('\\') // the engine does so for the sake of an old rule
		case '\\', '/':
			b.WriteByte(c)
		case '"', '\'':
			if c != s[0] {
				return "", "a quote of the other kind is escaped in a string"
			}
			b.WriteByte(c)
		case 'x':
			if i+2 >= len(body) || hexDigit(body[i+1]) < 0 || hexDigit(body[i+2]) < 0 {
				return "", `invalid \x escape in a string`
			}
			b.WriteByte(byte(hexDigit(body[i+1])<<4 | hexDigit(body[i+2])))
			i += 2
		default:
			return "", `unknown escape \` + string(c) + " in a string"
		}
	}
	return b.String(), ""
}

// hexDigit returns the value of a hexadecimal digit, or -1.
func hexDigit(b byte) int {
	switch {
	case isDigit(b):
		return int(b - '0')
	case b|0x20 >= 'a' && b|0x20 <= 'f':
		return int(b|0x20-'a') + 10
	}
	return -1
}
