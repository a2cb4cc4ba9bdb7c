package secret

import "bytes"

// An assignment is a name with a value, in whatever language: NAME=value,
// name: value, "name" => "value", set("name", "value"), <name>value</name>.
type assignment struct {
	name   [2]int // where it starts and ends
	value  [2]int
	quoted bool
	end    int // of what was looked at
}

// The longest parts of an assignment.
const (
	longestName  = 64
	longestGap   = 64
	longestValue = 512
)

// assignmentAt returns the assignment whose name the bytes from start to end
// are in. It looks no further than the longest parts reach.
func assignmentAt(text []byte, start, end int) (a assignment, ok bool) {
	a.name = nameAround(text, start, end)
	at, quoted := closeName(text, a.name[1])
	at, ok = operator(text, at, quoted)
	if !ok {
		return a, false
	}
	a.value, a.quoted = valueAt(text, at)
	a.end = max(at, a.value[1])
	return a, a.value[0] < a.value[1]
}

func nameByte(c byte) bool { return wordByte(c) || c == '-' || c == '.' }

func nameAround(text []byte, start, end int) [2]int {
	least, most := max(0, start-longestName), min(len(text), end+longestName)
	for start > least && nameByte(text[start-1]) {
		start--
	}
	if start > 0 && text[start-1] == '\\' && start < end {
		start++ // the n of "\n" in a string
	}
	for end < most && nameByte(text[end]) {
		end++
	}
	// A name of two words in quotes or before a colon: "facebook token":
	if end < most && text[end] == ' ' {
		i := end + 1
		for i < most && nameByte(text[i]) {
			i++
		}
		if i > end+1 && i < most && (text[i] == '"' || text[i] == '\'' || text[i] == ':') {
			end = i
		}
	}
	return [2]int{start, end}
}

// closeName passes over what ends a name: quotes and brackets.
func closeName(text []byte, at int) (next int, quoted bool) {
	for i := 0; i < 4 && at < len(text); i++ {
		switch text[at] {
		case '"', '\'', '`':
			quoted = true
		case ']', ')', '\\':
		default:
			return at, quoted
		}
		at++
	}
	return at, quoted
}

func blanks(text []byte, at int) int {
	most := min(len(text), at+longestGap)
	for at < most && (text[at] == ' ' || text[at] == '\t') {
		at++
	}
	return at
}

// operator passes over what stands between a name and its value, but for the
// value's quote. There may be a type before it, or the word value.
func operator(text []byte, at int, quoted bool) (next int, ok bool) {
	at = blanks(text, at)
	word := at
	for word < len(text) && word-at < 24 && (wordByte(text[word]) || bytes.IndexByte([]byte("&*[]?<"), text[word]) >= 0) {
		word++
	}
	if i := blanks(text, word); word > at && i < len(text) && text[i] == '=' {
		at = i
	}
	from := at
	for at < len(text) && at-from < 4 && bytes.IndexByte([]byte(":=?.+|->"), text[at]) >= 0 {
		at++
	}
	newline := false
	switch op := string(text[from:at]); op {
	case "=", ":=", "::=", ":::=", "?=", ".=", "+=", "||=", "=>", "->":
	case ":":
		// YAML's block scalars: the value is on the next line.
		if i := blanks(text, at); i+1 < len(text) && (text[i] == '|' || text[i] == '>') {
			at, newline = i+1, true
		}
	case ">":
		newline = true
	case "":
		if !quoted || at == len(text) || text[at] != ',' {
			return at, false
		}
		at++
	default:
		return at, false
	}
	at = blanks(text, at)
	if newline && at < len(text) && (text[at] == '\n' || text[at] == '\r') {
		for at < len(text) && (text[at] == '\n' || text[at] == '\r') {
			at++
		}
		at = blanks(text, at)
	}
	return at, true
}

// valueAt returns the value that starts at, without its quotes.
func valueAt(text []byte, at int) (value [2]int, quoted bool) {
	if at+1 < len(text) && bytes.IndexByte([]byte("rbuf@"), text[at]) >= 0 && (text[at+1] == '"' || text[at+1] == '\'') {
		at++
	}
	if at < len(text) && text[at] == '\\' {
		at++
	}
	quote := byte(0)
	for i := 0; i < 3 && at < len(text) && bytes.IndexByte([]byte("\"'`"), text[at]) >= 0 && (quote == 0 || text[at] == quote); i++ {
		quote = text[at]
		at++
	}
	end := at
	most := min(len(text), at+longestValue)
	for end < most && !endsValue(text[end], quote) {
		end++
	}
	if end == at+longestValue {
		return [2]int{}, false // no credential is as long
	}
	if quote == 0 && end < len(text) && (text[end] == '(' || text[end] == '[') {
		return [2]int{}, false // a call
	}
	for _, scheme := range []string{"Bearer ", "Basic ", "Token ", "bearer ", "token "} {
		if bytes.HasPrefix(text[at:end], []byte(scheme)) {
			at += len(scheme)
		}
	}
	return [2]int{at, end}, quote != 0
}

// endsValue reports whether c ends a value that quote, or none where it is 0,
// started.
func endsValue(c, quote byte) bool {
	if quote != 0 {
		return c == quote || c == '\n' || c == '\\' || c == '\r'
	}
	switch c {
	case '"', '\'', '`', ',', ';', '<', '>', '(', ')', '[', ']', '{', '}', '\\':
		return true
	}
	return c <= ' ' || c >= 0x7f
}
