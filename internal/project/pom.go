package project

import (
	"bytes"

	"bulkhead/internal/source"
)

// inPOM returns where a pom.xml names a library: the entry that has a version
// before one that takes it from there, else the file's first line.
func (l *Locator) inPOM(group, artifact string) source.Span {
	f := l.file
	found := source.Span{}
	for at := 0; l.left > 0; {
		start, end := entry(f.Text, at)
		l.left -= int64(end - at)
		if start < 0 {
			break
		}
		at = end
		text := f.Text[start:end]
		from, to := element(text, "artifactId")
		if from < 0 || string(text[from:to]) != artifact {
			continue
		}
		if g, h := element(text, "groupId"); g < 0 || string(text[g:h]) != group && !bytes.Contains(text[g:h], []byte("${")) {
			continue
		}
		if v, _ := element(text, "version"); v >= 0 {
			return f.Span(start+from, start+to)
		}
		if !found.IsValid() {
			found = f.Span(start+from, start+to)
		}
	}
	if found.IsValid() {
		return found
	}
	return f.Span(0, len(f.Line(1)))
}

// entry returns where the next dependency after at starts and ends; start is -1
// where there is none.
func entry(text []byte, at int) (start, end int) {
	const open, closed = "<dependency>", "</dependency>"
	i := bytes.Index(text[at:], []byte(open))
	if i < 0 {
		return -1, len(text)
	}
	start = at + i
	if n := bytes.Index(text[start:], []byte(closed)); n >= 0 {
		return start, start + n
	}
	return -1, len(text)
}

// element returns where the first element called name has its text, without
// blanks around it; from is -1 where there is none.
func element(text []byte, name string) (from, to int) {
	from = bytes.Index(text, []byte("<"+name+">"))
	if from < 0 {
		return -1, -1
	}
	from += len(name) + 2
	n := bytes.IndexByte(text[from:], '<')
	if n < 0 {
		return -1, -1
	}
	for to = from + n; to > from && blank(text[to-1]); to-- {
	}
	for from < to && blank(text[from]) {
		from++
	}
	return from, to
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
