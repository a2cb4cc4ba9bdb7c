// Package sbom writes and reads bills of materials: CycloneDX and SPDX, as JSON.
package sbom

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"bulkhead/internal/model"
)

// A Document is an inventory and what it is of.
type Document struct {
	Name      string    // "nginx:1.27", or a folder's name
	Digest    string    // of the image: its manifest's, else its configuration's; "" of a folder
	Container bool      // it is an image rather than a folder
	Created   time.Time // of the image; the zero time is written as the beginning of 1970, so that two runs agree
	Tool      string    // version of Bulkhead
	Inventory *model.Inventory
}

// packages returns what the document lists. What belongs to a distribution's
// package that is listed too is left out: other readers would take it for a second
// piece of software, and hold its unchanged version against advisories.
func (d *Document) packages() []*model.Package {
	listed := map[string]bool{}
	for _, p := range d.Inventory.Packages {
		if p.Owner == "" {
			listed[p.Name] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(d.Inventory.Packages), func(p *model.Package) bool { return listed[p.Owner] })
}

// created returns the date of the document.
func (d *Document) created() string {
	t := d.Created
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// uuid returns an identifier of the document that its content determines, as
// RFC 9562, version 8. v is the document without it.
func uuid(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode bill of materials: %w", err)
	}
	sum := sha256.Sum256(text)
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]), nil
}

// encode writes a document.
func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// maxDocument bounds documents that are read.
const maxDocument = 256 << 20

// ErrUnknown is returned for a document that is neither CycloneDX nor SPDX.
var ErrUnknown = errors.New("neither a CycloneDX nor an SPDX document in JSON")

// Is reports whether a file that begins with head may be a bill of materials
// that Read reads.
func Is(head []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) &&
		(bytes.Contains(head, []byte(`"CycloneDX"`)) || bytes.Contains(head, []byte(`"spdxVersion"`)))
}

// Read returns the inventory a CycloneDX or SPDX document in JSON tells of. The
// packages of other tools' documents are known by their package URLs.
func Read(r io.Reader) (*model.Inventory, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("read bill of materials: %w", err)
	}
	if len(text) > maxDocument {
		return nil, fmt.Errorf("read bill of materials: larger than %d MB", maxDocument>>20)
	}
	var kind struct {
		BOMFormat   string `json:"bomFormat"`
		SPDXVersion string `json:"spdxVersion"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return nil, fmt.Errorf("read bill of materials: %w", err)
	}
	var inv *model.Inventory
	switch {
	case kind.BOMFormat == "CycloneDX":
		inv, err = readCycloneDX(text)
	case strings.HasPrefix(kind.SPDXVersion, "SPDX-2"):
		inv, err = readSPDX(text)
	default:
		err = ErrUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("read bill of materials: %w", err)
	}
	return inv, nil
}

// unnamed notes the components that nothing says enough of to compare them
// with anything.
func unnamed(inv *model.Inventory, n int) {
	if n > 0 {
		inv.Notes = append(inv.Notes, model.Note{What: "packages", Why: fmt.Sprintf("left out for want of a package URL: %d", n)})
	}
	if len(inv.Packages) == 0 {
		inv.Notes = append(inv.Notes, model.Note{What: "packages", Why: "the document names none: no finding is not no risk"})
	}
}

// split returns before and after a blank; a source package and its version.
func split(s string) (name, version string) {
	name, version, _ = strings.Cut(s, " ")
	return name, version
}

// join is the inverse of split.
func join(name, version string) string { return strings.TrimSpace(name + " " + version) }
