package vuln

import (
	"errors"
	"slices"
	"strings"

	"github.com/google/osv-scalibr/semantic"

	"bulkhead/internal/model"
)

// maxVersion is the length in bytes past which a text is no version. The
// orders of ecosystems take time that grows faster than the text does.
const maxVersion = 256

var (
	errVersionLength = errors.New("version is too long")
	errNoOrder       = errors.New("ecosystem has no version order")
)

// distributions are the ecosystems of operating systems' packages.
var distributions = []string{
	"AlmaLinux", "Alpaquita", "Alpine", "Azure Linux", "BellSoft Hardened Containers", "Chainguard", "Debian",
	"Echo", "Mageia", "MinimOS", "Photon OS", "Red Hat", "Rocky Linux", "SUSE", "Ubuntu", "Wolfi", "openEuler", "openSUSE",
}

// binaryNamed are the distributions whose advisories name binary packages.
// Those of the others name source packages.
var binaryNamed = []string{"AlmaLinux", "Azure Linux", "Photon OS", "Red Hat", "Rocky Linux"}

// languages are the ecosystems of packages for languages and of upstream
// projects.
var languages = []string{
	"Bioconductor", "Bitnami", "CRAN", "ConanCenter", "Docker Hardened Images", "GHC", "GitHub Actions", "Go", "Hackage", "Hex",
	"Julia", "Maven", "NuGet", "Packagist", "Pub", "PyPI", "RubyGems", "SwiftURL", "VSCode", "crates.io", "npm", "opam",
}

// baseOf returns an ecosystem without its release: "Debian" of "Debian:12".
func baseOf(ecosystem string) string {
	base, _, _ := strings.Cut(ecosystem, ":")
	return base
}

// Ecosystems returns the ecosystems that OSV defines, as it spells them.
func Ecosystems() []string { return slices.Concat(distributions, languages) }

// known reports whether the ecosystem is one that OSV defines.
func known(ecosystem string) bool {
	base := baseOf(ecosystem)
	return slices.Contains(distributions, base) || slices.Contains(languages, base)
}

// Ordered reports whether the versions of an ecosystem can be compared.
func Ordered(ecosystem string) bool {
	_, err := semantic.Parse("1", ecosystem)
	return err == nil
}

// parseVersion reads a version as its ecosystem orders it.
func parseVersion(version, ecosystem string) (semantic.Version, error) {
	if len(version) > maxVersion {
		return nil, errVersionLength
	}
	v, err := semantic.Parse(version, ecosystem)
	if errors.Is(err, semantic.ErrUnsupportedEcosystem) {
		return nil, errNoOrder
	}
	return v, err
}

// normalName returns the name under which an ecosystem knows a package, where
// several spellings mean the same one.
func normalName(ecosystem, name string) string {
	switch baseOf(ecosystem) {
	case "PyPI":
		return normalPython(name)
	case "Packagist", "NuGet", "GitHub Actions", "VSCode":
		return strings.ToLower(name)
	case "Go":
		if name == "go" { // as the build information of a binary has it
			return "stdlib"
		}
	}
	return name
}

// normalPython is PEP 503, "Normalized Names".
func normalPython(name string) string {
	var b strings.Builder
	dash := false
	for _, c := range strings.ToLower(name) {
		if c == '-' || c == '_' || c == '.' {
			dash = true
			continue
		}
		if dash {
			b.WriteByte('-')
			dash = false
		}
		b.WriteRune(c)
	}
	if dash {
		b.WriteByte('-')
	}
	return b.String()
}

// subject returns the name and version that advisories about p are about.
func subject(p *model.Package) (name, version string) {
	name, version = p.Name, p.Version
	base := baseOf(p.Ecosystem)
	if slices.Contains(distributions, base) && !slices.Contains(binaryNamed, base) {
		if p.Source != "" {
			name = p.Source
		}
		if p.SourceVersion != "" {
			version = p.SourceVersion
		}
	}
	name = normalName(p.Ecosystem, name)
	if base == "Go" {
		version = goVersion(name, version)
	}
	return name, strings.TrimSpace(version)
}

// goVersion returns the version of a Go module as advisories have it, empty
// where the build did not record any.
func goVersion(module, version string) string {
	switch version {
	case "(devel)", "v0.0.0", "v0.0.0-00010101000000-000000000000":
		return ""
	}
	if module != "stdlib" && module != "toolchain" {
		return version
	}
	version, _, _ = strings.Cut(version, " ") // "go1.22.3 X:boringcrypto"
	version = strings.TrimPrefix(version, "go")
	if version == "devel" {
		return ""
	}
	for _, pre := range []string{"rc", "beta"} { // 1.22rc1 is 1.22.0-rc.1
		if release, n, ok := strings.Cut(version, pre); ok && !strings.Contains(release, "-") {
			return release + ".0-" + pre + "." + n
		}
	}
	return version
}

// spellings returns the ecosystem and what else OSV calls it.
func spellings(ecosystem string) []string {
	if strings.HasPrefix(ecosystem, "Ubuntu:") && strings.Count(ecosystem, ":") == 1 {
		return []string{ecosystem, ecosystem + ":LTS"}
	}
	return []string{ecosystem}
}
