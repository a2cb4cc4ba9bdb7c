package vuln

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// PublicExports is where OSV publishes its exports.
const PublicExports = "https://storage.googleapis.com/osv-vulnerabilities"

// Common are the ecosystems most images have packages of.
func Common() []string {
	return []string{"Alpine", "Debian", "Go", "Maven", "NuGet", "Packagist", "PyPI", "RubyGems", "crates.io", "npm"}
}

// An UpdateRequest says what to bring up to date.
type UpdateRequest struct {
	URL        string   // of the exports: https, http or file; PublicExports where empty
	Ecosystems []string // whose exports to fetch; those of Folder, or else Common, where empty
	All        bool     // fetch every ecosystem the server lists whose versions can be compared
	KEV, EPSS  string   // URLs of lists of exploited vulnerabilities; none where empty
	Folder     string   // where exports are kept from one time to the next
	Out        string   // the database
	Now        time.Time
	Client     *http.Client                         // http.DefaultClient where nil
	Pause      time.Duration                        // before a second attempt
	Progress   func(name string, done, total int64) // may be nil; total is -1 where the server does not say
}

// A Fetched is one file that was asked for.
type Fetched struct {
	Name    string
	Changed bool
	Err     error
}

// An UnknownEcosystem is a name that is no ecosystem of OSV.
type UnknownEcosystem struct{ Name string }

func (e *UnknownEcosystem) Error() string { return fmt.Sprintf("unknown ecosystem %q", e.Name) }

// Names of lists in the folder, as findInputs knows them.
const (
	kevFile  = "known_exploited_vulnerabilities.json"
	epssFile = "epss_scores-current.csv.gz"
)

// Update fetches what changed and builds the database from all exports in the
// folder. An export that cannot be had stays as it was, and the others are
// used; the error says which.
func Update(ctx context.Context, r UpdateRequest) ([]Fetched, Stats, error) {
	if err := os.MkdirAll(r.Folder, 0o755); err != nil {
		return nil, Stats{}, err
	}
	unlock, err := lock(filepath.Join(r.Folder, ".lock"))
	if err != nil {
		return nil, Stats{}, err
	}
	defer unlock()
	f := r.fetcher()
	ecosystems, err := r.ecosystems(ctx, f)
	if err != nil {
		return nil, Stats{}, err
	}
	var list []Fetched
	var errs []error
	get := func(name, address, path string, accept func(string) error) {
		changed, err := f.fetch(ctx, address, filepath.Join(r.Folder, path), accept)
		list = append(list, Fetched{name, changed, err})
		errs = append(errs, err)
	}
	for _, e := range ecosystems {
		get(e, r.base()+"/"+url.PathEscape(e)+"/all.zip", filepath.Join(url.PathEscape(e), "all.zip"), wholeZip)
	}
	if r.KEV != "" {
		get("KEV", r.KEV, kevFile, readable((*builder).addKEV))
	}
	if r.EPSS != "" {
		get("EPSS", r.EPSS, epssFile, readable((*builder).addEPSS))
	}
	if ctx.Err() != nil {
		return list, Stats{}, ctx.Err()
	}
	stats, err := Build(ctx, r.Folder, r.Out, Options{Now: r.Now})
	return list, stats, errors.Join(append(errs, err)...)
}

func (r UpdateRequest) base() string { return strings.TrimRight(cmp.Or(r.URL, PublicExports), "/") }

// fetcher returns what fetches, from folders too: with a mirror on a disk,
// the same requests work without a network.
func (r UpdateRequest) fetcher() *fetcher {
	client := cmp.Or(r.Client, http.DefaultClient)
	if strings.HasPrefix(r.base(), "file:") || strings.HasPrefix(r.KEV, "file:") || strings.HasPrefix(r.EPSS, "file:") {
		with := *client
		with.Transport = &schemes{
			file:  http.NewFileTransport(http.Dir("/")),
			other: client.Transport,
		}
		client = &with
	}
	progress := r.Progress
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	return &fetcher{client: client, pause: r.Pause, progress: progress}
}

// A schemes takes file: addresses from the disk.
type schemes struct{ file, other http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (s *schemes) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "file" {
		return s.file.RoundTrip(r)
	}
	return cmp.Or(s.other, http.DefaultTransport).RoundTrip(r)
}

// ecosystems returns whose exports to fetch.
func (r UpdateRequest) ecosystems(ctx context.Context, f *fetcher) ([]string, error) {
	if r.All {
		return r.listed(ctx, f)
	}
	for _, e := range r.Ecosystems {
		if !known(e) {
			return nil, &UnknownEcosystem{e}
		}
	}
	list := slices.Clone(r.Ecosystems)
	if len(list) == 0 {
		kept, err := filepath.Glob(filepath.Join(r.Folder, "*", "all.zip"))
		if err != nil {
			return nil, err
		}
		for _, k := range kept {
			if name, err := url.PathUnescape(filepath.Base(filepath.Dir(k))); err == nil && known(name) {
				list = append(list, name)
			}
		}
	}
	if len(list) == 0 {
		list = Common()
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// maxEcosystems is the size in bytes past which a list of ecosystems is none.
const maxEcosystems = 1 << 20

// listed returns the ecosystems the server has exports of, releases left out:
// they are in the export of their ecosystem.
func (r UpdateRequest) listed(ctx context.Context, f *fetcher) ([]string, error) {
	path := filepath.Join(r.Folder, "ecosystems.txt")
	_, err := f.fetch(ctx, r.base()+"/ecosystems.txt", path, func(string) error { return nil })
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []string
	for line := range bytes.Lines(b[:min(len(b), maxEcosystems)]) {
		if name := strings.TrimSpace(string(line)); known(name) && Ordered(name) && !strings.Contains(name, ":") {
			list = append(list, name)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s/ecosystems.txt lists no ecosystem", r.base())
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// wholeZip checks that a file is a zip with records in it.
func wholeZip(path string) (err error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	if !slices.ContainsFunc(z.File, func(f *zip.File) bool { return filepath.Ext(f.Name) == ".json" }) {
		return errors.New("no advisories in it")
	}
	return nil
}

// readable returns what checks that a list of CVEs can be read.
func readable(read func(*builder, io.Reader) error) func(string) error {
	return func(path string) error {
		return readList(path, func(r io.Reader) error { return read(new(builder), r) })
	}
}
