package sbom

import (
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"bulkhead/internal/inventory"
	"bulkhead/internal/model"
	"bulkhead/internal/secret"
)

// A bom is a CycloneDX 1.6 document: cyclonedx.org, "JSON Reference".
type bom struct {
	Schema       string      `json:"$schema"`
	BOMFormat    string      `json:"bomFormat"`
	SpecVersion  string      `json:"specVersion"`
	SerialNumber string      `json:"serialNumber,omitempty"`
	Version      int         `json:"version"`
	Metadata     metadata    `json:"metadata"`
	Components   []component `json:"components"`
}

type metadata struct {
	Timestamp  string     `json:"timestamp"`
	Tools      *tools     `json:"tools,omitempty"`
	Component  *component `json:"component,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type tools struct {
	Components []component `json:"components"`
}

type component struct {
	Type       string          `json:"type"`
	Ref        string          `json:"bom-ref,omitempty"`
	Group      string          `json:"group,omitempty"`
	Name       string          `json:"name"`
	Version    string          `json:"version,omitempty"`
	Scope      string          `json:"scope,omitempty"`
	Licenses   []licenseChoice `json:"licenses,omitempty"`
	PURL       string          `json:"purl,omitempty"`
	Evidence   *evidence       `json:"evidence,omitempty"`
	Properties []property      `json:"properties,omitempty"`

	Components []component `json:"components,omitempty"` // read only
}

type licenseChoice struct {
	License    *license `json:"license,omitempty"`
	Expression string   `json:"expression,omitempty"`
}

type license struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

type evidence struct {
	Occurrences []occurrence `json:"occurrences,omitempty"`
}

type occurrence struct {
	Location string `json:"location"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
}

// Names of Bulkhead's properties, for what CycloneDX has no field.
const (
	propEcosystem = "bulkhead:ecosystem"
	propSource    = "bulkhead:source" // name and version
	propLayer     = "bulkhead:layer"  // index, from the bottom
	propOwner     = "bulkhead:owner"
	propDiffID    = "bulkhead:layer:diffID" // of the document; one a layer, bottom first
	propHistory   = "bulkhead:layer:history"
	propNote      = "bulkhead:note"
	propCodename  = "bulkhead:codename"
	propOSName    = "bulkhead:osName"
)

// WriteCycloneDX writes d as CycloneDX 1.6 in JSON. The same inventory gives
// the same bytes.
func WriteCycloneDX(w io.Writer, d *Document) error {
	b := &bom{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", BOMFormat: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata: metadata{
			Timestamp: d.created(),
			Tools:     &tools{[]component{{Type: "application", Name: "bulkhead", Version: d.Tool}}},
			Component: &component{Type: "application", Ref: "root", Name: d.Name, Version: d.Digest},
		},
		Components: []component{},
	}
	if d.Container {
		b.Metadata.Component.Type = "container"
	}
	add := func(name, value string) {
		b.Metadata.Properties = append(b.Metadata.Properties, property{name, value})
	}
	for _, l := range d.Inventory.Layers {
		add(propDiffID, l.DiffID)
		add(propHistory, secret.Hide(l.History))
	}
	for _, n := range d.Inventory.Notes {
		add(propNote, n.What+": "+n.Why)
	}
	if os := d.Inventory.OS; os.ID != "" {
		b.Components = append(b.Components, component{
			Type: "operating-system", Ref: "os", Name: os.ID, Version: os.VersionID,
			Properties: nonEmpty(property{propCodename, os.Codename}, property{propOSName, os.Name}),
		})
	}
	for i, p := range d.packages() {
		b.Components = append(b.Components, cycloneDXComponent(p, i))
	}
	var err error
	if b.SerialNumber, err = uuid(b); err != nil {
		return err
	}
	return encode(w, b)
}

