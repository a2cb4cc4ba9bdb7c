package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed shell_form_command.txtar
var shellFormCommandDoc string

var shellFormCommand = &rule.Rule{
	Name:     "shell-form-command",
	Summary:  "the program runs below a shell that does not pass signals on",
	Severity: finding.Low,
	Refs:     []string{"hadolint DL3025", "kics not_using_json_in_cmd_and_entrypoint_arguments", "buildkit JSONArgsRecommended"},
	Doc:      shellFormCommandDoc,
	Build:    checkShellFormCommand,
}

func checkShellFormCommand(p *rule.Pass, b *model.Build) {
	for i := range instructions(b, shippedStage, "CMD", "ENTRYPOINT") {
		if i.JSON || i.OnBuild || i.Span.Text() == i.Keyword.Text() || ownShell(i) || b.Windows {
			continue
		}
		place := i.Span
		fix := finding.Fix{Message: "run the program without a shell"}
		for _, s := range i.Scripts {
			place = s.Span
			if array := execForm(s); array != "" && place.IsValid() {
				fix.Edits = replace(place, array)
			}
		}
		p.Report(rule.At(place), i.Name+" runs below a shell", fix)
	}
}

// ownShell reports whether i's stage, or one it is built on, chooses its shell:
// then it wants one.
func ownShell(i *model.Instruction) bool {
	stage := i.Stage
	for range i.Stage.Build.Stages {
		for _, before := range stage.Instructions {
			if before.Name == "SHELL" && before.Span.Start < i.Span.Start {
				return true
			}
		}
		if stage = stage.Parent; stage == nil {
			break
		}
	}
	return false
}

// execForm returns script as a JSON array, "" where it needs a shell.
func execForm(s *model.Script) string {
	text := strings.TrimSpace(s.Span.Text())
	if !s.Parsed || len(s.Commands) != 1 || len(s.Commands[0].Assigns) > 0 || strings.ContainsAny(text, "$`\"'\\|&;<>()*?[]{}~#!=\n") {
		return ""
	}
	c := s.Commands[0]
	if len(c.Wrapper) == 1 && c.Wrapper[0].Value == "exec" {
		text = strings.TrimSpace(strings.TrimPrefix(text, "exec"))
	} else if len(c.Wrapper) > 0 {
		return ""
	}
	fields := strings.Fields(text)
	if len(fields) == 0 || builtin(fields[0]) {
		return ""
	}
	return `["` + strings.Join(fields, `", "`) + `"]`
}

// builtin reports whether name is a command only a shell knows.
func builtin(name string) bool {
	switch name {
	case "cd", "exec", "export", "set", "source", ".", ":", "eval", "ulimit", "umask", "trap", "wait", "if", "for", "while", "until", "case", "alias", "read", "exit", "unset":
		return true
	}
	return false
}
