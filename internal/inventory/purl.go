package inventory

import (
	"net/url"
	"slices"
	"strings"

	"bulkhead/internal/model"
)

// A purl is a package URL: purl-spec, PURL-SPECIFICATION.rst.
type purl struct {
	kind, namespace, name, version string
	qualifiers                     [][2]string
}

// A URL is what a package URL says, decoded.
type URL struct {
	Kind, Namespace, Name, Version string
	Qualifiers                     map[string]string
}

// ParseURL splits a package URL; ok is false where text is none.
func ParseURL(text string) (u URL, ok bool) {
	p, ok := parsePURL(text)
	u = URL{p.kind, p.namespace, p.name, p.version, map[string]string{}}
	for _, q := range p.qualifiers {
		u.Qualifiers[q[0]] = q[1]
	}
	return u, ok
}

func (p purl) String() string {
	var b strings.Builder
	b.WriteString("pkg:" + p.kind + "/")
	for part := range strings.SplitSeq(p.namespace, "/") {
		if part != "" {
			b.WriteString(escape(part) + "/")
		}
	}
	b.WriteString(escape(p.name))
	if p.version != "" {
		b.WriteString("@" + escape(p.version))
	}
	slices.SortFunc(p.qualifiers, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	sep := "?"
	for _, q := range p.qualifiers {
		if q[1] != "" {
			b.WriteString(sep + q[0] + "=" + escape(q[1]))
			sep = "&"
		}
	}
	return b.String()
}

// escape encodes what a purl may not hold as it is: all but letters, digits,
// ".-_~" and the colon.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(".-_~:", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// languageURL returns the package URL of a package of an OSV ecosystem, or ""
// where there is no type for it. purl-spec, PURL-TYPES.rst.
func languageURL(ecosystem, name, version string) string {
	p := purl{name: name, version: version}
	switch ecosystem {
	case "npm":
		p.kind = "npm"
		p.split(strings.ToLower(name), "/")
	case "PyPI":
		p.kind, p.name = "pypi", strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	case "Go":
		p.kind = "golang"
		p.split(strings.ToLower(name), "/")
	case "crates.io":
		p.kind = "cargo"
	case "RubyGems":
		p.kind = "gem"
	case "Packagist":
		p.kind = "composer"
		p.split(strings.ToLower(name), "/")
	case "NuGet":
		p.kind = "nuget"
	case "Maven":
		p.kind = "maven"
		p.split(name, ":")
	default:
		p.kind = "generic"
	}
	return p.String()
}

// split takes what is before the last separator of name as the namespace.
func (p *purl) split(name, sep string) {
	p.namespace, p.name = "", name
	if i := strings.LastIndex(name, sep); i >= 0 {
		p.namespace, p.name = name[:i], name[i+1:]
	}
}

// ecosystems are OSV's names of the types of package URLs.
var ecosystems = map[string]string{
	"npm": "npm", "pypi": "PyPI", "golang": "Go", "cargo": "crates.io", "gem": "RubyGems",
	"composer": "Packagist", "nuget": "NuGet", "maven": "Maven",
}

// FromURL returns the package a package URL names, or nil where the URL is none.
// Other tools give the source package of a distribution's package as the
// qualifier "upstream", and the distribution as "distro".
func FromURL(text string) *model.Package {
	p, ok := parsePURL(text)
	if !ok {
		return nil
	}
	out := &model.Package{Name: p.name, Version: p.version, PURL: text, Ecosystem: ecosystems[p.kind], Layer: -1}
	sep := "/"
	if p.kind == "maven" {
		sep = ":"
	}
	qualifiers := map[string]string{}
	for _, q := range p.qualifiers {
		qualifiers[q[0]] = q[1]
	}
	switch p.kind {
	case "deb", "apk", "rpm", "alpm":
		out.Ecosystem = EcosystemOf(release(p.namespace, qualifiers["distro"]))
		out.Source, out.SourceVersion, _ = strings.Cut(qualifiers["upstream"], "@")
		if p.kind == "rpm" && strings.HasSuffix(out.Source, ".src.rpm") {
			out.Source, out.SourceVersion = rpmSourceOf(out.Source)
		}
		if e := qualifiers["epoch"]; e != "" && e != "0" && p.kind == "rpm" {
			out.Version = e + ":" + p.version
			if out.SourceVersion != "" {
				out.SourceVersion = e + ":" + out.SourceVersion // file names leave it out
			}
		}
	default:
		if p.namespace != "" {
			out.Name = p.namespace + sep + p.name
		}
	}
	return out
}

// release returns the distribution of a qualifier such as "debian-12",
// "ubuntu-24.04" or "12", for the namespace "debian".
func release(namespace, distro string) model.OSRelease {
	id, version, ok := lastCut(distro, "-")
	if !ok {
		id, version = namespace, distro
	}
	switch id {
	case "redhat":
		id = "rhel"
	case "opensuse.leap", "opensuse.tumbleweed": // as Trivy calls them
		id = strings.Replace(id, ".", "-", 1)
	}
	r := model.OSRelease{ID: id, VersionID: version}
	if year, month, _ := strings.Cut(version, "."); id == "ubuntu" && month == "04" && len(year) == 2 && (year[1]-'0')%2 == 0 {
		r.Name = "LTS" // every second April
	}
	return r
}

// parsePURL splits a package URL: purl-spec, "How to parse a purl string".
func parsePURL(text string) (purl, bool) {
	var p purl
	text, ok := strings.CutPrefix(text, "pkg:")
	if !ok {
		return p, false
	}
	text, _, _ = strings.Cut(text, "#")
	text, query, _ := strings.Cut(text, "?")
	for pair := range strings.SplitSeq(query, "&") {
		if key, value, ok := strings.Cut(pair, "="); ok && len(p.qualifiers) < 50 {
			p.qualifiers = append(p.qualifiers, [2]string{strings.ToLower(key), unescape(value)})
		}
	}
	p.kind, text, ok = strings.Cut(strings.TrimLeft(text, "/"), "/")
	p.kind = strings.ToLower(p.kind)
	if at := strings.LastIndexByte(text, '@'); at > 0 && at > strings.LastIndexByte(text, '/') {
		text, p.version = text[:at], unescape(text[at+1:])
	}
	text = strings.Trim(text, "/")
	p.name = text
	if namespace, name, found := lastCut(text, "/"); found {
		p.namespace, p.name = unescape(namespace), name
	}
	p.name = unescape(p.name)
	return p, ok && p.kind != "" && p.name != ""
}

// unescape decodes percent signs. What is no such code stays.
func unescape(s string) string {
	if out, err := url.PathUnescape(s); err == nil {
		return out
	}
	return s
}
