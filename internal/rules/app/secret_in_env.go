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

//go:embed secret_in_env.txtar
var secretInEnvDoc string

var secretInEnv = &rule.Rule{
	Name:     "secret-in-env",
	Summary:  "an environment variable holds a secret in plain text",
	Severity: finding.High,
	Refs: []string{
		"hadolint DL3064",
		"trivy DS-0031",
		"buildkit SecretsUsedInArgOrEnv",
		"trivy KSV-0109",
		"trivy KSV-01010",
		"kics secrets_as_environment_variables",
		"checkov CKV_K8S_35",
		"dockle CIS-DI-0010",
		"kube-linter env-var-secret",
		"CIS-Docker 4.10",
	},
	Gain:     "read a secret from the environment",
	Prize:    finding.Secrets,
	Doc:      secretInEnvDoc,
	Workload: checkSecretInEnv,
}

func checkSecretInEnv(p *rule.Pass, w *model.Workload) {
	for _, v := range w.Env {
		f := judgeVariable(p, w, v, "variable")
		if f != nil && v.Image {
			// Everybody who pulls the image can read it, not only those who
			// can inspect this container.
			f.Severity = finding.Critical
		}
	}
	if w.Source != nil {
		for _, v := range w.Source.Args {
			judgeVariable(p, w, v, "build argument")
		}
	}
	if w.Kernel != nil {
		judgeProcesses(p, w)
	}
}

// judgeProcesses reports secrets in the environment of processes that the
// container was not given: its entrypoint exports them, or docker exec brought
// them. Who has the container can read them; its description does not show them.
func judgeProcesses(p *rule.Pass, w *model.Workload) {
	told := map[string]bool{}
	given := map[[2]string]bool{}
	for _, v := range w.Env {
		given[[2]string{v.Name, v.Value.Value}] = true
	}
	for _, v := range w.Kernel.Env {
		if told[v.Name] || given[[2]string{v.Name, v.Value}] {
			continue
		}
		l := secret.Judge(v.Name, v.Value)
		if l == nil {
			continue
		}
		told[v.Name] = true
		place := model.Place{Path: "container " + w.Name + ": environment of " + v.Command + "[" + v.Name + "]"}
		f := p.Report(place, fmt.Sprintf("variable %s of process %s holds %s (%s), which the container was not given", v.Name, v.Command, l.Kind, l.Shown))
		f.Severity = finding.Medium
		f.Likely = !l.Certain
	}
}

func judgeVariable(p *rule.Pass, w *model.Workload, v model.Variable, what string) *finding.Finding {
	if !plain(w, v) {
		return nil
	}
	l := secret.Judge(v.Name, v.Value.Value)
	if l == nil {
		return nil
	}
	f := p.Report(v.Value.Place(), fmt.Sprintf("%s %s holds %s (%s)", what, v.Name, l.Kind, l.Shown))
	f.Likely = f.Likely || !l.Certain
	return f
}

// plain reports whether the value of w's v is written in the artifact itself:
// not taken from a file, the caller's environment or a secret.
func plain(w *model.Workload, v model.Variable) bool {
	if v.Value.State != model.Set || v.From != model.FromLiteral && v.From != "" {
		return false
	}
	if w.Surface == model.RunLine {
		return true // the value of $VAR is known where the script itself assigns it
	}
	said := v.Value.Span.Text()
	return !strings.Contains(said, "$") || strings.Contains(said, v.Value.Value)
}
