package dockerfile

import (
	"errors"
	"fmt"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// A document is one here-document of a line.
type document struct {
	parser.Heredoc
	start, end int // its body in the file
}

// takeDocuments reads the here-documents of st, which follow it.
func (r *reader) takeDocuments(s *scanner, st *statement) {
	if st.err != nil || !st.takesDocuments() {
		return
	}
	docs, err := st.documents()
	if err != nil {
		st.err = err
		return
	}
	for i := range docs {
		var ok bool
		docs[i].start, docs[i].end, ok = s.heredoc(docs[i].Heredoc)
		if !ok {
			st.err = fmt.Errorf("unterminated heredoc %s", brief(docs[i].Name))
			st.open = true
		}
		docs[i].Content = r.whole[docs[i].start:docs[i].end]
	}
	st.docs = docs
	st.next, st.last = s.pos, s.number
	if st.inner != nil {
		st.inner.docs = docs
	}
}

// takesDocuments reports whether the statement can have here-documents.
func (st *statement) takesDocuments() bool {
	inner := st
	if st.inner != nil {
		inner = st.inner
	}
	switch inner.name {
	case "RUN", "COPY", "ADD":
		return !inner.json && strings.Contains(st.text.S, "<<")
	}
	return false
}

// documents returns the here-documents that the line announces.
func (st *statement) documents() ([]document, error) {
	if tooComplex(st.text.S) {
		return nil, errors.New("the line is too long or nested too deeply")
	}
	lex := shell.NewLex('\\')
	lex.RawQuotes, lex.RawEscapes, lex.SkipUnsetEnv = true, true, true
	words, err := lex.ProcessWords(st.text.S, nothing{})
	if err != nil {
		return nil, nil // BuildKit takes the line to have none
	}
	var docs []document
	for _, w := range words {
		h, err := parser.ParseHeredoc(w)
		if err != nil {
			return nil, err
		}
		if h != nil {
			docs = append(docs, document{Heredoc: *h})
		}
	}
	return docs, nil
}

// nothing is an environment without variables.
type nothing struct{}

func (nothing) Get(string) (string, bool) { return "", false }
func (nothing) Keys() []string            { return nil }
