package runline

import (
	"bytes"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// maxWord bounds the value of a word after expansion, so that variables made
// of variables cannot grow without end.
const maxWord = 64 << 10

// A scope is the variables of one script whose values are known.
type scope struct {
	text *text
	vars map[string]variable
}

// A variable is one that a script assigns exactly once, unconditionally, a
// value that is known.
type variable struct {
	value  string
	from   []origin
	after  int // offset in the text from which on it holds
	likely bool
}

// newScope reads the variables of a parsed script.
func newScope(t *text, file *syntax.File) *scope {
	s := &scope{text: t, vars: map[string]variable{}}
	count := assignments(file)
	visit(file, func(a *syntax.Assign, conditional bool) {
		if conditional || count[a.Name.Value] != 1 || a.Append || a.Naked || a.Array != nil || a.Index != nil {
			return
		}
		v := variable{after: int(a.End().Offset())}
		if a.Value != nil {
			w := s.word(a.Value)
			if !w.known() || len(w.value) > maxWord {
				return
			}
			v.value, v.from, v.likely = w.value, w.from, w.likely
		}
		s.vars[a.Name.Value] = v
	})
	return s
}

// assignments counts how often a script gives each variable a value.
func assignments(file *syntax.File) map[string]int {
	count := map[string]int{}
	visit(file, func(a *syntax.Assign, _ bool) { count[a.Name.Value]++ })
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.ForClause:
			if it, ok := n.Loop.(*syntax.WordIter); ok && it.Name != nil {
				count[it.Name.Value] += 2
			}
		case *syntax.CallExpr:
			if len(n.Args) > 1 && setsNames(n.Args[0].Lit()) {
				for _, arg := range n.Args[1:] {
					count[arg.Lit()] += 2
				}
			}
		}
		return true
	})
	return count
}

// setsNames reports whether the builtin called name gives its arguments a
// value, or takes it, in a way that is not followed.
func setsNames(name string) bool {
	return slices.Contains([]string{"read", "unset", "getopts", "mapfile", "readarray", "printf"}, name)
}

// visit calls f for every assignment that outlives its command, in order, and
// says whether it may be left out when the script runs.
func visit(file *syntax.File, f func(a *syntax.Assign, conditional bool)) {
	depth := 0
	var stack []bool
	syntax.Walk(file, func(n syntax.Node) bool {
		if n == nil {
			if last := len(stack) - 1; last >= 0 {
				if stack[last] {
					depth--
				}
				stack = stack[:last]
			}
			return true
		}
		var assigns []*syntax.Assign
		branch := false
		switch n := n.(type) {
		case *syntax.IfClause, *syntax.WhileClause, *syntax.ForClause, *syntax.CaseClause, *syntax.Subshell, *syntax.CmdSubst, *syntax.BinaryCmd:
			branch = true
		case *syntax.CallExpr:
			if len(n.Args) == 0 {
				assigns = n.Assigns
			}
		case *syntax.DeclClause:
			assigns = n.Args
		}
		for _, a := range assigns {
			if a.Name != nil && (!a.Naked || a.Value != nil) {
				f(a, depth > 0)
			}
		}
		stack = append(stack, branch)
		if branch {
			depth++
		}
		return true
	})
}

// words returns the words that the shell makes of w.
func (s *scope) words(w *syntax.Word) []*word {
	if len(w.Parts) == 1 {
		if p, ok := w.Parts[0].(*syntax.ParamExp); ok {
			return s.split(s.word(w), p)
		}
		if _, ok := w.Parts[0].(*syntax.CmdSubst); ok {
			out := s.word(w)
			out.open = !out.known()
			return []*word{out}
		}
		if d, ok := w.Parts[0].(*syntax.DblQuoted); ok && len(d.Parts) == 1 {
			if p, ok := d.Parts[0].(*syntax.ParamExp); ok {
				out := s.word(w)
				out.name = paramName(p)
				out.open = p.Index != nil || out.name == "@" // "${OPTS[@]}" and "$@" are many words
				return []*word{out}
			}
		}
	}
	return []*word{s.word(w)}
}

// split cuts the value of an unquoted expansion at its blanks.
func (s *scope) split(w *word, p *syntax.ParamExp) []*word {
	w.name = paramName(p)
	if !w.known() {
		w.open = true
		return []*word{w}
	}
	var out []*word
	for i := 0; i < len(w.value); {
		if isBlank(w.value[i]) {
			i++
			continue
		}
		j := i
		for j < len(w.value) && !isBlank(w.value[j]) {
			j++
		}
		part := *w
		part.value, part.from = w.value[i:j], w.from[i:j]
		out = append(out, &part)
		i = j
	}
	return out
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\n' }

func paramName(p *syntax.ParamExp) string {
	if p.Param == nil {
		return ""
	}
	return p.Param.Value
}

// word returns the value of w as one word.
func (s *scope) word(w *syntax.Word) *word {
	out := &word{text: s.text, start: int(w.Pos().Offset()), end: int(w.End().Offset())}
	s.parts(out, w.Parts, bare)
	out.value = string(out.buf)
	out.buf = nil
	out.end = out.start + len(trimEnd(s.text.bytes[out.start:out.end]))
	return out
}

// trimEnd takes a carriage return and line continuations off the end of a word:
// the parser counts them in.
func trimEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\r"))
	for {
		cut := bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\\\n")), []byte("\\\r\n"))
		if len(cut) == len(b) {
			return b
		}
		b = cut
	}
}

