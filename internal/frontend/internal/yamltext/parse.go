package yamltext

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// The bounds of what is read. Files people write stay far below them; they
// keep a hostile one from costing memory or time.
const (
	maxSize   = 8 << 20 // bytes of a file
	maxDepth  = 500     // levels of nesting
	maxTokens = 150_000 // indicators in a file: an upper bound of its nodes
	maxMerged = 200_000 // entries that merge keys add, over a file
)

// Parse returns the documents of f, with what is wrong with it. Documents that
// end before a syntax error are returned too, and a key given twice is an
// error that takes nothing away: the last one counts.
func Parse(f *source.File) ([]Value, []*source.SyntaxError) {
	if err := check(f); err != nil {
		return nil, []*source.SyntaxError{err}
	}
	docs, errs := parse(f, f.Text)
	if len(errs) > 0 && looksJSON(f.Text) {
		// YAML has no tabs before the first token of a line outside of
		// brackets, JSON has them anywhere. Blanks take the same bytes.
		if again, errs2 := parse(f, untab(f.Text)); len(errs2) == 0 {
			return again, nil
		}
	}
	return docs, errs
}

// ParseFinal is Parse of text in which no tool replaces anything any more.
func ParseFinal(f *source.File) ([]Value, []*source.SyntaxError) {
	docs, errs := Parse(f)
	for _, d := range docs {
		if d.n != nil {
			d.n.doc.final = true
		}
	}
	return docs, errs
}

// Faults returns errs as faults of an artifact of surface s.
func Faults(s model.Surface, errs []*source.SyntaxError) []model.Fault {
	var out []model.Fault
	for _, e := range errs {
		out = append(out, model.Fault{Place: model.Place{Span: e.Span}, Surface: s, Message: e.Message})
	}
	return out
}

func parse(f *source.File, text []byte) (docs []Value, errs []*source.SyntaxError) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	c := newConverter(f, text)
	for {
		var y yaml.Node
		err := decode(dec, &y)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return docs, append(c.errs, syntaxError(f, text, err))
		}
		if len(y.Content) == 0 {
			continue
		}
		doc, err := c.document(y.Content[0])
		if err != nil {
			var s *source.SyntaxError
			errors.As(err, &s)
			return docs, append(c.errs, s)
		}
		docs = append(docs, doc)
	}
	return docs, c.errs
}

// decode decodes one document. The parser of yaml.v3 panics on some input
// that is not YAML; such input is refused like any other.
func decode(dec *yaml.Decoder, y *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("not valid YAML: %v", r)
		}
	}()
	return dec.Decode(y)
}

// check refuses what is too large or not text, before a parser sees it.
func check(f *source.File) *source.SyntaxError {
	fail := func(at int, message string) *source.SyntaxError {
		return &source.SyntaxError{Span: f.Span(at, at+1), Message: message}
	}
	if len(f.Text) > maxSize {
		return fail(0, "file is larger than 8 MB")
	}
	tokens := 0
	for i := 0; i < len(f.Text); {
		b := f.Text[i]
		switch {
		case b >= utf8.RuneSelf:
			r, n := utf8.DecodeRune(f.Text[i:])
			switch {
			case r == utf8.RuneError && n == 1:
				return fail(i, "text is not UTF-8")
			case r >= 0x80 && r < 0xA0 && r != 0x85, r == 0xFEFF && i > 0, r == 0xFFFE, r == 0xFFFF:
				return fail(i, "control characters are not allowed")
			}
			i += n
			continue
		case b < ' ' && b != '\t' && b != '\n' && b != '\r', b == 0x7F:
			return fail(i, "control characters are not allowed")
		case b == ',' || b == ':' || b == '-' || b == '[' || b == '{' || b == '?':
			tokens++
		}
		i++
	}
	if tokens > maxTokens {
		// Prose and data in block scalars are full of indicators too, but
		// so many of them make no file a person keeps.
		return fail(0, "file has too many values")
	}
	return nil
}

// syntaxError turns an error of yaml.v3 about text, that of f, into one with a
// place. The library tells the line only; the place is the text of that line.
func syntaxError(f *source.File, text []byte, err error) *source.SyntaxError {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if rest, ok := strings.CutPrefix(message, "line "); ok {
		if number, what, ok := strings.Cut(rest, ": "); ok {
			if n, err := strconv.Atoi(number); err == nil {
				line, message = n, what
			}
		}
	}
	if name, ok := strings.CutPrefix(message, "unknown anchor '"); ok {
		name, _, _ = strings.Cut(name, "'")
		if at := bytes.Index(f.Text, []byte("*"+name)); at >= 0 {
			return &source.SyntaxError{Span: f.Span(at, at+1+len(name)), Message: message}
		}
	}
	line = faultLine(f, text, err, line)
	for line > 1 && len(bytes.TrimSpace(f.Line(line))) == 0 {
		line-- // the library looks past blank lines; the fault is before them
	}
	at := f.Line(line)
	start := f.LineStart(line) + len(at) - len(bytes.TrimLeft(at, " \t\uFEFF"))
	end := f.LineStart(line) + len(bytes.TrimRight(at, " \t"))
	return &source.SyntaxError{Span: f.Span(start, end), Message: message}
}

// maxLocated bounds, in bytes, the text in which a fault is looked for again.
const maxLocated = 256 << 10

// faultLine returns the line that gives err, the error of all of text. Of a
// fault in a block the library tells the line where the block starts, which is
// line: text cut before the fault does not have it.
func faultLine(f *source.File, text []byte, err error, line int) int {
	if len(text) > maxLocated {
		return line
	}
	return line + sort.Search(f.Lines()-line, func(more int) bool {
		end := len(text)
		if line+more < f.Lines() {
			end = f.LineStart(line + more + 1)
		}
		got := firstError(text[:end])
		return got != nil && got.Error() == err.Error()
	})
}

// firstError returns what stops the library from reading text.
func firstError(text []byte) error {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var y yaml.Node
		switch err := decode(dec, &y); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// IsTemplate reports whether text is a template that makes YAML, such as a
// Helm chart's, rather than YAML: a line, or a plain value, starts with "{{".
func IsTemplate(text []byte) bool {
	for rest := text; ; {
		i := bytes.Index(rest, []byte("{{"))
		if i < 0 {
			return false
		}
		line := rest[bytes.LastIndexByte(rest[:i], '\n')+1 : i]
		before := bytes.TrimRight(line, " \t")
		if len(before) == 0 || bytes.HasSuffix(before, []byte(":")) || bytes.HasSuffix(before, []byte("-")) {
			return true
		}
		if next := bytes.IndexByte(rest[i:], '\n'); next >= 0 {
			rest = rest[i+next+1:]
			continue
		}
		return false
	}
}

func looksJSON(text []byte) bool {
	t := bytes.TrimLeft(text, "\uFEFF \t\r\n")
	return len(t) > 0 && (t[0] == '{' || t[0] == '[')
}

// untab returns text with the tabs outside of double quotes turned into blanks.
func untab(text []byte) []byte {
	out := bytes.Clone(text)
	quoted := false
	for i := 0; i < len(out); i++ {
		switch {
		case quoted && out[i] == '\\':
			i++
		case out[i] == '"':
			quoted = !quoted
		case out[i] == '\t' && !quoted:
			out[i] = ' '
		}
	}
	return out
}
