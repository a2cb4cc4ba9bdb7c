package image

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/secret"
)

//go:embed secret_in_history.txtar
var secretInHistoryDoc string

var secretInHistory = &rule.Rule{
	Name:     "secret-in-history",
	Summary:  "the history of an image shows a secret it was built with",
	Severity: finding.Critical,
	Refs:     []string{"dockle CIS-DI-0010", "trivy DS-0031", "CIS-Docker 4.10"},
	Gain:     "use a secret that everybody who pulls the image can read",
	Prize:    finding.Secrets,
	Doc:      secretInHistoryDoc,
	Image:    checkSecretInHistory,
}

func checkSecretInHistory(p *rule.Pass, i *model.Image) {
	if i.Config == nil || i.Use != model.StoredImage {
		return
	}
	seen := map[string]bool{} // what one step says, the next may repeat
	for _, h := range i.Config.History {
		kind, text := step(h.CreatedBy)
		args, text := buildArgs(text)
		for _, a := range args {
			if l := secret.Judge(a.name, a.value); l != nil && !seen[a.name] {
				seen[a.name] = true
				report(p, h, fmt.Sprintf("build argument %s holds %s (%s)", a.name, l.Kind, l.Shown), *l)
			}
		}
		if kind == "ENV" {
			continue // the configuration holds it, and is judged as what runs
		}
		for _, m := range secret.Find(text) {
			if said := text[m.Start:m.End]; !seen[said] {
				seen[said] = true
				report(p, h, fmt.Sprintf("a step holds %s (%s)", m.Kind, m.Shown), m.Leak)
			}
		}
	}
}

func report(p *rule.Pass, h model.History, message string, l secret.Leak) {
	if f := p.Report(h.Place, message); !l.Certain {
		f.Likely = true
	}
}

// step returns the instruction a step of the history was made by and what
// follows it. The old builder wrote "/bin/sh -c #(nop)  ENV A=b", or
// "|1 A=b /bin/sh -c …" for RUN; BuildKit writes "ENV A=b" and
// "RUN |1 A=b /bin/sh -c … # buildkit".
func step(by string) (instruction, text string) {
	if _, rest, ok := strings.Cut(by, "#(nop)"); ok {
		by = rest
	}
	by = strings.TrimSpace(by)
	if strings.HasPrefix(by, "|") {
		return "RUN", by
	}
	instruction, text, _ = strings.Cut(by, " ")
	switch instruction {
	case "RUN", "ENV", "ARG", "COPY", "ADD", "LABEL", "CMD", "ENTRYPOINT", "HEALTHCHECK":
		if text = strings.TrimSpace(text); instruction == "ARG" {
			return instruction, "|1 " + text
		}
		return instruction, text
	}
	return "RUN", by
}

type argument struct{ name, value string }

// buildArgs takes the build arguments off the front of a RUN's text: "|2 A=b
// C=d /bin/sh -c …". A value with blanks is cut at the first.
func buildArgs(text string) ([]argument, string) {
	counted, ok := strings.CutPrefix(text, "|")
	if !ok {
		return nil, text
	}
	number, rest, _ := strings.Cut(counted, " ")
	n, err := strconv.Atoi(number)
	if err != nil {
		return nil, text
	}
	var args []argument
	for range min(n, 100) {
		word, after, _ := strings.Cut(rest, " ")
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			break
		}
		args, rest = append(args, argument{name, value}), after
	}
	return args, rest
}
