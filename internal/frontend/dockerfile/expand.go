package dockerfile

import (
	"maps"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/shell"

	"bulkhead/internal/model"
)

// Limits of what variables may make. Beyond them a word is Unknown.
const (
	maxValue    = 64 << 10 // of one expanded word
	maxExpanded = 16 << 20 // of all words of a file that have variables
	maxRefs     = 200      // variables with braces in one word, each of which may nest
	maxReplace  = 1 << 10  // of a word with ${name/pattern/replacement}, which multiplies
)

// A variable is a build argument or an environment variable.
type variable struct {
	value string
	state model.State // Unset for ARG NAME without a value
}

// A scope is what a word may refer to.
type scope struct {
	vars map[string]variable
	open bool // others may be set: by the builder, or by a base image that is not known
}

func (s *scope) clone() *scope { return &scope{vars: maps.Clone(s.vars), open: s.open} }

func (s *scope) set(name string, v variable) {
	if s.vars == nil {
		s.vars = map[string]variable{}
	}
	s.vars[name] = v
}

// predefined reports whether BuildKit itself gives name a value.
func predefined(name string) bool {
	switch name {
	case "BUILDPLATFORM", "BUILDOS", "BUILDOSVERSION", "BUILDARCH", "BUILDVARIANT",
		"TARGETPLATFORM", "TARGETOS", "TARGETOSVERSION", "TARGETARCH", "TARGETVARIANT", "TARGETSTAGE",
		"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy",
		"NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "SOURCE_DATE_EPOCH":
		return true
	}
	return strings.HasPrefix(name, "BUILDKIT_")
}

// A lookup is one expansion in a scope. It implements shell.EnvGetter.
type lookup struct {
	scope   *scope
	unknown bool     // a variable's value is not known
	unset   []string // build arguments without a value that were asked for
	left    int      // bytes that may still be given out
}

func (l *lookup) Get(name string) (string, bool) {
	v, ok := l.scope.vars[name]
	switch {
	case ok && v.state == model.Set:
		if l.left -= len(v.value); l.left < 0 {
			l.unknown = true
			return "", false
		}
		return v.value, true
	case ok && v.state == model.Unset:
		l.unset = append(l.unset, name)
	case ok || l.scope.open || predefined(name):
		l.unknown = true
	}
	return "", false
}

func (l *lookup) Keys() []string { return nil }

// An expander expands the words of one file.
type expander struct {
	lex    *shell.Lex
	escape byte
	left   int // bytes that may still be made
}

func newExpander(escape byte) *expander {
	return &expander{lex: shell.NewLex(rune(escape)), escape: escape, left: maxExpanded}
}

// plain reports whether raw stands for itself.
func (e *expander) plain(raw string) bool {
	for i := range len(raw) {
		switch c := raw[i]; c {
		case '$', '\'', '"', e.escape:
			return false
		}
	}
	return true
}

// word returns what raw expands to in s. Where that cannot be known, it is
// raw itself.
func (e *expander) word(raw string, s *scope) (string, model.State, error) {
	if e.plain(raw) {
		return raw, model.Set, nil
	}
	l := lookup{scope: s, left: maxValue}
	if strings.Contains(raw, "$") && !e.affordable(raw, &l) {
		return raw, model.Unknown, nil
	}
	v, _, err := e.lex.ProcessWord(raw, &l)
	return e.result(raw, v, err, &l)
}

// words is word for a word that falls apart at white space after expansion.
func (e *expander) words(raw string, s *scope) ([]string, model.State, error) {
	l := lookup{scope: s, left: maxValue}
	if e.plain(raw) {
		return []string{raw}, model.Set, nil
	}
	if !e.affordable(raw, &l) {
		return nil, model.Unknown, nil
	}
	words, err := e.lex.ProcessWords(raw, &l)
	_, state, err := e.result(raw, strings.Join(words, " "), err, &l)
	return words, state, err
}

func (e *expander) result(raw, v string, err error, l *lookup) (string, model.State, error) {
	e.left -= len(v)
	unknown := l.unknown || !defaulted(raw, l.unset)
	switch {
	case err != nil && unknown && strings.Contains(raw, "?"):
		return raw, model.Unknown, nil // ${NAME?message} may be given what it asks for
	case err != nil:
		return raw, model.Unknown, err
	case unknown:
		return raw, model.Unknown, nil
	case len(v) > maxValue || e.left < 0:
		return raw, model.Unknown, nil
	}
	return v, model.Set, nil
}

// affordable reports whether expanding raw takes bounded time and memory, and
// lowers what l may give out where it multiplies.
func (e *expander) affordable(raw string, l *lookup) bool {
	if e.left < 0 || tooComplex(raw) {
		return false
	}
	switch replacements(raw) {
	case 0:
	case 1:
		l.left = 4 * maxReplace
		return len(raw) <= maxReplace
	default:
		return false
	}
	return true
}

// tooComplex reports whether the lexer, which recurses, should not see raw.
func tooComplex(raw string) bool {
	return len(raw) > maxValue && strings.Contains(raw, "$") || strings.Count(raw, "${") > maxRefs
}

// replacements counts the ${name/pattern/replacement} in raw.
func replacements(raw string) int {
	n := 0
	for {
		i := strings.Index(raw, "${")
		if i < 0 {
			return n
		}
		raw = raw[i+2:]
		if j := strings.IndexAny(raw, "/:}-+?#%"); j >= 0 && raw[j] == '/' {
			n++
		}
	}
}

// defaulted reports whether every reference in raw to one of names, build
// arguments without a value, says what holds without one: ${NAME:-value}.
func defaulted(raw string, names []string) bool {
	for _, name := range names {
		for rest := raw; ; {
			i := strings.Index(rest, "$")
			if i < 0 {
				break
			}
			rest = rest[i+1:]
			after, braced := strings.CutPrefix(rest, "{"+name)
			if !braced {
				after, braced = strings.CutPrefix(rest, name)
				if braced && !nameGoesOn(after) {
					return false
				}
				continue
			}
			if !nameGoesOn(after) && !strings.HasPrefix(after, ":-") && !strings.HasPrefix(after, "-") {
				return false
			}
		}
	}
	return true
}

// nameGoesOn reports whether s goes on with a byte of a variable's name.
func nameGoesOn(s string) bool {
	return s != "" && (s[0] == '_' || s[0] >= '0' && s[0] <= '9' || s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z')
}
