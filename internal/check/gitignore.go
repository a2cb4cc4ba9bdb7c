package check

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A gitIgnore tells which files of a folder git leaves out: gitignore(5).
type gitIgnore struct {
	patterns []ignorePattern // of the outermost file first
	loaded   map[string]bool // folders whose file was read
}

// An ignorePattern is a line of a .gitignore.
type ignorePattern struct {
	base   string         // absolute path of its folder, with a slash at its end
	within bool           // it is about paths from there, not about names in any folder
	plain  string         // what a path it matches begins with; a name, or the end of one
	star   bool           // plain is the end of a name
	match  *regexp.Regexp // of the path or name; nil where plain says it all
	folder bool           // it is about folders only
	keep   bool           // it takes back what an earlier line leaves out
}

// Bounds of the files that are read.
const (
	maxIgnoreFile     = 256 << 10
	maxIgnorePatterns = 10_000
)

// newGitIgnore returns what is left out of root, by the files above it that
// belong to the same work tree.
func newGitIgnore(root string) *gitIgnore {
	g := &gitIgnore{loaded: map[string]bool{}}
	abs, err := filepath.Abs(root)
	if err != nil {
		return g
	}
	var above []string
	for dir := abs; ; dir = filepath.Dir(dir) {
		above = append(above, dir)
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			above = above[:1] // of no work tree: what is above is somebody else's
			break
		}
	}
	for _, dir := range slices.Backward(above) {
		g.enter(dir)
	}
	return g
}

// enter takes the patterns of dir, an absolute path.
func (g *gitIgnore) enter(dir string) {
	if g.loaded[dir] {
		return
	}
	g.loaded[dir] = true
	info, err := os.Lstat(filepath.Join(dir, ".gitignore"))
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxIgnoreFile {
		return
	}
	text, err := os.ReadFile(filepath.Join(dir, ".gitignore"))
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		if p, ok := parseIgnore(strings.TrimRight(line, "\r\n")); ok && len(g.patterns) < maxIgnorePatterns {
			p.base = filepath.ToSlash(dir) + "/"
			g.patterns = append(g.patterns, p)
		}
	}
}

// parseIgnore reads one line.
func parseIgnore(line string) (ignorePattern, bool) {
	var p ignorePattern
	if !strings.HasSuffix(line, `\ `) {
		line = strings.TrimRight(line, " \t")
	}
	if line == "" || line[0] == '#' {
		return p, false
	}
	if rest, ok := strings.CutPrefix(line, "!"); ok {
		p.keep, line = true, rest
	}
	if rest, ok := strings.CutSuffix(line, "/"); ok {
		p.folder, line = true, rest
	}
	p.within = strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	special := strings.IndexAny(line, `*?[\`)
	switch {
	case p.within && special < 0:
		p.plain = line
	case p.within:
		p.plain = line[:special]
	default:
		p.plain, p.star = strings.CutPrefix(line, "*")
		if !strings.ContainsAny(p.plain, `*?[\`) {
			return p, line != ""
		}
	}
	var b strings.Builder
	b.WriteString("^")
	globPattern(&b, line)
	re, err := regexp.Compile(b.String() + "$")
	p.match = re
	return p, err == nil && line != ""
}

// matches reports whether p is about the file or folder called name, from the
// folder of p. Most patterns need no regular expression, and there may be
// thousands of files for each.
func (p *ignorePattern) matches(name string) bool {
	if p.within {
		return strings.HasPrefix(name, p.plain) && p.match.MatchString(name)
	}
	name = path.Base(name)
	switch {
	case p.match != nil:
		return p.match.MatchString(name)
	case p.star:
		return strings.HasSuffix(name, p.plain)
	}
	return name == p.plain
}

// globPattern writes a glob as a regular expression.
func globPattern(b *strings.Builder, glob string) {
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; {
		case strings.HasPrefix(glob[i:], "**/"):
			b.WriteString("(?:.*/)?")
			i += 2
		case strings.HasPrefix(glob[i:], "**"):
			b.WriteString(".*")
			i++
		case c == '*':
			b.WriteString("[^/]*")
		case c == '?':
			b.WriteString("[^/]")
		case c == '[':
			end := strings.IndexByte(glob[i+1:], ']')
			if end <= 0 {
				b.WriteString(`\[`)
				continue
			}
			class := glob[i+1 : i+1+end]
			if rest, ok := strings.CutPrefix(class, "!"); ok {
				class = "^" + rest
			}
			b.WriteString("[" + strings.ReplaceAll(class, `\`, `\\`) + "]")
			i += end + 1
		case c == '\\' && i+1 < len(glob):
			i++
			b.WriteString(regexp.QuoteMeta(glob[i : i+1]))
		default:
			b.WriteString(regexp.QuoteMeta(glob[i : i+1]))
		}
	}
}

// ignoresFolder reports whether git leaves out the folder at abs.
func (g *gitIgnore) ignoresFolder(abs string) bool {
	return g.leavesOut(abs, func(ignorePattern) bool { return true })
}

// ignoresFile reports whether git leaves out the file at abs.
func (g *gitIgnore) ignoresFile(abs string) bool {
	return g.leavesOut(abs, func(p ignorePattern) bool { return !p.folder })
}

// leavesOut reports what those of the patterns say of abs that are about its
// kind: the last that matches holds.
func (g *gitIgnore) leavesOut(abs string, about func(ignorePattern) bool) bool {
	out := false
	abs = filepath.ToSlash(abs)
	for _, p := range g.patterns {
		name, below := strings.CutPrefix(abs, p.base)
		if !below || !about(p) || out != p.keep {
			continue
		}
		if p.matches(name) {
			out = !p.keep
		}
	}
	return out || path.Base(abs) == ".git"
}
