package runline

import (
	"regexp"
	"slices"
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// maxNodes bounds how many values of a YAML file are looked at, aliases
// followed.
const maxNodes = 200_000

// yaml reads the scripts among the strings of a YAML file: any string but those
// that are there for people. A list of strings is one script, as in GitLab CI.
func (r *reader) yaml(f *source.File) {
	docs, errs := yamltext.Parse(f)
	if len(errs) > 0 && yamltext.IsTemplate(f.Text) {
		r.facts.Notes = append(r.facts.Notes, model.Note{What: f.Name, Why: "is a template"})
		return
	}
	r.facts.Faults = append(r.facts.Faults, yamltext.Faults(model.RunLine, errs)...)
	y := &yamlReader{reader: r, left: maxNodes, seen: map[int]bool{}}
	for _, d := range docs {
		y.value(d, 0)
	}
}

type yamlReader struct {
	*reader
	left int
	seen map[int]bool // strings read, by their first byte: aliases repeat them
}

const maxYAMLDepth = 100

func (y *yamlReader) value(v yamltext.Value, depth int) {
	if y.left--; y.left < 0 || depth > maxYAMLDepth || forPeople(v.Key()) {
		return
	}
	switch v.Kind() {
	case yamltext.Mapping:
		for _, p := range v.Pairs() {
			y.value(p, depth+1)
		}
	case yamltext.Sequence:
		t := &text{file: v.File()}
		for _, item := range v.Items() {
			if item.Kind() == yamltext.String {
				y.add(t, item)
			} else {
				y.value(item, depth+1)
			}
		}
		y.script(t)
	case yamltext.String:
		t := &text{file: v.File()}
		y.add(t, v)
		y.script(t)
	}
}

// forPeople reports whether the string under key is prose.
func forPeople(key string) bool {
	switch strings.ToLower(key) {
	case "name", "description", "title", "summary", "comment", "message", "help", "doc", "note", "label", "text", "msg":
		return true
	}
	return false
}

// add appends the script in v to t, on lines of its own.
func (y *yamlReader) add(t *text, v yamltext.Value) {
	span := v.Span()
	if y.seen[span.Start] || len(v.Text()) == 0 {
		return
	}
	y.seen[span.Start] = true
	part := align(v)
	for _, e := range expressions.FindAllSubmatchIndex(part.bytes, -1) {
		part.mask(e[0], e[1])
	}
	for i, s := range part.segs {
		if i == 0 && len(t.bytes) > 0 {
			t.append([]byte("\n"), segment{to: span.Start, style: yamlUnknown})
		}
		t.append(part.bytes[s.at:s.at+s.n], s)
	}
}

// expressions matches what a CI system replaces before a shell sees it:
// ${{ … }} and {{ … }}, $[[ … ]] of GitLab, << … >> of CircleCI.
var expressions = regexp.MustCompile(`\$?\{\{[^\n]*?\}\}|\$\[\[[^\n]*?\]\]|<<\s*(?:parameters|pipeline|matrix)\b[^\n]*?>>`)

// mask puts an expansion that is not known in the place of [start, end). It is
// called after what is written and as long, so that offsets hold.
func (t *text) mask(start, end int) {
	name := strings.Trim(identifier(string(t.bytes[start:end])), "_")
	name = "_" + name[:min(len(name), end-start-4)]
	name += strings.Repeat("_", end-start-3-len(name))
	t.bytes = slices.Concat(t.bytes[:start:start], []byte("${"+name+"}"), t.bytes[end:])
}

// align maps the text of scalar v to its bytes. A scalar that uses more of YAML
// than that is one unit.
func align(v yamltext.Value) *text {
	span, want := v.Span(), v.Text()
	a := &aligner{src: span.Text(), base: span.Start, out: &text{file: span.File}}
	a.begin()
	if a.all(want) {
		return a.out
	}
	t := &text{file: span.File}
	t.append([]byte(want), segment{to: span.Start, m: span.End - span.Start, style: yamlUnknown})
	return t
}

// An aligner walks over the source of one scalar.
type aligner struct {
	src    string
	at     int
	base   int // of src in the file
	style  style
	block  byte // '|' or '>', 0 for a flow scalar
	indent int  // of a block scalar
	out    *text
}

// begin finds the style and steps to the first byte of the content.
func (a *aligner) begin() {
	if a.src == "" {
		return
	}
	switch c := a.src[0]; c {
	case '|', '>':
		a.block = c
		a.at = strings.IndexByte(a.src, '\n') + 1
		for line := range strings.Lines(a.src[a.at:]) {
			if body := strings.TrimLeft(line, " "); strings.TrimSpace(body) != "" {
				a.indent = len(line) - len(body)
				break
			}
		}
		if i := strings.IndexAny(a.src[:max(a.at-1, 0)], "123456789"); i > 0 && i < 3 {
			a.style = yamlUnknown // an explicit indentation
		}
		a.margin()
	case '\'':
		a.style, a.at = yamlSingle, 1
	case '"':
		a.style, a.at = yamlDouble, 1
	default:
		a.style = yamlPlain
	}
}

// margin steps over the indentation of a line.
func (a *aligner) margin() {
	for n := 0; a.at < len(a.src) && (a.block == 0 && isBlank(a.src[a.at]) && a.src[a.at] != '\n' || a.src[a.at] == ' ' && n < a.indent); n++ {
		a.at++
	}
}

// all maps every byte of want and reports whether it could.
func (a *aligner) all(want string) bool {
	if a.style == yamlUnknown {
		return false
	}
	for i := range len(want) {
		if !a.step(want[i]) {
			return a.block != 0 && strings.Trim(want[i:], "\n") == ""
		}
	}
	return true
}

// step maps the next byte of the text.
func (a *aligner) step(c byte) bool {
	rest := a.src[a.at:]
	start := a.at
	switch {
	case rest == "":
		return false
	case a.style == yamlDouble && rest[0] == '\\':
		if !a.escape(c) {
			return false
		}
	case a.style == yamlSingle && strings.HasPrefix(rest, "''"):
		a.at += 2
		if c != '\'' {
			return false
		}
	case a.fold(c):
	case rest[0] == c && c != '\n' && c != '\r':
		a.at++
	default:
		return false
	}
	n := a.at - start
	if c == '\n' || c == ' ' {
		n = min(n, 2)
		if n == 2 && a.src[start] != '\r' && a.src[start] != '\\' {
			n = 1
		}
	}
	a.out.append([]byte{c}, segment{to: a.base + start, m: n, style: a.style})
	return true
}

// escape steps over the escape of a double-quoted scalar that stands for c.
func (a *aligner) escape(c byte) bool {
	rest := a.src[a.at:]
	if len(rest) < 2 {
		return false
	}
	a.at += 2
	switch rest[1] {
	case '\\', '"', '/', ' ':
		return rest[1] == c
	case 'n':
		return c == '\n'
	case 't':
		return c == '\t'
	}
	return false
}

// fold steps over a line end and the indentation behind it, where c is what it
// stands for: itself in a literal, a blank where lines are folded.
func (a *aligner) fold(c byte) bool {
	if c != '\n' && c != ' ' {
		return false
	}
	end := a.lineEnd(a.at)
	switch {
	case end < 0, a.block == '|' && c == ' ':
		return false
	case a.block == '|' || c == ' ':
		a.at = end
		a.margin()
		return true
	}
	// A folded "\n" is a blank line: its line end and the one before it.
	a.at = end
	a.margin()
	if next := a.lineEnd(a.at); next >= 0 {
		if follow := a.src[next:]; strings.TrimLeft(follow, " ") != "" {
			first := a.at
			a.at = next
			a.margin()
			if a.lineEnd(a.at) >= 0 {
				a.at = first // several blank lines: one "\n" each
			}
		}
	}
	return true
}

// lineEnd returns where the line end at i ends, blanks before it included, or
// -1 where there is none.
func (a *aligner) lineEnd(i int) int {
	if a.block == 0 {
		for i < len(a.src) && (a.src[i] == ' ' || a.src[i] == '\t') {
			i++
		}
	}
	switch {
	case strings.HasPrefix(a.src[i:], "\n"):
		return i + 1
	case strings.HasPrefix(a.src[i:], "\r\n"):
		return i + 2
	}
	return -1
}
