package app

import (
	_ "embed"
	"fmt"
	"path"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed secret_removed_too_late.txtar
var secretRemovedTooLateDoc string

var secretRemovedTooLate = &rule.Rule{
	Name:     "secret-removed-too-late",
	Summary:  "a file with credentials is deleted in a later layer than it came in",
	Severity: finding.Critical,
	Refs:     []string{"dockle CIS-DI-0010", "CIS-Docker 4.10"},
	Gain:     "use credentials that everybody who pulls the image can take out of its layers",
	Prize:    finding.Secrets,
	Doc:      secretRemovedTooLateDoc,
	Build:    checkSecretRemovedTooLate,
}

func checkSecretRemovedTooLate(p *rule.Pass, b *model.Build) {
	for _, s := range b.Stages {
		for n, i := range s.Instructions {
			for _, c := range append(copiedSecrets(b, i), writtenSecrets(i)...) {
				word := removedAfter(s.Instructions[n+1:], c.target)
				if word == nil {
					continue
				}
				f := p.Report(word.Place(), fmt.Sprintf("%s is deleted here, and stays in the layer of line %d", path.Base(c.target), i.Keyword.Position().Line))
				f.Likely = f.Likely || c.likely
				f.Related = append(f.Related, finding.Related{Span: c.source.Span, Message: "it comes in here"})
				weigh(f, i)
			}
		}
	}
}

// writtenSecrets returns the credentials that the commands of a RUN write and
// leave behind.
func writtenSecrets(i *model.Instruction) []copied {
	if i.Name != "RUN" {
		return nil
	}
	var out []copied
	for c := range commands(i) {
		for _, w := range c.Writes {
			if !w.Known() || mounted(i, w.Value) {
				continue
			}
			if kind, likely := credentialFile(w.Value); kind != "" && removedAfter([]*model.Instruction{i}, w.Value) == nil {
				out = append(out, copied{w, w.Value, kind, likely})
			}
		}
	}
	return out
}

// removedAfter returns the word of an rm in instructions that deletes target,
// or nil.
func removedAfter(instructions []*model.Instruction, target string) *model.Word {
	for _, i := range instructions {
		if i.Name != "RUN" {
			continue
		}
		for c := range commands(i) {
			if c.Name != "rm" && c.Name != "unlink" && c.Name != "shred" {
				continue
			}
			for n := 1; n < len(c.Words); n++ {
				if w := &c.Words[n]; w.Known() && samePath(w.Value, target) {
					return w
				}
			}
		}
	}
	return nil
}

// samePath reports whether two ways to write a path may mean one file. Where
// one is relative, or starts at a home directory, the end decides.
func samePath(a, b string) bool {
	a, b = path.Clean(a), path.Clean(b)
	if path.IsAbs(a) && path.IsAbs(b) {
		return a == b || strings.HasPrefix(b, a+"/")
	}
	tail := func(s string) string { return strings.TrimPrefix(strings.TrimPrefix(s, "~/"), "./") }
	a, b = tail(a), tail(b)
	return a != "" && a != "." && (a == b || strings.HasSuffix(a, "/"+b) || strings.HasSuffix(b, "/"+a))
}

// mounted reports whether path lies in a mount of i, which leaves no layer.
func mounted(i *model.Instruction, name string) bool {
	for _, m := range i.Mounts {
		target := m.Target
		if target == "" && m.Type == "secret" {
			target = "/run/secrets/" + m.ID
		}
		if target != "" && (name == target || strings.HasPrefix(name, strings.TrimSuffix(target, "/")+"/")) {
			return true
		}
	}
	return strings.HasPrefix(name, "/dev/") || strings.HasPrefix(name, "/proc/")
}
