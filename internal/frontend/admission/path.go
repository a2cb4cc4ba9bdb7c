package admission

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// PathAt returns the path of the value or key of a JSON text that stands at
// offset, in bytes: "spec.containers[0].image". It is "" where there is none.
func PathAt(text []byte, offset int) string {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var at []step
	for {
		token, err := d.Token()
		if err != nil {
			return ""
		}
		delim, structural := token.(json.Delim)
		if structural && (delim == '}' || delim == ']') {
			at = at[:len(at)-1]
			continue
		}
		if n := len(at); n > 0 {
			at[n-1].next(token)
		}
		if int(d.InputOffset()) > offset {
			return join(at)
		}
		if structural {
			at = append(at, step{array: delim == '[', index: -1})
		}
	}
}

// A step is one level of nesting on the way to a token.
type step struct {
	array bool
	index int // of the item, or of the last key or value
	key   string
}

// next moves to a token of the level: of an object, keys and values in turn.
func (s *step) next(t json.Token) {
	s.index++
	if !s.array && s.index%2 == 0 {
		s.key, _ = t.(string)
	}
}

func join(steps []step) string {
	var b strings.Builder
	for _, s := range steps {
		switch {
		case s.array:
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case strings.ContainsAny(s.key, "./[]"):
			b.WriteString("[" + strconv.Quote(s.key) + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.key)
		}
	}
	return b.String()
}
