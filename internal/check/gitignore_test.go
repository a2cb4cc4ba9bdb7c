package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestGitIgnore holds what is left out against what git itself leaves out.
func TestGitIgnore(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not here:", err)
	}
	dir := t.TempDir()
	if out, err := exec.Command("git", "-C", dir, "init", "-q").CombinedOutput(); err != nil {
		t.Fatalf("git init: %v: %s", err, out)
	}
	patterns := []string{
		"*.log", "*.log\n!keep.log", "plain", "/top", "a/b", "doc/*.txt", "any/**/deep", "**/foo", "x?.c", "[ab]1", "[!ab]2", `\#hash`, `tail\ `,
		"pre*", "*mid*", "build/", "/only/", "q/**", "lit.e", "*", "a*b*c", "*\n!*.go", "**.tmp", "g/*/h",
	}
	names := []string{
		"x.log", "keep.log", "sub/x.log", "plain", "sub/plain", "plain2", "top", "sub/top", "a/b", "sub/a/b", "doc/a.txt", "doc/s/a.txt",
		"any/deep", "any/x/y/deep", "foo", "p/foo", "x1.c", "x12.c", "p/xy.c", "a1", "b1", "c1", "a2", "c2", "#hash", "tail ", "prefix", "p/pre", "amidb",
		"q/r", "q/r/s", "lite", "lit.e", "abc", "aXbYc", "main.go", "z.tmp", "p/z.tmp", "g/1/h", "g/1/2/h",
	}
	for _, p := range patterns {
		if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte(p+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		g := newGitIgnore(dir)
		below := func(n string) bool { // a folder that is left out: the walk asks for nothing in it, git does
			for at := filepath.Dir(n); at != "."; at = filepath.Dir(at) {
				if g.ignoresFolder(filepath.Join(dir, at)) {
					return true
				}
			}
			return false
		}
		var got []string
		for _, n := range names {
			if below(n) || g.ignoresFile(filepath.Join(dir, n)) {
				got = append(got, n)
			}
		}
		cmd := exec.Command("git", "-C", dir, "-c", "core.excludesFile=/dev/null", "check-ignore", "--no-index", "-z", "--stdin")
		cmd.Stdin = strings.NewReader(strings.Join(names, "\x00") + "\x00")
		out, _ := cmd.Output() // it fails where it leaves nothing out
		want := strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q left out, want %q", p, got, want)
		}
	}
}
