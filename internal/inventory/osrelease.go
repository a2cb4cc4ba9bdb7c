package inventory

import (
	"strings"

	"bulkhead/internal/model"
)

// readOSRelease reads os-release(5).
func readOSRelease(f *file) Evidence {
	text, err := f.text(64 << 10)
	if err != nil {
		return failed(err)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && !strings.HasPrefix(key, "#") {
			values[key] = clip(strings.Trim(value, `"'`))
		}
	}
	r := &model.OSRelease{ID: values["ID"], VersionID: values["VERSION_ID"], Codename: values["VERSION_CODENAME"], Name: values["PRETTY_NAME"]}
	if r.ID == "ubuntu" && strings.Contains(values["VERSION"], "LTS") && !strings.Contains(r.Name, "LTS") {
		r.Name += " LTS" // the only place it is said in some releases
	}
	return Evidence{release: r}
}

// debianReleases are the versions of releases that have none in os-release
// before they are published.
var debianReleases = map[string]string{"trixie": "13", "forky": "14", "duke": "15"}

// EcosystemOf returns what OSV calls a distribution's packages, or "" where
// OSV has none. OSV schema, "defined ecosystems".
func EcosystemOf(r model.OSRelease) string {
	major, _, _ := strings.Cut(r.VersionID, ".")
	switch r.ID {
	case "debian":
		version := major
		if version == "" {
			version = debianReleases[r.Codename]
		}
		return versioned("Debian", version)
	case "ubuntu":
		name := versioned("Ubuntu", r.VersionID)
		if r.VersionID != "" && strings.Contains(r.Name, "LTS") {
			name += ":LTS"
		}
		return name
	case "alpine":
		return versioned("Alpine", minor("v", r.VersionID))
	case "wolfi":
		return "Wolfi"
	case "chainguard":
		return "Chainguard"
	case "minimos":
		return "MinimOS"
	case "alpaquita":
		return versioned("Alpaquita", r.VersionID)
	case "rhel":
		return versioned("Red Hat:enterprise_linux", major)
	case "rocky":
		return versioned("Rocky Linux", major)
	case "almalinux":
		return versioned("AlmaLinux", major)
	case "opensuse-leap":
		return versioned("openSUSE", "Leap "+r.VersionID)
	case "opensuse-tumbleweed":
		return "openSUSE:Tumbleweed"
	case "sles", "sled":
		return suse(r.VersionID)
	case "mageia":
		return versioned("Mageia", major)
	case "openEuler":
		return versioned("openEuler", openEuler(r))
	case "azurelinux", "mariner":
		return versioned("Azure Linux", major)
	}
	return ""
}

func versioned(name, version string) string {
	if version == "" {
		return name
	}
	return name + ":" + version
}

// minor returns the first two parts of a version, with a prefix. A version
// that is not a release, such as "3.22.0_alpha", has no ecosystem of its own.
func minor(prefix, version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 || strings.Contains(version, "_") {
		return ""
	}
	return prefix + parts[0] + "." + parts[1]
}

// suse returns the ecosystem of SUSE Linux Enterprise Server: "15.6" is
// "15 SP6".
func suse(version string) string {
	major, sp, ok := strings.Cut(version, ".")
	if ok && major != "16" {
		version = major + " SP" + sp
	}
	return versioned("SUSE", "Linux Enterprise Server "+version)
}

// openEuler returns the release as OSV writes it: "24.03-LTS-SP1".
func openEuler(r model.OSRelease) string {
	_, inner, _ := strings.Cut(r.Name, "(")
	inner = strings.TrimSuffix(inner, ")")
	if inner == "" {
		return r.VersionID
	}
	return r.VersionID + "-" + inner
}
