package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

//go:embed tls_verification_off.txtar
var tlsVerificationOffDoc string

var tlsVerificationOff = &rule.Rule{
	Name:     "tls-verification-off",
	Summary:  "a program is told not to verify the server it downloads from",
	Severity: finding.High,
	Refs:     []string{"CIS-Docker 4.11", "checkov CKV2_DOCKER_2", "checkov CKV2_DOCKER_3", "checkov CKV2_DOCKER_4", "checkov CKV2_DOCKER_5", "checkov CKV2_DOCKER_6", "checkov CKV2_DOCKER_12", "checkov CKV2_DOCKER_13", "checkov CKV2_DOCKER_14", "checkov CKV2_DOCKER_15", "checkov CKV2_DOCKER_16"},
	Doc:      tlsVerificationOffDoc,
	Build:    checkTLSVerificationOff,
}

func checkTLSVerificationOff(p *rule.Pass, b *model.Build) {
	for c := range commands(b, everyStage) {
		if f, ok := insecureCommand(c.Command); ok {
			f.report(p)
		}
		for _, a := range c.Assigns {
			if who := insecureVariable(a.Name, a.Value); who != "" {
				unverified{a.Value.Place(), who, func() []source.Edit { return unassign(c.Command, a) }}.report(p)
			}
		}
	}
	for i := range instructions(b, everyStage, "ENV", "ARG") {
		for _, pair := range i.Pairs {
			if who := insecureVariable(pair.Name, pair.Value); who != "" {
				unverified{pair.Value.Place(), who, pair.Value.Delete}.report(p)
			}
		}
	}
}

// unassign returns the edit that takes assignment a from before the program
// c runs, nil where there is none, such as in export.
func unassign(c *model.Command, a model.Pair) []source.Edit {
	next := source.Span{}
	for _, words := range [...][]model.Word{c.Wrapper, c.Words} {
		for _, w := range words {
			if !next.IsValid() && w.Span.Start > a.Value.Span.End {
				next = w.Span
			}
		}
	}
	for _, other := range c.Assigns {
		if other.Key.Start > a.Key.Start && other.Key.Start < next.Start {
			next = other.Key
		}
	}
	if !next.IsValid() || c.Name == "export" {
		return nil
	}
	return replace(between(a.Key, next), "")
}

// unverified is one place that turns verification off.
type unverified struct {
	at   model.Place
	who  string // the program that no longer verifies
	edit func() []source.Edit
}

func (u unverified) report(p *rule.Pass) {
	p.Report(u.at, u.who+" does not verify the server's certificate",
		rule.Do(u.edit, "verify the server's certificate"))
}

// insecureVariable returns the program that the variable keeps from verifying
// certificates, or "".
func insecureVariable(name string, v model.Fact[string]) string {
	if v.State != model.Set {
		return ""
	}
	off := strings.EqualFold(v.Value, "false") || v.Value == "0" || strings.EqualFold(v.Value, "off")
	switch {
	case name == "NODE_TLS_REJECT_UNAUTHORIZED" && v.Value == "0":
		return "node"
	case name == "PYTHONHTTPSVERIFY" && v.Value == "0":
		return "python"
	case name == "GIT_SSL_NO_VERIFY" && v.Value != "" && !off:
		return "git"
	case strings.EqualFold(name, "NPM_CONFIG_STRICT_SSL") && off:
		return "npm"
	case strings.EqualFold(name, "YARN_ENABLE_STRICT_SSL") && off:
		return "yarn"
	case name == "PIP_TRUSTED_HOST" && v.Value != "":
		return "pip"
	}
	return ""
}

// insecureCommand returns where c turns verification off.
func insecureCommand(c *model.Command) (unverified, bool) {
	if onlyNearby(c) {
		return unverified{}, false
	}
	tool, _ := toolOf(c)
	for i := 1; i < len(c.Words); i++ {
		u := unverified{at: c.Words[i].Place()}
		switch {
		case downloads(c) || c.Name == "git":
			u.who, u.edit = insecureDownload(c, i)
		case isNPM(tool):
			u.who, u.edit = insecureNPM(c, tool, i)
		case tool == "pip":
			u.who, u.edit = insecurePip(c, i)
		default:
			u.who, u.edit = insecureSetting(c, i)
		}
		if u.who != "" {
			return u, true
		}
	}
	return unverified{}, false
}

