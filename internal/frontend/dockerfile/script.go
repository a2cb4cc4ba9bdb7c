package dockerfile

import (
	"strings"
	"unicode/utf8"

	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"bulkhead/internal/frontend/dockerfile/shell"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// scripts reads what RUN, CMD, ENTRYPOINT and HEALTHCHECK run.
func (r *reader) scripts(in *model.Instruction, st *statement) {
	if st.inner != nil {
		st = st.inner
	}
	first := 0
	switch in.Name {
	case "RUN", "CMD", "ENTRYPOINT":
	case "HEALTHCHECK":
		first = 1
	default:
		return
	}
	if len(in.Words) <= first || st.err != nil {
		return
	}
	if st.json {
		in.Scripts = []*model.Script{r.shell.Exec(r.execArgs(in, st, first), argsSpan(st, st.words[first:]))}
		return
	}
	text := st.text.Sub(st.words[first].start, st.words[first].end)
	name := ""
	if len(st.docs) > 0 {
		text, name = r.withDocuments(text, st.docs)
	}
	in.Scripts = []*model.Script{r.script(&text, name)}
}

// withDocuments returns the script that text and its here-documents make. A
// lone here-document is the script itself; its first line may name what runs
// it.
func (r *reader) withDocuments(text shell.Text, docs []document) (shell.Text, string) {
	if parser.MustParseHeredoc(text.S) != nil {
		d := docs[0]
		body := shell.NewText(r.file, r.whole, d.start, d.end)
		line, _, _ := strings.Cut(body.S, "\n")
		interpreter, _ := strings.CutPrefix(line, "#!")
		if interpreter == line {
			return body, ""
		}
		return body, strings.TrimSpace(interpreter)
	}
	var b shell.Builder
	b.AddText(&text)
	for _, d := range docs {
		b.AddDecoded("\n", max(d.start-1, 0))
		b.Add(r.whole[d.start:d.end], d.start)
		b.AddDecoded(d.Name, d.end)
	}
	full := b.Text(r.file)
	full.Escape = text.Escape
	return full, ""
}

// script reads text, run by the stage's shell or by interpreter.
func (r *reader) script(text *shell.Text, interpreter string) *model.Script {
	words := []string{"/bin/sh", "-c"}
	if r.stage != nil && len(r.stage.Shell.Value) > 0 {
		words = r.stage.Shell.Value
	}
	if interpreter != "" {
		words = strings.Fields(interpreter)
	}
	if len(words) > 1 && strings.HasSuffix(words[0], "/env") {
		words = words[1:]
		if len(words) > 1 && words[0] == "-S" {
			words = words[1:]
		}
	}
	name, readable := shell.Named(words[0])
	if !readable {
		return &model.Script{Shell: name, Span: text.Span(0, len(text.S))}
	}
	o := shell.Options{Shell: name}
	o.ErrExit, o.PipeFail = shell.Flags(words)
	return r.shell.Script(text, o)
}

// execArgs returns the elements of a JSON array, from the given one on, as
// the arguments of a command.
func (r *reader) execArgs(in *model.Instruction, st *statement, first int) []shell.Arg {
	args := make([]shell.Arg, 0, len(st.words)-first)
	for i := first; i < len(st.words); i++ {
		t := st.words[i]
		args = append(args, shell.Arg{
			Word: in.Words[i],
			Text: func() shell.Text { return r.decodeJSON(st, t) },
			Insert: func(word string) []source.Edit {
				if strings.ContainsAny(word, "\r\n\x00") {
					return nil
				}
				at := st.text.Offset(t.end-1) + 1
				return []source.Edit{{Span: r.file.Span(at, at), New: ", " + quoteJSON(word), Key: word}}
			},
		})
	}
	return args
}

// decodeJSON returns the value of the JSON string t as a text that knows its
// place.
func (r *reader) decodeJSON(st *statement, t token) shell.Text {
	var b shell.Builder
	s := st.text.S
	for at := t.start + 1; at < t.end-1; {
		if s[at] != '\\' {
			_, size := utf8.DecodeRuneInString(s[at : t.end-1])
			b.AddDecoded(s[at:at+size], st.text.Offset(at))
			at += size
			continue
		}
		size := 2
		if s[at+1] == 'u' {
			size = min(6, t.end-1-at)
		}
		b.AddDecoded(unquoteJSON(`"`+s[at:at+size]+`"`), st.text.Offset(at))
		at += size
	}
	text := b.Text(r.file)
	text.Escape, text.Nested = st.text.Escape, true
	return text
}
