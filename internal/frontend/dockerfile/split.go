package dockerfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/moby/buildkit/frontend/dockerfile/command"
)

// A token is a stretch of a logical line. Its value is not expanded; it
// differs from the text where that is a JSON string.
type token struct {
	start, end int
	value      string
}

// A pair is NAME=value, NAME value or, in ARG, NAME.
type pair struct {
	key, value token
	delim      string // "=", or "" where there is none
	bare       bool   // there is no value
}

// A statement is a logical line split into its parts. Offsets are into text.
type statement struct {
	line
	keyword token
	name    string // upper case
	flags   []token
	args    token // everything after the flags
	words   []token
	pairs   []pair
	json    bool
	docs    []document
	inner   *statement // of ONBUILD
	depth   int        // how many ONBUILD are around it
	err     error
}

// maxTriggers is how deep ONBUILD is followed; BuildKit refuses two already.
const maxTriggers = 3

const separators = "\t\v\f\r "

// split takes l apart.
func split(l line, escape byte) *statement { return splitAt(l, 0, 0, escape) }

func splitAt(l line, start, depth int, escape byte) *statement {
	st := &statement{line: l, depth: depth}
	s := l.text.S
	start += blanks(s[start:])
	end := len(strings.TrimRightFunc(s, unicode.IsSpace))
	end = max(end, start)
	stop := end
	if i := strings.IndexAny(s[start:end], separators); i >= 0 {
		stop = start + i
	}
	st.keyword = token{start, stop, s[start:stop]}
	st.name = named(st.keyword.value)
	at := stop + len(s[stop:end]) - len(strings.TrimLeft(s[stop:end], separators))
	at = st.takeFlags(at, end, escape)
	at = min(at+blanks(s[at:end]), end)
	st.args = token{at, end, s[at:end]}
	st.err = st.splitArgs(escape)
	return st
}

// named returns the name of the instruction written as keyword: in upper case
// where BuildKit, which lowers it, knows it.
func named(keyword string) string {
	lower := strings.ToLower(keyword)
	if _, known := command.Commands[lower]; known {
		return strings.ToUpper(lower)
	}
	upper := strings.ToUpper(keyword)
	if _, known := command.Commands[strings.ToLower(upper)]; known {
		return keyword // a letter that is some ASCII letter in upper case only
	}
	return upper
}

// takeFlags splits the flags at the start of the arguments off, and returns
// where they end. It works on bytes, as BuildKit does.
func (st *statement) takeFlags(at, end int, escape byte) int {
	s := st.text.S
	for {
		for at < end && byteSpace(s[at]) {
			at++
		}
		if at+1 >= end || s[at] != '-' || s[at+1] != '-' {
			return at
		}
		t := token{start: at}
		var quote byte
		var b []byte
	word:
		for ; at < end; at++ {
			c := s[at]
			switch {
			case quote == 0 && byteSpace(c):
				break word
			case c == quote && quote != 0:
				quote = 0
				continue
			case quote == 0 && (c == '\'' || c == '"'):
				quote = c
				continue
			case c == escape:
				if at+1 == end {
					continue
				}
				at++
				c = s[at]
			}
			b = append(b, c)
		}
		t.end, t.value = at, string(b)
		if t.value == "--" {
			return at
		}
		st.flags = append(st.flags, t)
	}
}

// byteSpace is unicode.IsSpace of one byte.
func byteSpace(b byte) bool {
	return b == ' ' || b >= '\t' && b <= '\r' || b == 0x85 || b == 0xA0
}

func (st *statement) splitArgs(escape byte) error {
	switch st.name {
	case "ADD", "COPY", "VOLUME":
		return st.list()
	case "EXPOSE", "FROM":
		st.fields()
	case "ARG":
		st.argPairs(escape)
	case "ENV", "LABEL":
		return st.envPairs(escape)
	case "RUN", "CMD", "ENTRYPOINT", "SHELL":
		return st.execOrShell(st.args)
	case "HEALTHCHECK":
		return st.health()
	case "MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR":
		if st.args.value != "" {
			st.words = []token{st.args}
		}
	case "ONBUILD":
		return st.trigger(escape)
	}
	return nil
}

// trigger splits the instruction inside ONBUILD.
func (st *statement) trigger(escape byte) error {
	if st.args.value == "" {
		return nil
	}
	if st.depth >= maxTriggers {
		return errors.New("ONBUILD is nested too deeply")
	}
	st.inner = splitAt(st.line, st.args.start, st.depth+1, escape)
	return st.inner.err
}

func (st *statement) list() error {
	ok, err := st.array(st.args)
	if !ok && err == nil {
		st.fields()
	}
	return err
}

// fields splits the arguments at white space.
func (st *statement) fields() {
	s, at := st.args.value, 0
	for at < len(s) {
		n := strings.IndexAny(s[at:], separators)
		if n < 0 {
			n = len(s) - at
		}
		from := st.args.start + at
		st.words = append(st.words, token{from, from + n, s[at : at+n]})
		at += n
		at += len(s[at:]) - len(strings.TrimLeft(s[at:], separators))
	}
}

