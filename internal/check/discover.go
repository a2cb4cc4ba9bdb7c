package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"

	"bulkhead/internal/model"
	"bulkhead/internal/parallel"
	"bulkhead/internal/source"
)

// maxFile is the largest file that is read, in bytes. The largest artifact
// people write by hand is a hundredth of it.
const maxFile = 8 << 20

// skippedDirs are folders that hold other people's files.
var skippedDirs = map[string]bool{
	".git": true, ".hg": true, ".svn": true, "node_modules": true, "vendor": true,
	".venv": true, "venv": true, "__pycache__": true, ".terraform": true, ".tox": true, ".cache": true,
}

// Excludable returns an error for the first of patterns that is none a
// .dockerignore could hold.
func Excludable(patterns []string) error {
	for _, p := range patterns {
		if _, err := patternmatcher.New([]string{p}); err != nil {
			return fmt.Errorf("exclude pattern %q: %w", p, err)
		}
	}
	return nil
}

// A found is one file that may be an artifact.
type found struct {
	name string // as printed
	path string // on disk
	size int64

	ignored bool // git leaves it out
}

// A finder walks the paths to be checked.
type finder struct {
	exclude *patternmatcher.PatternMatcher
	files   []found
	notes   []model.Note

	all     bool    // files of every name are listed
	rest    []found // those that are no artifacts by their names
	git     *gitIgnore
	lose    func(what string, err error) error // nil where the error is, or where it was told of; see runner.lose
	outside string                             // the folder that git leaves out and that is being walked, absolute; "" for none
}

// printed returns the name that the file at path p goes by.
func printed(p string) string { return filepath.ToSlash(filepath.Clean(p)) }

// walk lists the files below paths that may be artifacts, by name. A path
// that names a file is taken whatever it is called. One that cannot be read does
// not hide the others.
func (f *finder) walk(ctx context.Context, paths, exclude []string) error {
	if len(exclude) > 0 {
		m, err := patternmatcher.New(exclude)
		if err != nil {
			return fmt.Errorf("read exclude patterns: %w", err)
		}
		f.exclude = m
	}
	var errs []error
	for _, p := range paths {
		err := f.add(ctx, p)
		if f.lose != nil {
			err = f.lose(p, err)
		}
		errs = append(errs, err)
	}
	slices.SortFunc(f.files, func(a, b found) int { return comparePaths(a.name, b.name) })
	f.files = slices.CompactFunc(f.files, func(a, b found) bool { return a.name == b.name })
	return errors.Join(errs...)
}

// comparePaths orders files before the folders beside them, as people list
// a project.
func comparePaths(a, b string) int {
	da, db := path.Dir(a), path.Dir(b)
	if da == db {
		return compareStrings(a, b)
	}
	return compareStrings(da+"/", db+"/")
}

func compareStrings(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (f *finder) add(ctx context.Context, p string) error {
	info, err := os.Stat(p)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		name := printed(p)
		if !info.Mode().IsRegular() {
			return fmt.Errorf("read %s: it is not a regular file", p)
		}
		f.files = append(f.files, found{name: name, path: p, size: info.Size()})
		return nil
	}
	if f.all {
		f.git = newGitIgnore(p)
	}
	return filepath.WalkDir(p, func(at string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		name := printed(at)
		if err != nil {
			f.notes = append(f.notes, model.Note{What: name, Why: reason(err)})
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		return f.visit(p, at, name, d)
	})
}

func (f *finder) visit(root, at, name string, d fs.DirEntry) error {
	if at != root && f.excluded(name) {
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if d.IsDir() {
		if at != root && skippedDirs[d.Name()] {
			return fs.SkipDir
		}
		f.enter(root, at)
		return nil
	}
	// Links are not followed: what they lead to inside the tree is found
	// there, and what lies outside was not asked for.
	artifact := candidate(name)
	if !d.Type().IsRegular() || !artifact && !f.all {
		return nil
	}
	info, err := d.Info()
	if err != nil {
		f.notes = append(f.notes, model.Note{What: name, Why: reason(err)})
		return nil
	}
	x := found{name: name, path: at, size: info.Size(), ignored: f.left(at)}
	if artifact {
		f.files = append(f.files, x)
	} else {
		f.rest = append(f.rest, x)
	}
	return nil
}

// enter takes what git leaves out of a folder, and whether it leaves out the
// folder itself: then nothing within can be taken back.
func (f *finder) enter(root, at string) {
	if !f.all {
		return
	}
	abs, err := filepath.Abs(at)
	if err != nil {
		return
	}
	if f.outside != "" && strings.HasPrefix(abs, f.outside+string(filepath.Separator)) {
		return
	}
	f.outside = ""
	if at != root && f.git.ignoresFolder(abs) {
		f.outside = abs
		return
	}
	f.git.enter(abs)
}

// left reports whether git leaves out the file at at.
func (f *finder) left(at string) bool {
	if !f.all {
		return false
	}
	abs, err := filepath.Abs(at)
	if err != nil {
		return false
	}
	return f.outside != "" && strings.HasPrefix(abs, f.outside+string(filepath.Separator)) || f.git.ignoresFile(abs)
}

func (f *finder) excluded(name string) bool {
	if f.exclude == nil {
		return false
	}
	ok, err := f.exclude.MatchesOrParentMatches(name)
	return ok && err == nil
}

// reason returns why a file could not be read without repeating its name.
func reason(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return err.Error()
}

// load reads the files that are artifacts, several at once, in order.
func load(ctx context.Context, files []found, overlay map[string][]byte) ([]*source.File, []model.Note) {
	out := make([]*source.File, len(files))
	notes := make([]model.Note, len(files))
	parallel.Do(len(files), func(i int) {
		if ctx.Err() != nil {
			return
		}
		f, err := read(files[i], overlay)
		switch {
		case err != nil:
			notes[i] = model.Note{What: files[i].name, Why: reason(err)}
		case classify(f.Name, f.Text) != other:
			out[i] = f
		}
	})
	return slices.DeleteFunc(out, func(f *source.File) bool { return f == nil }),
		slices.DeleteFunc(notes, func(n model.Note) bool { return n.What == "" })
}

var errTooLarge = fmt.Errorf("it is larger than %d MB", maxFile>>20)

func read(f found, overlay map[string][]byte) (*source.File, error) {
	text, ok := overlay[f.path]
	if !ok {
		var err error
		if text, err = readFile(f.path); err != nil {
			return nil, err
		}
	}
	file := source.NewFile(f.name, text)
	file.Path = f.path
	return file, nil
}

// readFile reads a regular file of at most maxFile bytes. A file that says it
// is empty is: those of /proc do, and reading some of them waits forever.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case info.Size() > maxFile:
		return nil, errTooLarge
	case info.Size() == 0:
		return nil, nil
	}
	r, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // it was only read
	text := make([]byte, 0, info.Size()+1)
	for {
		n, err := r.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		switch {
		case errors.Is(err, io.EOF):
			return text, nil
		case err != nil:
			return nil, err
		case len(text) > maxFile:
			return nil, errTooLarge
		case len(text) == cap(text):
			text = slices.Grow(text, len(text))
		}
	}
}
