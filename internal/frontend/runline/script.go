package runline

import (
	"bytes"
	"errors"
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"bulkhead/internal/model"
)

// maxNested bounds sh -c "sh -c '…'".
const maxNested = 4

// script reads the docker lines of a shell script.
func (r *reader) script(t *text) {
	if !mentions(t.bytes) {
		return
	}
	file, err := parseShell(t.bytes)
	if err == nil {
		r.walk(t, file)
		return
	}
	// One construct that is not read must not hide the lines beside it.
	loose := r.loose
	r.loose = true
	defer func() { r.loose = loose }()
	for _, l := range logicalLines(t.bytes) {
		part := t.slice(l[0], l[1])
		if !mentions(part.bytes) {
			continue
		}
		if file, err := parseShell(part.bytes); err == nil {
			r.walk(part, file)
		} else if first, _, _ := strings.Cut(string(bytes.TrimSpace(part.bytes[:min(len(part.bytes), 200)])), " "); isEngine(first) {
			at := part.span(0, len(part.bytes)).Position()
			r.facts.Notes = append(r.facts.Notes, model.Note{What: at.String(), Why: "is not a shell command that can be read"})
		}
	}
}

// mentions reports whether b may hold a line to read. It is cheap: most
// scripts do not.
func mentions(b []byte) bool {
	return bytes.Contains(b, []byte("docker")) || bytes.Contains(b, []byte("podman")) ||
		bytes.Contains(b, []byte("DOCKER")) || bytes.Contains(b, []byte("PODMAN"))
}

// The parser and its walker recurse for every level of nesting, at some 6 kB of
// stack for a command and 2 kB for an operator of arithmetic. A stack that grows
// past Go's limit ends the program, so a script that could nest deeper than
// this is not parsed as a whole: a count of what opens a level bounds how deep
// it goes, wherever quotes and comments close it.
const (
	maxLevels    = 5_000
	maxOperators = 20_000
)

var errNested = errors.New("nests too deeply")

func nests(b []byte) bool {
	levels, operators := 0, 0
	for _, c := range b {
		switch c {
		case '(', '{', '`', '!', '&', '|', '[':
			levels++
		case '-', '~', '+', '?', '^', '%', '*', '/', '<', '>', '=', ',':
			operators++
		}
	}
	for _, keyword := range []string{"if", "while", "until", "for", "case", "time", "coproc", "select"} {
		levels += bytes.Count(b, []byte(keyword))
	}
	return levels > maxLevels || operators > maxOperators
}

func parseShell(b []byte) (*syntax.File, error) {
	if nests(b) {
		return nil, errNested
	}
	return syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(bytes.NewReader(b), "")
}

// slice returns the bytes [start, end) of t as a text of their own.
func (t *text) slice(start, end int) *text {
	out := &text{file: t.file, quoted: t.quoted, locked: t.locked}
	for i := start; i < end; {
		s := t.seg(i)
		n := min(s.at+s.n, end) - i
		cut := s
		if s.n == s.m {
			cut.to, cut.m = s.start(i), n
		}
		out.append(t.bytes[i:i+n], cut)
		i += n
	}
	return out
}

// logicalLines returns the ranges of b's lines, lines that end in a backslash
// taken together with the next.
func logicalLines(b []byte) [][2]int {
	var out [][2]int
	start := 0
	for i, c := range b {
		if c != '\n' {
			continue
		}
		if l := bytes.TrimSuffix(b[start:i], []byte("\r")); bytes.HasSuffix(l, []byte(`\`)) {
			continue
		}
		out = append(out, [2]int{start, i})
		start = i + 1
	}
	return append(out, [2]int{start, len(b)})
}

// walk reads every simple command of a parsed script.
func (r *reader) walk(t *text, file *syntax.File) {
	s := newScope(t, file)
	syntax.Walk(file, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok {
			r.call(s, call)
		}
		return true
	})
}

func (r *reader) call(s *scope, call *syntax.CallExpr) {
	if len(call.Args) < 2 {
		return
	}
	first := call.Args[0].Lit()
	if first != "" && !isEngine(first) && !wraps(first) && !isShell(first) {
		return
	}
	var words []*word
	for _, a := range call.Args {
		words = append(words, s.words(a)...)
	}
	words = unwrap(words)
	if len(words) < 2 {
		return
	}
	switch name := words[0].value; {
	case isEngine(name):
		r.command(words[1:], path.Base(name))
	case isShell(name):
		r.nested(words)
	}
}

// nested reads the script of sh -c.
func (r *reader) nested(words []*word) {
	if r.depth >= maxNested {
		return
	}
	for i := 1; i+1 < len(words); i++ {
		flags := words[i].value
		if len(flags) < 2 || flags[0] != '-' {
			return
		}
		if flags[1] == '-' || !strings.Contains(flags, "c") {
			continue
		}
		r.depth++
		r.script(words[i+1].inner())
		r.depth--
		return
	}
}

// inner returns w's value as a text of its own: the script in sh -c 'script'.
// What is not known in it stays so.
func (w *word) inner() *text {
	out := &text{file: w.text.file, locked: w.text.locked || !w.uniform(0, len(w.value))}
	if !out.locked {
		out.quoted = append([]quoting{w.from[0].quote}, w.text.quoted...)
	}
	for i, o := range w.from {
		sp := w.text.span(o.start, o.end)
		seg := segment{to: sp.Start, m: sp.End - sp.Start, style: w.text.seg(o.start).style}
		seg.fixed = !w.text.editable(o.start, o.end)
		seg.use, seg.useEnd = sp.Start, sp.End
		b := w.value[i : i+1]
		if b == hole {
			b = unknown(w.raw(i, i+1))
		}
		out.append([]byte(b), seg)
	}
	return out
}

func isEngine(name string) bool {
	switch path.Base(name) {
	case "docker", "podman", "docker.exe", "podman-remote":
		return true
	}
	return false
}

func isShell(name string) bool {
	switch path.Base(name) {
	case "sh", "bash", "ash", "dash":
		return true
	}
	return false
}

// wraps reports whether the program called name runs the command behind it.
func wraps(name string) bool {
	switch path.Base(name) {
	case "sudo", "doas", "env", "exec", "command", "nohup", "nice", "time", "timeout", "builtin", "eval", "xargs", "setsid", "ionice", "stdbuf", "winpty":
		return true
	}
	return false
}

// unwrap strips sudo, env and the like with their own arguments: everything
// up to an engine or a shell.
func unwrap(words []*word) []*word {
	if !wraps(words[0].value) {
		return words
	}
	for i, w := range words[1:] {
		if isEngine(w.value) || isShell(w.value) {
			return words[i+1:]
		}
	}
	return nil
}

// command reads the words after "docker".
func (r *reader) command(words []*word, engine string) {
	global := parse(words[0], words, r.global)
	words = global.args
	if global.bad != "" || global.lacks != "" || len(words) == 0 {
		return
	}
	noun := ""
	if len(words) > 1 && (words[0].value == "container" || words[0].value == "network") {
		noun, words = words[0].value, words[1:]
	}
	verb := words[0]
	switch {
	case noun != "network" && (verb.value == "run" || verb.value == "create"):
		r.run(verb, words[1:], engine)
	case noun == "network" && verb.value == "create":
		r.network(verb, words[1:])
	case noun == "network" && verb.value == "connect":
		r.connect(verb, words[1:])
	}
}
