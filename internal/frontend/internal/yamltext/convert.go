package yamltext

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"bulkhead/internal/source"
)

// A converter turns the nodes of yaml.v3, which know the line and the rune
// their anchor, tag or value starts at, into nodes that know their bytes. It
// walks them in the order of the text.
type converter struct {
	file  *source.File
	text  []byte
	ascii bool
	lines []int // where lines start as YAML counts them; nil where it is as the file does
	odd   bool  // the document is not edited: YAML counts line breaks that the file does not, or its tags are strange

	doc    *document
	pos    int // the end of what has been walked
	nodes  map[*yaml.Node]*node
	slab   []node
	merges bool
	budget int // entries merge keys may still add
	errs   []*source.SyntaxError
}

func newConverter(f *source.File, text []byte) *converter {
	c := &converter{file: f, text: text, ascii: true, budget: maxMerged}
	for i, b := range text {
		switch {
		case b >= utf8.RuneSelf:
			c.ascii = false
		case b == '\r' && (i+1 == len(text) || text[i+1] != '\n'):
			c.odd = true
		}
	}
	if c.odd || !c.ascii {
		c.lines = []int{0}
		for i := 0; i < len(text); {
			n := c.lineBreak(i)
			if n > 0 {
				c.lines = append(c.lines, i+n)
				c.odd = c.odd || text[i+n-1] != '\n'
			}
			i += max(n, 1)
		}
	}
	return c
}

// lineBreak returns the length of the line break at i, or 0. YAML 1.1, which
// the library reads, knows five.
func (c *converter) lineBreak(i int) int {
	t := c.text
	switch {
	case i >= len(t):
		return 0
	case t[i] == '\n':
		return 1
	case t[i] == '\r':
		if i+1 < len(t) && t[i+1] == '\n' {
			return 2
		}
		return 1
	case t[i] == 0xC2 && i+1 < len(t) && t[i+1] == 0x85:
		return 2
	case t[i] == 0xE2 && i+2 < len(t) && t[i+1] == 0x80 && (t[i+2] == 0xA8 || t[i+2] == 0xA9):
		return 3
	}
	return 0
}

// offset returns the byte at the 1-based line and rune column.
func (c *converter) offset(line, column int) int {
	var at int
	switch {
	case c.lines == nil:
		at = c.file.LineStart(line)
	case line <= len(c.lines):
		at = c.lines[max(line-1, 0)]
	default:
		at = len(c.text)
	}
	if at == 0 && len(c.text) >= 3 && c.text[0] == 0xEF && c.text[1] == 0xBB && c.text[2] == 0xBF {
		at = 3 // the byte order mark is not counted
	}
	if c.ascii {
		at += column - 1
	} else {
		for ; column > 1 && at < len(c.text); column-- {
			_, n := utf8.DecodeRune(c.text[at:])
			at += n
		}
	}
	return min(max(at, c.pos), len(c.text))
}

// document converts one document and works out its merge keys.
func (c *converter) document(root *yaml.Node) (Value, error) {
	c.doc = &document{file: c.file, step: 0, dash: -1}
	c.nodes = map[*yaml.Node]*node{}
	c.merges = false
	c.slab = make([]node, count(root))
	n, err := c.node(root, nil, place{at: -1, indent: -1})
	if err != nil {
		return Value{}, err
	}
	c.link(n)
	if err := c.resolve(n); err != nil {
		return Value{}, err
	}
	if c.doc.step == 0 {
		c.doc.step = 2
	}
	if c.doc.dash < 0 {
		c.doc.dash = c.doc.step
	}
	c.doc.json = n.braces && (len(n.kids) == 0 || n.kids[0].kind != String || n.kids[0].style&yaml.DoubleQuotedStyle != 0)
	n.keep = true
	n.odd = n.odd || c.odd // edits work by the lines of the file
	v := Value{n: n, at: n}
	if n.alias {
		v.n = n.target
	}
	return v, nil
}

// A place is what the surroundings of a node tell about it.
type place struct {
	at     int  // where an empty node stands, -1 to take its own word
	indent int  // column of the block collection around it, -1 for none
	flow   bool // inside of brackets
}

func (c *converter) new() *node {
	if len(c.slab) == 0 {
		c.slab = make([]node, 16) // count has seen to it that this is rare
	}
	n := &c.slab[0]
	c.slab = c.slab[1:]
	return n
}

// count returns how many nodes y has, itself included.
func count(y *yaml.Node) int {
	n := 1
	for _, kid := range y.Content {
		n += count(kid)
	}
	return n
}

