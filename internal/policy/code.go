package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"bulkhead/internal/source"
)

// A code is one piece of Rego: a file, or a value in a template.
type code struct {
	name   string // unique among what is compiled together
	text   string
	whole  source.Span // the text it is
	line   int         // of the file, where its first line is; 0 where its lines are not lines of the file
	indent int         // bytes before each of its lines
	module *ast.Module
	v0     bool // it is written in Rego v0
}

// fileCode returns the code that all of f is.
func fileCode(f *source.File) *code {
	return &code{name: f.Name, text: string(f.Text), whole: f.Span(0, len(f.Text)), line: 1}
}

// valueCode returns the code that the value at span is. A block scalar keeps
// its lines, so that places in it are places of the file.
func valueCode(name, text string, span source.Span) *code {
	c := &code{name: name, text: text, whole: span}
	if !span.IsValid() || !strings.HasPrefix(span.Text(), "|") {
		return c
	}
	head := span.Position().Line
	c.line = head + 1
	for n := c.line; n <= span.File.Lines(); n++ {
		line := span.File.Line(n)
		if content := strings.TrimLeft(string(line), " "); content != "" {
			c.indent = len(line) - len(content)
			break
		}
	}
	return c
}

// at returns the place of loc in the file c is part of.
func (c *code) at(loc *ast.Location) source.Span {
	f := c.whole.File
	if f == nil || loc == nil || c.line == 0 {
		return c.whole
	}
	line := c.line + loc.Row - 1
	start := f.LineStart(line) + c.indent + max(loc.Col-1, 0)
	end := min(start+len(loc.Text), f.LineStart(line)+len(f.Line(line)))
	return f.Span(start, max(end, start))
}

// A codes is what is compiled together, by name.
type codes map[string]*code

// at returns the place of loc.
func (cs codes) at(loc *ast.Location) (source.Span, bool) {
	if loc == nil || cs[loc.File] == nil {
		return source.Span{}, false
	}
	return cs[loc.File].at(loc), true
}

// A dialect is a version of Rego.
type dialect uint8

const (
	anyRego dialect = iota // v1 where it can be read as that, else v0
	regoV0
	regoV1
)

// parse parses c.
func (c *code) parse(d dialect) error {
	var first error
	if d != regoV0 {
		m, err := parseModule(c, ast.RegoV1)
		if err == nil {
			c.module = m
			return nil
		}
		first = err
	}
	if d != regoV1 {
		m, err := parseModule(c, ast.RegoV0)
		if err == nil {
			c.module, c.v0 = m, true
			return nil
		}
		if first == nil || !modern(c.text) {
			first = err
		}
	}
	return codes{c.name: c}.explain(first)
}

// modern reports whether text is meant to be Rego v1.
func modern(text string) bool {
	return strings.Contains(text, "rego.v1") || strings.Contains(text, " if ") || strings.Contains(text, " contains ")
}

func parseModule(c *code, v ast.RegoVersion) (*ast.Module, error) {
	m, err := ast.ParseModuleWithOpts(c.name, c.text, ast.ParserOptions{
		RegoVersion: v, Capabilities: capabilities(v), ProcessAnnotation: true,
	})
	if err == nil && m == nil {
		return nil, errors.New("there is no policy in it")
	}
	return m, err
}

// forbidden names the built-in functions no policy may call: what they return
// is not in what is judged.
var forbidden = map[string]string{
	"http.send":          "a policy may not use the network",
	"net.lookup_ip_addr": "a policy may not use the network",
	"opa.runtime":        "a policy may not read the process it runs in",
	"rand.intn":          "a policy gives the same answer every time",
	"uuid.rfc4122":       "a policy gives the same answer every time",
	"external_data":      "a policy may not use the network",
}

// capabilities returns what policies in v may use.
func capabilities(v ast.RegoVersion) *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion(ast.CapabilitiesRegoVersion(v))
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool { return forbidden[b.Name] != "" })
	c.AllowNet = []string{}
	return c
}

// compile compiles the modules of cs together.
func (cs codes) compile() (*ast.Compiler, error) {
	modules := make(map[string]*ast.Module, len(cs))
	for name, c := range cs {
		modules[name] = c.module
	}
	compiler := ast.NewCompiler().WithCapabilities(capabilities(ast.RegoV1)).WithDefaultRegoVersion(ast.RegoV1)
	compiler.Compile(modules)
	if compiler.Failed() {
		return nil, cs.explain(compiler.Errors)
	}
	return compiler, nil
}

// explain turns errors of OPA into errors with places of our files.
func (cs codes) explain(err error) error {
	var many ast.Errors
	if !errors.As(err, &many) {
		var one *ast.Error
		if !errors.As(err, &one) {
			return err
		}
		many = ast.Errors{one}
	}
	const shown = 10
	var out []error
	for _, e := range many[:min(len(many), shown)] {
		out = append(out, cs.one(e))
	}
	if n := len(many) - shown; n > 0 {
		out = append(out, fmt.Errorf("and %d more", n))
	}
	return errors.Join(out...)
}

func (cs codes) one(e *ast.Error) error {
	message := e.Message
	if name, ok := strings.CutPrefix(message, "undefined function "); ok && forbidden[name] != "" {
		message = name + " is not to be had: " + forbidden[name]
	}
	if span, ok := cs.at(e.Location); ok {
		return &source.SyntaxError{Span: span, Message: message}
	}
	return errors.New(message)
}
