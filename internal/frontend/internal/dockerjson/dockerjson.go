// Package dockerjson reads the parts of the engine's JSON that containers and
// images share. It is more lenient than the engine's own types, because
// versions and engines differ in what they write for the same thing.
package dockerjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// maxObjects bounds how many containers or images one file may hold. The
// largest hosts run a few thousand.
const maxObjects = 100_000

// Objects returns the elements of the JSON array in f, or its one object.
// A syntax error is a fault at the byte it was found.
func Objects(f *source.File, surface model.Surface) ([]json.RawMessage, []model.Fault) {
	text := bytes.TrimPrefix(f.Text, []byte("\xef\xbb\xbf"))
	var all []json.RawMessage
	err := json.Unmarshal(text, &all)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		all = []json.RawMessage{text}
		err = nil
	}
	if err == nil && len(all) > maxObjects {
		err = fmt.Errorf("more than %d objects", maxObjects)
	}
	if err != nil {
		return nil, []model.Fault{SyntaxFault(f, surface, err)}
	}
	return all, nil
}

// SyntaxFault returns the fault for err, as package json returned it for the
// text of f.
func SyntaxFault(f *source.File, surface model.Surface, err error) model.Fault {
	at := 0
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = max(int(syntax.Offset)-1, 0)
	}
	return model.Fault{
		Place:   model.Place{Span: f.Span(at, at+1)},
		Surface: surface,
		Message: "is not valid JSON: " + strings.TrimPrefix(err.Error(), "json: "),
	}
}

// TypeFault returns the fault for err where a value has the wrong type, and
// false where err is nil. Package json fills in everything else.
func TypeFault(subject string, surface model.Surface, err error) (model.Fault, bool) {
	if err == nil {
		return model.Fault{}, false
	}
	fault := model.Fault{Place: model.Place{Path: subject}, Surface: surface, Message: err.Error()}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		fault.Message = "holds a " + kind.Value + " where a " + kind.Type.Kind().String() + " belongs"
		if kind.Field != "" {
			fault.Place.Path = Path(subject, kind.Field)
		}
	}
	return fault, true
}

// Path returns the path of field in subject: "container web: HostConfig.Memory".
func Path(subject, field string) string { return subject + ": " + field }

// Strings is a list that some engines write as one string or leave null.
type Strings []string

// UnmarshalJSON accepts a list of strings, a string, or null.
func (s *Strings) UnmarshalJSON(text []byte) error {
	*s = nil
	if len(text) > 0 && text[0] == '"' {
		var one string
		if err := json.Unmarshal(text, &one); err != nil {
			return err
		}
		if one != "" {
			*s = Strings{one}
		}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(s))
}

// ShortID returns the first twelve digits of an id, as the engine prints it.
func ShortID(id string) string {
	id = strings.TrimPrefix(id, "sha256:")
	return id[:min(len(id), 12)]
}

// IsID reports whether s is a whole id: 64 lower-case hexadecimal digits.
func IsID(s string) bool {
	if len(s) != 64 {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}

// A Signal is a signal's name; Podman writes its number.
type Signal string

// UnmarshalJSON accepts a name, a number, or null.
func (s *Signal) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] != '"' && string(text) != "null" {
		*s = Signal(text)
		return nil
	}
	return json.Unmarshal(text, (*string)(s))
}
