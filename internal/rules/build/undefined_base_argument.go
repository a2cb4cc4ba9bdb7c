package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed undefined_base_argument.txtar
var undefinedBaseArgumentDoc string

var undefinedBaseArgument = &rule.Rule{
	Name:     "undefined-base-argument",
	Summary:  "the base is named by an argument without a value",
	Severity: finding.Medium,
	Refs:     []string{"buildkit UndefinedArgInFrom", "buildkit InvalidDefaultArgInFrom"},
	Doc:      undefinedBaseArgumentDoc,
	Build:    checkUndefinedBaseArgument,
}

func checkUndefinedBaseArgument(p *rule.Pass, b *model.Build) {
	declared := map[string]model.Fact[string]{}
	for _, i := range b.Instructions {
		if i.Stage != nil {
			break
		}
		for _, pair := range i.Pairs {
			declared[pair.Name] = pair.Value
		}
	}
	for _, s := range b.Stages {
		if s.From == nil {
			continue
		}
		if f := flag(s.From, "platform"); f != nil {
			if name := undeclared(f.Value, declared); name != "" {
				p.Reportf(f.Value.Place(), "argument %s is not declared before FROM", name)
			}
		}
		if len(s.From.Words) == 0 {
			continue
		}
		w := s.From.Words[0]
		if name := undeclared(w, declared); name != "" {
			p.Reportf(w.Place(), "argument %s is not declared before FROM", name)
		} else if names := variables(w.Span.Text()); withDefaults(w, declared) == "" && len(names) > 0 {
			p.Reportf(w.Place(), "argument %s has no default", names[0])
		} else if base := withDefaults(w, declared); invalidReference(base) {
			p.Reportf(w.Place(), "base %q is not the name of an image", base)
		}
	}
}

// undeclared returns the first variable of w that nothing declares, or "".
func undeclared(w model.Word, declared map[string]model.Fact[string]) string {
	for _, name := range variables(w.Span.Text()) {
		if _, ok := declared[name]; !ok && !predefined(name) {
			return name
		}
	}
	return ""
}

// withDefaults returns the base w names in a build that gives no arguments, and
// w as it is where that cannot be told.
func withDefaults(w model.Word, declared map[string]model.Fact[string]) string {
	base := strings.Trim(w.Span.Text(), `"'`)
	for _, name := range variables(base) {
		value := declared[name]
		if !value.Known() || predefined(name) {
			return w.Span.Text()
		}
		base = strings.ReplaceAll(strings.ReplaceAll(base, "${"+name+"}", value.Value), "$"+name, value.Value)
	}
	return base
}

// variables lists the variables text expands that have no default of their
// own.
func variables(text string) []string {
	var out []string
	for {
		i := strings.IndexByte(text, '$')
		if i < 0 || i+1 == len(text) {
			return out
		}
		if i > 0 && text[i-1] == '\\' {
			text = text[i+1:]
			continue
		}
		text = text[i+1:]
		braces := text[0] == '{'
		text = strings.TrimPrefix(text, "{")
		n := 0
		for n < len(text) && (text[n] == '_' || text[n]|0x20 >= 'a' && text[n]|0x20 <= 'z' || text[n] >= '0' && text[n] <= '9') {
			n++
		}
		if n > 0 && (!braces || n < len(text) && text[n] == '}') {
			out = append(out, text[:n])
		}
		text = text[n:]
	}
}

// predefined reports whether BuildKit gives the argument called name a value.
func predefined(name string) bool {
	switch name {
	case "BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT", "BUILDOSVERSION", "TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "TARGETOSVERSION", "TARGETSTAGE":
		return true
	}
	return false
}

// invalidReference reports whether name cannot be an image's.
func invalidReference(name string) bool {
	return name == "" || strings.HasSuffix(name, ":") || strings.HasSuffix(name, "/") || strings.HasSuffix(name, "@") ||
		strings.HasPrefix(name, ":") || strings.HasPrefix(name, "/") || strings.ContainsAny(name, " \t")
}