func (c *converter) node(y *yaml.Node, parent *node, p place) (*node, error) {
	n := c.new()
	*n = node{doc: c.doc, style: y.Style, tag: y.Tag, text: y.Value, parent: parent, colon: p.at}
	if parent != nil {
		n.depth = parent.depth + 1
	}
	n.outer = c.offset(y.Line, y.Column)
	if n.depth > maxDepth {
		return nil, &source.SyntaxError{Span: c.file.Span(n.outer, n.outer+1), Message: "nested deeper than " + strconv.Itoa(maxDepth) + " levels"}
	}
	if y.Anchor != "" {
		c.nodes[y] = n
	}
	var err error
	switch y.Kind {
	case yaml.AliasNode:
		n.kind, n.alias = String, true
		n.start, n.end = n.outer, c.skipWord(n.outer+1)
		n.target = c.nodes[y.Alias]
		if n.target == nil { // an alias inside of what it names
			return nil, &source.SyntaxError{Span: c.file.Span(n.start, n.end), Message: "alias *" + y.Value + " is not defined"}
		}
		n.target.used = true
	case yaml.ScalarNode:
		n.kind = scalarKind(y)
		c.scalar(n, p)
	case yaml.SequenceNode:
		n.kind = Sequence
		err = c.sequence(y, n, p)
	case yaml.MappingNode:
		n.kind = Mapping
		err = c.mapping(y, n, p)
	default:
		return nil, &source.SyntaxError{Span: c.file.Span(n.outer, n.outer+1), Message: "not valid YAML"}
	}
	c.pos = max(c.pos, n.end)
	return n, err
}

func scalarKind(y *yaml.Node) Kind {
	switch y.Tag {
	case "!!null":
		return Null
	case "!!bool":
		return Boolean
	case "!!int":
		return Integer
	case "!!float":
		return Decimal
	}
	if y.Value == "" && y.Style&^yaml.TaggedStyle == 0 {
		return Null // such as "key: !reset"
	}
	return String
}

// props returns where the value starts whose anchor and tag start at i.
func (c *converter) props(i int, empty bool) int {
	for {
		switch {
		case i < len(c.text) && c.text[i] == '&':
			i = c.skipWord(i + 1)
		case i < len(c.text) && c.text[i] == '!':
			end := c.skipTag(i)
			// Where a tag that is nothing but marks and an empty value meet,
			// the library and the bytes do not agree on what belongs to what.
			if tag := strings.TrimLeft(string(c.text[i:end]), "!"); tag == "" || strings.Contains(tag, "!") {
				c.odd = true
			}
			i = end
		default:
			return i
		}
		next := c.skipSpace(i)
		if empty && (next >= len(c.text) || c.text[next] != '&' && c.text[next] != '!') {
			return i
		}
		i = next
	}
}

// skipWord returns the end of the anchor name at i.
func (c *converter) skipWord(i int) int {
	for i < len(c.text) && isWord(c.text[i]) {
		i++
	}
	return i
}

func isWord(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b == '_' || b == '-'
}

// skipTag returns the end of the tag at i.
func (c *converter) skipTag(i int) int {
	if i+1 < len(c.text) && c.text[i+1] == '<' {
		for i < len(c.text) && c.text[i] != '>' {
			i++
		}
		return min(i+1, len(c.text))
	}
	for i < len(c.text) {
		switch b := c.text[i]; b {
		case ';', '/', '?', ':', '@', '&', '=', '+', '$', ',', '.', '!', '~', '*', '\'', '(', ')', '[', ']', '%':
		default:
			if !isWord(b) {
				return i
			}
		}
		i++
	}
	return i
}

// skipSpace returns the first byte from i on that is no white space, line
// break or comment.
func (c *converter) skipSpace(i int) int {
	for i < len(c.text) {
		if n := c.lineBreak(i); n > 0 {
			i += n
			continue
		}
		switch c.text[i] {
		case ' ', '\t':
			i++
		case '#':
			i = c.lineEnd(i)
		default:
			return i
		}
	}
	return i
}

// lineEnd returns where the line break that ends the line of i stands.
func (c *converter) lineEnd(i int) int {
	for i < len(c.text) && c.lineBreak(i) == 0 {
		i++
	}
	return i
}

// skip returns the byte after b where b comes next after i, else -1.
func (c *converter) skip(i int, b byte) int {
	if i = c.skipSpace(i); i < len(c.text) && c.text[i] == b {
		return i + 1
	}
	return -1
}

// column returns the 0-based column of byte i.
func (c *converter) column(i int) int {
	n := 0
	for i > 0 && c.text[i-1] != '\n' && c.text[i-1] != '\r' {
		i--
		if utf8.RuneStart(c.text[i]) {
			n++
		}
	}
	return n
}
