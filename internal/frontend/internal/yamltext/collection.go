package yamltext

import (
	"go.yaml.in/yaml/v3"

	"bulkhead/internal/source"
)

func (c *converter) sequence(y *yaml.Node, n *node, p place) error {
	n.start = c.props(n.outer, false)
	n.end, c.pos = n.start, n.start
	if y.Style&yaml.FlowStyle != 0 {
		return c.flowSequence(y, n)
	}
	indent := c.column(n.start)
	if p.at >= 0 && c.doc.dash < 0 && n.parent != nil && n.parent.kind == Mapping {
		c.doc.dash = indent - p.indent
	}
	n.kids = make([]*node, 0, len(y.Content))
	for _, item := range y.Content {
		at := c.skip(c.pos, '-')
		if at < 0 {
			n.odd, at = true, c.pos
		}
		c.pos = at
		kid, err := c.node(item, n, place{at: at, indent: indent})
		if err != nil {
			return err
		}
		n.kids = append(n.kids, kid)
		n.end = c.pos
	}
	return nil
}

func (c *converter) flowSequence(y *yaml.Node, n *node) error {
	n.braces = true
	c.pos = min(n.start+1, len(c.text))
	n.kids = make([]*node, 0, len(y.Content))
	for _, item := range y.Content {
		c.comma()
		kid, err := c.node(item, n, place{at: -1, flow: true})
		if err != nil {
			return err
		}
		n.kids = append(n.kids, kid)
	}
	c.close(n, ']')
	return nil
}

func (c *converter) mapping(y *yaml.Node, n *node, p place) error {
	n.start = n.outer
	flow := y.Style&yaml.FlowStyle != 0
	first := len(y.Content) > 0 && y.Content[0].Line == y.Line && y.Content[0].Column == y.Column
	if !first || y.Anchor != "" || y.Style&yaml.TaggedStyle != 0 { // else an anchor there is the first key's
		n.start = c.props(n.outer, false)
	}
	n.end, c.pos = n.start, n.start
	if flow {
		n.braces = !first && n.start < len(c.text) && c.text[n.start] == '{'
	}
	if n.braces {
		c.pos++
	}
	indent := p.indent
	if !flow {
		indent = c.column(n.start)
		if c.doc.step == 0 && p.indent >= 0 && indent > p.indent && n.parent.kind == Mapping {
			c.doc.step = indent - p.indent
		}
	}
	n.kids = make([]*node, 0, len(y.Content))
	for i := 0; i+1 < len(y.Content); i += 2 {
		if err := c.pair(y.Content[i], y.Content[i+1], n, place{at: -1, indent: indent, flow: flow}); err != nil {
			return err
		}
	}
	if n.braces {
		c.close(n, '}')
	} else {
		n.end = c.pos
	}
	return nil
}

// pair converts one entry of mapping n.
func (c *converter) pair(k, v *yaml.Node, n *node, p place) error {
	if p.flow {
		c.comma()
	}
	mark := c.skip(c.pos, '?')
	if mark > 0 && mark < len(c.text) && c.space(mark) == mark {
		mark = -1 // a word that starts with a question mark
	}
	key, err := c.node(k, n, p)
	if err != nil {
		return err
	}
	key.colon = mark
	p.at = c.skip(c.pos, ':')
	if !p.flow && p.at > 0 && p.at < len(c.text) && c.space(p.at) == p.at {
		p.at = -1 // the next key starts with a colon
	}
	if p.at >= 0 {
		c.pos = p.at
	} else if v.Value == "" && v.Kind == yaml.ScalarNode {
		v.Line, v.Column = 1, 1 // a key alone: the library puts its value before what comes next
	}
	val, err := c.node(v, n, p)
	if err != nil {
		return err
	}
	if k.Tag == "!!merge" {
		c.merges = true
	}
	n.kids = append(n.kids, key, val)
	return nil
}

// comma steps over a comma between the entries of a flow collection.
func (c *converter) comma() {
	if at := c.skip(c.pos, ','); at >= 0 {
		c.pos = at
	}
}

// close ends a flow collection at its bracket.
func (c *converter) close(n *node, bracket byte) {
	c.comma()
	at := c.skip(c.pos, bracket)
	if at < 0 {
		n.odd, at = true, c.pos
	}
	n.end, c.pos = at, at
}

