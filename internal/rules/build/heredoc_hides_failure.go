package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

//go:embed heredoc_hides_failure.txtar
var heredocHidesFailureDoc string

var heredocHidesFailure = &rule.Rule{
	Name:     "heredoc-hides-failure",
	Summary:  "commands of a here-document may fail without failing the build",
	Severity: finding.Low,
	Doc:      heredocHidesFailureDoc,
	Build:    checkHeredocHidesFailure,
}

func checkHeredocHidesFailure(p *rule.Pass, b *model.Build) {
	for run := range instructions(b, everyStage, "RUN") {
		for _, s := range run.Scripts {
			h := heredocOf(run, s)
			if h == nil || !s.Parsed || s.ErrExit || caresForFailure(s) {
				continue
			}
			if c := unseen(s); c != nil {
				p.Report(rule.At(c.Span), "failure of "+c.Name+" is hidden by the commands after it",
					finding.Fix{Message: "end the script at the first failure", Edits: errexit(h.Span)})
			}
		}
	}
}

// heredocOf returns the here-document whose body s is, or nil.
func heredocOf(run *model.Instruction, s *model.Script) *model.Heredoc {
	for n := range run.Heredocs {
		h := &run.Heredocs[n]
		if h.Span.Start <= s.Span.Start && s.Span.End <= h.Span.End && s.Shell != "" {
			return h
		}
	}
	return nil
}

// caresForFailure reports whether s turns ending at a failure on for a part of
// itself.
func caresForFailure(s *model.Script) bool {
	for _, c := range s.Commands {
		if c.Name == "set" && (clustered(c, 'e') || c.Flag("errexit") > 0) {
			return true
		}
	}
	return false
}

// unseen returns the first command of s whose failure does not fail the
// script because others follow.
func unseen(s *model.Script) *model.Command {
	for n, c := range s.Commands {
		switch c.Name {
		case "", "echo", "set", "export", "true", "printf", "cd":
			continue
		}
		for _, next := range s.Commands[n+1:] {
			if next.After == ";" || next.After == "" {
				return c
			}
		}
	}
	return nil
}

// errexit returns the edit that begins the script under body, after its #!
// line, with set -e.
func errexit(body source.Span) []source.Edit {
	at := body.Start
	if text := body.Text(); strings.HasPrefix(text, "#!") {
		n := strings.IndexByte(text, '\n')
		if n < 0 {
			return nil
		}
		at += n + 1
	}
	return []source.Edit{{Span: body.File.Span(at, at), New: "set -e" + body.File.Newline(), Key: "set -e"}}
}