func (st *statement) execOrShell(args token) error {
	if args.value == "" {
		return nil
	}
	ok, err := st.array(args)
	if !ok && err == nil {
		st.words = append(st.words, args)
	}
	return err
}

// health splits "CMD command" and "NONE".
func (st *statement) health() error {
	s := st.args.value
	if s == "" {
		return nil
	}
	n := 0
	for n < len(s) && !byteSpace(s[n]) {
		n++
	}
	next := n
	for next < len(s) && byteSpace(s[next]) {
		next++
	}
	from := st.args.start
	if n == 0 {
		return nil
	}
	st.words = []token{{from, from + n, s[:n]}}
	return st.execOrShell(token{from + next, st.args.end, s[next:]})
}

// array reads args as a JSON array of strings. It reports false where it is
// none, and an error where its elements are not all strings.
func (st *statement) array(args token) (bool, error) {
	s := args.value
	at := blanks(s)
	if at >= len(s) || s[at] != '[' || !json.Valid([]byte(s)) {
		return false, nil
	}
	var words []token
	for at++; at < len(s) && s[at] != ']'; {
		switch s[at] {
		case ' ', '\t', '\r', '\n', ',':
			at++
			continue
		case '"':
		default:
			return false, errors.New("when using JSON array syntax, arrays must be comprised of strings only")
		}
		end := at + 1
		for s[end] != '"' {
			if s[end] == '\\' {
				end++
			}
			end++
		}
		end++
		words = append(words, token{args.start + at, args.start + end, unquoteJSON(s[at:end])})
		at = end
	}
	st.words = append(st.words, words...)
	st.json = true
	return true, nil
}

// unquoteJSON decodes a valid JSON string.
func unquoteJSON(s string) string {
	if strings.IndexByte(s, '\\') < 0 && utf8.ValidString(s) {
		return s[1 : len(s)-1]
	}
	var v string
	if json.Unmarshal([]byte(s), &v) != nil {
		return s
	}
	return v
}

// quotedWords splits the arguments at white space outside quotes. The quotes
// stay.
func (st *statement) quotedWords(escape byte) []token {
	var words []token
	s, at := st.args.value, 0
	for {
		at += blanks(s[at:])
		if at >= len(s) {
			return words
		}
		start := at
		at = wordEnd(s, at, escape)
		value := s[start:at]
		if at == len(s) && dangling(value, escape) {
			value = value[:len(value)-1] // an escape character with nothing to escape is dropped
		}
		if value != "" {
			words = append(words, token{st.args.start + start, st.args.start + at, value})
		}
	}
}

// wordEnd returns where the word at offset at of s ends.
func wordEnd(s string, at int, escape byte) int {
	var quote rune
	for at < len(s) {
		r, size := utf8.DecodeRuneInString(s[at:])
		switch {
		case quote == 0 && unicode.IsSpace(r):
			return at
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case r == quote && quote != 0:
			quote = 0
		case r == rune(escape) && quote != '\'' && at+size < len(s):
			_, next := utf8.DecodeRuneInString(s[at+size:])
			at += next
		}
		at += size
	}
	return at
}

// dangling reports whether word, the last one of its line, ends in an escape
// character that escapes nothing.
func dangling(word string, escape byte) bool {
	if word[len(word)-1] != escape {
		return false
	}
	var quote byte
	for i := 0; i < len(word); i++ {
		switch c := word[i]; {
		case c == escape && quote != '\'':
			if i+1 == len(word) {
				return true
			}
			i++
		case c == quote && quote != 0:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		}
	}
	return false
}

func (st *statement) argPairs(escape byte) {
	for _, w := range st.quotedWords(escape) {
		st.words = append(st.words, w)
		st.pairs = append(st.pairs, cut(w))
	}
}

// cut splits a word at its first "=".
func cut(w token) pair {
	i := strings.IndexByte(w.value, '=')
	if i < 0 {
		return pair{key: w, value: token{w.end, w.end, ""}, bare: true}
	}
	return pair{
		key:   token{w.start, w.start + i, w.value[:i]},
		value: token{w.start + i + 1, w.end, w.value[i+1:]},
		delim: "=",
	}
}

func (st *statement) envPairs(escape byte) error {
	words := st.quotedWords(escape)
	if len(words) == 0 {
		return nil
	}
	if !strings.Contains(words[0].value, "=") {
		s := st.args.value
		i := strings.IndexAny(s, separators)
		if i < 0 {
			return fmt.Errorf("%s must have two arguments", st.name)
		}
		at := i + len(s[i:]) - len(strings.TrimLeft(s[i:], separators))
		from := st.args.start
		st.pairs = []pair{{key: token{from, from + i, s[:i]}, value: token{from + at, st.args.end, s[at:]}}}
		return nil
	}
	for _, w := range words {
		p := cut(w)
		if p.bare {
			return fmt.Errorf("can't find = in %q: it must be of the form name=value", brief(w.value))
		}
		st.pairs = append(st.pairs, p)
	}
	return nil
}
