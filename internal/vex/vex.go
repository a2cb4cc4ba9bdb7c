// Package vex reads what authors say about whether vulnerabilities matter in
// their products, and joins it with what was found: OpenVEX and CycloneDX.
//
// A statement that a product is not affected silences what was found in it,
// with the reason and the author. One that says it is affected, or that
// somebody is still looking, silences nothing.
package vex

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"bulkhead/internal/source"
)

// A Document is one VEX document.
type Document struct {
	File       *source.File
	Author     string // "" where the document names none
	Statements []*Statement
}

// A Statement is what a document says about vulnerabilities in products.
type Statement struct {
	Span   source.Span
	Names  []string // of one vulnerability: its id and aliases
	Status string   // as in the document
	Reason string   // a justification, or what the author writes; "" where there is none
	By     string
	Time   time.Time // of the statement, else of the document

	products []product
	used     bool
}

// statuses are all a statement can have, and whether it silences.
var statuses = map[string]bool{
	"not_affected": true, "fixed": true, "affected": false, "under_investigation": false, // OpenVEX
	"false_positive": true, "resolved": true, "resolved_with_pedigree": true, "exploitable": false, "in_triage": false, // CycloneDX
}

// silences reports whether s says that no harm is done, and why.
func (s *Statement) silences() bool { return statuses[s.Status] && !s.bare() }

// bare reports whether s would silence but gives no reason. That something is
// fixed is one.
func (s *Statement) bare() bool {
	return s.Reason == "" && (s.Status == "not_affected" || s.Status == "false_positive")
}

// reason returns what is printed of s.
func (s *Statement) reason() string {
	text := s.Status
	if s.Reason != "" {
		text += ": " + s.Reason
	}
	return text
}

// Limits of a document.
const (
	maxDocument = 64 << 20 // bytes
	maxText     = 1000     // of a reason
)

// Read reads a document. Where it cannot be understood, the error is a
// [source.SyntaxError] with the place.
func Read(f *source.File) (*Document, error) {
	if len(f.Text) > maxDocument {
		return nil, fmt.Errorf("%s: larger than %d MB", f.Name, maxDocument>>20)
	}
	r := &reader{file: f, doc: &Document{File: f}, top: map[string]json.RawMessage{}, lists: map[string][]element{}}
	if err := r.read(); err != nil {
		return nil, err
	}
	context, _ := r.text("@context")
	format, _ := r.text("bomFormat")
	var err error
	switch {
	case strings.Contains(context, "openvex"):
		err = r.openVEX()
	case format == "CycloneDX":
		err = r.cycloneDX()
	default:
		err = r.fail(0, "neither an OpenVEX nor a CycloneDX document: it has no \"@context\" of openvex and no \"bomFormat\"")
	}
	if err == nil && len(r.doc.Statements) == 0 {
		err = r.fail(0, "no statement: nothing in it says what a vulnerability means for a product")
	}
	if err != nil {
		return nil, err
	}
	return r.doc, nil
}

// A reader reads one document.
type reader struct {
	file  *source.File
	doc   *Document
	top   map[string]json.RawMessage // what the document's keys hold but lists
	lists map[string][]element       // the lists of statements, by key
}

// An element is one object of a list with its place.
type element struct {
	start, end int
}

// listed are the keys under which statements are.
var listed = map[string]bool{"statements": true, "vulnerabilities": true}

// read splits the document into the values of its keys.
func (r *reader) read() error {
	d := json.NewDecoder(bytes.NewReader(r.file.Text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return r.failed(d, err, "no JSON object")
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return r.failed(d, err, "")
		}
		key, _ := token.(string)
		if !listed[key] {
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				return r.failed(d, err, "")
			}
			r.top[key] = raw
			continue
		}
		if err := r.list(d, key); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return r.failed(d, err, "")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return r.fail(int(d.InputOffset()), "something follows the document")
	}
	return nil
}

// list notes where the objects of a list are.
func (r *reader) list(d *json.Decoder, key string) error {
	at := int(d.InputOffset())
	open, err := d.Token()
	if err != nil || open != json.Delim('[') {
		if err == nil {
			return r.fail(at+r.blank(at, ": \t\r\n"), fmt.Sprintf("%q is no list", key))
		}
		return r.failed(d, err, "")
	}
	for d.More() {
		start := int(d.InputOffset())
		start += r.blank(start, ", \t\r\n")
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return r.failed(d, err, "")
		}
		r.lists[key] = append(r.lists[key], element{start, int(d.InputOffset())})
	}
	if _, err := d.Token(); err != nil {
		return r.failed(d, err, "")
	}
	return nil
}

// blank returns how many bytes of cut follow offset at.
func (r *reader) blank(at int, cut string) int {
	rest := r.file.Text[min(at, len(r.file.Text)):]
	return len(rest) - len(bytes.TrimLeft(rest, cut))
}

// failed says where JSON ends being JSON.
func (r *reader) failed(d *json.Decoder, err error, message string) error {
	at := int(d.InputOffset())
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		at, message = int(syntax.Offset)-1, syntax.Error()
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		at, message = len(r.file.Text), "the document ends too early"
	case err != nil:
		message = err.Error()
	default:
		at = r.blank(0, " \t\r\n")
	}
	return r.fail(at, message)
}

func (r *reader) fail(at int, message string) error {
	at = min(max(at, 0), len(r.file.Text))
	return &source.SyntaxError{Span: r.file.Span(at, at), Message: message}
}

// decode reads the object e into v.
func (r *reader) decode(e element, v any) error {
	return r.decoded(json.Unmarshal(r.file.Text[e.start:e.end], v), e.start)
}

// decoded gives err, of decoding what begins at start, its place.
func (r *reader) decoded(err error, start int) error {
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &kind):
		what := kind.Value
		if kind.Field != "" {
			what = fmt.Sprintf("%q is %s", kind.Field, kind.Value)
		}
		return r.fail(start+int(kind.Offset), what+", which is not expected here")
	}
	return r.fail(start, err.Error())
}

// text returns the text under a key of the document; one that is an array is
// taken for its first text.
func (r *reader) text(key string) (string, bool) {
	var s string
	if json.Unmarshal(r.top[key], &s) == nil {
		return s, s != ""
	}
	var list []json.RawMessage
	if json.Unmarshal(r.top[key], &list) == nil && len(list) > 0 && json.Unmarshal(list[0], &s) == nil {
		return s, s != ""
	}
	return "", false
}

// add adds a statement read from e, where its status is one.
func (r *reader) add(e element, s *Statement) error {
	if _, ok := statuses[s.Status]; !ok {
		return r.fail(e.start, fmt.Sprintf("status %q is none that VEX knows", s.Status))
	}
	s.Span = r.file.Span(e.start, e.end)
	s.Reason = clip(s.Reason)
	if s.By == "" {
		s.By = r.doc.Author
	}
	r.doc.Statements = append(r.doc.Statements, s)
	return nil
}

// clip bounds what is printed, and puts it on one line.
func clip(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxText {
		return strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}

// phrase joins what is there of a code and of words.
func phrase(code, words string) string {
	code, words = strings.TrimSpace(code), strings.TrimSpace(words)
	if code != "" && words != "" {
		return code + ": " + words
	}
	return code + words
}

// when reads a time; the zero time where text is none.
func when(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
