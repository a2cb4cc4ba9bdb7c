package falco

import "strings"

// transformers are those that may stand on either side of an operator.
var transformers = []string{"tolower", "toupper", "b64", "basename", "len", "join", "concat", "getopt"}

// A token is an operator as it is written. The order matters: a token must
// stand before those it starts with. Words end in a blank; "exists", "in",
// "intersects" and "pmatch" need none.
type token struct {
	text string
	op   operator
}

var numberOperators = []token{{"<=", opLe}, {"<", opLt}, {">=", opGe}, {">", opGt}}

var stringOperators = []token{
	{"==", opEq},
	{"=", opEq},
	{"!=", opNe},
	{"glob ", opGlob},
	{"iglob ", opIGlob},
	{"contains ", opContains},
	{"icontains ", opIContains},
	{"bcontains ", opBContains},
	{"startswith ", opStartsWith},
	{"bstartswith ", opBStartsWith},
	{"endswith ", opEndsWith},
	{"regex ", opRegex},
}

var listOperators = []token{{"intersects", opIntersects}, {"in", opIn}, {"pmatch", opPmatch}}

func (p *parser) acceptOp(tokens []token, op *operator) bool {
	for _, t := range tokens {
		word := strings.TrimSuffix(t.text, " ")
		if !p.accept(word) {
			continue
		}
		if len(word) < len(t.text) && (p.at == len(p.text.s) || !isBlank(p.text.s[p.at])) {
			p.at -= len(word)
			continue
		}
		*op = t.op
		return true
	}
	return false
}

// condition reads the operator and the right side that follow left.
func (p *parser) condition(left *operand) *check {
	p.blank()
	c := &check{left: left, at: left.at, opAt: p.here()}
	switch {
	case p.accept("exists"):
		c.op = opExists
	case p.acceptOp(numberOperators, &c.op):
		p.blank()
		p.numberValue(c)
	case p.acceptOp(stringOperators, &c.op):
		if !p.blank() || !p.modifier(c) {
			p.stringValue(c)
		}
	case p.acceptOp(listOperators, &c.op):
		p.blank()
		p.listValue(c)
	default:
		p.noOperator(c)
	}
	return c
}

// noOperator reports a check without an operator. Where the condition goes on
// as after a macro, it was meant as one, and the rest can still be read.
func (p *parser) noOperator(c *check) {
	rest := p.rest()
	word := rest[:lexIdentifier(rest)]
	if c.left.kind == operandField && (rest == "" || rest[0] == ')' || word == "and" || word == "or") {
		p.errs = append(p.errs, &syntaxError{c.at, "expected a valid check operator after field " + c.left.name + ": one that is true or false wants '= true', any other '=', 'in', 'exists' or the like"})
		return
	}
	p.fail("expected a valid check operator: one of 'exists', '<=', '<', '>=', '>', '==', '=', '!=', 'glob', 'iglob', " +
		"'contains', 'icontains', 'bcontains', 'startswith', 'bstartswith', 'endswith', 'regex', 'intersects', 'in', 'pmatch'")
}

// rightTransformer reads val(field) or another transformer, if one starts.
func (p *parser) rightTransformer(c *check) bool {
	at := p.here()
	if p.accept("val(") {
		p.blank()
		fieldAt := p.here()
		n := lexField(p.rest())
		if n == 0 {
			p.fail("expected a field within 'val' transformer")
		}
		o := &operand{kind: operandField, name: p.take(n), at: fieldAt}
		p.argument(o)
		p.blank()
		if !p.accept(")") {
			p.fail("expected a ')' token closing the transformer")
		}
		if p.accept("[") {
			p.fail("transformer 'val' does not support field arguments")
		}
		c.right = o
		return true
	}
	for _, name := range transformers {
		if p.accept(name + "(") {
			c.right = p.transformer(name, at)
			return true
		}
	}
	return false
}

func (p *parser) numberValue(c *check) {
	if p.rightTransformer(c) {
		return
	}
	at := p.here()
	n := lexNumber(p.rest())
	if n == 0 {
		p.fail("expected a number value or a field with a valid transformer")
	}
	c.values = []value{{s: p.take(n), at: at}}
}

func (p *parser) stringValue(c *check) {
	if p.rightTransformer(c) {
		return
	}
	v, ok := p.value()
	if !ok {
		p.fail("expected a string value or a field with a valid transformer")
	}
	c.values = []value{v}
}

// value reads a quoted or a bare string.
func (p *parser) value() (value, bool) {
	at := p.here()
	if n := lexQuoted(p.rest()); n > 0 {
		return value{p.unescaped(n), true, at}, true
	}
	if n := lexBare(p.rest()); n > 0 {
		return value{p.take(n), false, at}, true
	}
	return value{}, false
}

// modifier reads "oneof (…)" and the like. Such a word is a plain value unless
// a blank and a list, or a name that is no "and" or "or", follow.
func (p *parser) modifier(c *check) bool {
	for _, m := range [...]modifier{modOneOf, modAnyOf, modAllOf} {
		start := p.at
		if !p.accept(m.String()) {
			continue
		}
		if p.blank() {
			if p.at < len(p.text.s) && p.text.s[p.at] == '(' {
				c.mod = m
				p.list(c)
				return true
			}
			word := p.rest()[:lexIdentifier(p.rest())]
			if word != "" && word != "and" && word != "or" {
				c.mod = m
				c.values = []value{{s: word, at: p.here()}}
				p.take(len(word))
				return true
			}
		}
		p.at = start
	}
	return false
}

// listValue reads the right side of in, intersects and pmatch.
func (p *parser) listValue(c *check) {
	if p.at < len(p.text.s) && p.text.s[p.at] == '(' {
		p.list(c)
		return
	}
	if p.rightTransformer(c) {
		return
	}
	n := lexIdentifier(p.rest())
	if n == 0 {
		p.fail("expected a list, an identifier, or a field with a valid transformer")
	}
	c.values = []value{{s: p.rest()[:n], at: p.here()}}
	p.take(n)
}

// list reads values in parentheses, possibly none.
func (p *parser) list(c *check) {
	p.accept("(")
	p.blank()
	c.values = []value{}
	if v, ok := p.value(); ok {
		c.values = append(c.values, v)
		p.blank()
		for p.accept(",") {
			p.blank()
			v, ok := p.value()
			if !ok {
				p.fail("expected a string value")
			}
			c.values = append(c.values, v)
			p.blank()
		}
	}
	if !p.accept(")") {
		p.fail("expected a ')' token")
	}
}
