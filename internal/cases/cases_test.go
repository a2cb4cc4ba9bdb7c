package cases

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/check"
	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/rules"
	"bulkhead/internal/source"
)

// folder holds what other tools judge their own rules by.
const folder = "../../../shared/data/cases"

// files are the files of cases this package reads.
var files = []string{
	"hadolint.jsonl", "kics-dockerfile.jsonl", "buildkit-dockerfile.jsonl", "trivy-dockerfile-examples.jsonl",
	"kics-compose.jsonl", "kics-k8s.jsonl", "pod-security-v1.37.jsonl",
}

// now is the day every case is judged on.
var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// A labelled is one case of another tool: an artifact and whether a rule fires
// on it.
type labelled struct {
	RuleID   string `json:"rule_id"`
	Surface  string // dockerfile, compose, k8s
	Expected string // fire, clean
	Lines    []int  // where it fires
	Text     string
	Filename string

	Object json.RawMessage // of the Pod Security Standards, instead of Text

	at string // the file of cases and its line
}

// fromLine matches a line that starts a stage.
var fromLine = regexp.MustCompile(`(?im)^[ \t]*FROM[ \t]`)

// file returns the artifact of c under the name that tells what it is.
func (c labelled) file() *source.File {
	text := []byte(c.Text)
	if c.Surface == "dockerfile" && !fromLine.Match(text) {
		text = []byte("FROM debian\n" + c.Text) // as hadolint's own tests run it
	}
	switch {
	case len(c.Object) > 0:
		return source.NewFile("pod.json", c.Object)
	case c.Surface == "dockerfile":
		return source.NewFile("Dockerfile", text)
	case c.Surface == "compose":
		return source.NewFile("compose.yaml", text)
	}
	return source.NewFile("pod"+path.Ext(c.Filename), text)
}

// read returns the cases of one file, and skips the test where they are not
// here.
func read(t testing.TB, name string) []labelled {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the cases of other tools are not here: " + folder)
	}
	if err != nil {
		t.Fatal(err)
	}
	var out []labelled
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 8<<20)
	for n := 1; lines.Scan(); n++ {
		c := labelled{at: fmt.Sprintf("%s:%d", name, n)}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%s: %v", c.at, err)
		}
		out = append(out, c)
	}
	if err := lines.Err(); err != nil || len(out) == 0 {
		t.Fatalf("%s: read %d cases, %v", name, len(out), err)
	}
	return out
}

// system reads files as one project of its own.
func system(files ...*source.File) *model.System {
	return check.System(check.Sources{
		Site:  model.Site{Now: now},
		Files: files,
		Load: func(name string) (*source.File, error) {
			for _, f := range files {
				if f.Name == name {
					return f, nil
				}
			}
			return nil, fmt.Errorf("read %s: %w", name, fs.ErrNotExist)
		},
	})
}

// judge returns what all rules find in the project of files.
func judge(files []*source.File) ([]finding.Finding, error) {
	return check.Findings(rules.All(), system(files...)), nil
}

// TestRead reads and judges every case: nothing crashes, and every place and
// every edit is inside its file.
func TestRead(t *testing.T) {
	for _, name := range files {
		t.Run(name, func(t *testing.T) {
			found, faulty := 0, 0
			cases := read(t, name)
			for _, c := range cases {
				f := c.file()
				sys := system(f)
				if err := inBounds(sys); err != nil {
					t.Errorf("%s: a fact: %v", c.at, err)
				}
				findings := check.Findings(rules.All(), sys)
				for _, x := range findings {
					if err := wellFormed(x); err != nil {
						t.Errorf("%s: %s %q: %v", c.at, x.Rule, x.Message, err)
					}
				}
				found += len(findings)
				if len(sys.Faults) > 0 {
					faulty++
				}
				if len(sys.Workloads)+len(sys.Builds) == 0 && c.Surface != "k8s" && len(sys.Faults) == 0 {
					t.Errorf("%s: nothing was read and nothing was said about it:\n%s", c.at, f.Text)
				}
			}
			t.Logf("%d cases, %d findings, %d cases with something that cannot be read", len(cases), found, faulty)
		})
	}
}

// wellFormed says what is wrong with f: it must have a place inside a file or
// a path, and edits that can be applied.
func wellFormed(f finding.Finding) error {
	if f.Message == "" || !f.Span.IsValid() && f.Path == "" {
		return errors.New("it has no message or no place")
	}
	f.Workload, f.Image, f.Build, f.Network, f.Host = nil, nil, nil, nil, nil // which lead to all of the system
	if err := inBounds(f); err != nil {
		return err
	}
	for _, fix := range f.Fixes {
		byFile := map[*source.File][]source.Edit{}
		for _, e := range fix.Edits {
			if !e.Span.IsValid() {
				return fmt.Errorf("fix %q edits no file", fix.Message)
			}
			byFile[e.Span.File] = append(byFile[e.Span.File], e)
		}
		for file, edits := range byFile {
			if _, err := source.Apply(file, edits); err != nil {
				return fmt.Errorf("fix %q: %w", fix.Message, err)
			}
		}
	}
	return nil
}

// referring returns the rules that refer to a rule of another tool.
func referring(ref string) []*rule.Rule {
	var out []*rule.Rule
	for _, r := range rules.All() {
		for _, x := range r.Refs {
			if strings.EqualFold(x, ref) {
				out = append(out, r)
				break
			}
		}
	}
	return out
}
