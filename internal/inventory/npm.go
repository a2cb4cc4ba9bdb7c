package inventory

import (
	"encoding/json"
	"path"
	"strings"
)

// maxManifest bounds the file a package describes itself in.
const maxManifest = 4 << 20

// isNodeModule reports whether name is the package.json of an installed package:
// node_modules/NAME/package.json or node_modules/@SCOPE/NAME/package.json, or
// that of a package manager official images unpack into /opt. Deeper ones say
// how a folder of the package is to be loaded, and the others are the user's own.
func isNodeModule(name string) bool {
	dir := path.Dir(name)
	parent := path.Dir(dir)
	if strings.HasPrefix(path.Base(parent), "@") {
		parent = path.Dir(parent)
	}
	return path.Base(parent) == "node_modules" || strings.HasPrefix(name, "opt/yarn-") && parent == "opt"
}

// readPackageJSON reads an installed npm package.
func readPackageJSON(f *file) Evidence {
	text, err := f.text(maxManifest)
	if err != nil {
		return failed(err)
	}
	var p struct {
		Name, Version string
		License       json.RawMessage
		Licenses      json.RawMessage
	}
	if err := json.Unmarshal(text, &p); err != nil && p.Name == "" {
		return failed(err)
	}
	if p.Version == "" {
		return Evidence{}
	}
	i := language("npm", p.Name, p.Version)
	if i.License = npmLicense(p.License); i.License == "" {
		i.License = npmLicense(p.Licenses)
	}
	return one(i)
}

// npmLicense reads a licence: an expression, or as old packages have it an
// object or a list of them.
func npmLicense(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return clip(text)
	}
	var object struct{ Type string }
	if json.Unmarshal(raw, &object) == nil {
		return clip(object.Type)
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return ""
	}
	var all []string
	for _, l := range list[:min(len(list), 10)] {
		if json.Unmarshal(l, &text) == nil {
			all = append(all, text)
		} else if json.Unmarshal(l, &object) == nil && object.Type != "" {
			all = append(all, object.Type)
		}
	}
	return clip(strings.Join(all, " OR "))
}

// readNPMLock reads package-lock.json of any version.
func readNPMLock(f *file) Evidence {
	text, err := f.text(maxText)
	if err != nil {
		return failed(err)
	}
	var lock struct {
		Packages map[string]struct {
			Name, Version, Resolved string
			Dev, Link               bool
			License                 json.RawMessage
		}
		Dependencies map[string]npmDependency
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return failed(err)
	}
	var out Evidence
	for at, p := range lock.Packages {
		_, name, ok := lastCut(at, "node_modules/")
		if p.Name != "" {
			name = p.Name // installed under another name
		}
		if !ok || p.Link {
			continue // the user's own
		}
		i := language("npm", name, p.Version)
		i.Dev, i.License = p.Dev, npmLicense(p.License)
		out.packages = append(out.packages, i)
	}
	if len(lock.Packages) == 0 {
		out.packages = npmDependencies(lock.Dependencies, 0)
	}
	return out
}

// An npmDependency is one of version 1 of the file.
type npmDependency struct {
	Version      string
	Dev          bool
	Dependencies map[string]npmDependency
}

func npmDependencies(all map[string]npmDependency, depth int) []*item {
	if depth > 100 {
		return nil
	}
	var out []*item
	for name, d := range all {
		if real, version, ok := lastCut(strings.TrimPrefix(d.Version, "npm:"), "@"); ok && strings.HasPrefix(d.Version, "npm:") {
			name, d.Version = real, version
		}
		if strings.Contains(d.Version, ":") { // a folder or a repository, whose version is not said
			d.Version = ""
		}
		i := language("npm", name, d.Version)
		i.Dev = d.Dev
		out = append(out, i)
		out = append(out, npmDependencies(d.Dependencies, depth+1)...)
	}
	return out
}

// lastCut cuts s around the last sep.
func lastCut(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
