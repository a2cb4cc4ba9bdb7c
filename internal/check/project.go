package check

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"sync/atomic"

	"bulkhead/internal/contents"
	"bulkhead/internal/finding"
	"bulkhead/internal/inventory"
	"bulkhead/internal/model"
	"bulkhead/internal/parallel"
	"bulkhead/internal/project"
	"bulkhead/internal/report"
	"bulkhead/internal/secret"
	"bulkhead/internal/source"
)

// maxSearched is the largest file that is searched for secrets, in bytes. What
// people write by hand is smaller; what is larger is data. maxLock is the
// largest lock file that is read.
const (
	maxSearched = 2 << 20
	maxLock     = 16 << 20
)

// secretInFile is the rule about what search finds.
const secretInFile = "secret-in-file"

// searchable reports whether a file may hold a secret somebody wrote: neither
// one that programs write, nor one that is no text.
func searchable(f found) bool {
	if f.ignored || f.size == 0 || f.size > maxSearched || inventory.IsLock(f.name) {
		return false
	}
	base := strings.ToLower(path.Base(f.name))
	switch base {
	case "go.sum", ".gitignore", ".dockerignore", "flake.lock":
		return false
	}
	switch path.Ext(base) {
	case ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".bmp", ".svg", ".pdf", ".psd",
		".woff", ".woff2", ".ttf", ".otf", ".eot", ".mp3", ".mp4", ".webm", ".ogg", ".wav", ".mov",
		".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".jar", ".war", ".whl",
		".so", ".a", ".o", ".dll", ".exe", ".dylib", ".class", ".pyc", ".wasm", ".lockb", ".map":
		return false
	}
	return !strings.HasSuffix(base, ".min.js") && !strings.HasSuffix(base, ".min.css")
}

// search returns those of files that hold a secret. Files that git leaves out
// are not searched: nobody is given them.
func (r *runner) search(ctx context.Context, files []found) []*source.File {
	if !r.Deep || !r.runs(secretInFile) {
		return nil
	}
	files = slices.DeleteFunc(slices.Clone(files), func(f found) bool { return !searchable(f) })
	hits := make([]*source.File, len(files))
	var searched atomic.Int64
	r.secrets = secret.NewScanner()
	parallel.Do(len(files), func(i int) {
		if ctx.Err() != nil {
			return
		}
		f, err := r.named[files[i].name], error(nil)
		if f == nil {
			f, err = read(files[i], r.Overlay)
		}
		if err != nil || bytes.IndexByte(f.Text[:min(len(f.Text), 8<<10)], 0) >= 0 || ownReport(f) {
			return // binary, noted where it is read as an artifact, or written by a check
		}
		searched.Add(1)
		if len(r.secrets.ScanBytes(f.Name, f.Text).Secrets) > 0 {
			hits[i] = f
		}
	})
	if n := int(searched.Load()); n > 0 {
		r.looked = append(r.looked, report.Count(n, "file")+" searched for secrets")
	}
	return slices.DeleteFunc(hits, func(f *source.File) bool { return f == nil })
}

// runs reports whether the rule called name is in force.
func (r *runner) runs(name string) bool {
	for _, x := range r.Rules {
		if x.Name == name {
			return !r.Config.Rules[name].Value.Off
		}
	}
	return false
}

