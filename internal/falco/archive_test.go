package falco

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/source"
)

var update = flag.Bool("update", false, "rewrite the sections that are wrong")

// TestArchives loads the rule files of each archive in their order and compares
// what is wrong with them with the section "diagnostics". Where there is a
// section "events", it evaluates them and compares the output of what matches
// with the section "alerts".
func TestArchives(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) < 8 {
		t.Fatalf("got %d archives (%v), want at least 8", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			got := judged(t, archive)
			var kept []txtar.File
			for _, f := range archive.Files {
				if f.Name == "diagnostics" || f.Name == "alerts" {
					want[f.Name] = string(f.Data)
					continue
				}
				kept = append(kept, f)
			}
			if diff := cmp.Diff(want, got); diff == "" {
				return
			} else if !*update {
				t.Errorf("%s (-want +got)", diff)
				return
			}
			archive.Files = kept
			for _, section := range []string{"diagnostics", "alerts"} {
				if s, ok := got[section]; ok {
					archive.Files = append(archive.Files, txtar.File{Name: section, Data: []byte(s)})
				}
			}
			if err := os.WriteFile(name, txtar.Format(archive), 0o666); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// judged returns the sections that follow from the others.
func judged(t *testing.T, archive *txtar.Archive) map[string]string {
	var files []*source.File
	var events []byte
	for _, f := range archive.Files {
		switch {
		case strings.HasSuffix(f.Name, ".yaml"):
			files = append(files, source.NewFile(f.Name, f.Data))
		case f.Name == "events":
			events = f.Data
		}
	}
	set := Load(files, Options{})
	var b strings.Builder
	for _, d := range set.Diagnostics {
		fmt.Fprintf(&b, "%s: %s: %s: %s: %s\n", d.Span.Position(), d.Level, d.Code, d.Item, d.Message)
	}
	out := map[string]string{"diagnostics": b.String()}
	if events == nil {
		return out
	}
	b.Reset()
	ev := set.Compile().Evaluator()
	for line := range bytes.Lines(events) {
		r, err := set.ParseRecord(line)
		if err != nil {
			t.Fatal(err)
		}
		matched := append([]*Rule(nil), ev.Match(r)...)
		for _, m := range matched {
			fmt.Fprintf(&b, "%s %s: %s\n", m.Priority, m.Name, ev.AppendOutput(nil, m))
		}
		if len(matched) == 0 {
			b.WriteString("nothing\n")
		}
	}
	out["alerts"] = b.String()
	return out
}
