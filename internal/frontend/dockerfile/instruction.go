package dockerfile

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/command"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// statement reads one logical line.
func (r *reader) statement(st *statement) {
	in := r.instruction(st)
	r.build.Instructions = append(r.build.Instructions, in)
	r.lines = append(r.lines, st)
	r.validate(st, in)
	if st.name == "FROM" {
		r.from(st, in)
		return
	}
	if in.Stage = r.current(); in.Stage == nil {
		if st.name == "ARG" {
			r.words(in, st)
			r.arg(in, r.global)
			return
		}
		if !r.refused {
			r.refused = true
			r.fault(in.Keyword, "no build stage: there is no FROM before this instruction")
		}
	} else {
		in.Stage.Instructions = append(in.Stage.Instructions, in)
		r.stage.lines = append(r.stage.lines, st)
	}
	r.words(in, st)
	r.effect(in, st)
}

func (r *reader) current() *model.Stage {
	if r.stage == nil {
		return nil
	}
	return r.stage.Stage
}

// instruction returns what can be said of st by itself.
func (r *reader) instruction(st *statement) *model.Instruction {
	in := &model.Instruction{
		Name:    st.name,
		Keyword: st.text.Span(st.keyword.start, st.keyword.end),
		JSON:    st.json,
	}
	in.User.State, in.User.Span = model.Unknown, in.Keyword
	outer := in.Keyword.Start
	if st.inner != nil {
		in.Name, in.OnBuild, in.JSON = st.inner.name, true, st.inner.json
		in.Keyword = st.text.Span(st.inner.keyword.start, st.inner.keyword.end)
	}
	in.Span = r.file.Span(outer, st.end)
	from, to := r.lineStart(outer), st.next
	in.Delete = func() []source.Edit { return []source.Edit{{Span: r.file.Span(from, to)}} }
	for _, d := range st.docs {
		in.Heredocs = append(in.Heredocs, model.Heredoc{Name: d.Name, Span: r.file.Span(d.start, d.end)})
	}
	return in
}

// lineStart returns where the line with offset at starts.
func (r *reader) lineStart(at int) int {
	for at > 0 && r.file.Text[at-1] != '\n' {
		at--
	}
	return at
}

// scope returns what the words of the current instruction may refer to.
func (r *reader) scope(in *model.Instruction) *scope {
	switch {
	case in.OnBuild:
		return &scope{open: true} // that of the build on top of this one
	case r.stage == nil:
		return r.global
	}
	return r.stage.scope
}

// words reads flags, words and pairs of st into in.
func (r *reader) words(in *model.Instruction, st *statement) {
	if st.inner != nil {
		st = st.inner
	}
	s := r.scope(in)
	if st.name == "FROM" {
		s = r.global
	}
	for _, t := range st.flags {
		in.Flags = append(in.Flags, r.flag(in, st, t, s))
	}
	if st.pairs != nil {
		if st.name == "ARG" {
			return // each may refer to those before it: see arg
		}
		in.Pairs = make([]model.Pair, len(st.pairs))
		for i, p := range st.pairs {
			in.Pairs[i] = r.pair(in, st, p, s)
		}
		return
	}
	if len(st.words) > 0 {
		in.Words = make([]model.Word, len(st.words))
	}
	for i := range st.words {
		in.Words[i] = r.word(in, st, i, s)
	}
}

// expands reports whether BuildKit replaces variables in the words of the
// instruction called name.
func expands(name string) bool {
	switch name {
	case "ADD", "COPY", "EXPOSE", "FROM", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR", "ENV", "LABEL", "ARG":
		return true
	}
	return false
}

// value returns what raw expands to. An expansion BuildKit refuses is a fault.
func (r *reader) value(raw string, s *scope, span source.Span) (string, model.State) {
	v, state, err := r.expand.word(raw, s)
	if err != nil {
		r.fault(span, explain(err))
	}
	return v, state
}

func (r *reader) word(in *model.Instruction, st *statement, i int, s *scope) model.Word {
	t := st.words[i]
	w := model.Word{Value: t.value, State: model.Set, Span: st.text.Span(t.start, t.end)}
	if expands(st.name) && (st.name != "FROM" || i == 0) {
		w.Value, w.State = r.value(t.value, s, w.Span)
	}
	e := editor{reader: r, in: in, st: st, index: i}
	w.Edit, w.Delete = e.setWord, e.deleteWord
	return w
}