// lock reads those of files that are lock files, where there are advisories to
// hold their packages against, and adds what they say to sys.
func (r *runner) lock(ctx context.Context, files []found, sys *model.System) {
	if !r.Deep || !r.runs("vulnerable-package") && !r.runs("malicious-package") {
		return
	}
	files = slices.DeleteFunc(slices.Clone(files), func(f found) bool { return !inventory.IsLock(f.name) })
	if len(files) == 0 || r.advisories() == nil {
		return
	}
	locks := make([]locked, len(files))
	parallel.Do(len(files), func(i int) {
		if ctx.Err() == nil {
			locks[i] = r.readLock(files[i])
		}
	})
	if ctx.Err() != nil {
		return // not all were read
	}
	packages := 0
	sys.Notes = append(sys.Notes, apart(locks)...)
	for i, l := range locks {
		if l.err != nil {
			sys.Notes = append(sys.Notes, r.unlocked(files[i], model.Note{What: files[i].name, Why: reason(l.err), Broken: true})...)
			continue
		}
		packages += len(l.image.Inventory.Packages)
		sys.Images = append(sys.Images, l.image)
		sys.Notes = append(append(sys.Notes, r.unlocked(files[i], l.image.Inventory.Notes...)...), l.notes...)
		if len(l.image.Vulnerabilities) > 0 {
			r.others = append(r.others, l.file)
		}
	}
	r.looked = append(r.looked, report.Count(len(files), "lock file")+" with "+report.Count(packages, "package"))
}

// unlocked returns what notes say of the lock file at at, and counts what could
// not be read of it: a gate must not pass packages nobody has seen. What git
// leaves out is nobody's lock file.
func (r *runner) unlocked(at found, notes ...model.Note) []model.Note {
	if !at.ignored {
		r.countBroken(notes)
	}
	return notes
}

// apart says which files of requirements others take in that were not read.
func apart(locks []locked) []model.Note {
	names := map[string]bool{}
	for _, l := range locks {
		if l.file != nil {
			names[l.file.Name] = true
		}
	}
	var out []model.Note
	for _, l := range locks {
		if l.err != nil {
			continue
		}
		for _, other := range inventory.Included(l.file.Name, l.file.Text) {
			what := l.file.Name + ": -r " + other
			if strings.Contains(other, "://") {
				what = l.file.Name + ": -r of an address" // which may hold a password
			}
			if !names[path.Join(path.Dir(l.file.Name), other)] {
				out = append(out, model.Note{What: what, Why: "not read: it is not one of the lock files here, which are called requirements*.txt"})
			}
		}
	}
	return out
}

// A locked is a lock file that was read.
type locked struct {
	file  *source.File
	image *model.Image
	notes []model.Note
	err   error
}

// readLock reads one lock file. The places of packages are looked up where they
// are needed only.
func (r *runner) readLock(at found) locked {
	if at.size > maxLock {
		return locked{err: fmt.Errorf("it is larger than %d MB", maxLock>>20)}
	}
	text, err := os.ReadFile(at.path)
	if err != nil {
		return locked{err: err}
	}
	f := source.NewFile(at.name, text)
	f.Path = at.path
	l := locked{file: f, image: project.Lock(f)}
	l.notes, l.err = contents.Match(l.image, r.db)
	places := project.NewLocator(f)
	for _, v := range l.image.Vulnerabilities {
		if !v.Package.Place.Span.IsValid() {
			v.Package.Place = places.Locate(v.Package)
		}
	}
	return l
}

// once leaves out what secret-in-file says of a place at which another rule
// tells of a secret, because that one knows what it is for.
func once(findings []finding.Finding) []finding.Finding {
	told := map[*source.File][]source.Span{}
	for _, f := range findings {
		if f.Rule == secretInFile || !strings.Contains(f.Rule, "secret") {
			continue
		}
		for _, s := range append([]source.Span{f.Span}, spans(f.Related)...) {
			if s.IsValid() {
				told[s.File] = append(told[s.File], s)
			}
		}
	}
	if len(told) == 0 {
		return findings
	}
	byName := map[string][]source.Span{}
	for f, s := range told {
		byName[f.Name] = append(byName[f.Name], s...)
	}
	return slices.DeleteFunc(findings, func(f finding.Finding) bool {
		return f.Rule == secretInFile && slices.ContainsFunc(byName[fileName(&f)], func(s source.Span) bool {
			return s.Start < f.Span.End && f.Span.Start < s.End
		})
	})
}

func spans(related []finding.Related) []source.Span {
	var out []source.Span
	for _, r := range related {
		out = append(out, r.Span)
	}
	return out
}
