package vuln

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxRecord is the size in bytes past which a record is not read.
const maxRecord = 32 << 20

// An input is a file of a folder to build from.
type input struct {
	path      string
	source    string // the name to list it under
	ecosystem string // what it is the export of, empty where of several
}

// An inputs is what a folder holds.
type inputs struct {
	records   []input // zips and single records, in the order of their paths
	kev, epss string  // paths, empty where there is none
}

// findInputs walks a folder of exports: ECOSYSTEM/all.zip, ECOSYSTEM.zip,
// single records, and the lists of exploited vulnerabilities under the names
// they are published with.
func findInputs(dir string) (inputs, error) {
	var in inputs
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := d.Name()
		ext := filepath.Ext(name)
		stem, parent := strings.TrimSuffix(name, ext), filepath.Base(filepath.Dir(path))
		switch {
		case strings.HasPrefix(name, "."):
		case name == "known_exploited_vulnerabilities.json":
			in.kev = path
		case strings.HasPrefix(name, "epss_scores") && (ext == ".csv" || ext == ".gz"):
			in.epss = path
		case ext == ".zip":
			in.records = append(in.records, exportOf(path, stem, parent))
		case ext == ".json":
			in.records = append(in.records, exportOf(path, parent))
		}
		return nil
	})
	if err == nil && len(in.records) == 0 {
		err = fmt.Errorf("%s holds no advisories: no .zip or .json file", dir)
	}
	return in, err
}

// exportOf tells from the names of a file and its folder what it exports. An
// export holds whole records, also what they say of other ecosystems; that is
// taken from those ecosystems' own exports, or else a few stray packages
// would make an ecosystem look covered.
func exportOf(path string, candidates ...string) input {
	for _, c := range candidates {
		if plain, err := url.PathUnescape(c); err == nil && known(plain) {
			return input{path, plain, plain}
		}
	}
	return input{path: path, source: candidates[0]}
}

// accept reports whether the input is where to take an ecosystem from.
func (in input) accept(ecosystem string) bool {
	return in.ecosystem == "" || ecosystem == in.ecosystem || strings.HasPrefix(ecosystem, in.ecosystem+":")
}

// A document is a record not yet read.
type document struct {
	name string
	open func() (io.ReadCloser, error)
}

// open returns the records of an input, in the order of their names, and
// what closes it.
func (in input) open() ([]document, func() error, error) {
	if filepath.Ext(in.path) != ".zip" {
		plain := document{in.path, func() (io.ReadCloser, error) { return os.Open(in.path) }}
		return []document{plain}, func() error { return nil }, nil
	}
	z, err := zip.OpenReader(in.path)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", in.path, err)
	}
	slices.SortFunc(z.File, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	var list []document
	for _, f := range z.File {
		if !f.Mode().IsDir() && filepath.Ext(f.Name) == ".json" {
			list = append(list, document{in.path + ":" + f.Name, f.Open})
		}
	}
	return list, z.Close, nil
}

// read returns the record.
func (d document) read() (r *record, err error) {
	f, err := d.open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b, err := io.ReadAll(io.LimitReader(f, maxRecord+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxRecord {
		return nil, fmt.Errorf("larger than %d bytes", maxRecord)
	}
	if r, err = decode(b); err == nil && (r.ID == "" || tooLong(r.ID)) {
		err = errors.New("no id")
	}
	return r, err
}