func (r *reader) flag(in *model.Instruction, st *statement, t token, s *scope) model.Flag {
	span := st.text.Span(t.start, t.end)
	name, value, ok := strings.Cut(strings.TrimPrefix(t.value, "--"), "=")
	f := model.Flag{Name: name, Span: span, Value: model.Word{Value: value, State: model.Set, Span: span}}
	at := editor{reader: r, in: in, st: st, span: span, at: t.start}
	f.Value.Delete = at.deleteFlag
	if !ok {
		switch name {
		case "link", "parents", "unpack", "keep-git-dir":
			f.Value.Value = "true"
		}
		return f
	}
	if i := strings.IndexByte(st.text.S[t.start:t.end], '='); i >= 0 {
		f.Value.Span = st.text.Span(t.start+i+1, t.end)
		at.span = f.Value.Span
		f.Value.Edit = at.setFlag
	}
	switch name {
	case "chown", "chmod", "checksum", "platform", "mount":
		f.Value.Value, f.Value.State = r.value(value, s, f.Value.Span)
	}
	return f
}

func (r *reader) pair(in *model.Instruction, st *statement, p pair, s *scope) model.Pair {
	span := st.text.Span(p.key.start, p.key.end)
	out := model.Pair{Key: span, Legacy: p.delim == "" && !p.bare}
	out.Name, _ = r.value(p.key.value, s, span)
	if p.bare {
		out.Value.Span = span
		e := editor{reader: r, in: in, st: st, span: span, at: p.key.start, bare: true}
		out.Value.Edit, out.Value.Delete = e.setPair, e.deletePair
		return out
	}
	out.Value.Span = st.text.Span(p.value.start, p.value.end)
	if p.value.start == p.value.end { // NAME=, the value of which is empty
		out.Value.Span = r.file.Span(st.text.Offset(p.value.start-1)+1, st.text.Offset(p.value.start-1)+1)
	}
	out.Value.Value, out.Value.State = r.value(p.value.value, s, out.Value.Span)
	e := editor{reader: r, in: in, st: st, span: out.Value.Span, at: p.key.start, legacy: out.Legacy}
	out.Value.Edit, out.Value.Delete = e.setPair, e.deletePair
	return out
}

// maxKeyword is more than the longest name of an instruction.
const maxKeyword = 64

// validate lets BuildKit read st and notes what it refuses.
func (r *reader) validate(st *statement, in *model.Instruction) {
	if st.err != nil {
		r.fault(in.Keyword, brief(st.err.Error()))
		return
	}
	if len(r.facts.Faults) >= maxFaults {
		return // nobody reads more, and BuildKit's errors are costly to make
	}
	if len(st.keyword.value) > maxKeyword {
		r.fault(in.Keyword, "unknown instruction: "+brief(st.name)) // finding what was meant would take long
		return
	}
	cmd, err := instructions.ParseInstruction(st.node())
	if err == nil && st.inner != nil {
		cmd, err = instructions.ParseInstruction(st.inner.node())
	}
	if err != nil {
		r.fault(in.Keyword, explain(err))
		return
	}
	if run, ok := cmd.(*instructions.RunCommand); ok {
		r.mounts(run, st, in)
	}
}

// explain returns the message of an error of BuildKit as ours.
func explain(err error) string {
	s := err.Error()
	if strings.HasSuffix(s, "(\ufffd) in substitution") {
		return "syntax error: missing '}'"
	}
	if i := strings.LastIndex(s, ": syntax error"); i >= 0 {
		s = s[i+2:]
	}
	first, _, _ := strings.Cut(s, "\n")
	first = strings.TrimSuffix(first, ".")
	if len(first) > 1 && first[0] >= 'A' && first[0] <= 'Z' && first[1] >= 'a' && first[1] <= 'z' {
		first = strings.ToLower(first[:1]) + first[1:]
	}
	return brief(first)
}

// node returns st as the node that BuildKit's parser would make of it.
func (st *statement) node() *parser.Node {
	n := &parser.Node{Value: st.keyword.value, Original: st.text.S, StartLine: st.first, EndLine: st.first}
	for _, f := range st.flags {
		n.Flags = append(n.Flags, f.value)
	}
	if st.json {
		n.Attributes = map[string]bool{"json": true}
	}
	for _, d := range st.docs {
		n.Heredocs = append(n.Heredocs, d.Heredoc)
	}
	last := n
	add := func(v string) {
		last.Next = &parser.Node{Value: v}
		last = last.Next
	}
	switch {
	case st.inner != nil:
		n.Next = &parser.Node{Children: []*parser.Node{st.inner.node()}}
	case st.pairs != nil && st.name != "ARG":
		for _, p := range st.pairs {
			add(p.key.value)
			add(p.value.value)
			add(p.delim)
		}
	default:
		for _, w := range st.words {
			add(w.value)
		}
		if _, known := command.Commands[strings.ToLower(st.name)]; !known {
			add("")
		}
	}
	return n
}
