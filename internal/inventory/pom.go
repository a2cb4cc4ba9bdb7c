package inventory

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
)

// A pom is a project of Maven's: maven.apache.org, "POM Reference".
type pom struct {
	GroupID string     `xml:"groupId"`
	Version string     `xml:"version"`
	Parent  coordinate `xml:"parent"`
	Values  properties `xml:"properties"`

	Managed      []coordinate `xml:"dependencyManagement>dependencies>dependency"`
	Dependencies []coordinate `xml:"dependencies>dependency"`
}

// A coordinate names a release of a library, or a library whose release is said
// elsewhere.
type coordinate struct {
	GroupID    string `xml:"groupId"`
	ArtifactID string `xml:"artifactId"`
	Version    string `xml:"version"`
	Scope      string `xml:"scope"`
}

// properties are values by the names of their elements.
type properties map[string]string

// UnmarshalXML takes every element for a value.
func (p *properties) UnmarshalXML(d *xml.Decoder, _ xml.StartElement) error {
	*p = properties{}
	for {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			var value string
			if err := d.DecodeElement(&value, &t); err != nil {
				return err
			}
			(*p)[t.Name.Local] = value
		case xml.EndElement:
			return nil
		}
	}
}

// readPOM reads the dependencies a pom.xml names itself. What its parent, an
// imported list or a range decides is not known from it: such a dependency has
// no version.
func readPOM(f *file) Evidence {
	text, err := f.text(maxManifest)
	if err != nil {
		return failed(err)
	}
	var p pom
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // names and versions are ASCII
	if err := d.Decode(&p); err != nil {
		return failed(err)
	}
	managed := map[string]coordinate{}
	for _, c := range p.Managed {
		if strings.TrimSpace(c.Scope) != "import" {
			managed[p.name(c)] = c
		}
	}
	var out Evidence
	for _, c := range p.Dependencies {
		name := p.name(c)
		if c.Version == "" {
			c.Version = managed[name].Version
		}
		if c.Scope == "" {
			c.Scope = managed[name].Scope
		}
		if scope := strings.TrimSpace(c.Scope); name != "" && scope != "system" { // a file, of which the name says nothing
			i := language("Maven", name, p.release(c.Version))
			i.Dev = scope == "test"
			out.packages = append(out.packages, i)
		}
	}
	return out
}

// name returns the name of c, "" where it cannot be told.
func (p *pom) name(c coordinate) string {
	group, artifact := p.resolve(c.GroupID, 0), p.resolve(c.ArtifactID, 0)
	if group == "" || artifact == "" {
		return ""
	}
	return group + ":" + artifact
}

// release returns the version that text says, "" where it says a range or what is
// decided elsewhere.
func (p *pom) release(text string) string {
	v := p.resolve(text, 0)
	if strings.ContainsAny(v, "[](),") || v == "LATEST" || v == "RELEASE" {
		return ""
	}
	return v
}

// maxProperties is how deep values may name each other, and how many of them may
// be in one: what is resolved twice at every level grows fast.
const maxProperties = 5

// resolve puts the values of the file in place of their names. It returns ""
// where one is not in the file.
func (p *pom) resolve(text string, depth int) string {
	text = strings.TrimSpace(text)
	if len(text) > maxField {
		return ""
	}
	before, rest, ok := strings.Cut(text, "${")
	if !ok {
		return text
	}
	name, after, ok := strings.Cut(rest, "}")
	if !ok || depth == maxProperties {
		return ""
	}
	value := p.resolve(p.value(name), depth+1)
	if value == "" {
		return ""
	}
	if after != "" {
		if after = p.resolve(after, depth+1); after == "" {
			return ""
		}
	}
	return before + value + after
}

// value returns the value called name: a property, or what the project says of
// itself, which it has from its parent where it says nothing.
func (p *pom) value(name string) string {
	if v, ok := p.Values[name]; ok {
		return v
	}
	own, ok := strings.CutPrefix(name, "project.")
	if !ok {
		own = strings.TrimPrefix(name, "pom.")
	}
	switch own {
	case "version":
		if p.Version == "" {
			return p.Parent.Version
		}
		return p.Version
	case "groupId":
		if p.GroupID == "" {
			return p.Parent.GroupID
		}
		return p.GroupID
	case "parent.version":
		return p.Parent.Version
	case "parent.groupId":
		return p.Parent.GroupID
	}
	return ""
}
