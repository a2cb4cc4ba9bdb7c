package inventory

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// readYarnLock reads yarn.lock. Both forms, version 1 and berry's YAML, have a
// key a package at the beginning of a line and its fields beneath.
func readYarnLock(f *file) Evidence {
	text, err := f.text(maxText)
	if err != nil {
		return failed(err)
	}
	var out Evidence
	name, version, elsewhere := "", "", false
	flush := func() {
		if name != "" && (version != "" || elsewhere) {
			out.packages = append(out.packages, language("npm", name, version))
		}
		name, version, elsewhere = "", "", false
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] != ' ':
			flush()
			name = yarnName(line)
		case strings.HasPrefix(line, "  resolution:"):
			from := ""
			if name, from = cutVersion(strings.Trim(line[len("  resolution:"):], ` "`)); own(from) {
				name = ""
			} else if !strings.HasPrefix(from, "npm:") {
				version, elsewhere = "", true // what the registry calls so need not be it
			}
		case strings.HasPrefix(line, "  version"):
			version = strings.Trim(line[len("  version"):], `: "`)
		}
	}
	flush()
	return out
}

// yarnName returns the package of a key such as
// "@scope/a@^1.0.0", "@scope/a@npm:other@1":
func yarnName(key string) string {
	key, _, _ = strings.Cut(strings.TrimSuffix(key, ":"), ",")
	key = strings.Trim(strings.TrimSpace(key), `"`)
	if _, alias, ok := strings.Cut(key, "@npm:"); ok && strings.LastIndex(alias, "@") > 0 {
		key = alias
	}
	if i := strings.Index(key[min(1, len(key)):], "@"); i >= 0 {
		return key[:i+1]
	}
	return ""
}

// cutVersion cuts "@scope/name@version" around what is before the version.
func cutVersion(id string) (name, version string) {
	if i := strings.IndexByte(id[min(len(id), 1):], '@'); i >= 0 {
		return id[:i+1], id[i+2:]
	}
	return id, ""
}

// own reports whether what stands for a version says that the package is a part
// of the project, or is listed a second time.
func own(version string) bool {
	for _, kind := range [...]string{"workspace:", "link:", "portal:", "root:", "patch:"} {
		if strings.HasPrefix(version, kind) {
			return true
		}
	}
	return false
}

// readPNPMLock reads pnpm-lock.yaml: keys "/name/1.0.0", "/name@1.0.0" or
// "name@1.0.0", by version, with peers in parentheses or after an underscore.
func readPNPMLock(f *file) Evidence {
	text, err := f.text(maxText)
	if err != nil {
		return failed(err)
	}
	var lock struct {
		Packages map[string]struct {
			Name, Version string
			Dev           bool
		}
	}
	if err := yaml.Unmarshal(text, &lock); err != nil {
		return failed(err)
	}
	var out Evidence
	for key, p := range lock.Packages {
		name, version := p.Name, p.Version
		if name == "" {
			name, version = pnpmKey(key)
		}
		if name == "" || strings.Contains(name, ":") {
			continue
		}
		if strings.ContainsAny(version, ":/") { // a folder or a repository
			version = ""
		}
		i := language("npm", name, version)
		i.Dev = p.Dev
		out.packages = append(out.packages, i)
	}
	return out
}

// pnpmID is a key, of any version of the file.
var pnpmID = regexp.MustCompile(`^/?((?:@[^/]+/)?[^/@]+)[@/]([^_(]+)`)

func pnpmKey(key string) (name, version string) {
	if m := pnpmID.FindStringSubmatch(key); m != nil {
		return m[1], m[2]
	}
	return "", ""
}

// readBunLock reads bun.lock, JSON with commas at the ends of lists.
func readBunLock(f *file) Evidence {
	text, err := f.text(maxText)
	if err != nil {
		return failed(err)
	}
	var lock struct{ Packages map[string][]json.RawMessage }
	if err := json.Unmarshal(strict(text), &lock); err != nil {
		return failed(err)
	}
	var out Evidence
	for _, p := range lock.Packages {
		var id string
		if len(p) == 0 || json.Unmarshal(p[0], &id) != nil {
			continue
		}
		name, version := cutVersion(id)
		if name == "" || own(version) {
			continue
		}
		if strings.ContainsAny(version, ":/") { // a folder or a repository
			version = ""
		}
		out.packages = append(out.packages, language("npm", name, version))
	}
	return out
}

// strict takes the commas before closing brackets out of JSON.
func strict(text []byte) []byte {
	out := make([]byte, 0, len(text))
	quoted := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted && c == '\\' && i+1 < len(text):
			out = append(out, c)
			i++
			c = text[i]
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			rest := bytes.TrimLeft(text[i+1:min(len(text), i+200)], " \t\r\n")
			if len(rest) > 0 && (rest[0] == '}' || rest[0] == ']') {
				continue
			}
		}
		out = append(out, c)
	}
	return out
}
