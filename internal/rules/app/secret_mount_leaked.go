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

//go:embed secret_mount_leaked.txtar
var secretMountLeakedDoc string

var secretMountLeaked = &rule.Rule{
	Name:     "secret-mount-leaked",
	Summary:  "a build secret is written into the layer it was kept out of",
	Severity: finding.High,
	Refs:     []string{"CIS-Docker 4.10"},
	Gain:     "use a secret that everybody who pulls the image can read",
	Prize:    finding.Secrets,
	Doc:      secretMountLeakedDoc,
	Build:    checkSecretMountLeaked,
}

func checkSecretMountLeaked(p *rule.Pass, b *model.Build) {
	for _, i := range b.Instructions {
		if i.Name != "RUN" {
			continue
		}
		for _, m := range i.Mounts {
			if m.Type != "secret" {
				continue
			}
			for c := range commands(i) {
				if word, to := leakedBy(i, m, c); word != nil && removedAfter([]*model.Instruction{i}, to) == nil {
					weigh(p.Report(word.Place(), fmt.Sprintf("secret %s is written to %s, which stays in the layer", secretID(m), to)), i)
				}
			}
		}
	}
}

// secretID returns what the build calls the secret m mounts.
func secretID(m model.BuildMount) string {
	if m.ID == "" {
		return path.Base(m.Target)
	}
	return m.ID
}

// leakedBy returns the word of c that reads the secret m and the file c writes
// it to, or nil.
func leakedBy(i *model.Instruction, m model.BuildMount, c *model.Command) (word *model.Word, to string) {
	at := -1
	for n := 1; n < len(c.Words); n++ {
		if reads(c.Words[n], m) {
			at = n
			break
		}
	}
	if at < 0 {
		return nil, ""
	}
	if to := destination(c, at); to != "" && !mounted(i, to) {
		return &c.Words[at], to
	}
	return nil, ""
}

// destination returns the file in which c keeps what Words[at] says, or "".
func destination(c *model.Command, at int) string {
	if c.Pipe != nil && c.Pipe.Name == "tee" {
		for n := 1; n < len(c.Pipe.Words); n++ {
			if to := c.Pipe.Arg(n); to != "" && to[0] != '-' {
				return to
			}
		}
	}
	switch c.Name {
	case "cat", "echo", "printf", "base64", "envsubst", "jq", "sed", "head", "tail", "tr":
		if len(c.Writes) > 0 && c.Writes[0].Known() {
			return c.Writes[0].Value
		}
	case "cp", "install", "mv", "ln":
		if last := len(c.Words) - 1; at < last && c.Words[last].Known() {
			return c.Words[last].Value
		}
	case "npm", "yarn", "pnpm", "pip", "pip3", "git", "composer", "poetry", "bundle":
		if c.Flag("config") > 0 {
			return "the configuration of " + c.Name
		}
	}
	return ""
}

// reads reports whether w names the file or the variable of the secret m.
func reads(w model.Word, m model.BuildMount) bool {
	target := m.Target
	if target == "" && m.Env == "" {
		target = "/run/secrets/" + m.ID
	}
	text := w.Span.Text()
	if target != "" && (w.Known() && w.Value == target || strings.Contains(text, "$(cat "+target+")") || strings.Contains(text, "$(<"+target+")")) {
		return true
	}
	return m.Env != "" && (strings.Contains(text, "${"+m.Env+"}") || strings.Contains(text, "$"+m.Env))
}
