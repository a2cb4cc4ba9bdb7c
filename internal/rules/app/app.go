// Package app holds the rules about what a program is given: above all,
// secrets where anybody can read them.
package app

import (
	"iter"
	"path"
	"slices"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

// All lists the rules of this package, by name.
var All = []*rule.Rule{
	plainSecretBesideFile,
	secretFileCopied,
	secretInBuild,
	secretInCommand,
	secretInEnv,
	secretInFile,
	secretInRun,
	secretInURL,
	secretMountLeaked,
	secretRemovedTooLate,
}

// shipped reports whether what s holds stays in the image: s is the target or
// a stage the target is built on.
func shipped(s *model.Stage) bool {
	if s == nil {
		return false
	}
	t := s.Build.Target
	for range s.Build.Stages { // a parent comes earlier, so this is enough
		if t == nil || t == s {
			break
		}
		t = t.Parent
	}
	return t == s
}

// commands yields the commands of i in order, each with its script.
func commands(i *model.Instruction) iter.Seq[*model.Command] {
	return func(yield func(*model.Command) bool) {
		for _, s := range i.Scripts {
			for _, c := range s.Commands {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// texts returns the spans of what i says, its here-documents included.
func texts(i *model.Instruction) []source.Span {
	out := []source.Span{i.Span}
	for _, h := range i.Heredocs {
		out = append(out, h.Span)
	}
	return out
}

// part returns the span of the bytes from start to end of s.
func part(s source.Span, start, end int) source.Span {
	return source.Span{File: s.File, Start: s.Start + start, End: s.Start + end}
}

// credentialFile returns what a file of that name holds, with its article, or
// "". Likely is set for files that often hold nothing to hide.
func credentialFile(name string) (kind string, likely bool) {
	name = strings.ToLower(strings.TrimSuffix(path.Clean(strings.ReplaceAll(name, `\`, "/")), "/"))
	base := path.Base(name)
	for _, ending := range []string{".example", ".sample", ".template", ".tmpl", ".dist", ".pub", ".md"} {
		if strings.HasSuffix(base, ending) {
			return "", false
		}
	}
	switch base {
	case "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk":
		return "an SSH private key", false
	case ".git-credentials", ".netrc", "_netrc", ".pgpass", ".my.cnf", ".vault-token", ".pypirc", ".dockercfg", ".s3cfg", ".boto", "credentials.tfrc.json", ".terraformrc":
		return "a file with credentials", false
	case "kubeconfig", "terraform.tfstate", ".htpasswd":
		return "a file with credentials", false
	case "credentials.json", "service-account.json", "serviceaccount.json", "application_default_credentials.json", "secrets.yml", "secrets.yaml", "secrets.json", "secrets.env":
		return "a file with credentials", true
	case ".npmrc", ".yarnrc.yml", "auth.json":
		return "a package manager's configuration", true
	case ".env":
		return "a file with environment variables", true
	}
	return credentialPath(name, base)
}

// credentialPath is credentialFile for what needs more than the whole name.
func credentialPath(name, base string) (kind string, likely bool) {
	for _, known := range []string{".aws/credentials", ".kube/config", ".docker/config.json", ".config/gcloud", ".ssh", ".azure", ".gnupg"} {
		if name == known || strings.HasSuffix(name, "/"+known) {
			return "a file with credentials", false
		}
	}
	stage, ok := strings.CutPrefix(base, ".env.")
	switch ext := path.Ext(base); {
	case ok && stage != "":
		return "a file with environment variables", true
	case ext == ".env" && base != ".env":
		return "a file with environment variables", true
	case ext == ".key" && !strings.Contains(base, "pub"):
		return "a private key", false
	case ext == ".pem" && slices.Contains(splitName(base), "key") && !strings.Contains(base, "pub"):
		return "a private key", false
	case ext == ".p12" || ext == ".pfx" || ext == ".jks" || ext == ".keystore":
		return "a key store", true
	case ext == ".ppk":
		return "an SSH private key", false
	}
	return "", false
}

// splitName splits the name of a file into words: "privkey.pem" is none,
// "server-key.pem" is server, key, pem.
func splitName(base string) []string {
	base = strings.ReplaceAll(base, "privkey", "priv-key")
	return strings.FieldsFunc(base, func(r rune) bool { return r == '.' || r == '-' || r == '_' })
}
