package runline

import (
	"bytes"
	"slices"
	"strings"

	"bulkhead/internal/source"
)

const (
	maxMakeDepth = 8        // of make variables made of make variables
	maxRecipe    = 64 << 10 // bytes of one recipe line after expansion
)

// makefile reads the recipe lines of a Makefile, each a script of its own.
func (r *reader) makefile(f *source.File) {
	m := &makefile{file: f, vars: map[string]makeVar{}}
	lines := logicalLines(f.Text)
	m.variables(lines)
	for _, l := range lines {
		if f.Text[min(l[0], len(f.Text)-1)] != '\t' {
			continue
		}
		start := l[0] + 1
		for start < l[1] && strings.IndexByte("@-+ \t", f.Text[start]) >= 0 {
			start++
		}
		t := &text{file: f}
		m.expand(t, start, l[1], nil)
		r.script(t)
	}
}

// justfile reads the recipe lines of a justfile. What is in {{ }} is not known.
func (r *reader) justfile(f *source.File) {
	for _, l := range logicalLines(f.Text) {
		start := l[0]
		for start < l[1] && strings.IndexByte("@- \t", f.Text[start]) >= 0 {
			start++
		}
		if start == l[0] || start == l[1] {
			continue
		}
		t := whole(f).slice(start, l[1])
		for _, e := range expressions.FindAllIndex(t.bytes, -1) {
			t.mask(e[0], e[1])
		}
		r.script(t)
	}
}

// A makefile is a Makefile's text and the variables it gives one literal value.
type makefile struct {
	file *source.File
	vars map[string]makeVar
}

// A makeVar is a variable's value: a range of the file. It is lost where the
// variable has more than one value or one that is not literal.
type makeVar struct {
	start, end int
	lost       bool
}

// variables reads the assignments among the lines that are not recipes.
func (m *makefile) variables(lines [][2]int) {
	depth := 0 // of ifeq and define
	for _, l := range lines {
		line := m.file.Text[l[0]:l[1]]
		if len(line) == 0 || line[0] == '\t' {
			continue
		}
		word, _, _ := strings.Cut(strings.TrimSpace(string(line[:min(len(line), 200)])), " ")
		switch word {
		case "ifeq", "ifneq", "ifdef", "ifndef", "define":
			depth++
		case "endif", "endef":
			depth--
		default:
			m.assign(l[0], l[1], depth > 0)
		}
	}
}

// assign reads NAME = value, :=, ::=, ?= and the like in [start, end).
func (m *makefile) assign(start, end int, conditional bool) {
	line := m.file.Text[start:end]
	eq := bytes.IndexByte(line, '=')
	if eq < 0 {
		return
	}
	left := string(line[:eq])
	name := strings.TrimSpace(strings.TrimRight(left, ":?+!"))
	for _, word := range []string{"export ", "override ", "private "} {
		name = strings.TrimSpace(strings.TrimPrefix(name, word))
	}
	lost := conditional || strings.HasSuffix(left, "+") || strings.HasSuffix(left, "!")
	if i := strings.LastIndexAny(name, ": \t"); i >= 0 {
		name, lost = name[i+1:], true // "target: NAME = value"
	}
	if _, twice := m.vars[name]; twice {
		lost = true
	}
	from, to := start+eq+1, end
	if i := bytes.Index(line[eq:], []byte(" #")); i >= 0 {
		to = start + eq + i
	}
	for from < to && isBlank(m.file.Text[from]) {
		from++
	}
	for to > from && (isBlank(m.file.Text[to-1]) || m.file.Text[to-1] == '\r') {
		to--
	}
	m.vars[name] = makeVar{from, to, lost}
}

// A use is where a variable is used in a recipe, and the variables on the way.
type use struct {
	start, end int
	names      []string
}

// expand appends [start, end) of the file to t as the shell gets it. within is
// nil in a recipe itself, else the use of the variable the range is of.
func (m *makefile) expand(t *text, start, end int, within *use) {
	src := m.file.Text
	put := func(s []byte, at, n int) {
		seg := segment{to: at, m: n, style: makeRecipe}
		if within != nil {
			seg.fixed, seg.use, seg.useEnd = true, within.start, within.end
		}
		t.append(s, seg)
	}
	for i := start; i < end && len(t.bytes) < maxRecipe; {
		switch {
		case src[i] == '\\' && i+1 < end && (src[i+1] == '\n' || src[i+1] == '\r'):
			n := 2 + bytes.IndexByte(src[i+1:end], '\n')
			put([]byte("\\\n"), i, n)
			i += n
			if i < end && src[i] == '\t' {
				i++
			}
		case src[i] != '$' || i+1 >= end:
			n := 1
			for i+n < end && src[i+n] != '$' && src[i+n] != '\\' {
				n++
			}
			put(src[i:i+n], i, n)
			i += n
		case src[i+1] == '$':
			put([]byte("$"), i, 2)
			i += 2
		default:
			i = m.reference(t, i, end, within)
		}
	}
}

// reference expands the $(NAME), ${NAME} or $N at i and returns where it ends.
func (m *makefile) reference(t *text, i, end int, within *use) int {
	name, stop := m.name(i, end)
	here := use{start: i, end: stop}
	if within != nil {
		here = *within
	}
	v, ok := m.vars[name]
	if ok && !v.lost && len(here.names) < maxMakeDepth && !slices.Contains(here.names, name) {
		here.names = append(slices.Clip(here.names), name)
		m.expand(t, v.start, v.end, &here)
		return stop
	}
	shell := unknown(name)
	switch name {
	case "PWD", "CURDIR", "HOME":
		shell = "${" + name + "}"
	case "shell pwd":
		shell = "${PWD}"
	}
	t.append([]byte(shell), segment{to: i, m: stop - i, style: makeRecipe, fixed: within != nil, use: here.start, useEnd: here.end})
	return stop
}

// name returns what the reference at i names, and where it ends.
func (m *makefile) name(i, end int) (name string, stop int) {
	src := m.file.Text
	open, shut := src[i+1], byte(')')
	switch open {
	case '(':
	case '{':
		shut = '}'
	default:
		return string(src[i+1 : i+2]), i + 2
	}
	depth := 0
	for k := i + 1; k < end; k++ {
		switch src[k] {
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return string(src[i+2 : k]), k + 1
			}
		}
	}
	return "", end
}

// unknown returns a shell expansion that stands for something not known,
// called after what is written, since a name often tells what it is for.
func unknown(written string) string {
	return "${__" + identifier(written[:min(len(written), 60)]) + "}"
}

// identifier returns s with "_" for everything a shell name cannot hold.
func identifier(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, s)
}