// How far the effective entries of a mapping are worked out.
const (
	unresolved uint8 = iota
	resolving        // a merge key that leads here leads in a circle
	resolved
)

// link works out the entries of every mapping below n that has no merge key,
// and reports keys given twice.
func (c *converter) link(n *node) {
	for _, k := range n.kids {
		c.link(k)
	}
	if n.kind != Mapping || n.alias {
		return
	}
	n.pairs = make([]pair, 0, len(n.kids)/2)
	for i := 0; i+1 < len(n.kids); i += 2 {
		key := n.kids[i]
		if key.alias {
			key = key.target
		}
		if key.kind == Null || key.kind >= Mapping || isMerge(n.kids[i]) {
			continue
		}
		n.pairs = append(n.pairs, pair{key: key, val: n.kids[i+1]})
	}
	n.pairs = c.unique(n.pairs)
}

// isMerge reports whether key is the merge key rather than the quoted text.
func isMerge(key *node) bool { return !key.alias && key.tag == "!!merge" }

// unique returns pairs with the last of each key, in the place of its first.
func (c *converter) unique(pairs []pair) []pair {
	var seen map[string]int
	out := pairs[:0]
next:
	for _, p := range pairs {
		if len(pairs) <= 16 {
			for i := range out {
				if out[i].key.text == p.key.text {
					c.duplicate(p.key)
					out[i] = p
					continue next
				}
			}
		} else {
			if seen == nil {
				seen = make(map[string]int, len(pairs))
			}
			if i, ok := seen[p.key.text]; ok {
				c.duplicate(p.key)
				out[i] = p
				continue
			}
			seen[p.key.text] = len(out)
		}
		out = append(out, p)
	}
	return out
}

func (c *converter) duplicate(key *node) {
	c.errs = append(c.errs, &source.SyntaxError{Span: c.file.Span(key.start, key.end), Message: "key " + quoted(key.text) + " is given twice"})
}

// resolve adds to the entries of every mapping below n those that its merge
// keys bring.
func (c *converter) resolve(n *node) error {
	if !c.merges {
		return nil
	}
	for _, k := range n.kids {
		if err := c.resolve(k); err != nil {
			return err
		}
	}
	if n.kind == Mapping && !n.alias {
		return c.merge(n)
	}
	return nil
}

// merge adds to the entries of n those that its merge keys bring. An entry of
// its own goes before one merged in, an earlier source before a later one.
func (c *converter) merge(n *node) error {
	switch n.merged {
	case resolving:
		return &source.SyntaxError{Span: c.file.Span(n.start, n.start+1), Message: "merge key leads back to the mapping it is in"}
	case resolved:
		return nil
	}
	n.merged = resolving
	have := map[string]bool{}
	for i := 0; i+1 < len(n.kids); i += 2 {
		if !isMerge(n.kids[i]) {
			continue
		}
		if len(have) == 0 {
			for _, p := range n.pairs {
				have[p.key.text] = true
			}
		}
		for _, from := range sources(n.kids[i+1]) {
			if err := c.mergeFrom(n, from, have); err != nil {
				return err
			}
		}
	}
	n.merged = resolved
	return nil
}

// sources returns what the value of a merge key names, in order.
func sources(val *node) []*node {
	if val.alias {
		val = val.target
	}
	if val.kind == Sequence {
		return val.kids
	}
	return []*node{val}
}

func (c *converter) mergeFrom(n, from *node, have map[string]bool) error {
	at := from
	if from.alias {
		from = from.target
	}
	if from.kind == Null {
		return nil
	}
	if from.kind != Mapping {
		c.errs = append(c.errs, &source.SyntaxError{Span: c.file.Span(at.start, at.end), Message: "merge key needs a mapping or a list of mappings"})
		return nil
	}
	if err := c.merge(from); err != nil {
		return err
	}
	for _, p := range from.pairs {
		if have[p.key.text] {
			continue
		}
		if c.budget--; c.budget < 0 {
			return &source.SyntaxError{Span: c.file.Span(at.start, at.end), Message: "merge keys add too many entries"}
		}
		have[p.key.text] = true
		n.pairs = append(n.pairs, pair{key: p.key, val: p.val, merged: true})
	}
	return nil
}
