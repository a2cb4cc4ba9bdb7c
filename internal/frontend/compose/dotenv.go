package compose

import (
	"strconv"
	"strings"
	"unicode"

	"bulkhead/internal/source"
)

// A variable is one variable of an environment file.
type variable struct {
	name     string
	key      source.Span
	value    string
	unknown  bool // it depends on a variable that is not known
	passed   bool // a name alone: the caller's value, if any, is passed on
	at       source.Span
	fileName string
}

// A dotenv reads an environment file as Compose does: NAME=value or
// NAME: value, single and double quotes over several lines, "export", comments,
// and variables in all but single quotes.
type dotenv struct {
	r      *reader
	f      *source.File
	text   string
	pos    int
	lookup func(string) (string, bool)
	out    []variable
	index  map[string]int
}

// dotenv returns the variables of f. A line that cannot be read is a fault, and
// ends the file as it does for Compose.
func (r *reader) dotenv(f *source.File, lookup func(string) (string, bool)) []variable {
	d := &dotenv{r: r, f: f, text: string(f.Text), lookup: lookup, index: map[string]int{}}
	d.pos = len(d.text) - len(strings.TrimPrefix(d.text, "\uFEFF"))
	for d.statement() {
	}
	return d.out
}

// find returns a variable: the caller's, else one read so far.
func (d *dotenv) find(name string) (string, bool) {
	if v, ok := d.lookup(name); ok {
		return v, true
	}
	if i, ok := d.index[name]; ok {
		return d.out[i].value, !d.out[i].unknown
	}
	return "", false
}

func (d *dotenv) add(v variable) {
	v.fileName = d.f.Name
	if i, ok := d.index[v.name]; ok {
		d.out[i] = v
		return
	}
	d.index[v.name] = len(d.out)
	d.out = append(d.out, v)
}

// statement reads one variable and reports whether there may be more.
func (d *dotenv) statement() bool {
	for d.pos < len(d.text) {
		rest := d.text[d.pos:]
		trimmed := strings.TrimLeftFunc(rest, unicode.IsSpace)
		d.pos += len(rest) - len(trimmed)
		if !strings.HasPrefix(trimmed, "#") {
			break
		}
		d.pos += lineLen(trimmed)
	}
	if d.pos >= len(d.text) {
		return false
	}
	if rest, ok := strings.CutPrefix(d.text[d.pos:], "export"); ok && strings.TrimLeft(rest, " \t") != rest {
		d.pos = len(d.text) - len(strings.TrimLeft(rest, " \t"))
	}
	return d.variable()
}

func (d *dotenv) variable() bool {
	start := d.pos
	i := start
	for i < len(d.text) && nameByte(d.text[i]) {
		i++
	}
	v := variable{name: strings.TrimSpace(d.text[start:i])}
	v.key = d.f.Span(start, start+len(v.name))
	switch {
	case strings.ContainsAny(v.name, " \t"), v.name == "",
		i < len(d.text) && d.text[i] != '=' && d.text[i] != ':' && d.text[i] != '\n':
		d.r.fault(d.f.Span(start, start+lineLen(d.text[start:])), "not a variable")
		return false
	case i == len(d.text) || d.text[i] == '\n':
		v.passed, v.at = true, v.key
		v.value, v.unknown = "", true
		if value, ok := d.lookup(v.name); ok {
			v.value, v.unknown = value, false
		}
		d.add(v)
		d.pos = i
		return true
	}
	d.pos = i + 1 + len(d.text[i+1:]) - len(strings.TrimLeft(d.text[i+1:], " \t\v\f\r"))
	return d.value(v)
}

func nameByte(b byte) bool {
	return b == '_' || b == '.' || b == '-' || b == '[' || b == ']' || b == ' ' || b == '\t' || b == '\r' || b >= 0x80 ||
		b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// value reads the value of v.
func (d *dotenv) value(v variable) bool {
	rest := d.text[d.pos:]
	if rest == "" || rest[0] != '"' && rest[0] != '\'' {
		line := rest[:lineLen(rest)]
		text, _, _ := strings.Cut(line, " #")
		text = strings.TrimRightFunc(text, unicode.IsSpace)
		v.at = d.f.Span(d.pos, d.pos+len(text))
		v.value, v.unknown = d.r.interpolate(text, d.find)
		d.pos += len(line)
		d.add(v)
		return true
	}
	quote := rest[0]
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '\\' && i+1 < len(rest) && rest[i+1] == quote:
			b.WriteByte(quote)
			i++
		case c == '\\' && i+1 < len(rest):
			b.WriteString(rest[i : i+2])
			i++
		case c == quote:
			v.at = d.f.Span(d.pos, d.pos+i+1)
			v.value = b.String()
			if quote == '"' {
				v.value, v.unknown = d.r.interpolate(unescape(v.value), d.find)
			}
			d.pos += i + 1
			d.add(v)
			return true
		default:
			b.WriteByte(c)
		}
	}
	d.r.fault(d.f.Span(d.pos, d.pos+lineLen(rest)), "quotes are not closed")
	return false
}

// unescape replaces the escapes of a double-quoted value. An escaped dollar
// becomes two, which interpolation makes one.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; {
		case c == '$':
			b.WriteString("$$")
		case c == '0':
			j := i + 1
			for j < len(s) && j < i+4 && s[j] >= '0' && s[j] <= '7' {
				j++
			}
			if n, err := strconv.ParseUint(s[i:j], 8, 8); err == nil && j == i+4 {
				b.WriteRune(rune(n))
			} else {
				b.WriteString(s[i-1 : j])
			}
			i = j - 1
		case strings.IndexByte("abfnrtv\"\\", c) >= 0:
			b.WriteString(map[byte]string{'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v", '"': `"`, '\\': `\`}[c])
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String()
}

// lineLen returns the length of the first line of s without its line end.
func lineLen(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i
	}
	return len(s)
}

// rawEnv returns the variables of f read without quotes and variables, as
// docker run --env-file does.
func rawEnv(f *source.File) []variable {
	var out []variable
	for n := 1; n <= f.Lines(); n++ {
		line, start := string(f.Line(n)), f.LineStart(n)
		trimmed := strings.TrimLeft(line, " \t")
		start += len(line) - len(trimmed)
		name, value, ok := strings.Cut(trimmed, "=")
		if name == "" || name[0] == '#' {
			continue
		}
		v := variable{name: name, key: f.Span(start, start+len(name)), value: value, fileName: f.Name, passed: !ok, unknown: !ok}
		v.at = f.Span(start+len(trimmed)-len(value), start+len(trimmed))
		if !ok {
			v.at = v.key
		}
		out = append(out, v)
	}
	return out
}
