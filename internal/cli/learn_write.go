package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"bulkhead/internal/fix"
	"bulkhead/internal/learn"
	"bulkhead/internal/report"
	"bulkhead/internal/source"
)

// write writes what was verified, where that was asked for.
func (l *learnRun) write(r *learn.Learned) error {
	if l.save != "" {
		if err := l.saveAll(r); err != nil {
			return err
		}
	}
	if l.file == "" {
		return nil
	}
	text, err := os.ReadFile(l.file)
	if err != nil {
		return err
	}
	file := source.NewFile(l.file, text)
	file.Path = l.file
	profile := fileName(r.Name) + ".seccomp.json"
	patch, err := r.Patch(file, r.Name, "./"+profile)
	if err != nil {
		return err
	}
	for _, m := range patch.Missing {
		l.app.say("bulkhead: warning: " + report.Printable(l.file+": it cannot be written there: "+m))
	}
	if !l.apply {
		name := strings.TrimPrefix(l.file, "/")
		_, err := l.app.stdout.Write(printableLines(diff.Diff("a/"+name, file.Text, "b/"+name, patch.After.Text)))
		return err
	}
	if r.Measures.Seccomp {
		if err := l.writeProfile(r, filepath.Join(filepath.Dir(l.file), profile)); err != nil {
			return err
		}
	}
	if err := fix.Write(fix.Changed{Before: patch.Before, After: patch.After}); err != nil {
		return err
	}
	l.app.say("wrote " + report.Printable(l.file))
	return nil
}

// saveAll writes what was learned into a folder.
func (l *learnRun) saveAll(r *learn.Learned) error {
	if err := os.MkdirAll(l.save, 0o755); err != nil { //nolint:gosec // profiles are no secret
		return err
	}
	base := filepath.Join(l.save, fileName(r.Name))
	if r.Measures.Seccomp {
		if err := l.writeProfile(r, base+".seccomp.json"); err != nil {
			return err
		}
	}
	if err := l.writeFile(base+".apparmor", r.AppArmor("bulkhead-"+fileName(r.Name))); err != nil {
		return err
	}
	text, err := r.JSON()
	if err != nil {
		return err
	}
	return l.writeFile(base+".learned.json", text)
}

func (l *learnRun) writeProfile(r *learn.Learned, name string) error {
	text, err := r.Profile.JSON()
	if err != nil {
		return err
	}
	return l.writeFile(name, text)
}

func (l *learnRun) writeFile(name string, text []byte) error {
	if err := os.WriteFile(name, text, 0o644); err != nil { //nolint:gosec // profiles are no secret
		return err
	}
	l.app.say("wrote " + report.Printable(name))
	return nil
}

// saved reads what was saved before, nil where nothing is compared.
func (l *learnRun) saved() (*learn.Learned, error) {
	if l.against == "" {
		return nil, nil
	}
	text, err := os.ReadFile(l.against)
	if err != nil {
		return nil, err
	}
	before, err := learn.ReadLearned(text)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", l.against, err)
	}
	return before, nil
}

// compare prints what is new against what was saved.
func (l *learnRun) compare(before, r *learn.Learned) error {
	c := learn.Compare(before, r)
	if c.New() {
		l.app.code = report.ExitFound
	}
	if l.format == "json" {
		return writeJSON(l.app.stdout, c)
	}
	_, err := l.app.stdout.Write(printableLines([]byte(c.Text())))
	return err
}

// fileName returns name as a part of a file's name.
func fileName(name string) string {
	return strings.Map(func(c rune) rune {
		if c == '/' || c == filepath.Separator || c < ' ' {
			return '-'
		}
		return c
	}, strings.TrimLeft(name, "."))
}
