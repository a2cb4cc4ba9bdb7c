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
	tool, _ := toolOf(c)
	for i := 1; i < len(c.Words); i++ {
		v, next := strings.ToLower(c.Arg(i)), strings.ToLower(c.Arg(i+1))
		u := unverified{at: c.Words[i].Place()}
		drop := func(n int) func() []source.Edit {
			return func() []source.Edit { return deleteWords(c.Words[i : i+n]...) }
		}
		set := func(n int, to string) func() []source.Edit {
			return func() []source.Edit { return rule.Set(c.Words[n], to, "").Edits }
		}
		switch {
		case c.Name == "curl" && (v == "--insecure" || v == "--proxy-insecure" || c.Arg(i) == "-k"):
			u.who, u.edit = "curl", drop(1)
		case c.Name == "curl" && insecureCluster(c.Arg(i)):
			u.who, u.edit = "curl", set(i, strings.Replace(c.Arg(i), "k", "", 1))
		case c.Name == "wget" && v == "--no-check-certificate":
			u.who, u.edit = "wget", drop(1)
		case c.Name == "git" && v == "-c" && next == "http.sslverify=false":
			u.who, u.edit = "git", drop(2)
		case c.Name == "git" && strings.HasPrefix(v, "http.") && strings.HasSuffix(v, ".sslverify") && next == "false":
			u.who, u.edit = "git", set(i+1, "true")
		case isNPM(tool) && (v == "--strict-ssl=false" || v == "--no-strict-ssl"):
			u.who, u.edit = tool, drop(1)
		case isNPM(tool) && (v == "strict-ssl" || v == "enablestrictssl") && next == "false":
			u.who, u.edit = tool, set(i+1, "true")
		case isNPM(tool) && v == "strict-ssl=false":
			u.who, u.edit = tool, set(i, "strict-ssl=true")
		case tool == "pip" && v == "--trusted-host":
			u.who, u.edit = tool, drop(2)
		case tool == "pip" && strings.HasPrefix(v, "--trusted-host="):
			u.who, u.edit = tool, drop(1)
		case tool == "pip" && strings.HasSuffix(v, ".trusted-host") && c.Arg(i-1) == "set":
			u.who = tool
		case family(tool) == "apt" && strings.HasSuffix(v, "::verify-peer=false"):
			u.who = tool
		case v == "--setopt=sslverify=false" || v == "--setopt=sslverify=0" || v == "--setopt=*.sslverify=false":
			u.who, u.edit = c.Name, drop(1)
		case c.Name == "echo" && (strings.Contains(v, "sslverify=false") || strings.Contains(v, "sslverify=0")):
			u.who = "yum"
		case c.Name == "composer" && v == "disable-tls" && next == "true":
			u.who, u.edit = "composer", set(i+1, "false")
		}
		if u.who != "" {
			return u, true
		}
	}
	return unverified{}, false
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
