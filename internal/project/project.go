// Package project reads the files of a project that describe no container: lock
// files, which name what is going to be in one, and files of any kind that
// hold credentials.
package project

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"bulkhead/internal/inventory"
	"bulkhead/internal/model"
	"bulkhead/internal/secret"
	"bulkhead/internal/source"
)

// Lock reads a lock file.
func Lock(f *source.File) *model.Image {
	i := file(f)
	i.Inventory = inventory.Lock(f.Name, f.Text)
	return i
}

// Secrets returns the credentials in f that s finds, each once. Identifiers, which
// open nothing by themselves, and what everybody has are left out.
func Secrets(f *source.File, s *secret.Scanner) *model.Facts {
	var all secret.Collection[source.Span]
	for _, x := range s.ScanBytes(f.Name, f.Text).Secrets {
		all.Add(x, f.Span(int(x.Start), int(x.End)))
	}
	i := file(f)
	for _, x := range all.All() {
		if x.Public != "" || x.Grade == secret.Identifier {
			continue
		}
		i.Secrets = append(i.Secrets, model.Secret{
			Kind: x.Kind, Shown: x.Shown, File: f.Name, Line: x.Line, Layer: -1,
			Certain: x.Grade == secret.Certain, Place: model.Place{Span: x.Places[0]},
		})
	}
	if len(i.Secrets) == 0 {
		return &model.Facts{}
	}
	return &model.Facts{Images: []*model.Image{i}}
}

func file(f *source.File) *model.Image {
	return &model.Image{Name: f.Name, Surface: model.ProjectFile, Use: model.ProjectFiles}
}

// Bounds of looking for packages, in bytes: how far behind a package's name its
// version may be, and how much is looked at for all packages of a file.
const (
	lookAhead = 400
	maxLooked = 4 << 30
)

// A Locator finds where a lock file names its packages.
type Locator struct {
	file *source.File
	left int64 // of maxLooked
}

// NewLocator returns the locator of f.
func NewLocator(f *source.File) *Locator { return &Locator{file: f, left: maxLooked} }

// Locate returns where the file says that p is of its version: the name, or
// the first line where it does not say so in a way that is known, or where too
// much was looked for already.
func (l *Locator) Locate(p *model.Package) model.Place {
	f, name := l.file, p.Name
	if group, artifact, ok := strings.Cut(name, ":"); ok && p.Ecosystem == "Maven" && path.Base(f.Name) == "pom.xml" {
		return model.Place{Span: l.inPOM(group, artifact)}
	}
	for at := 0; name != "" && l.left > 0; {
		i := bytes.Index(f.Text[at:], []byte(name))
		if i < 0 {
			l.left -= int64(len(f.Text) - at)
			break
		}
		start := at + i
		end := start + len(name)
		l.left -= int64(end - at)
		at = end
		if !bounded(f.Text, start, end) {
			continue
		}
		l.left -= 10 * lookAhead // which is looked at more than once
		if versioned(f.Text[end:min(len(f.Text), end+lookAhead)], p.Version) {
			return model.Place{Span: f.Span(start, end)}
		}
	}
	first := bytes.IndexByte(f.Text, '\n')
	if first < 0 {
		first = len(f.Text)
	}
	return model.Place{Span: f.Span(0, first)}
}

// bounded reports whether what is from start to end of text is a whole name.
// npm's lock files have the folder before it.
func bounded(text []byte, start, end int) bool {
	before := start == 0 || !partOfName(text[start-1]) || bytes.HasSuffix(text[:start], []byte("node_modules/")) || text[start-1] == '/'
	return before && (end == len(text) || !partOfName(text[end]))
}

func partOfName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == '/'
}

// versioned reports whether text, which follows a package's name, has version
// before the next entry: in the same line, or in one of those that belong to it.
func versioned(text []byte, version string) bool {
	const most = 5
	lines := bytes.SplitN(text, []byte("\n"), most+1)
	for n, line := range lines[:min(len(lines), most)] {
		trimmed := bytes.TrimSpace(line)
		if n > 0 && (len(trimmed) == 0 || trimmed[len(trimmed)-1] == '{' || slices.Contains([]string{"}", "},", "]"}, string(trimmed))) {
			return false
		}
		if i := bytes.Index(line, []byte(version)); i >= 0 && version != "" {
			end := i + len(version)
			if !ranged(line[:i]) && (i == 0 || line[i-1] == 'v' || !partOfName(line[i-1])) && (end == len(line) || !partOfName(line[end])) {
				return true
			}
		}
		if n == 0 && valued(line) {
			return false
		}
	}
	return false
}

// valued reports whether a name that text follows is a key with its value on the
// same line, so that the next line is about another.
func valued(text []byte) bool {
	value, ok := bytes.CutPrefix(bytes.TrimLeft(text, `"' `), []byte(":"))
	value = bytes.TrimSpace(value)
	return ok && len(value) > 0 && value[0] != '{'
}

// ranged reports whether what text goes before is the bound of a range, which
// an entry asks for, and not the version it has.
func ranged(text []byte) bool {
	text = bytes.TrimRight(text, "= ")
	return len(text) > 0 && bytes.IndexByte([]byte("^~<>!"), text[len(text)-1]) >= 0
}
