package app

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/secret"
	"bulkhead/internal/source"
)

//go:embed secret_in_run.txtar
var secretInRunDoc string

var secretInRun = &rule.Rule{
	Name:     "secret-in-run",
	Summary:  "an instruction holds a secret in plain text",
	Severity: finding.Critical,
	Refs:     []string{"dockle CIS-DI-0010", "CIS-Docker 4.10"},
	Gain:     "use a secret that everybody who pulls the image can read",
	Prize:    finding.Secrets,
	Doc:      secretInRunDoc,
	Build:    checkSecretInRun,
}

// inURL is what package secret calls a password in a URL.
const inURL = "a password in a URL"

func checkSecretInRun(p *rule.Pass, b *model.Build) {
	for _, i := range b.Instructions {
		switch i.Name {
		case "RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "LABEL", "COPY", "ADD":
		default:
			continue
		}
		checkFlags(p, i, checkText(p, i))
	}
}

// checkText judges everything i says and returns the places of what it found.
func checkText(p *rule.Pass, i *model.Instruction) []source.Span {
	var found []source.Span
	for _, text := range texts(i) {
		for _, m := range secret.Find(text.Text()) {
			if m.Kind == inURL {
				continue // secret-in-url says more about it
			}
			at := part(text, m.Start, m.End)
			found = append(found, at)
			weigh(p.Report(rule.At(at), fmt.Sprintf("%s holds %s (%s)", i.Name, m.Kind, m.Shown)), i)
		}
	}
	return found
}

// checkFlags judges what follows the flags of i's commands that are named after
// credentials: --password hunter2. What lies in found has been said.
func checkFlags(p *rule.Pass, i *model.Instruction, found []source.Span) {
	for c := range commands(i) {
		args := make([]string, len(c.Words))
		for n := range c.Words {
			args[n] = c.Arg(n)
		}
		for n := 1; n < len(args); n++ {
			at := n
			name, ok := flagName(args[n])
			if ok && !hasValue(name) && n+1 < len(args) {
				at = n + 1
			}
			if !ok || !c.Words[at].Known() || within(c.Words[at].Span, found) {
				continue
			}
			for _, l := range leaks(args[n : at+1]) {
				if l.Kind == inURL {
					continue
				}
				f := p.Report(c.Words[at].Place(), fmt.Sprintf("%s holds %s (%s)", i.Name, l.Kind, l.Shown))
				f.Likely = f.Likely || !l.Certain
				weigh(f, i)
			}
		}
	}
}

func hasValue(flag string) bool {
	for i := range len(flag) {
		if flag[i] == '=' {
			return true
		}
	}
	return false
}

func within(s source.Span, spans []source.Span) bool {
	for _, o := range spans {
		if o.Start < s.End && s.Start < o.End {
			return true
		}
	}
	return false
}