// cycloneDXComponent returns the component of the i-th package.
func cycloneDXComponent(p *model.Package, i int) component {
	c := component{Type: "library", Ref: "package-" + strconv.Itoa(i), Name: p.Name, Version: p.Version, PURL: p.PURL}
	if strings.HasPrefix(p.PURL, "pkg:generic/") {
		c.Type = "application"
	}
	if p.Dev {
		c.Scope = "excluded"
	}
	switch {
	case p.License == "":
	case licenses[p.License]:
		c.Licenses = []licenseChoice{{License: &license{ID: p.License}}}
	case isExpression(p.License):
		c.Licenses = []licenseChoice{{Expression: p.License}}
	default:
		c.Licenses = []licenseChoice{{License: &license{Name: p.License}}}
	}
	if len(p.Locations) > 0 {
		c.Evidence = &evidence{}
		for _, l := range p.Locations {
			c.Evidence.Occurrences = append(c.Evidence.Occurrences, occurrence{l})
		}
	}
	layer := ""
	if p.Layer >= 0 {
		layer = strconv.Itoa(p.Layer)
	}
	c.Properties = nonEmpty(property{propEcosystem, p.Ecosystem}, property{propSource, join(sourceOf(p))},
		property{propLayer, layer}, property{propOwner, p.Owner})
	return c
}

// sourceOf returns the source package of p as written: nothing where it is p.
func sourceOf(p *model.Package) (name, version string) {
	if p.Source == "" && p.SourceVersion == "" {
		return "", ""
	}
	name = p.Source
	if name == "" {
		name = p.Name
	}
	return name, p.SourceVersion
}

func nonEmpty(all ...property) []property {
	return slices.DeleteFunc(all, func(p property) bool { return p.Value == "" })
}

// readCycloneDX reads a document of any version of CycloneDX.
func readCycloneDX(text []byte) (*model.Inventory, error) {
	var b bom
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, err
	}
	inv := &model.Inventory{}
	for _, p := range b.Metadata.Properties {
		switch p.Name {
		case propDiffID:
			inv.Layers = append(inv.Layers, model.Layer{DiffID: p.Value})
		case propHistory:
			if n := len(inv.Layers); n > 0 {
				inv.Layers[n-1].History = p.Value
			}
		case propNote:
			what, why, _ := strings.Cut(p.Value, ": ")
			inv.Notes = append(inv.Notes, model.Note{What: what, Why: why})
		}
	}
	unnamed(inv, readComponents(inv, b.Components, 0))
	return inv, nil
}

// readComponents adds the packages of components, which may have components of
// their own, and returns how many had no name to go by.
func readComponents(inv *model.Inventory, all []component, depth int) int {
	const maxDepth = 20
	if depth > maxDepth {
		return len(all)
	}
	left := 0
	for _, c := range all {
		left += readComponents(inv, c.Components, depth+1)
		if c.Type == "operating-system" {
			inv.OS = model.OSRelease{ID: c.Name, VersionID: c.Version, Codename: c.property(propCodename), Name: c.property(propOSName)}
			continue
		}
		p := inventory.FromURL(c.PURL)
		switch {
		case p != nil:
			inv.Packages = append(inv.Packages, c.complete(p, len(inv.Layers)))
		case c.Type != "file":
			left++
		}
	}
	return left
}

// complete adds to p what c says beside its package URL.
func (c *component) complete(p *model.Package, layers int) *model.Package {
	if e := c.property(propEcosystem); e != "" {
		p.Ecosystem = e
	}
	if s := c.property(propSource); s != "" {
		p.Source, p.SourceVersion = split(s)
		if p.Source == p.Name {
			p.Source = ""
		}
	} else if s := c.property("aquasecurity:trivy:SrcName"); s != "" {
		p.Source, p.SourceVersion = s, c.trivySource()
	}
	if n, err := strconv.Atoi(c.property(propLayer)); err == nil && n >= 0 && n < layers {
		p.Layer = n
	}
	p.Owner, p.Dev = c.property(propOwner), c.Scope == "excluded"
	if c.Evidence != nil {
		for _, o := range c.Evidence.Occurrences {
			p.Locations = append(p.Locations, o.Location)
		}
	}
	for _, l := range c.Licenses {
		if l.License != nil {
			p.License = l.License.ID + l.License.Name
		} else if l.Expression != "" {
			p.License = l.Expression
		}
	}
	return p
}

// trivySource returns the version of the source package in Trivy's parts.
func (c *component) trivySource() string {
	version := c.property("aquasecurity:trivy:SrcVersion")
	if r := c.property("aquasecurity:trivy:SrcRelease"); r != "" {
		version += "-" + r
	}
	if e := c.property("aquasecurity:trivy:SrcEpoch"); e != "" && e != "0" {
		version = e + ":" + version
	}
	return version
}

func (c *component) property(name string) string {
	for _, p := range c.Properties {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}
