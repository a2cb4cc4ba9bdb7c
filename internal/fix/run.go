package fix

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bulkhead/internal/check"
	"bulkhead/internal/finding"
	"bulkhead/internal/report"
	"bulkhead/internal/source"
)

// Options say what to fix.
type Options struct {
	Check check.Options
	Allow Permission
}

// A Changed is one file that fixes changed.
type Changed struct {
	Before, After *source.File
}

// An Outcome is what fixing a project came to. Nothing is written.
type Outcome struct {
	Changed []Changed         // by name
	Applied []finding.Finding // in the order they were cured
	Report  *report.Report    // of the last check: what is left
	Refused []error           // a file each whose fixes would leave what cannot be read in whole
}

// Run checks, applies the first permitted fix of every finding and checks
// again, in memory, until nothing is left to apply. A file that fixes would
// make unreadable is left as it was before them: one that grows past a bound
// of what is read, or a bug in a fix.
func Run(ctx context.Context, o Options) (*Outcome, error) {
	p := pass{
		out: &Outcome{}, allow: o.Allow,
		before: map[string]*source.File{}, after: map[string]*source.File{}, refused: map[string]bool{},
	}
	o.Check.Overlay = maps.Clone(o.Check.Overlay)
	if o.Check.Overlay == nil {
		o.Check.Overlay = map[string][]byte{}
	}
	for range maxPasses {
		rep, err := check.Run(ctx, o.Check)
		if err != nil {
			return nil, err
		}
		taken, next, err := p.take(rep.Findings)
		if err != nil {
			return nil, err
		}
		if len(taken) == 0 {
			return p.end(rep), nil
		}
		for path, f := range next {
			p.after[path] = f
			o.Check.Overlay[path] = f.Text
		}
		for _, f := range taken {
			p.out.Applied = append(p.out.Applied, cured(f))
		}
	}
	return nil, fmt.Errorf("%w: still changing after %d passes", ErrCycle, maxPasses)
}

// A pass is one look at the findings, with what those before it came to.
type pass struct {
	out           *Outcome
	allow         Permission
	before, after map[string]*source.File // what changed, by path
	refused       map[string]bool         // files that stay as they are, by path
}

// take returns the findings to cure and the files without them, by path. A fix
// of several files is left out where one of them cannot have it.
func (p *pass) take(found []finding.Finding) ([]finding.Finding, map[string]*source.File, error) {
	for {
		taken, edits := choose(found, p.allow, func(f *source.File) bool { return f != nil && f.Path != "" && !p.refused[f.Path] })
		next := make(map[string]*source.File, len(edits))
		refused := len(p.refused)
		for f, e := range edits {
			text, err := source.Apply(f, e)
			if err != nil {
				return nil, nil, fmt.Errorf("apply fixes: %w", err)
			}
			n := source.NewFile(f.Name, text)
			n.Path = f.Path
			if fault := breaks(f, n); fault != "" {
				p.refused[f.Path] = true
				p.out.Refused = append(p.out.Refused, fmt.Errorf("fix %s: what it would be cannot be read in whole: %s", f.Name, fault))
				continue
			}
			next[f.Path] = n
		}
		if len(p.refused) > refused {
			continue
		}
		for f := range edits {
			if p.before[f.Path] == nil {
				p.before[f.Path] = f
			}
		}
		return taken, next, nil
	}
}

// end returns what the passes came to; rep is the last check.
func (p *pass) end(rep *report.Report) *Outcome {
	p.out.Report = rep
	for path, f := range p.after {
		p.out.Changed = append(p.out.Changed, Changed{p.before[path], f})
	}
	slices.SortFunc(p.out.Changed, func(a, b Changed) int { return strings.Compare(a.After.Name, b.After.Name) })
	slices.SortFunc(p.out.Refused, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return p.out
}

// cured returns f without what it points at: a pass over a large project would
// else keep all the model the one before it was judged by.
func cured(f finding.Finding) finding.Finding {
	f.Workload, f.Image, f.Build, f.Network, f.Host = nil, nil, nil, nil, nil
	f.Fixes, f.Related = nil, nil
	return f
}

// breaks returns what makes after less readable than before, "" where nothing
// does: it has more faults, or says less. The findings cannot tell, because
// what cannot be read may be suppressed and its rule be switched off.
func breaks(before, after *source.File) string {
	was := check.System(check.Sources{Files: []*source.File{before}})
	is := check.System(check.Sources{Files: []*source.File{after}})
	if len(is.Faults) > len(was.Faults) {
		had := map[string]int{}
		for _, f := range was.Faults {
			had[f.Message]++
		}
		for _, f := range is.Faults {
			if had[f.Message]--; had[f.Message] < 0 {
				return f.Message
			}
		}
	}
	if len(is.Workloads)+len(is.Hosts)+len(is.Grants) < len(was.Workloads)+len(was.Hosts)+len(was.Grants) {
		return "a part of it is missing"
	}
	return ""
}

// Write writes a changed file in place of what was read: whole or not at all,
// with the mode it had. It refuses a file that has changed since it was read.
func Write(c Changed) error {
	name, err := filepath.EvalSymlinks(c.Before.Path)
	if err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	now, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if string(now) != string(c.Before.Text) {
		return fmt.Errorf("write %s: it has changed since it was checked", c.Before.Name)
	}
	return replaceFile(name, c.After.Text, info)
}

// replaceFile writes text beside name and renames it over name. The new file
// has the mode of the old one and, where we may give it away, its owner.
func replaceFile(name string, text []byte, old fs.FileInfo) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".bulkhead-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	if err := keepOwner(tmp, old); err != nil {
		return fmt.Errorf("write %s: %w", name, errors.Join(err, tmp.Close()))
	}
	_, werr := tmp.Write(text)
	if err := errors.Join(werr, tmp.Chmod(old.Mode().Perm()), tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return os.Rename(tmp.Name(), name)
}
