package inventory

import (
	"encoding/json"
	"regexp"
	"strings"

	"golang.org/x/mod/modfile"
)

// What RubyGems writes into an installed gem's specification.
var (
	gemField   = regexp.MustCompile(`(?m)^\s*\w+\.(name|version|platform)\s*=\s*(?:Gem::Version\.new\s*\(?)?["']([^"']+)["']`)
	gemLicense = regexp.MustCompile(`(?m)^\s*\w+\.licenses?\s*=\s*\[?\s*(["'][^\]\n]*)`)
	gemQuoted  = regexp.MustCompile(`["']([^"']+)["']`)
)

// readGemspec reads an installed gem.
func readGemspec(f *file) Evidence {
	text, err := f.text(maxManifest)
	if err != nil {
		return failed(err)
	}
	fields := map[string]string{}
	for _, m := range gemField.FindAllSubmatch(text, 100) {
		if _, ok := fields[string(m[1])]; !ok {
			fields[string(m[1])] = string(m[2])
		}
	}
	if fields["name"] == "" || fields["version"] == "" {
		return Evidence{}
	}
	i := language("RubyGems", fields["name"], fields["version"])
	if m := gemLicense.FindSubmatch(text); m != nil {
		var all []string
		for _, q := range gemQuoted.FindAllSubmatch(m[1], 10) {
			all = append(all, string(q[1]))
		}
		i.License = clip(strings.Join(all, " OR "))
	}
	return one(i)
}

// lockedGem is a line of Gemfile.lock: "    name (1.2.3-x86_64-linux)".
var lockedGem = regexp.MustCompile(`^ {4}(\S+) \(([^)\s]+)\)$`)

// gemPlatform is what follows the version of a gem with machine code in it.
var gemPlatform = regexp.MustCompile(`-(?:x86|x64|arm|aarch|java|universal|mingw|mswin|ruby)[\w.-]*$`)

// readGemfileLock reads the gems of the section GEM. Those of GIT are not the ones
// that RubyGems has of their version, those of PATH are the user's own.
func readGemfileLock(f *file) Evidence {
	text, err := f.text(maxText)
	if err != nil {
		return failed(err)
	}
	var out Evidence
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if line != "" && line[0] != ' ' {
			section = line
		}
		m := lockedGem.FindStringSubmatch(line)
		switch {
		case m == nil:
		case section == "GEM":
			out.packages = append(out.packages, language("RubyGems", m[1], gemPlatform.ReplaceAllString(m[2], "")))
		case section == "GIT":
			out.packages = append(out.packages, language("RubyGems", m[1], ""))
		}
	}
	return out
}

// readCargoLock reads Cargo.lock. What has no source is the user's own, what is from
// a repository is not what the registry has of its version.
func readCargoLock(f *file) Evidence {
	text, err := f.text(maxText)
	if err != nil {
		return failed(err)
	}
	var out Evidence
	for _, p := range tomlPackages(string(text)) {
		switch {
		case p["name"] == "":
		case strings.HasPrefix(p["source"], "registry+"):
			out.packages = append(out.packages, language("crates.io", p["name"], p["version"]))
		case strings.HasPrefix(p["source"], "git+"):
			out.packages = append(out.packages, language("crates.io", p["name"], ""))
		}
	}
	return out
}

// A composerPackage is a package in composer's files.
type composerPackage struct {
	Name, Version string
	License       json.RawMessage
}

// readComposer reads composer.lock and vendor/composer/installed.json, which in
// version 1 is a list.
func readComposer(f *file) Evidence {
	text, err := f.text(maxText)
	if err != nil {
		return failed(err)
	}
	var file struct {
		Packages    []composerPackage
		PackagesDev []composerPackage `json:"packages-dev"`
		DevNames    []string          `json:"dev-package-names"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		if json.Unmarshal(text, &file.Packages) != nil {
			return failed(err)
		}
	}
	dev := map[string]bool{}
	for _, name := range file.DevNames {
		dev[name] = true
	}
	var out Evidence
	for n, p := range append(file.Packages, file.PackagesDev...) {
		if p.Name == "" {
			continue
		}
		if strings.HasPrefix(p.Version, "dev-") { // a branch
			p.Version = ""
		}
		i := language("Packagist", p.Name, strings.TrimPrefix(p.Version, "v"))
		i.Dev = dev[p.Name] || n >= len(file.Packages)
		i.License = npmLicense(p.License)
		out.packages = append(out.packages, i)
	}
	return out
}

// readDotnetDeps reads NAME.deps.json, which is beside a published program.
func readDotnetDeps(f *file) Evidence {
	text, err := f.text(maxText)
	if err != nil {
		return failed(err)
	}
	var deps struct {
		Libraries map[string]struct{ Type string }
	}
	if err := json.Unmarshal(text, &deps); err != nil {
		return failed(err)
	}
	var out Evidence
	for key, l := range deps.Libraries {
		if name, version, ok := strings.Cut(key, "/"); ok && l.Type == "package" {
			out.packages = append(out.packages, language("NuGet", name, version))
		}
	}
	return out
}

// readNuGetLock reads packages.lock.json.
func readNuGetLock(f *file) Evidence {
	text, err := f.text(maxText)
	if err != nil {
		return failed(err)
	}
	var lock struct {
		Dependencies map[string]map[string]struct{ Type, Resolved string }
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return failed(err)
	}
	var out Evidence
	for _, framework := range lock.Dependencies {
		for name, p := range framework {
			if p.Type != "Project" {
				out.packages = append(out.packages, language("NuGet", name, p.Resolved))
			}
		}
	}
	return out
}

// readGradleLock reads gradle.lockfile: "group:name:version=configurations".
func readGradleLock(f *file) Evidence {
	text, err := f.text(maxText)
	if err != nil {
		return failed(err)
	}
	var out Evidence
	for line := range strings.Lines(string(text)) {
		id, configurations, ok := strings.Cut(strings.TrimSpace(line), "=")
		parts := strings.Split(id, ":")
		if !ok || len(parts) != 3 || parts[0] == "" || parts[1] == "" || strings.HasPrefix(line, "#") {
			continue
		}
		i := language("Maven", parts[0]+":"+parts[1], parts[2])
		i.Dev = !strings.Contains(configurations, "untimeClasspath") || strings.HasPrefix(configurations, "testRuntimeClasspath")
		out.packages = append(out.packages, i)
	}
	return out
}

// readGoMod reads the requirements of a Go module.
func readGoMod(f *file) Evidence {
	text, err := f.text(maxManifest)
	if err != nil {
		return failed(err)
	}
	m, err := modfile.ParseLax("go.mod", text, nil)
	if err != nil {
		return failed(err)
	}
	var out Evidence
	for _, r := range m.Require {
		out.packages = append(out.packages, language("Go", r.Mod.Path, r.Mod.Version))
	}
	return out
}
