// Package inventory lists the software of an image, a container's file system
// or a project folder: what distributions, language package managers and
// builds leave behind as evidence.
package inventory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// Scan returns the software in t, in a stable order. What cannot be read is
// noted and does not hide the rest.
func Scan(ctx context.Context, t *oci.Tree) (*model.Inventory, error) {
	v := Visitor()
	v.Fresh = Visitor
	w, err := oci.Visit(ctx, t, v)
	if err != nil {
		return nil, err
	}
	return Of(t, w), nil
}

// Folder returns the software in a folder: a root file system, or a project.
func Folder(ctx context.Context, dir string) (*model.Inventory, error) {
	t := oci.OpenFolder(dir)
	defer func() { _ = t.Close() }() // a folder has nothing to close
	return Scan(ctx, t)
}

// Evidence is what one file says about software.
type Evidence struct {
	parser   *parser
	packages []*item
	owned    []owned
	digests  Digests
	release  *model.OSRelease
	err      error
}

// An item is a package with what its package URL needs.
type item struct {
	*model.Package
	kind  string // "deb", "apk", "rpm": the distribution is known at the end only
	arch  string
	epoch string
}

// A parser reads one kind of file.
type parser struct {
	name     string
	database bool   // of a distribution: lists all its packages in every layer that changes one
	lock     bool   // says what was asked for, not what is there
	system   string // ecosystem a lock file is about
	read     func(f *file) Evidence
}

// A file is a file of interest, good until its parser returns.
type file struct {
	name    string
	content *oci.Content
}

// maxText bounds files that are read whole. A paragraph of dpkg's database has
// about a kilobyte.
const maxText = 16 << 20

// text returns the content of a file, at most limit bytes.
func (f *file) text(limit int64) ([]byte, error) { return f.content.ReadAll(min(limit, maxText)) }

// maxOwned bounds the files that packages own: 32 MB of memory.
const maxOwned = 4_000_000

// errFull is why evidence is left out.
var errFull = errors.New("there is more software than is listed")

// A budget bounds what is collected from one layer, and then from all.
type budget struct {
	packages, owned int
	said            bool
}

// take leaves out of e what is too much.
func (b *budget) take(e *Evidence) {
	if b.packages += len(e.packages); len(e.packages) > 0 && b.packages > maxPackages {
		e.packages = nil
		b.full(e)
	}
	files := 0
	for _, o := range e.owned {
		files += len(o.files)
	}
	if b.owned += files; files > 0 && b.owned > maxOwned {
		e.owned = nil
		b.full(e)
	}
}

// full says once that something was left out.
func (b *budget) full(e *Evidence) {
	if !b.said {
		b.said, e.err = true, errFull
	}
}

// empty reports whether e says nothing.
func (e *Evidence) empty() bool {
	return len(e.packages) == 0 && len(e.owned) == 0 && e.release == nil && e.err == nil && !e.parser.database
}

// Visitor returns the visitor that collects evidence of one layer, for callers
// that want more from the same walk. Of takes what it found.
func Visitor() oci.Visitor[Evidence] {
	var b budget
	return oci.Visitor[Evidence]{
		Keep: func(e Evidence) bool { return !e.empty() },
		Want: func(e *oci.Entry) oci.Want {
			p := parserOf(e)
			switch {
			case p == nil:
				return oci.Skip
			case p.database:
				return oci.Always // what an upper layer changed tells which layer a package came with
			}
			return oci.Visible
		},
		Read: func(e *oci.Entry, c *oci.Content) Evidence {
			p := parserOf(e)
			out := p.read(&file{e.Name, c})
			if errors.Is(out.err, io.ErrUnexpectedEOF) || errors.Is(out.err, io.EOF) {
				out.err = errors.New("it ends too early")
			}
			out.parser = p
			b.take(&out)
			for _, i := range out.packages {
				if len(i.Locations) == 0 {
					i.Locations = []string{e.Name}
				}
			}
			return out
		},
	}
}

// failed returns evidence of a file that could not be read.
func failed(err error) Evidence { return Evidence{err: err} }

// one returns evidence of one package, or none where it has no name.
func one(i *item) Evidence {
	if i == nil || i.Name == "" {
		return Evidence{}
	}
	return Evidence{packages: []*item{i}}
}

// language returns a package of a language's package manager.
func language(ecosystem, name, version string) *item {
	name, version = clip(name), clip(version)
	return &item{Package: &model.Package{Name: name, Version: version, Ecosystem: ecosystem, PURL: languageURL(ecosystem, name, version)}}
}

// maxField bounds names, versions and licences, which are copied into reports.
const maxField = 500

func clip(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > maxField {
		s = s[:maxField]
	}
	s = strings.ToValidUTF8(strings.Clone(s), "�")
	for len(s) > maxField { // bytes that are no text have become longer
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// note says why a file could not be read.
func note(name string, err error) model.Note {
	return model.Note{What: name, Why: fmt.Sprintf("not read: %v", err)}
}
