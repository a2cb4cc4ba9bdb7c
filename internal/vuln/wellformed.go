package vuln

import (
	"regexp"
	"strings"
)

// The versions that ecosystems have. They are what the package managers take and
// not what their specifications ask for: old releases keep to none. What has
// none of these shapes is a tag ("latest"), a range ("^1.2", "2.x"), a place
// ("file:../x") or a word, and the order of an ecosystem puts it anywhere, below
// all versions mostly.
var (
	semverShape    = regexp.MustCompile(`^[=vV]?[0-9]+(\.[0-9]+)*([A-Za-z_+-][0-9A-Za-z._+~-]*)?$`)
	pythonShape    = regexp.MustCompile(`(?i)^v?([0-9]+!)?[0-9]+(\.[0-9]+)*([-_.]?(alpha|beta|preview|pre|rc|a|b|c)[-_.]?[0-9]*)?(-[0-9]+|[-_.]?(post|rev|r)[-_.]?[0-9]*)?([-_.]?dev[-_.]?[0-9]*)?(\+[a-z0-9]+([-_.][a-z0-9]+)*)?$`)
	gemShape       = regexp.MustCompile(`^[0-9]+(\.[0-9A-Za-z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)
	packagistShape = regexp.MustCompile(`^[vV]?[0-9]+(\.[0-9]+)*([._+-]?[A-Za-z][0-9A-Za-z._+-]*|[_+-][0-9A-Za-z._+-]*)?$`)
	mavenShape     = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._+~-]*$`)
)

// wellFormed reports whether text is a version of an ecosystem whose order takes
// any text for one. The orders of distributions and the others tell themselves.
func wellFormed(text, ecosystem string) bool {
	switch baseOf(ecosystem) {
	case "Bioconductor", "Bitnami", "ConanCenter", "Docker Hardened Images", "GHC", "Go", "Hex", "Julia", "NuGet", "Pub", "SwiftURL", "crates.io", "npm":
		return semverShape.MatchString(text)
	case "PyPI":
		return pythonShape.MatchString(text)
	case "RubyGems":
		return gemShape.MatchString(text)
	case "Packagist":
		return packagistShape.MatchString(text) && !wild(text)
	case "Maven":
		return mavenShape.MatchString(text) && strings.ContainsAny(text, "0123456789") && !wild(text)
	}
	return true
}

// wild reports whether text has a part that stands for any: "1.x", "2.+".
func wild(text string) bool {
	text, _, _ = strings.Cut(text, "-")
	for part := range strings.SplitSeq(text, ".") {
		if part == "x" || part == "X" || part == "+" {
			return true
		}
	}
	return false
}
