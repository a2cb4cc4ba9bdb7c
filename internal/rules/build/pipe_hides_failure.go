package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

//go:embed pipe_hides_failure.txtar
var pipeHidesFailureDoc string

var pipeHidesFailure = &rule.Rule{
	Name:     "pipe-hides-failure",
	Summary:  "the first part of a pipe may fail without failing the build",
	Severity: finding.Low,
	Refs:     []string{"hadolint DL4006", "kics shell_running_a_pipe_without_pipefail_flag"},
	Doc:      pipeHidesFailureDoc,
	Build:    checkPipeHidesFailure,
}

func checkPipeHidesFailure(p *rule.Pass, b *model.Build) {
	for run := range instructions(b, everyStage, "RUN") {
		for _, s := range run.Scripts {
			if !s.Parsed || s.PipeFail || s.Shell == "" || s.Shell == "powershell" || s.Shell == "cmd" {
				continue
			}
			if c := unseenFailure(s); c != nil {
				p.Report(rule.At(c.Span), "failure of "+c.Name+" is hidden by the pipe",
					finding.Fix{Message: "let the pipe fail", Edits: pipefail(run, s)})
			}
		}
	}
}

// unseenFailure returns the first command of s that can fail inside a pipe.
func unseenFailure(s *model.Script) *model.Command {
	for _, c := range s.Commands {
		if c.Pipe == nil || !endOf(c).Last {
			continue // no pipe, or one whose own failure fails nothing
		}
		if downloads(c) && runnerOf(c) != nil {
			continue // see piped-download
		}
		switch c.Name {
		case "", "echo", "printf", "yes", "true", "cat", "tee", "seq", "set", ":", "env", "date":
		default:
			return c
		}
	}
	return nil
}

// endOf returns the last command of the pipe that c is in.
func endOf(c *model.Command) *model.Command {
	for c.Pipe != nil {
		c = c.Pipe
	}
	return c
}

// pipefail returns the edit by which s fails with its pipes, nil where its
// shell may not know how: sh is another program on each distribution.
func pipefail(run *model.Instruction, s *model.Script) []source.Edit {
	if s.Shell != "bash" && s.Shell != "ash" && s.Shell != "zsh" && !alpine(run.Stage) || !s.Span.IsValid() || len(run.Heredocs) > 0 {
		return nil
	}
	at := s.Span.File.Span(s.Span.Start, s.Span.Start)
	return []source.Edit{{Span: at, New: "set -o pipefail && ", Key: "pipefail"}}
}

// alpine reports whether s is built on Alpine, whose sh knows pipefail.
func alpine(s *model.Stage) bool {
	for range s.Build.Stages {
		if s.Parent == nil {
			break
		}
		s = s.Parent
	}
	base := s.Base.Value
	return s.Base.Known() && (base.Repository == "library/alpine" || strings.Contains(base.Tag, "alpine"))
}
