package cases

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulkhead/internal/check"
	"bulkhead/internal/finding"
	"bulkhead/internal/fix"
	"bulkhead/internal/rules"
	"bulkhead/internal/source"
)

// TestFix fixes every case, also by what may change behaviour: the fixes end,
// what they leave can be read and stays as it is when fixed again, and nothing
// worse than what they cured appears.
func TestFix(t *testing.T) {
	for _, name := range files {
		t.Run(name, func(t *testing.T) {
			fixed, cured, left := 0, 0, 0
			cases := read(t, name)
			for _, c := range cases {
				res, err := fixAll(c.file())
				if err != nil {
					t.Errorf("%s: %v", c.at, err)
					continue
				}
				if len(res.Applied) > 0 {
					fixed++
				}
				cured += len(res.Applied)
				left += len(res.Left)
			}
			t.Logf("%d of %d files fixed, %d findings cured, %d left", fixed, len(cases), cured, left)
			if fixed == 0 {
				t.Error("nothing was fixed")
			}
		})
	}
}

// fixAll fixes files as one project and says in what the result is not as it
// must be.
func fixAll(files ...*source.File) (*fix.Result, error) {
	before := system(files...)
	found := check.Findings(rules.All(), before)
	res, err := fix.Files(files, fix.Unsafe, judge)
	if err != nil {
		return nil, err
	}
	text := func(files []*source.File) string {
		var b strings.Builder
		for _, f := range files {
			fmt.Fprintf(&b, "-- %s --\n%s", f.Name, f.Text)
		}
		return b.String()
	}
	if after := system(res.Files...); len(after.Faults) > len(before.Faults) {
		f := after.Faults[len(after.Faults)-1]
		return nil, fmt.Errorf("fixing leaves %q at %s:\n%s\nbefore:\n%s", f.Message, f.Place.Span.Position(), text(res.Files), text(files))
	}
	again, err := fix.Files(res.Files, fix.Unsafe, judge)
	if err != nil {
		return nil, err
	}
	if len(again.Applied) > 0 {
		return nil, fmt.Errorf("fixing again applies %q:\n%s", again.Applied[0].Message, text(again.Files))
	}
	for i := range files {
		if err := untouched(files[i], res.Files[i], res.Applied); err != nil {
			return nil, fmt.Errorf("%w:\n%s\nbefore:\n%s", err, res.Files[i].Text, files[i].Text)
		}
	}
	if err := noWorse(found, res); err != nil {
		return nil, fmt.Errorf("%w:\n%s\nbefore:\n%s", err, text(res.Files), text(files))
	}
	return res, nil
}

// noWorse returns an error where fixing raised a finding that was not there and
// is worse than all that were cured.
func noWorse(before []finding.Finding, res *fix.Result) error {
	type what struct{ rule, subject string }
	was := map[what]finding.Severity{}
	worst := finding.Info
	for _, f := range before {
		k := what{f.Rule, f.Subject}
		was[k] = max(was[k], f.Severity)
	}
	for _, f := range res.Applied {
		worst = max(worst, f.Severity)
	}
	for _, f := range res.Left {
		if s, ok := was[what{f.Rule, f.Subject}]; (!ok || f.Severity > s) && f.Severity > worst {
			return fmt.Errorf("fixing raises %s %q (%s), and cured nothing worse than %s", f.Severity, f.Message, f.Rule, worst)
		}
	}
	return nil
}

// untouched returns an error where, in any pass, a line that no applied fix
// edits is lost or moved, or where the line ends of before are mixed in after.
func untouched(before, after *source.File, applied []finding.Finding) error {
	versions := []*source.File{before}
	edited := map[*source.File]map[int]bool{before: {}} // lines, by version
	for _, f := range applied {
		for _, e := range f.Fixes[0].Edits {
			v := e.Span.File
			if v.Name != before.Name {
				continue
			}
			if edited[v] == nil {
				edited[v] = map[int]bool{}
				versions = append(versions, v)
			}
			for n := e.Span.Position().Line; n <= e.Span.EndPosition().Line; n++ {
				edited[v][n] = true
			}
		}
	}
	versions = append(versions, after)
	for i, v := range versions[:len(versions)-1] {
		if err := keeps(v, versions[i+1], edited[v]); err != nil {
			return err
		}
	}
	if crlf(before) && !crlf(after) {
		return errors.New("fixing mixes line ends")
	}
	return nil
}

// crlf reports whether every line of f ends in CRLF.
func crlf(f *source.File) bool {
	n := bytes.Count(f.Text, []byte("\n"))
	return n > 0 && n == bytes.Count(f.Text, []byte("\r\n"))
}

// keeps returns an error where a line of before that is not edited is missing
// in after, or anything changes where nothing is edited.
func keeps(before, after *source.File, edited map[int]bool) error {
	if len(edited) == 0 && !bytes.Equal(before.Text, after.Text) {
		return errors.New("the text changes without an edit")
	}
	next := 1
	for n := 1; n <= before.Lines(); n++ {
		if edited[n] {
			continue
		}
		line := before.Line(n)
		for next <= after.Lines() && !bytes.Equal(after.Line(next), line) {
			next++
		}
		if next > after.Lines() {
			return fmt.Errorf("line %d, %q, is not kept", n, line)
		}
		next++
	}
	return nil
}

// TestFixProject writes every case into a folder of its own and fixes them all
// as fix --apply does; a second run changes nothing.
func TestFixProject(t *testing.T) {
	dir := t.TempDir()
	n := 0
	for _, name := range files {
		for i, c := range read(t, name) {
			f := c.file()
			at := filepath.Join(dir, strings.TrimSuffix(name, ".jsonl"), fmt.Sprint(i))
			if err := os.MkdirAll(at, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(at, f.Name), f.Text, 0o644); err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	o := fix.Options{Allow: fix.Unsafe, Check: check.Options{Paths: []string{dir}, Rules: rules.All(), Now: now}}
	out, err := fix.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Refused) > 0 {
		t.Errorf("refused: %v", out.Refused)
	}
	for _, c := range out.Changed {
		if err := fix.Write(c); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d files of %d fixed by %d changes, %d findings left", len(out.Changed), n, len(out.Applied), len(out.Report.Findings))
	if len(out.Changed) < n/2 {
		t.Errorf("got %d of %d files changed, want at least half", len(out.Changed), n)
	}
	again, err := fix.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range again.Changed {
		t.Errorf("the second run changes %s:\n%s", c.After.Name, c.After.Text)
	}
}

// TestFixBeside fixes a file beside one that cannot grow: it is at a bound of
// what is read, and stays as it is.
func TestFixBeside(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "full/compose.yaml", "services:\n  a:\n    image: a\n    command: ["+strings.Repeat("b,", 99_995)+"b]\n")
	write(t, dir, "other/compose.yaml", "services:\n  a:\n    image: a\n    privileged: true\n")
	out, err := fix.Run(t.Context(), fix.Options{Allow: fix.Unsafe, Check: check.Options{Paths: []string{dir}, Rules: rules.All(), Now: now}})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Changed) != 1 || !strings.HasSuffix(out.Changed[0].After.Name, "other/compose.yaml") {
		t.Errorf("changed %v, want the other file alone", out.Changed)
	}
	if len(out.Refused) != 1 || !strings.Contains(out.Refused[0].Error(), "project is too large") {
		t.Errorf("refused %v, want the full file", out.Refused)
	}
}
