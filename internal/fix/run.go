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
}

// Run checks, applies the first permitted fix of every finding and checks
// again, in memory, until nothing is left to apply. It fails where a fix leaves
// an artifact that cannot be read: that would be a bug in the fix.
func Run(ctx context.Context, o Options) (*Outcome, error) {
	out := &Outcome{}
	before := map[string]*source.File{}
	after := map[string]*source.File{}
	o.Check.Overlay = maps.Clone(o.Check.Overlay)
	if o.Check.Overlay == nil {
		o.Check.Overlay = map[string][]byte{}
	}
	for range maxPasses {
		rep, err := check.Run(ctx, o.Check)
		if err != nil {
			return nil, err
		}
		taken, edits := choose(rep.Findings, o.Allow, func(f *source.File) bool { return f != nil && f.Path != "" })
		if len(taken) == 0 {
			out.Report = rep
			for path, f := range after {
				out.Changed = append(out.Changed, Changed{before[path], f})
			}
			slices.SortFunc(out.Changed, func(a, b Changed) int { return compare(a.After.Name, b.After.Name) })
			return out, nil
		}
		for f, e := range edits {
			text, err := source.Apply(f, e)
			if err != nil {
				return nil, fmt.Errorf("apply fixes: %w", err)
			}
			if before[f.Path] == nil {
				before[f.Path] = f
			}
			next := source.NewFile(f.Name, text)
			next.Path = f.Path
			if fault := breaks(f, next); fault != "" {
				return nil, fmt.Errorf("fix %s: what it would be cannot be read in whole: %s; nothing was written", f.Name, fault)
			}
			after[f.Path] = next
			o.Check.Overlay[f.Path] = text
		}
		for _, f := range taken {
			out.Applied = append(out.Applied, cured(f))
		}
	}
	return nil, fmt.Errorf("%w: still changing after %d passes", ErrCycle, maxPasses)
}

// cured returns f without what it points at: a pass over a large project would
// else keep all the model the one before it was judged by.
func cured(f finding.Finding) finding.Finding {
	f.Workload, f.Image, f.Build, f.Network, f.Host = nil, nil, nil, nil, nil
	f.Fixes, f.Related = nil, nil
	return f
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
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