// insecureDownload returns the program that word i of c, a curl, wget or git,
// keeps from verifying, or "", and how to take that back.
func insecureDownload(c *model.Command, i int) (string, func() []source.Edit) {
	v, next := strings.ToLower(c.Arg(i)), strings.ToLower(c.Arg(i+1))
	switch {
	case c.Name == "curl" && (v == "--insecure" || v == "--proxy-insecure" || c.Arg(i) == "-k"),
		c.Name == "wget" && v == "--no-check-certificate":
		return c.Name, drop(c, i, 1)
	case c.Name == "curl" && insecureCluster(c.Arg(i)):
		return "curl", set(c, i, strings.Replace(c.Arg(i), "k", "", 1))
	case c.Name == "git" && v == "-c" && next == "http.sslverify=false":
		return "git", drop(c, i, 2)
	case c.Name == "git" && strings.HasPrefix(v, "http.") && strings.HasSuffix(v, "sslverify") && next == "false":
		return "git", set(c, i+1, "true")
	}
	return "", nil
}

// insecureNPM is insecureDownload for npm, yarn and pnpm.
func insecureNPM(c *model.Command, tool string, i int) (string, func() []source.Edit) {
	v, next := strings.ToLower(c.Arg(i)), strings.ToLower(c.Arg(i+1))
	switch {
	case v == "--strict-ssl=false" || v == "--no-strict-ssl":
		return tool, drop(c, i, 1)
	case (v == "strict-ssl" || v == "enablestrictssl") && next == "false":
		return tool, set(c, i+1, "true")
	case v == "strict-ssl=false":
		return tool, set(c, i, "strict-ssl=true")
	}
	return "", nil
}

// insecurePip is insecureDownload for pip.
func insecurePip(c *model.Command, i int) (string, func() []source.Edit) {
	switch v := c.Arg(i); {
	case v == "--trusted-host":
		return "pip", drop(c, i, 2)
	case strings.HasPrefix(v, "--trusted-host="):
		return "pip", drop(c, i, 1)
	case strings.HasSuffix(v, ".trusted-host") && c.Arg(i-1) == "set":
		return "pip", nil
	}
	return "", nil
}

// insecureSetting is insecureDownload for programs with a setting for it.
func insecureSetting(c *model.Command, i int) (string, func() []source.Edit) {
	v := strings.ToLower(c.Arg(i))
	switch {
	case strings.HasSuffix(v, "::verify-peer=false"):
		return c.Name, nil
	case v == "--setopt=sslverify=false" || v == "--setopt=sslverify=0" || v == "--setopt=*.sslverify=false":
		return c.Name, drop(c, i, 1)
	case c.Name == "echo" && (strings.Contains(v, "sslverify=false") || strings.Contains(v, "sslverify=0")):
		return "yum", nil
	case c.Name == "composer" && v == "disable-tls" && c.Arg(i+1) == "true":
		return "composer", set(c, i+1, "false")
	}
	return "", nil
}

// drop returns what deletes the n words of c from i on.
func drop(c *model.Command, i, n int) func() []source.Edit {
	return func() []source.Edit { return deleteWords(c.Words[i:min(i+n, len(c.Words))]...) }
}

// set returns what makes word i of c say v.
func set(c *model.Command, i int, v string) func() []source.Edit {
	return func() []source.Edit { return rule.Set(c.Words[i], v, "").Edits }
}

// insecureCluster reports whether k is among the short flags of curl in v,
// such as -sSkL, before one that takes the rest as its value.
func insecureCluster(v string) bool {
	if len(v) < 3 || v[0] != '-' || v[1] == '-' {
		return false
	}
	k := strings.IndexByte(v, 'k')
	return k > 0 && !strings.ContainsAny(v[:k], "oHXdAubeEFTmxCcDKPQrtUwyYz")
}

func isNPM(tool string) bool { return tool == "npm" || tool == "yarn" || tool == "pnpm" }
