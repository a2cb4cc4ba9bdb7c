package inventory

import (
	"encoding/json"
	"path"
	"regexp"
	"strings"
)

// isPythonMetadata reports whether name is METADATA of a wheel or PKG-INFO of
// an egg.
func isPythonMetadata(name string) bool {
	dir := path.Base(path.Dir(name))
	switch path.Base(name) {
	case "METADATA":
		return strings.HasSuffix(dir, ".dist-info")
	case "PKG-INFO":
		return strings.HasSuffix(dir, ".egg-info") || dir == "EGG-INFO"
	}
	return false
}

// readPythonMetadata reads the headers of an installed distribution: Python
// packaging, "Core metadata specifications".
func readPythonMetadata(f *file) Evidence {
	text, err := f.text(maxManifest)
	if err != nil {
		return failed(err)
	}
	var name, version, license, expression, classifier string
	for line := range strings.Lines(string(text)) {
		if strings.TrimSpace(line) == "" {
			break
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok || key == "" || key[0] == ' ' || key[0] == '\t' {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(key) {
		case "name":
			name = value
		case "version":
			version = value
		case "license":
			license = value
		case "license-expression":
			expression = value
		case "classifier":
			if _, kind, ok := lastCut(value, "License :: "); ok && classifier == "" {
				classifier, _, _ = strings.Cut(strings.TrimPrefix(kind, "OSI Approved :: "), " ::")
			}
		}
	}
	if name == "" || version == "" {
		return Evidence{}
	}
	i := language("PyPI", name, version)
	for _, l := range [...]string{expression, license, classifier} {
		if i.License == "" && len(l) < 100 && l != "UNKNOWN" { // some put the whole text there
			i.License = clip(l)
		}
	}
	return one(i)
}

// pinned is a requirement of one version: PEP 508.
var pinned = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*===?\s*([^\s;#,*]+)\s*(?:[;#\\].*)?$`)

// required is any other requirement, from its name on, and fetched is one that
// names the place it is fetched from.
var (
	required = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?:[<>=!~;@#(\\]|$)`)
	fetched  = regexp.MustCompile(`://.*#(?:.*&)?egg=([A-Za-z0-9][A-Za-z0-9._-]*)`)
)

// readRequirements reads the requirements that name one version. The others say
// what may be there, not what is: such a package has no version.
func readRequirements(f *file) Evidence {
	text, err := f.text(maxManifest)
	if err != nil {
		return failed(err)
	}
	var out Evidence
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, " --hash")
		line = strings.TrimSpace(line)
		if m := pinned.FindStringSubmatch(line); m != nil {
			out.packages = append(out.packages, language("PyPI", m[1], m[2]))
		} else if m := required.FindStringSubmatch(line); m != nil {
			out.packages = append(out.packages, language("PyPI", m[1], ""))
		} else if m := fetched.FindStringSubmatch(line); m != nil {
			out.packages = append(out.packages, language("PyPI", m[1], ""))
		}
	}
	return out
}

// included is a line of a file of requirements that takes in another.
var included = regexp.MustCompile(`(?m)^(?:-r|--requirement)[ =\t]*([^\s#]+)`)

// maxIncluded bounds how many files are named that a file takes in.
const maxIncluded = 100

// Included returns the files that a file of requirements takes in, as it names
// them: relative to its own folder. Other lock files take in none.
func Included(name string, text []byte) []string {
	if lockOf(path.Base(name)) != requirements {
		return nil
	}
	var out []string
	for _, m := range included.FindAllSubmatch(text, maxIncluded) {
		out = append(out, clip(string(m[1])))
	}
	return out
}

// readPythonLock reads poetry.lock, uv.lock and pdm.lock.
func readPythonLock(f *file) Evidence {
	text, err := f.text(maxText)
	if err != nil {
		return failed(err)
	}
	var out Evidence
	for _, p := range tomlPackages(string(text)) {
		if p["name"] == "" || strings.Contains(p["source"], "virtual") || strings.Contains(p["source"], "editable") || strings.Contains(p["source"], "directory") {
			continue
		}
		i := language("PyPI", p["name"], p["version"])
		i.Dev = p["category"] == "dev" || p["groups"] == `["dev"]`
		out.packages = append(out.packages, i)
	}
	return out
}

// tomlPackages returns the [[package]] tables of a lock file. Programs write
// those files, a key a line; nothing else of TOML is needed.
func tomlPackages(text string) []map[string]string {
	var out []map[string]string
	var table map[string]string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "[[package]]":
			table = map[string]string{}
			out = append(out, table)
		case strings.HasPrefix(line, "["):
			table = nil
		case table != nil:
			key, value, ok := strings.Cut(line, " = ")
			if ok && len(table) < 20 {
				table[key] = strings.Trim(strings.TrimSpace(value), `"`)
			}
		}
	}
	return out
}

// readPipfileLock reads Pipfile.lock.
func readPipfileLock(f *file) Evidence {
	text, err := f.text(maxText)
	if err != nil {
		return failed(err)
	}
	type group map[string]struct{ Version, Path string }
	var lock struct{ Default, Develop group }
	if err := json.Unmarshal(text, &lock); err != nil {
		return failed(err)
	}
	var out Evidence
	add := func(g group) {
		for name, p := range g {
			v, ok := strings.CutPrefix(p.Version, "==")
			if !ok {
				v = "" // a repository, or any
			}
			if p.Path == "" { // else it is the user's own
				out.packages = append(out.packages, language("PyPI", name, v))
			}
		}
	}
	add(lock.Develop)
	for _, i := range out.packages {
		i.Dev = true
	}
	add(lock.Default)
	return out
}
