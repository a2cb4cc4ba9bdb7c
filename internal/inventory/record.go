package inventory

import (
	"errors"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// A Record is evidence as it can be kept in a file.
type Record struct {
	Packages []RecordedPackage
	Owned    []RecordedFiles
	Release  *model.OSRelease
	Err      string
}

// A RecordedPackage is a package as evidence has it.
type RecordedPackage struct {
	Package           model.Package
	Kind, Arch, Epoch string
}

// RecordedFiles are the files of a distribution package.
type RecordedFiles struct {
	Owner string
	Files []uint64
	Code  uint8
}

// Record returns what e says.
func (e *Evidence) Record() Record {
	r := Record{Release: e.release}
	for _, i := range e.packages {
		r.Packages = append(r.Packages, RecordedPackage{*i.Package, i.kind, i.arch, i.epoch})
	}
	for _, o := range e.owned {
		r.Owned = append(r.Owned, RecordedFiles{o.owner, o.files, uint8(o.code)})
	}
	if e.err != nil {
		r.Err = e.err.Error()
	}
	return r
}

// Evidence returns what the file e said.
func (r *Record) Evidence(e *oci.Entry) (Evidence, error) {
	out := Evidence{parser: parserOf(e), release: r.Release}
	if out.parser == nil {
		return Evidence{}, errors.New("no record of evidence")
	}
	for i := range r.Packages {
		p := &r.Packages[i]
		out.packages = append(out.packages, &item{Package: &p.Package, kind: p.Kind, arch: p.Arch, epoch: p.Epoch})
	}
	for _, o := range r.Owned {
		out.owned = append(out.owned, owned{owner: o.Owner, files: o.Files, code: code(o.Code)})
	}
	if r.Err != "" {
		out.err = errors.New(r.Err)
	}
	return out, nil
}
