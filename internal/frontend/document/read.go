package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// The bounds of what is read of one file or text. Aliases let a small file say
// the same any number of times.
const (
	maxValues = 300_000
	maxDepth  = 500
)

// Read returns the documents of f, YAML or JSON. Documents before a syntax
// error are returned with it.
func Read(f *source.File) ([]*Value, []*source.SyntaxError) {
	docs, errs := yamltext.Parse(f)
	r := &reader{left: maxValues}
	var out []*Value
	for _, d := range docs {
		v := r.value(d, 0)
		if r.left < 0 {
			return out, append(errs, &source.SyntaxError{Span: f.Span(0, 0), Message: "file says more than is read of one"})
		}
		out = append(out, v)
	}
	return out, errs
}

type reader struct{ left int }

func (r *reader) value(v yamltext.Value, depth int) *Value {
	r.left--
	out := &Value{Place: model.Place{Span: v.Span()}}
	if r.left < 0 || depth > maxDepth {
		r.left = -1
		return out
	}
	switch v.Kind() {
	case yamltext.Boolean:
		b, _ := v.Bool()
		out.Kind, out.Text = Bool, strconv.FormatBool(b)
	case yamltext.Integer, yamltext.Decimal:
		out.Kind, out.Text = number(v)
	case yamltext.String:
		out.Kind, out.Text = String, v.Text()
	case yamltext.Sequence:
		out.Kind = List
		for _, i := range v.Items() {
			out.Items = append(out.Items, r.value(i, depth+1))
		}
	case yamltext.Mapping:
		out.Kind = Object
		at := make(map[string]int, v.Len())
		for _, p := range v.Pairs() {
			f := Field{Name: p.Key(), Key: model.Place{Span: p.KeySpan()}, Value: r.value(p, depth+1)}
			if i, ok := at[f.Name]; ok {
				out.Fields[i] = f // the last one counts
				continue
			}
			at[f.Name] = len(out.Fields)
			out.Fields = append(out.Fields, f)
		}
	}
	return out
}

// number returns a number as JSON writes it. What JSON cannot say, such as
// .inf, stays the text it is.
func number(v yamltext.Value) (Kind, string) {
	text := strings.ReplaceAll(v.Text(), "_", "")
	if json.Valid([]byte(text)) {
		return Number, text
	}
	if i, ok := v.Int(); ok {
		return Number, strconv.FormatInt(i, 10)
	}
	if i, ok := new(big.Int).SetString(text, 0); ok && i.BitLen() < 1<<12 {
		return Number, i.String()
	}
	if f, ok := v.Float(); ok && !math.IsInf(f, 0) && !math.IsNaN(f) {
		return Number, strconv.FormatFloat(f, 'g', -1, 64)
	}
	return String, v.Text()
}

// Decode reads one JSON value, such as a request's object. Its values have no
// places. Of a name given twice the last counts.
func Decode(text []byte) (*Value, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	j := &decoder{d: d, left: maxValues}
	v, err := j.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read JSON: something follows the value at byte %d", d.InputOffset())
	}
	return v, nil
}

type decoder struct {
	d    *json.Decoder
	left int
}

var errTooMuch = errors.New("read JSON: it says more than is read")

func (j *decoder) value(depth int) (*Value, error) {
	t, err := j.d.Token()
	if err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	if j.left--; j.left < 0 || depth > maxDepth {
		return nil, errTooMuch
	}
	switch t := t.(type) {
	case bool:
		return Truth(t, model.Place{}), nil
	case json.Number:
		return &Value{Kind: Number, Text: t.String()}, nil
	case string:
		return Text(t, model.Place{}), nil
	case json.Delim:
		if t == '[' {
			return j.list(depth)
		}
		return j.object(depth)
	}
	return &Value{}, nil
}

func (j *decoder) list(depth int) (*Value, error) {
	out := &Value{Kind: List}
	for j.d.More() {
		v, err := j.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, v)
	}
	_, err := j.d.Token()
	return out, err
}

func (j *decoder) object(depth int) (*Value, error) {
	out := &Value{Kind: Object}
	at := map[string]int{}
	for j.d.More() {
		t, err := j.d.Token()
		if err != nil {
			return nil, fmt.Errorf("read JSON: %w", err)
		}
		name, _ := t.(string)
		v, err := j.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if i, ok := at[name]; ok {
			out.Fields[i].Value = v
			continue
		}
		at[name] = len(out.Fields)
		out.Fields = append(out.Fields, Field{Name: name, Value: v})
	}
	_, err := j.d.Token()
	return out, err
}
