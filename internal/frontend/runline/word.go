package runline

import (
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// hole stands in the value of a word for what cannot be known. A shell word
// cannot hold the byte.
const hole = "\x00"

// A word is one argument of a command with the quotes taken off. It remembers
// where each byte of its value is written.
type word struct {
	text  *text
	value string // with a hole for each part that is not known
	buf   []byte // value while it is being put together
	from  []origin
	start int // in the text: where the word is used, quotes included
	end   int

	likely bool   // rests on a default such as that of ${TAG:-latest}
	open   bool   // one unquoted expansion that is not known: any number of words
	name   string // of the variable, for open and for words that are one expansion
}

// An origin is the part of the text one byte of a word's value comes from.
type origin struct {
	start, end int
	quote      quoting
}

// A quoting is how a byte of a word is written.
type quoting byte

const (
	bare     quoting = iota
	single           // in single quotes
	double           // in double quotes
	expanded         // by an expansion; it cannot be edited in place
)

// known reports whether all of w's value is known.
func (w *word) known() bool { return !strings.Contains(w.value, hole) }

// span returns the place of the bytes [i, j) of w's value.
func (w *word) span(i, j int) source.Span {
	if i >= j || j > len(w.from) {
		if i > 0 && i <= len(w.from) {
			at := w.text.after(w.from[i-1].end)
			return w.text.file.Span(at, at)
		}
		return w.text.span(w.start, w.end)
	}
	return w.text.span(w.from[i].start, w.from[j-1].end)
}

// raw returns what is written for the bytes [i, j) of w's value.
func (w *word) raw(i, j int) string { return w.span(i, j).Text() }

// replace returns the edits that make the bytes [i, j) of w's value say s, or
// nil where they cannot be edited.
func (w *word) replace(i, j int, s, key string) []source.Edit {
	if i == 0 && j == len(w.from) && !w.uniform(i, j) {
		if !w.text.editable(w.start, w.end) || w.holds(expanded) {
			return nil
		}
		return w.text.replace(w.start, w.end, quote(s), key)
	}
	if !w.uniform(i, j) {
		return nil
	}
	kind, start, end := w.context(i, j)
	if !w.text.editable(start, end) {
		return nil
	}
	return w.text.replace(start, end, quoteIn(s, kind), key)
}

// uniform reports whether the bytes [i, j) of w's value are written in one way
// that can be edited.
func (w *word) uniform(i, j int) bool {
	if len(w.from) == 0 || j > len(w.from) {
		return false
	}
	kind, _, _ := w.context(i, j)
	for k := i; k < j; k++ {
		if w.from[k].quote != kind {
			return false
		}
	}
	return kind != expanded
}

// context returns how the bytes [i, j) are quoted, and where they are. For an
// insertion that is what holds for the byte before it, else the one after it.
func (w *word) context(i, j int) (kind quoting, start, end int) {
	switch {
	case i < j:
		return w.from[i].quote, w.from[i].start, w.from[j-1].end
	case i > 0:
		o := w.from[i-1]
		return o.quote, o.end, o.end
	}
	return w.from[0].quote, w.from[0].start, w.from[0].start
}

func (w *word) holds(kind quoting) bool {
	for _, o := range w.from {
		if o.quote == kind {
			return true
		}
	}
	return false
}

// fact returns the bytes [i, j) of w's value as a fact. What is not known is
// shown as it is written.
func (w *word) fact(i, j int) model.Fact[string] {
	f := model.Fact[string]{Value: w.value[i:j], State: model.Set, Span: w.span(i, j), Likely: w.likely}
	if strings.Contains(f.Value, hole) {
		f.Value, f.State = w.raw(i, j), model.Unknown
		return f
	}
	if w.uniform(i, j) || i == 0 && j == len(w.value) && !w.holds(expanded) {
		f.Edit = func(v string) []source.Edit { return w.replace(i, j, v, "") }
	}
	return f
}

// quote returns s as one shell word.
func quote(s string) string {
	if s != "" && strings.IndexFunc(s, special) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// special reports whether a shell may read more than itself into r.
func special(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return !strings.ContainsRune("_-./:=,@%+", r)
}

// quoteIn returns s as it is written inside a word that is quoted as kind says.
func quoteIn(s string, kind quoting) string {
	switch kind {
	case single:
		return strings.ReplaceAll(s, "'", `'\''`)
	case double:
		return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(s)
	}
	if s == "" {
		return ""
	}
	return quote(s)
}
