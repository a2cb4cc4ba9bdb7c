package shell

import (
	"errors"
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// Options say how a script is run.
type Options struct {
	Shell    string // as in model.Script
	PipeFail bool
	ErrExit  bool
}

// Limits of what is parsed. The parser recurses as deep as the script nests;
// beyond the limits a script is left unparsed, with an error.
const (
	maxText    = 512 << 10 // bytes of all scripts of a parser: a command takes a hundred times its text
	maxOpeners = 8000      // in scripts longer than maxPlain
	maxPlain   = 8 << 10
	maxDepth   = 4 // of scripts given to sh -c inside scripts
)

// A Parser reads scripts. It is not safe for concurrent use.
type Parser struct {
	parser *syntax.Parser
	left   int // of maxText
}

// NewParser returns a parser of POSIX and bash scripts.
func NewParser() *Parser { return &Parser{syntax.NewParser(syntax.Variant(syntax.LangBash)), maxText} }

// Named returns what model.Script calls the shell at path, and whether it is
// one whose scripts can be read.
func Named(path string) (name string, readable bool) {
	switch name := strings.ToLower(base(path)); name {
	case "sh", "ash", "dash", "busybox":
		return "sh", true
	case "bash":
		return "bash", true
	case "zsh", "ksh", "mksh":
		return name, true
	case "powershell", "pwsh":
		return "powershell", false
	default:
		return name, false
	}
}

// Script reads t, the text of a script run by a shell.
func (p *Parser) Script(t *Text, o Options) *model.Script {
	s := &model.Script{Shell: o.Shell, Span: t.Span(0, len(t.S)), PipeFail: o.PipeFail, ErrExit: o.ErrExit}
	w := &walker{parser: p, text: t, script: s, errExit: o.ErrExit, pipeFail: o.PipeFail}
	file, err := p.parse(t.S)
	if err != nil {
		s.Error = err.Error()
		return s
	}
	s.Parsed = true
	w.stmts(file.Stmts, context{fails: true, exits: true})
	s.ErrExit, s.PipeFail = w.errExit, w.pipeFail
	return s
}

// An Arg is one argument of a command in exec form.
type Arg struct {
	Word   model.Word
	Text   func() Text // its decoded value
	Insert func(word string) []source.Edit
}

// Exec reads one command that is run without a shell.
func (p *Parser) Exec(args []Arg, span source.Span) *model.Script {
	s := &model.Script{Span: span, Parsed: true}
	if len(args) == 0 {
		return s
	}
	words := make([]model.Word, len(args))
	inserts := make([]func(string) []source.Edit, len(args))
	for i, a := range args {
		words[i], inserts[i] = a.Word, a.Insert
	}
	w := &walker{parser: p, text: &Text{File: span.File}, script: s}
	c := w.command(words, nil)
	c.Span, c.Last = span, true
	n := len(c.Wrapper)
	c.Insert = func(i int, word string) []source.Edit {
		if i < 0 || i+n >= len(inserts) {
			return nil
		}
		return inserts[i+n](word)
	}
	if i := scriptArg(c); i >= 0 && i+n < len(args) {
		t := args[i+n].Text()
		w.nested(&t, c, context{fails: true, exits: true})
	}
	return s
}

// parse parses script. A failure inside the parser itself counts as one of
// the script.
func (p *Parser) parse(script string) (file *syntax.File, err error) {
	if p.left -= len(script); p.left < 0 || tooComplex(script) {
		return nil, errors.New("the script is too long or nested too deeply")
	}
	defer func() {
		if r := recover(); r != nil {
			p.parser = NewParser().parser
			file, err = nil, fmt.Errorf("the script cannot be parsed: %v", r)
		}
	}()
	file, err = p.parser.Parse(strings.NewReader(script), "")
	if bad, ok := errors.AsType[syntax.ParseError](err); ok {
		err = errors.New(bad.Text)
	}
	return file, err
}

// tooComplex reports whether script could make the parser recurse too deeply.
func tooComplex(script string) bool {
	if len(script) <= maxPlain {
		return false
	}
	openers := 0
	for i := range len(script) {
		switch script[i] {
		case '(', '{', '`', '!', '~', '?', '[':
			openers++
		}
	}
	for _, word := range [...]string{"if", "while", "until", "for", "case", "time", "coproc", "--", "++", "**", "select", "function"} {
		openers += strings.Count(script, word)
	}
	return openers > maxOpeners
}
