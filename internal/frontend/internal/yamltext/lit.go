package yamltext

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Lit is a value to be written. It is written as its surroundings are: in
// block or flow style, with their indentation, quoted where that is needed.
type Lit struct {
	kind  Kind // Null stands for text written as it is
	text  string
	plain string // the string that text reads as, where it is not quoted
	pairs []Entry
	items []Lit
}

// An Entry is one entry of a mapping to be written.
type Entry struct {
	Key   string
	Value Lit
}

// Str returns the string s.
func Str(s string) Lit { return Lit{kind: String, text: s} }

// Bool returns the boolean b.
func Bool(b bool) Lit { return Raw(strconv.FormatBool(b)) }

// Int returns the integer i.
func Int(i int64) Lit { return Raw(strconv.FormatInt(i, 10)) }

// Float returns the number f.
func Float(f float64) Lit { return Raw(strconv.FormatFloat(f, 'f', -1, 64)) }

// Raw returns the scalar that s is the YAML text of, on one line.
func Raw(s string) Lit { return Lit{kind: Null, text: s} }

// List returns the list of items.
func List(items ...Lit) Lit { return Lit{kind: Sequence, items: items} }

// Strs returns the list of the strings items.
func Strs(items ...string) Lit {
	l := Lit{kind: Sequence}
	for _, s := range items {
		l.items = append(l.items, Str(s))
	}
	return l
}

// Map returns the mapping of entries, in their order.
func Map(entries ...Entry) Lit { return Lit{kind: Mapping, pairs: entries} }

// collection reports whether l is a mapping or list that is not empty.
func (l Lit) collection() bool { return len(l.pairs)+len(l.items) > 0 }

// A writer writes literals the way a document is written.
type writer struct {
	doc  *document
	nl   string
	step int // how far nested mappings are indented
	dash int // how far lists are indented below their key
}

func newWriter(d *document) writer {
	return writer{doc: d, nl: d.file.Newline(), step: d.step, dash: d.dash}
}

// scalar returns the text of a scalar or empty collection.
func (w writer) scalar(l Lit, flow bool) string {
	switch l.kind {
	case Mapping:
		return "{}"
	case Sequence:
		return "[]"
	case String:
		return w.str(l.text, flow)
	}
	if flow && l.plain != "" && !plainSafe(l.text, true) {
		return w.str(l.plain, true) // not safe inside of brackets
	}
	return l.text
}

// str returns the text of string s: plain where that is safe.
func (w writer) str(s string, flow bool) string {
	if w.doc.json {
		return jsonQuote(s)
	}
	if plainSafe(s, flow) {
		return s
	}
	return quoted(s)
}

// after returns what follows the colon of a key indented by indent.
func (w writer) after(indent string, l Lit) string {
	var b strings.Builder
	switch {
	case !l.collection():
		return " " + w.scalar(l, false)
	case l.kind == Mapping:
		in := indent + strings.Repeat(" ", w.step)
		for _, p := range l.pairs {
			b.WriteString(w.nl + w.pair(in, p))
		}
	default:
		in := indent + strings.Repeat(" ", w.dash)
		for _, i := range l.items {
			b.WriteString(w.nl + w.item(in, i))
		}
	}
	return b.String()
}

// pair returns the lines of one entry in block style, the last without its
// line end.
func (w writer) pair(indent string, p Entry) string {
	return indent + w.str(p.Key, false) + ":" + w.after(indent, p.Value)
}

// item returns the lines of one list item in block style, the last without
// its line end.
func (w writer) item(indent string, l Lit) string {
	switch {
	case !l.collection():
		return indent + "- " + w.scalar(l, false)
	case l.kind == Sequence:
		return indent + "- " + w.flow(l)
	}
	var b strings.Builder
	in := indent + "  "
	for i, p := range l.pairs {
		if i == 0 {
			b.WriteString(indent + "- " + strings.TrimPrefix(w.pair(in, p), in))
			continue
		}
		b.WriteString(w.nl + w.pair(in, p))
	}
	return b.String()
}

// flow returns l in flow style on one line.
func (w writer) flow(l Lit) string {
	if !l.collection() {
		return w.scalar(l, true)
	}
	var parts []string
	for _, p := range l.pairs {
		parts = append(parts, w.str(p.Key, true)+": "+w.flow(p.Value))
	}
	for _, i := range l.items {
		parts = append(parts, w.flow(i))
	}
	if l.kind == Mapping {
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// pretty returns l in flow style over several lines, as JSON files are
// written; indent is that of the line it starts on, unit one more level.
func (w writer) pretty(l Lit, indent, unit string) string {
	if !l.collection() {
		return w.scalar(l, true)
	}
	in := indent + unit
	var b strings.Builder
	sep := w.nl
	for _, p := range l.pairs {
		b.WriteString(sep + in + w.str(p.Key, true) + ": " + w.pretty(p.Value, in, unit))
		sep = "," + w.nl
	}
	for _, i := range l.items {
		b.WriteString(sep + in + w.pretty(i, in, unit))
		sep = "," + w.nl
	}
	b.WriteString(w.nl + indent)
	if l.kind == Mapping {
		return "{" + b.String() + "}"
	}
	return "[" + b.String() + "]"
}

// plainSafe reports whether s, written without quotes, reads as the string s
// for every reader there is: also for those of YAML 1.1, to which "no" is false
// and 22:22 a number.
func plainSafe(s string, flow bool) bool {
	if s == "" || strings.HasPrefix(s, "- ") || strings.HasPrefix(s, "...") || strings.HasPrefix(s, "---") {
		return false
	}
	for i := range len(s) {
		b := s[i]
		switch {
		case b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b == '_' || b == '/' || b == '.' || b == '$':
		case strings.IndexByte("+@=%-~();^", b) >= 0 && i > 0:
		case strings.IndexByte(",{}", b) >= 0 && i > 0 && !flow:
		case b == ':':
			if i == 0 || i+1 == len(s) || s[i+1] == ' ' || flow {
				return false
			}
		case b == ' ':
			if i == 0 || i+1 == len(s) {
				return false
			}
		default:
			return false
		}
	}
	if strings.Trim(s, "0123456789:.") == "" && strings.Count(s, ".") < 2 {
		return false
	}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off":
		return false
	}
	n := yaml.Node{Kind: yaml.ScalarNode, Value: s}
	return n.ShortTag() == "!!str"
}

// quoted returns s in double quotes.
func quoted(s string) string { return strconv.Quote(s) }

// jsonQuote returns s as JSON writes it.
func jsonQuote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return quoted(s)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// requote returns s in the quotes of the scalar n: what it replaces.
func (w writer) requote(s string, n *node, flow bool) string {
	printable := !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7F })
	switch {
	case w.doc.json:
		return jsonQuote(s)
	case n.style&yaml.DoubleQuotedStyle != 0:
		return quoted(s)
	case n.style&yaml.SingleQuotedStyle != 0 && printable:
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return w.str(s, flow)
}
