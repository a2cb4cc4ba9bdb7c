package dockerfile

import (
	"slices"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// setUser makes s end as user u. A USER that only the end of the stage
// depends on is changed; one that commands still run as is left to them.
func (r *reader) setUser(s *stage, u model.User) []source.Edit {
	arg := userArg(u)
	if strings.ContainsAny(arg, " \t\r\n$\"'") {
		return nil
	}
	if s.userAt >= 0 && !s.runsAfter(s.userAt) {
		return s.Instructions[s.userAt].Words[0].Edit(arg)
	}
	if i := s.start(); i > 0 && !s.runsAfter(i) {
		return r.insertAbove(s.Instructions[i], "USER", "USER "+arg)
	}
	return r.insertAtEnd(s, "USER", "USER "+arg)
}

// runsAfter reports whether s runs anything after instruction i.
func (s *stage) runsAfter(i int) bool {
	for _, in := range s.Instructions[i+1:] {
		switch in.Name {
		case "RUN", "WORKDIR":
			if !in.OnBuild {
				return true
			}
		}
	}
	return false
}

// setHealth makes s say h. A command is only written where h has one: what
// tells that a service works cannot be guessed.
func (r *reader) setHealth(s *stage, h model.Health) []source.Edit {
	var check string
	switch {
	case h.Kind == model.DisabledHealth:
		check = "NONE"
	case h.Kind != model.CommandHealth || len(h.Test) == 0:
		return nil
	case len(h.Test) == 1 && strings.ContainsAny(h.Test[0], " \t"):
		check = "CMD " + h.Test[0]
	default:
		check = "CMD " + arrayJSON(h.Test)
	}
	if strings.ContainsAny(check, "\r\n") {
		return nil
	}
	if s.healthAt >= 0 {
		return []source.Edit{{Span: s.Health.Span, New: check}}
	}
	return r.insertAtEnd(s, "HEALTHCHECK", "HEALTHCHECK "+check)
}

// setShell makes the commands of s run in shell: those after its last SHELL,
// or all of them where it has none.
func (r *reader) setShell(s *stage, shell []string) []source.Edit {
	if len(shell) == 0 {
		return nil
	}
	text := arrayJSON(shell)
	if s.shellAt >= 0 {
		return []source.Edit{{Span: s.Shell.Span, New: text}}
	}
	for _, in := range s.Instructions {
		if in.Name == "RUN" && !in.OnBuild {
			return r.insertAbove(in, "SHELL", "SHELL "+text)
		}
	}
	return r.insertAtEnd(s, "SHELL", "SHELL "+text)
}

// insertAbove puts an instruction above in and the comments about it.
func (r *reader) insertAbove(in *model.Instruction, key, text string) []source.Edit {
	line := r.lineStart(in.Span.Start)
	indent := r.whole[line:in.Span.Start]
	if strings.TrimLeft(indent, " \t") != "" {
		return nil
	}
	at := r.aboveComments(line)
	return []source.Edit{{Span: r.file.Span(at, at), New: indent + text + r.file.Newline(), Key: key}}
}

// insertAtEnd puts an instruction after the last one of s.
func (r *reader) insertAtEnd(s *stage, key, text string) []source.Edit {
	last := s.lines[len(s.lines)-1]
	if last.open {
		return nil // the file ends in a continuation or a here-document, which would swallow it
	}
	nl, end := r.file.Newline(), last.next
	first := s.Instructions[len(s.Instructions)-1].Span.Start
	line := r.lineStart(first)
	indent := r.whole[line:first]
	if strings.TrimLeft(indent, " \t") != "" {
		indent = ""
	}
	if end > 0 && r.file.Text[end-1] == '\n' {
		return []source.Edit{{Span: r.file.Span(end, end), New: indent + text + nl, Key: key}}
	}
	return []source.Edit{{Span: r.file.Span(end, end), New: nl + indent + text, Key: key}}
}

// start returns the index of the first of the CMD and ENTRYPOINT that s ends
// with, or -1.
func (s *stage) start() int {
	last := -1
	for i, in := range slices.Backward(s.Instructions) {
		if isStart := !in.OnBuild && (in.Name == "CMD" || in.Name == "ENTRYPOINT"); isStart {
			last = i
		} else if last >= 0 {
			break
		}
	}
	return last
}

// aboveComments returns where the comment lines directly above the line that
// starts at offset line begin: they are about that line.
func (r *reader) aboveComments(line int) int {
	for line > 0 {
		above := r.lineStart(line - 1)
		if text := strings.TrimSpace(r.whole[above:line]); !strings.HasPrefix(text, "#") {
			break
		}
		line = above
	}
	return line
}
