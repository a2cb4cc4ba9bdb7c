package origin

import (
	"encoding/json"
	"path"
	"strconv"
	"strings"

	"bulkhead/internal/model"
)

// maxText bounds what is compared of one step. Engines record steps whole, and
// here-documents may be long.
const maxText = 64 << 10

// parseStep reads a step as builders record it. The classic builder writes
// "/bin/sh -c #(nop)  ENV A=b", "/bin/sh -c #(nop) COPY file:5f… in /app " and
// "|1 A=b /bin/sh -c …" for RUN; BuildKit writes "ENV A=b", "COPY a /app #
// buildkit" and "RUN |1 A=b /bin/sh -c … # buildkit".
func parseStep(by string) step {
	text := strings.Join(strings.Fields(by[:min(len(by), maxText)]), " ")
	text = strings.TrimSuffix(text, " # buildkit")
	if _, rest, ok := strings.Cut(text, "#(nop)"); ok {
		name, rest, _ := strings.Cut(strings.TrimSpace(rest), " ")
		return step{instruction: strings.ToUpper(name), text: rest, classic: true}
	}
	name, rest, _ := strings.Cut(text, " ")
	switch name {
	case "RUN", "COPY", "ADD", "ENV", "ARG", "LABEL", "WORKDIR", "USER", "EXPOSE", "VOLUME", "CMD", "ENTRYPOINT",
		"HEALTHCHECK", "SHELL", "STOPSIGNAL", "ONBUILD", "MAINTAINER":
		return step{instruction: name, text: rest}
	}
	return step{instruction: "RUN", text: text, classic: true}
}

// said is what an instruction says, in the form that steps are compared in.
type said struct {
	in    *model.Instruction
	texts []string // of RUN: what its step ends with, any of them
}

func readInstruction(in *model.Instruction) said {
	s := said{in: in}
	if in.Name == "RUN" {
		s.texts = runTexts(in)
	}
	return s
}

// runTexts returns what the step of a RUN may end with: the text as the shell
// gets it, or the here-document that is its script.
func runTexts(in *model.Instruction) []string {
	f := in.Span.File
	if f == nil {
		return nil
	}
	from := in.Keyword.End
	for _, flag := range in.Flags {
		from = max(from, flag.Span.End)
	}
	head, tail := string(f.Text[from:in.Span.End]), ""
	if len(in.Heredocs) > 0 {
		if at := in.Heredocs[0].Span.Start; at >= from && at <= in.Span.End {
			head, tail = string(f.Text[from:at]), string(f.Text[at:in.Span.End])
		}
	}
	whole := logical(head)
	if in.JSON {
		var args []string
		if json.Unmarshal([]byte(whole), &args) == nil {
			return []string{collapse(strings.Join(args, " "))}
		}
	}
	out := []string{collapse(whole + "\n" + tail)}
	if len(in.Heredocs) == 1 {
		out = append(out, collapse(in.Heredocs[0].Span.Text()))
	}
	return out
}

// logical joins the lines of an instruction as the builder does: comments and
// empty lines between them go.
func logical(text string) string {
	var b strings.Builder
	first := true
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if lead := strings.TrimLeft(line, " \t"); !first && (lead == "" || lead[0] == '#') {
			continue
		}
		first = false
		cut := strings.TrimSuffix(line, "\\")
		if cut == line {
			cut = strings.TrimSuffix(line, "`")
		}
		b.WriteString(cut)
		if cut == line {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// collapse makes one blank of many.
func collapse(text string) string {
	return strings.Join(strings.Fields(text[:min(len(text), maxText)]), " ")
}

// cost is at least how many bytes made looks at.
func (x said) cost(s step) int {
	const cell = 8
	if x.in.Name != s.instruction {
		return cell
	}
	return cell + (len(s.text)+x.in.Span.End-x.in.Span.Start)*max(1, len(x.in.Pairs))
}

// made reports whether s is the step the instruction leaves in the history.
func (x said) made(s step) bool {
	if x.in.OnBuild {
		return s.instruction == "ONBUILD"
	}
	if x.in.Name != s.instruction {
		return false
	}
	switch x.in.Name {
	case "RUN":
		return x.ran(s)
	case "COPY", "ADD":
		return x.copied(s)
	case "ENV", "LABEL", "ARG":
		for _, p := range x.in.Pairs {
			if !strings.Contains(s.text, p.Name) {
				return false
			}
		}
	case "WORKDIR", "USER":
		return len(x.in.Words) != 1 || !x.in.Words[0].Known() || leadsTo(s.text, x.in.Words[0].Value)
	}
	return true
}

// ran reports whether the step ends with what the RUN runs, after the shell and
// the build arguments.
func (x said) ran(s step) bool {
	for _, t := range x.texts {
		before, ok := strings.CutSuffix(s.text, t)
		if ok && t != "" && (before == "" || before[len(before)-1] == ' ') {
			return true
		}
	}
	return false
}

// copied reports whether the step copies what the COPY or ADD does. The classic
// builder records a digest in place of the sources.
func (x said) copied(s step) bool {
	words := x.in.Words
	if len(words) == 0 {
		return false
	}
	target := words[len(words)-1]
	if s.classic {
		if _, to, ok := strings.Cut(s.text, " in "); ok {
			return !target.Known() || leadsTo(strings.TrimSpace(to), target.Value)
		}
	}
	fields := strings.Fields(s.text)
	for len(fields) > 0 && strings.HasPrefix(fields[0], "--") {
		fields = fields[1:]
	}
	var mine []string
	for _, w := range words {
		if !w.Known() || strings.HasPrefix(w.Value, "<<") {
			return len(fields) > 0 && (!target.Known() || leadsTo(fields[len(fields)-1], target.Value))
		}
		mine = append(mine, strings.Fields(w.Value)...)
	}
	if len(fields) != len(mine) || len(mine) == 0 {
		return false
	}
	last := len(mine) - 1
	for n := range last {
		if fields[n] != mine[n] && path.Clean(fields[n]) != path.Clean(mine[n]) {
			return false
		}
	}
	return leadsTo(fields[last], mine[last])
}

// leadsTo reports whether a path that a builder recorded can be what was
// written, which may be relative to the working directory.
func leadsTo(recorded, written string) bool {
	if unquoted, err := strconv.Unquote(written); err == nil {
		written = unquoted
	}
	r, w := path.Clean("/"+recorded), path.Clean(written)
	return r == path.Clean("/"+w) || !path.IsAbs(w) && (w == "." || strings.HasSuffix(r, "/"+strings.TrimPrefix(w, "./")))
}
