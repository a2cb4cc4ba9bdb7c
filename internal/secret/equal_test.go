package secret

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// whole is what a scan must find, without automaton, views or chunks: every
// pattern runs over the whole file, and finders look at every place that
// bytes.Index gives.
func whole(s *Scanner, unanchored []*regexp.Regexp, path string, content []byte) Result {
	sc := s.scan(path)
	defer s.release(sc)
	own := sc.buf
	sc.buf, sc.n = content, len(content)
	sc.open()
	for i, d := range s.rules.detectors {
		if !d.about(sc.low) || sc.binary && !d.inBinaries() {
			continue
		}
		if d.form == byPrefix || d.form == byInner {
			sc.everywhere(i, d, unanchored[i])
			continue
		}
		for _, p := range places(d, content) {
			sc.try(&use{detector: d, number: i, word: p.word}, p.end)
		}
	}
	res := sc.result(nil)
	sc.buf = own
	return res
}

type place struct {
	word string
	end  int
}

// places returns where the words of a detector are, in any case.
func places(d *detector, content []byte) []place {
	low := bytes.Clone(content)
	for i, c := range content {
		low[i] = fold(c)
	}
	var out []place
	for _, w := range d.words {
		for at := 0; ; {
			n := bytes.Index(low[at:], []byte(strings.ToLower(w)))
			if n < 0 {
				break
			}
			out = append(out, place{w, at + n + len(w)})
			at += n + 1
		}
	}
	slices.SortStableFunc(out, func(a, b place) int { return a.end - b.end })
	return out
}

// everywhere runs one pattern over the whole file.
func (sc *scan) everywhere(number int, d *detector, re *regexp.Regexp) {
	v := view{text: sc.buf[:sc.n]}
	for start := 0; start < sc.n; {
		m := re.FindSubmatchIndex(v.text[start:])
		if m == nil {
			return
		}
		from, to := start+m[0], start+m[1]
		word, prefix := "", ""
		for _, w := range d.words {
			if d.form == byPrefix && bytes.HasPrefix(v.text[from:to], []byte(w)) {
				word, prefix = w, w
			} else if d.form == byInner && strings.Contains(string(v.text[from:to]), w) {
				word = w
			}
		}
		if word != "" && sc.bounded(v.text, from, prefix) && sc.accept(&use{detector: d, number: number, word: word}, v, m, start) {
			start = to
			continue
		}
		start = from + 1
	}
}

func unanchored(t testing.TB, s *Scanner) []*regexp.Regexp {
	t.Helper()
	out := make([]*regexp.Regexp, len(s.rules.detectors))
	for i, d := range s.rules.detectors {
		if d.form == byPrefix || d.form == byInner {
			re, err := regexp.Compile(d.pattern)
			if err != nil {
				t.Fatal(err)
			}
			out[i] = re
		}
	}
	return out
}

// realFiles calls visit with every nth file of folders of this machine.
func realFiles(t testing.TB, nth int, visit func(path string, content []byte)) {
	t.Helper()
	i := 0
	home, _ := os.UserHomeDir()
	for _, root := range []string{"/usr/share", "/usr/lib", "/etc", "/usr/bin", "/usr/local", filepath.Join(home, ".pyenv/versions"), filepath.Join(home, "go/pkg/mod")} {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil
			}
			if i++; i%nth != 0 {
				return nil
			}
			if content, err := os.ReadFile(path); err == nil {
				visit(path, content)
			}
			return nil
		})
	}
}

// TestEqualToWholeFile holds scans, in one piece and in chunks, against every
// pattern over every whole file.
func TestEqualToWholeFile(t *testing.T) {
	s := NewScanner()
	small := NewScanner()
	small.key, small.size, small.step = s.key, 48<<10, 8<<10
	patterns := unanchored(t, s)
	files, size, secrets := 0, 0, 0
	compare := func(path string, content []byte) {
		files++
		size += len(content)
		got := s.ScanBytes(path, content)
		if got.Cut {
			t.Errorf("%s: cut", path)
			return
		}
		secrets += len(got.Secrets)
		if want := whole(s, patterns, path, content); !slices.Equal(got.Secrets, want.Secrets) {
			t.Errorf("%s: got %+v, want %+v", path, got.Secrets, want.Secrets)
		}
		chunks, err := small.Scan(path, iotest.HalfReader(bytes.NewReader(content)))
		if err != nil || !slices.Equal(chunks.Secrets, got.Secrets) || chunks.Size != int64(len(content)) {
			t.Errorf("%s in chunks: got %+v, %v, want %+v", path, chunks.Secrets, err, got.Secrets)
		}
	}
	for _, c := range labelledCases(t) {
		compare(c.Path, []byte(c.Text))
	}
	t.Logf("labelled cases: %d texts, %d bytes, %d found: equal", files, size, secrets)
	files, size, secrets = 0, 0, 0
	realFiles(t, 499, func(path string, content []byte) {
		if len(content) <= 1<<20 {
			compare(path, content)
		}
	})
	t.Logf("files of this machine: %d, %d bytes, %d found: equal", files, size, secrets)
}
