package falco

import "strings"

// Depths of nesting at which the engine gives up: for a condition alone and
// for the condition of a rule.
const (
	maxDepth     = 100
	maxRuleDepth = 1000
)

// A syntaxError is the first thing that is wrong with a condition.
type syntaxError struct {
	at      place
	message string
}

func (e *syntaxError) Error() string { return e.message }

// A parser reads one condition by recursive descent, as the engine does,
// quirks included: "exists" and "in" need no blank after them, and what
// follows "not" without a blank is part of a macro's name.
type parser struct {
	text  text
	at    int
	depth int
	max   int
	last  string
	errs  []*syntaxError // those that did not stop it
}

// parse returns the tree of a condition and all that is wrong with it. A
// field that is used like a macro does not end it; there is no tree after any
// other fault.
func parse(t text, depth int) (e *expr, errs []*syntaxError) {
	p := &parser{text: t, max: depth}
	defer func() {
		if x := recover(); x != nil {
			err, ok := x.(*syntaxError)
			if !ok {
				panic(x)
			}
			e, errs = nil, append(p.errs, err)
		}
	}()
	if t.s == "" {
		p.fail("filter input string is empty")
	}
	e = p.or()
	if p.at != len(t.s) {
		p.fail("unexpected token after '" + p.last + "', expecting 'or', 'and'")
	}
	return e, p.errs
}

// fail leaves the parser; parse catches it. Conditions are parsed far more
// often than they fail, and every function would return an error otherwise.
func (p *parser) fail(message string) {
	panic(&syntaxError{p.text.place(p.at), message})
}

func (p *parser) rest() string { return p.text.s[p.at:] }

func (p *parser) here() place { return p.text.place(p.at) }

// take consumes n bytes and returns them.
func (p *parser) take(n int) string {
	p.last = p.text.s[p.at : p.at+n]
	p.at += n
	return p.last
}

func (p *parser) accept(token string) bool {
	if !strings.HasPrefix(p.rest(), token) {
		return false
	}
	p.take(len(token))
	return true
}

func (p *parser) blank() bool {
	start := p.at
	for p.at < len(p.text.s) && strings.IndexByte(" \t\b\r\n", p.text.s[p.at]) >= 0 {
		p.at++
	}
	return p.at > start
}

func (p *parser) enter() {
	if p.depth++; p.depth >= p.max {
		p.fail("exceeded max depth limit")
	}
}

func (p *parser) or() *expr { return p.chain("or", exprOr, p.and) }

func (p *parser) and() *expr { return p.chain("and", exprAnd, p.not) }

// chain reads operands joined by word.
func (p *parser) chain(word string, kind exprKind, operand func() *expr) *expr {
	p.blank()
	at := p.here()
	kids := []*expr{operand()}
	p.blank()
	for p.accept(word) {
		switch {
		case p.blank():
			kids = append(kids, operand())
		case p.accept("("):
			kids = append(kids, p.embedded())
		default:
			p.fail("expected blank or '(' after '" + word + "'")
		}
		p.blank()
	}
	if len(kids) == 1 {
		return kids[0]
	}
	return newExpr(kind, at, kids...)
}

func (p *parser) not() *expr {
	p.blank()
	at := p.here()
	negated := false
	for strings.HasPrefix(p.rest(), "not") && len(p.rest()) > 3 && strings.IndexByte(" \t\n\r\v\f", p.rest()[3]) >= 0 {
		p.take(4)
		for p.at < len(p.text.s) && strings.IndexByte(" \t\n\r\v\f", p.text.s[p.at]) >= 0 {
			p.at++
		}
		negated = !negated
	}
	var e *expr
	if p.accept("not(") {
		negated = !negated
		e = p.embedded()
	} else {
		e = p.check()
	}
	if negated {
		return newExpr(exprNot, at, e)
	}
	return e
}

// embedded reads what follows an opening parenthesis.
func (p *parser) embedded() *expr {
	p.enter()
	p.blank()
	e := p.or()
	p.blank()
	if !p.accept(")") {
		p.fail("expected a ')' token")
	}
	p.depth--
	return e
}

func (p *parser) check() *expr {
	p.blank()
	at := p.here()
	if p.accept("(") {
		return p.embedded()
	}
	if left := p.fieldOrTransformer(); left != nil {
		e := newExpr(exprCheck, at)
		e.check = p.condition(left)
		return e
	}
	if n := lexIdentifier(p.rest()); n > 0 {
		e := newExpr(exprMacro, at)
		e.macro = p.take(n)
		return e
	}
	p.fail("expected a '(' token, a field check, or an identifier")
	return nil
}

// fieldOrTransformer returns nil where neither starts.
func (p *parser) fieldOrTransformer() *operand {
	at := p.here()
	if n := lexField(p.rest()); n > 0 {
		o := &operand{kind: operandField, name: p.take(n), at: at}
		p.argument(o)
		return o
	}
	for _, name := range transformers {
		if p.accept(name + "(") {
			return p.transformer(name, at)
		}
	}
	return nil
}

// argument reads what stands in brackets after o.
func (p *parser) argument(o *operand) {
	if !p.accept("[") {
		return
	}
	o.hasArg = true
	if n := lexQuoted(p.rest()); n > 0 {
		o.arg = p.unescaped(n)
	} else if n := lexBareArg(p.rest()); n > 0 {
		o.arg = p.take(n)
	} else {
		p.fail("expected a valid field argument: a quoted string or a bare string")
	}
	if !p.accept("]") {
		p.fail("expected a ']' token")
	}
}

func (p *parser) unescaped(n int) string {
	s, wrong := unescape(p.rest()[:n])
	if wrong != "" {
		p.fail(wrong)
	}
	p.take(n)
	return s
}

// transformer reads what follows the opening parenthesis of a transformer.
func (p *parser) transformer(name string, at place) *operand {
	p.enter()
	o := &operand{kind: operandTransformer, name: name, at: at}
	p.blank()
	for {
		o.args = append(o.args, p.transformerArg())
		p.blank()
		if !p.accept(",") {
			break
		}
		p.blank()
	}
	if !p.accept(")") {
		p.fail("expected a ')' token closing the transformer")
	}
	p.argument(o)
	p.depth--
	return o
}

// transformerArg reads a field, a transformer, a literal, or a list of these.
func (p *parser) transformerArg() *operand {
	if o := p.item(); o != nil {
		return o
	}
	at := p.here()
	if !p.accept("(") {
		p.fail("expected a field or a nested valid transformer: '" + strings.Join(transformers, "', '") + "'")
	}
	list := &operand{kind: operandList, at: at}
	p.blank()
	for !p.accept(")") {
		if len(list.args) > 0 {
			if !p.accept(",") {
				p.fail("expected a ')' token closing the list")
			}
			p.blank()
		}
		o := p.item()
		if o == nil {
			p.fail("expected a field, a string, a number or a transformer in the list")
		}
		list.args = append(list.args, o)
		p.blank()
	}
	return list
}

// item returns nil where neither a field, a transformer nor a literal starts.
func (p *parser) item() *operand {
	at := p.here()
	if n := lexQuoted(p.rest()); n > 0 {
		return &operand{kind: operandLiteral, name: p.unescaped(n), at: at}
	}
	if o := p.fieldOrTransformer(); o != nil {
		return o
	}
	if n := lexNumber(p.rest()); n > 0 {
		return &operand{kind: operandLiteral, name: p.take(n), at: at}
	}
	return nil
}
