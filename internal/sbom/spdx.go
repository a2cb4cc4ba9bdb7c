package sbom

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"bulkhead/internal/inventory"
	"bulkhead/internal/model"
)

// An spdx is an SPDX 2.3 document: spdx.github.io/spdx-spec/v2.3.
type spdx struct {
	ID            string         `json:"SPDXID"`
	Version       string         `json:"spdxVersion"`
	DataLicense   string         `json:"dataLicense"`
	Name          string         `json:"name"`
	Namespace     string         `json:"documentNamespace"`
	Comment       string         `json:"comment,omitempty"`
	CreationInfo  creationInfo   `json:"creationInfo"`
	Packages      []spdxPackage  `json:"packages"`
	Relationships []relationship `json:"relationships"`
}

type creationInfo struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type spdxPackage struct {
	ID               string        `json:"SPDXID"`
	Name             string        `json:"name"`
	Version          string        `json:"versionInfo,omitempty"`
	DownloadLocation string        `json:"downloadLocation"`
	FilesAnalyzed    bool          `json:"filesAnalyzed"`
	SourceInfo       string        `json:"sourceInfo,omitempty"`
	LicenseConcluded string        `json:"licenseConcluded"`
	LicenseDeclared  string        `json:"licenseDeclared"`
	LicenseComments  string        `json:"licenseComments,omitempty"`
	CopyrightText    string        `json:"copyrightText"`
	Purpose          string        `json:"primaryPackagePurpose,omitempty"`
	Comment          string        `json:"comment,omitempty"`
	ExternalRefs     []externalRef `json:"externalRefs,omitempty"`
}

type externalRef struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	From string `json:"spdxElementId"`
	Type string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

// What is written where SPDX has no field, and read back.
const (
	noAssertion = "NOASSERTION"
	sourceIs    = "source package: "

	trivySourceIs = "built package from: "

	licenseIs = "recorded as: "
	foundIn   = "found in: "
)

// WriteSPDX writes d as SPDX 2.3 in JSON. The same inventory gives the same
// bytes.
func WriteSPDX(w io.Writer, d *Document) error {
	s := &spdx{
		ID: "SPDXRef-DOCUMENT", Version: "SPDX-2.3", DataLicense: "CC0-1.0", Name: d.Name,
		CreationInfo: creationInfo{d.created(), []string{"Tool: bulkhead-" + d.Tool}},
	}
	var notes []string
	for _, n := range d.Inventory.Notes {
		notes = append(notes, n.What+": "+n.Why)
	}
	s.Comment = strings.Join(notes, "\n")
	root := spdxElement("SPDXRef-Root", d.Name, d.Digest)
	root.Purpose = "SOURCE"
	if d.Container {
		root.Purpose = "CONTAINER"
	}
	s.Packages = []spdxPackage{root}
	s.Relationships = []relationship{{s.ID, "DESCRIBES", root.ID}}
	if os := d.Inventory.OS; os.ID != "" {
		p := spdxElement("SPDXRef-OS", os.ID, os.VersionID)
		p.Purpose = "OPERATING-SYSTEM"
		s.Packages = append(s.Packages, p)
		s.Relationships = append(s.Relationships, relationship{root.ID, "CONTAINS", p.ID})
	}
	for i, p := range d.packages() {
		e := spdxPackageOf(p, i)
		s.Packages = append(s.Packages, e)
		s.Relationships = append(s.Relationships, spdxRelation(root.ID, e.ID, p.Dev))
	}
	var err error
	if s.Namespace, err = uuid(s); err != nil {
		return err
	}
	return encode(w, s)
}

// spdxRelation says how the package id belongs to root.
func spdxRelation(root, id string, dev bool) relationship {
	if dev {
		return relationship{id, "DEV_DEPENDENCY_OF", root}
	}
	return relationship{root, "CONTAINS", id}
}

// spdxElement returns a package of which nothing is asserted.
func spdxElement(id, name, version string) spdxPackage {
	return spdxPackage{
		ID: id, Name: name, Version: version, DownloadLocation: noAssertion,
		LicenseConcluded: noAssertion, LicenseDeclared: noAssertion, CopyrightText: noAssertion,
	}
}

// spdxPackageOf returns the i-th package.
func spdxPackageOf(p *model.Package, i int) spdxPackage {
	e := spdxElement("SPDXRef-Package-"+strconv.Itoa(i), p.Name, p.Version)
	if p.PURL != "" {
		e.ExternalRefs = []externalRef{{"PACKAGE-MANAGER", "purl", p.PURL}}
	}
	switch {
	case p.License == "":
	case isExpression(p.License):
		e.LicenseDeclared = p.License
	default:
		e.LicenseComments = licenseIs + p.License
	}
	if name, version := sourceOf(p); name != "" {
		e.SourceInfo = sourceIs + join(name, version)
	}
	if len(p.Locations) > 0 {
		e.Comment = foundIn + strings.Join(p.Locations, ", ")
	}
	return e
}

// readSPDX reads a document of SPDX 2.
func readSPDX(text []byte) (*model.Inventory, error) {
	var s spdx
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	dev, described := map[string]bool{}, map[string]bool{}
	for _, r := range s.Relationships {
		switch r.Type {
		case "DEV_DEPENDENCY_OF":
			dev[r.From] = true
		case "DESCRIBES":
			described[r.To] = true
		}
	}
	inv := &model.Inventory{}
	left := 0
	for _, e := range s.Packages {
		p := e.model()
		switch {
		case e.Purpose == "OPERATING-SYSTEM":
			inv.OS = model.OSRelease{ID: e.Name, VersionID: e.Version}
		case p == nil && !described[e.ID]:
			left++
		case p != nil && !described[e.ID]:
			p.Dev = dev[e.ID]
			inv.Packages = append(inv.Packages, p)
		}
	}
	unnamed(inv, left)
	return inv, nil
}

// model returns the package, nil where no package URL names it.
func (e *spdxPackage) model() *model.Package {
	var p *model.Package
	for _, r := range e.ExternalRefs {
		if r.Type == "purl" && p == nil {
			p = inventory.FromURL(r.Locator)
		}
	}
	if p == nil {
		return nil
	}
	source, ok := strings.CutPrefix(e.SourceInfo, sourceIs)
	if !ok {
		source, ok = strings.CutPrefix(e.SourceInfo, trivySourceIs)
	}
	if ok {
		p.Source, p.SourceVersion = split(source)
		if p.Source == p.Name {
			p.Source = ""
		}
	}
	if e.LicenseDeclared != noAssertion && e.LicenseDeclared != "NONE" {
		p.License = e.LicenseDeclared
	}
	if recorded, ok := strings.CutPrefix(e.LicenseComments, licenseIs); ok {
		p.License = recorded
	}
	if found, ok := strings.CutPrefix(e.Comment, foundIn); ok {
		p.Locations = strings.Split(found, ", ")
	}
	return p
}
