package runline

import (
	"slices"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A line is one parsed command line of docker or podman.
type line struct {
	text  *text
	verb  *word // "run" or "create"
	flags []*flag
	args  []*word // the image and its command, or a network's name

	// open is set where words that are not known may be flags, so that what
	// the line leaves out may be said there.
	open bool

	joined int // flags written as --name=value, less those written as --name value

	bad   string // the flag that is not known, "" where all are
	lacks string // the last flag, where it wants a value and has none
	badAt source.Span
	meant string // the flag that bad is most likely a misspelling of, or ""
}

// A flag is one flag of a line. The value of a boolean flag is in set.
type flag struct {
	name  string // long name
	word  *word  // the word that holds the flag
	from  int    // the flag in word.value: [from, to)
	to    int
	whole bool // the flag is all of its words, not one letter of a cluster

	value *word // nil where the flag takes none, or is given none
	at    int   // the value starts at this byte of value
}

// parse splits words after the verb into flags and arguments. Flags end at the
// first argument.
func parse(verb *word, words []*word, set *flagSet) *line {
	l := &line{text: verb.text, verb: verb}
	for i := 0; i < len(words); i++ {
		w := words[i]
		if w.open && l.opens(words[i:]) {
			l.open = true
			continue
		}
		if w.value == "--" {
			l.args = words[i+1:]
			return l
		}
		if len(w.value) < 2 || w.value[0] != '-' {
			l.args = words[i:]
			return l
		}
		var next *word
		if i+1 < len(words) {
			next = words[i+1]
		}
		if l.take(w, next, set) {
			i++
		}
		if l.bad != "" || l.lacks != "" {
			return l
		}
	}
	return l
}

// opens reports whether the unknown words[0] stands for flags, not for the
// image: by its name, by a flag behind it, or by nothing but it being left.
func (l *line) opens(words []*word) bool {
	name := strings.ToUpper(words[0].name)
	for _, s := range []string{"IMAGE", "IMG", "TAG"} {
		if strings.Contains(name, s) {
			return false
		}
	}
	if len(words) == 1 {
		return false
	}
	for _, s := range []string{"OPT", "FLAG", "ARG", "PARAM", "ENV", "VOL", "PORT", "MOUNT", "LIMIT", "EXTRA"} {
		if strings.Contains(name, s) {
			return true
		}
	}
	next := words[1]
	switch {
	case next.open || strings.HasPrefix(next.value, "-"):
		return true
	case strings.ContainsAny(next.value, "/:") && !strings.HasPrefix(next.value, "/"):
		return true
	}
	// The image or flags: either way nothing left out is certain.
	l.open = true
	return false
}

// take reads the flags in w and reports whether next is the value of the last.
func (l *line) take(w, next *word, set *flagSet) bool {
	if strings.HasPrefix(w.value, "--") {
		return l.long(w, next, set)
	}
	return l.cluster(w, next, set)
}

func (l *line) long(w, next *word, set *flagSet) bool {
	name, _, assigned := strings.Cut(w.value[2:], "=")
	kind := set.look(name)
	f := &flag{name: set.canonical(name), word: w, to: len(w.value), whole: true}
	switch {
	case kind == unknownFlag:
		l.bad, l.badAt = w.raw(0, 2+len(name)), w.span(0, 2+len(name))
		if near := set.misspelt(name); near != "" {
			l.meant = "--" + near
		}
		return false
	case assigned:
		f.value, f.at = w, 2+len(name)+1
		if kind == valued {
			l.joined++
		}
	case kind == valued && next == nil:
		l.lacks = w.value
		return false
	case kind == valued:
		f.value = next
		l.joined--
	}
	l.flags = append(l.flags, f)
	return kind == valued && !assigned
}

// cluster reads -d, -it, -p80:80, -p 80:80, -e=A=b and -i=false.
func (l *line) cluster(w, next *word, set *flagSet) bool {
	for i := 1; i < len(w.value); i++ {
		name, ok := set.short[w.value[i]]
		if !ok {
			l.bad = "-" + strings.ReplaceAll(w.value[i:i+1], hole, "?")
			return false
		}
		f := &flag{name: set.canonical(name), word: w, from: i, to: i + 1, whole: i == 1}
		l.flags = append(l.flags, f)
		rest := i + 1
		assigned := rest < len(w.value) && w.value[rest] == '='
		if assigned {
			rest++
		}
		if set.look(name) == boolean {
			if assigned {
				f.value, f.at, f.to = w, rest, len(w.value)
				return false
			}
			f.whole = f.whole && rest == len(w.value)
			continue
		}
		f.to = len(w.value)
		if rest < len(w.value) || assigned {
			f.value, f.at = w, rest
			return false
		}
		if next == nil {
			l.lacks = w.value
			return false
		}
		f.value = next
		return true
	}
	return false
}

// last returns the last use of the flag called name, which is the one that
// holds, or nil.
func (l *line) last(name string) *flag {
	for _, f := range slices.Backward(l.flags) {
		if f.name == name {
			return f
		}
	}
	return nil
}

// all returns every use of the flag called name.
func (l *line) all(name string) []*flag {
	var out []*flag
	for _, f := range l.flags {
		if f.name == name {
			out = append(out, f)
		}
	}
	return out
}

// state is the state of what the line leaves out.
func (l *line) state() model.State {
	if l.open {
		return model.Unknown
	}
	return model.Unset
}

// anchor is the place of what the line leaves out: its verb, where a flag that
// says it would go.
func (l *line) anchor() source.Span { return l.verb.span(0, len(l.verb.value)) }

// insert returns the edits that add --name value, or --name alone where value
// is empty, right after the verb, the way the line writes most of its flags.
func (l *line) insert(name, value string) []source.Edit {
	if !l.text.editable(l.verb.start, l.verb.end) {
		return nil
	}
	flag := "--" + name
	switch {
	case value != "" && l.joined > 0:
		flag += "=" + quote(value)
	case value != "":
		flag += " " + quote(value)
	}
	return l.text.replace(l.verb.end, l.verb.end, " "+flag, flag)
}

// insertOne is insert for a flag that may be given once: two insertions of it
// at one place exclude each other whatever their values.
func (l *line) insertOne(name, value string) []source.Edit {
	edits := l.insert(name, value)
	for i := range edits {
		edits[i].Key = "--" + name
	}
	return edits
}

// delete returns the function that takes f out of its line, or nil where that
// cannot be done.
func (l *line) delete(f *flag) func() []source.Edit {
	end := f.word.end
	if f.value != nil {
		end = f.value.end
	}
	before := l.before(f.word.start)
	if !l.text.editable(before, end) {
		return nil
	}
	if f.whole {
		return func() []source.Edit { return l.text.cut(before, end) }
	}
	if f.value != nil && f.value != f.word || !f.word.uniform(f.from, f.to) {
		return nil
	}
	return func() []source.Edit { return f.word.replace(f.from, f.to, "", "") }
}

// before returns where the word before start ends: blanks and line
// continuations between the two belong to the latter.
func (l *line) before(start int) int {
	b := l.text.bytes
	for start > 0 {
		switch c := b[start-1]; {
		case isBlank(c) || c == '\r':
			start--
		case c == '\\' && start < len(b) && (b[start] == '\n' || b[start] == '\r'):
			start--
		default:
			return start
		}
	}
	return start
}

// text returns the value of f as a fact, or an unknown one where it has none.
func (f *flag) fact() model.Fact[string] {
	if f.value == nil {
		return model.Fact[string]{State: model.Unknown, Span: f.span()}
	}
	return f.value.fact(f.at, len(f.value.value))
}

// span returns the place of the flag without a value that stands alone.
func (f *flag) span() source.Span { return f.word.span(f.from, f.to) }

// string returns f's value, with holes.
func (f *flag) string() string {
	if f.value == nil {
		return ""
	}
	return f.value.value[f.at:]
}

// part returns the bytes [i, j) of f's value as a fact.
func (f *flag) part(i, j int) model.Fact[string] { return f.value.fact(f.at+i, f.at+j) }

// replace returns the edits that make the bytes [i, j) of f's value say s.
func (f *flag) replace(i, j int, s string) []source.Edit {
	if f.value == nil {
		return nil
	}
	return f.value.replace(f.at+i, f.at+j, s, "")
}
