package inventory

import (
	"bytes"
	"errors"
	"path"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// IsLock reports whether a file of that name is a lock file that Lock reads.
func IsLock(name string) bool { return lockOf(path.Base(name)) != nil }

// lockOf returns the parser of a lock file, or nil. People have several files of
// requirements.
func lockOf(base string) *parser {
	if p := locks[base]; p != nil {
		return p
	}
	if base == "pom.xml" {
		return mavenPOM // of projects alone: in an image it says what was built, not what is there
	}
	if strings.HasPrefix(base, "requirements") && strings.HasSuffix(base, ".txt") {
		return requirements
	}
	return nil
}

// errConflict is why a lock file says nothing that can be relied on.
var errConflict = errors.New("it has conflicts of a merge that are not resolved")

// conflicted reports whether text holds what git leaves in a file that it could
// not merge.
func conflicted(text []byte) bool {
	return (bytes.HasPrefix(text, []byte("<<<<<<< ")) || bytes.Contains(text, []byte("\n<<<<<<< "))) &&
		bytes.Contains(text, []byte("\n=======")) && bytes.Contains(text, []byte("\n>>>>>>> "))
}

// Lock returns the packages that a lock file names. One that cannot be read
// through has a note that is Broken.
func Lock(name string, text []byte) *model.Inventory {
	inv := &model.Inventory{}
	p := lockOf(path.Base(name))
	if p == nil {
		return inv
	}
	e := p.read(&file{name, oci.Text(text)})
	if conflicted(text) {
		e.err = errConflict
	}
	if e.err != nil {
		n := note(name, e.err)
		n.Broken = true
		inv.Notes = append(inv.Notes, n)
	}
	var items []located
	dev := forDevelopment(path.Base(name))
	for _, i := range e.packages[:min(len(e.packages), maxPackages)] {
		i.Layer, i.Locations, i.Dev = -1, []string{name}, i.Dev || dev
		items = append(items, located{i, p})
	}
	inv.Packages = merged(items)
	return inv
}

// forDevelopment tells by its name a file of requirements that what runs does
// not need.
func forDevelopment(base string) bool {
	for word := range strings.FieldsFuncSeq(strings.ToLower(strings.TrimSuffix(base, ".txt")), func(r rune) bool { return r < 'a' || r > 'z' }) {
		switch word {
		case "dev", "develop", "development", "test", "tests", "testing", "lint", "docs", "doc", "ci":
			return true
		}
	}
	return false
}
