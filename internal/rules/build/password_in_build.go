package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed password_in_build.txtar
var passwordInBuildDoc string

var passwordInBuild = &rule.Rule{
	Name:     "password-in-build",
	Summary:  "a password is set in the build",
	Severity: finding.High,
	Refs:     []string{"checkov CKV2_DOCKER_17", "dockle DKL-LI-0001"},
	Gain:     "log in, or become another user, with a password that everybody with the image can find out",
	Doc:      passwordInBuildDoc,
	Build:    checkPasswordInBuild,
}

func checkPasswordInBuild(p *rule.Pass, b *model.Build) {
	for c := range commands(b, neededStage) {
		switch c.Name {
		case "chpasswd":
			if !fedBySecret(c) {
				p.Report(rule.At(c.Span), "a password is set in the build")
			}
		case "passwd":
			switch {
			case c.Flag("-d", "--delete") > 0:
				p.Report(rule.At(c.Span), "a user has no password")
			case c.Flag("-l", "--lock", "-e", "--expire", "-S", "--status") < 0 && !fedBySecret(c) && (feeder(c) != nil || c.Flag("--stdin") > 0):
				p.Report(rule.At(c.Span), "a password is set in the build")
			}
		case "useradd", "usermod":
			for i := 1; i < len(c.Words); i++ {
				v, ok := strings.CutPrefix(c.Arg(i), "--password=")
				if !ok && (c.Arg(i) == "-p" || c.Arg(i) == "--password") {
					i++
					v, ok = c.Arg(i), i < len(c.Words)
				}
				if ok && v != "!" && v != "*" && v != "!!" && v != "x" {
					p.Report(c.Words[i].Place(), "a password is set in the build")
				}
			}
		}
	}
}

// feeder returns the command piped into c, or nil.
func feeder(c step) *model.Command {
	for _, other := range c.Script.Commands {
		if other.Pipe == c.Command {
			return other
		}
	}
	return nil
}

// fedBySecret reports whether what is piped into c comes from a secret mount,
// which does not stay in the image.
func fedBySecret(c step) bool {
	f := feeder(c)
	for _, m := range c.Run.Mounts {
		if m.Type == "secret" && f != nil && (strings.Contains(f.Span.Text(), "/run/secrets") || m.Target != "" && strings.Contains(f.Span.Text(), m.Target)) {
			return true
		}
	}
	return false
}
