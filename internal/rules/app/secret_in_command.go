package app

import (
	_ "embed"
	"fmt"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/secret"
)

//go:embed secret_in_command.txtar
var secretInCommandDoc string

var secretInCommand = &rule.Rule{
	Name:     "secret-in-command",
	Summary:  "a container's command line holds a secret",
	Severity: finding.High,
	Refs:     []string{"CIS-Docker 4.10"},
	Gain:     "read a secret from the list of processes",
	Prize:    finding.Secrets,
	Doc:      secretInCommandDoc,
	Workload: checkSecretInCommand,
}

func checkSecretInCommand(p *rule.Pass, w *model.Workload) {
	if w.Surface == model.Dockerfile {
		return // its instructions are judged where they are written
	}
	for _, argv := range []model.Fact[model.Argv]{w.Entrypoint, w.Command} {
		if argv.State != model.Unset { // also where a variable in it is not known
			judgeArgs(p, argv.Place(), "command", arguments(argv.Value))
		}
	}
	if w.Health.State != model.Unset {
		judgeArgs(p, w.Health.Place(), "health check", w.Health.Value.Test)
	}
}

func judgeArgs(p *rule.Pass, at model.Place, what string, args []string) {
	for _, l := range leaks(args) {
		f := p.Report(at, fmt.Sprintf("%s holds %s (%s)", what, l.Kind, l.Shown))
		f.Likely = f.Likely || !l.Certain
	}
}

// arguments returns the words of a command. What a shell runs is cut at blanks:
// what is looked for has none.
func arguments(a model.Argv) []string {
	if a.Shell || len(a.Args) == 3 && a.Args[1] == "-c" {
		return strings.Fields(strings.Join(a.Args, " "))
	}
	return a.Args
}

// leaks returns the credentials that args, a command's words, hold: known
// shapes, and what follows a flag named after a credential.
func leaks(args []string) []secret.Leak {
	var out []secret.Leak
	for i, arg := range args {
		if found := secret.Find(arg); len(found) > 0 {
			out = append(out, found[0].Leak)
			continue
		}
		name, ok := flagName(arg)
		if !ok {
			continue
		}
		value, given := "", false
		if name, value, given = strings.Cut(name, "="); !given {
			if value = ""; i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") && len(secret.Find(args[i+1])) == 0 {
				value = args[i+1] // of a known shape it would be found as a word of its own
			}
		}
		if l := secret.Judge(name, strings.Trim(value, `"'`)); l != nil {
			out = append(out, *l)
		}
	}
	return out
}

// flagName returns a long flag without its dashes, in the spelling of a
// variable, its value kept: "--db-password=x", "db-password=x". --requirepass
// is Redis's.
func flagName(arg string) (string, bool) {
	name := strings.TrimLeft(arg, "-")
	if name == arg || name == "" {
		return "", false
	}
	flag, value, given := strings.Cut(name, "=")
	switch flag {
	case "requirepass", "masterauth":
		flag = "password"
	}
	if len(arg)-len(name) == 1 && len(flag) < 4 {
		return "", false // -p and -pass mean too many things; -password is Java's
	}
	if given {
		return flag + "=" + value, true
	}
	return flag, true
}