func (s *scope) parts(out *word, parts []syntax.WordPart, kind quoting) {
	alone := len(parts) == 1 && len(out.from) == 0
	for _, part := range parts {
		start, end := int(part.Pos().Offset()), int(part.End().Offset())
		switch part := part.(type) {
		case *syntax.Lit:
			s.literal(out, start, end, kind)
		case *syntax.SglQuoted:
			s.singleQuoted(out, part)
		case *syntax.DblQuoted:
			s.parts(out, part.Parts, double)
		case *syntax.ParamExp:
			s.param(out, part, alone)
		case *syntax.CmdSubst:
			if isPwd(part) {
				out.put(".", origin{start, end, expanded})
			} else {
				out.put(hole, origin{start, end, expanded})
			}
		default:
			out.put(hole, origin{start, end, expanded})
		}
	}
}

// literal adds unquoted or double-quoted source to out, without its escapes.
func (s *scope) literal(out *word, start, end int, kind quoting) {
	src := s.text.bytes
	for i := start; i < min(end, len(src)); i++ {
		n := 1
		if src[i] == '\r' && (i+1 == len(src) || src[i+1] == '\n') {
			continue
		}
		if src[i] == '\\' && i+1 < end {
			next := src[i+1]
			switch {
			case next == '\n':
				i++
				continue
			case next == '\r' && i+2 < end && src[i+2] == '\n':
				i += 2
				continue
			case kind == bare || strings.IndexByte("$`\"\\", next) >= 0:
				n = 2
			}
		}
		out.put(string(src[i+n-1:i+n]), origin{i, i + n, kind})
		i += n - 1
	}
}

func (s *scope) singleQuoted(out *word, q *syntax.SglQuoted) {
	start, end := int(q.Left.Offset())+1, int(q.Right.Offset())
	if q.Dollar {
		start++
	}
	if end > len(s.text.bytes) || start > end {
		return
	}
	if q.Dollar && bytes.IndexByte(s.text.bytes[start:end], '\\') >= 0 {
		out.put(hole, origin{start, end, expanded})
		return
	}
	for i := start; i < end; i++ {
		out.put(string(s.text.bytes[i:i+1]), origin{i, i + 1, single})
	}
}

// param adds what a parameter expands to. Where it is all of the word its
// bytes keep the place they are assigned at.
func (s *scope) param(out *word, p *syntax.ParamExp, alone bool) {
	use := origin{int(p.Pos().Offset()), int(p.End().Offset()), expanded}
	use.end = use.start + len(trimEnd(s.text.bytes[use.start:use.end]))
	name := paramName(p)
	plain := p.Param != nil && !p.Excl && !p.Length && !p.Width && !p.IsSet && p.Index == nil && p.Slice == nil && p.Repl == nil && p.Names == 0
	if v, ok := s.vars[name]; ok && plain && p.Exp == nil && v.after <= use.start {
		out.likely = out.likely || v.likely
		for i := range len(v.value) {
			o := use
			if alone {
				o = v.from[i]
				o.quote = expanded
			}
			out.put(v.value[i:i+1], o)
		}
		return
	}
	switch {
	case plain && p.Exp == nil && (name == "PWD" || name == "CURDIR"):
		out.put(".", use)
	case plain && p.Exp == nil && name == "HOME":
		out.put("~", use)
	case plain && p.Exp != nil && (p.Exp.Op == syntax.DefaultUnset || p.Exp.Op == syntax.DefaultUnsetOrNull):
		s.fallback(out, p, use)
	default:
		out.put(hole, use)
	}
}

// fallback adds the default of ${NAME:-default}, which likely holds.
func (s *scope) fallback(out *word, p *syntax.ParamExp, use origin) {
	if p.Exp.Word == nil {
		out.likely = true
		return
	}
	w := s.word(p.Exp.Word)
	if !w.known() {
		out.put(hole, use)
		return
	}
	out.likely = true
	for i := range len(w.value) {
		o := w.from[i]
		o.quote = expanded
		out.put(w.value[i:i+1], o)
	}
}

func (w *word) put(b string, o origin) {
	if len(w.buf) >= maxWord {
		return
	}
	w.buf = append(w.buf, b...)
	w.from = append(w.from, o)
}

// isPwd reports whether c is $(pwd).
func isPwd(c *syntax.CmdSubst) bool {
	if len(c.Stmts) != 1 {
		return false
	}
	call, ok := c.Stmts[0].Cmd.(*syntax.CallExpr)
	return ok && len(call.Args) == 1 && call.Args[0].Lit() == "pwd"
}
