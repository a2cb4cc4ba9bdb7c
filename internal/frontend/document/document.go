// Package document reads YAML and JSON into values that know their places, for
// those who judge a file in its own shape rather than what it means: the
// policies of users.
package document

import (
	"slices"

	"bulkhead/internal/model"
)

// A Kind is what a value is.
type Kind uint8

// The kinds of values: those of JSON.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Object
)

// A Value is one value with the place it is written at. Values are shared and
// must not be changed once they are built.
type Value struct {
	Kind   Kind
	Text   string   // of a scalar: the string itself, the number as JSON writes it, "true" or "false"
	Items  []*Value // of a List
	Fields []Field  // of an Object, in the order they are written; each name once
	Place  model.Place
}

// A Field is one entry of an object.
type Field struct {
	Name  string
	Key   model.Place // of the name
	Value *Value
}

// Text returns the string s written at place.
func Text(s string, place model.Place) *Value {
	return &Value{Kind: String, Text: s, Place: place}
}

// Truth returns the boolean b written at place.
func Truth(b bool, place model.Place) *Value {
	text := "false"
	if b {
		text = "true"
	}
	return &Value{Kind: Bool, Text: text, Place: place}
}

// Get returns the value below keys, or nil where there is none. A nil v has
// nothing below it.
func (v *Value) Get(keys ...string) *Value {
	for _, k := range keys {
		if v == nil || v.Kind != Object {
			return nil
		}
		i := slices.IndexFunc(v.Fields, func(f Field) bool { return f.Name == k })
		if i < 0 {
			return nil
		}
		v = v.Fields[i].Value
	}
	return v
}

// Str returns the string below keys, or "" where there is none.
func (v *Value) Str(keys ...string) string {
	if x := v.Get(keys...); x != nil && x.Kind == String {
		return x.Text
	}
	return ""
}

// List returns the items of the list below keys, or nil where there is none.
func (v *Value) List(keys ...string) []*Value {
	if x := v.Get(keys...); x != nil && x.Kind == List {
		return x.Items
	}
	return nil
}

// Strings returns the strings of the list below keys; items of other kinds are
// left out.
func (v *Value) Strings(keys ...string) []string {
	var out []string
	for _, x := range v.List(keys...) {
		if x.Kind == String {
			out = append(out, x.Text)
		}
	}
	return out
}

// With returns a copy of the object v in which name has the given value. A nil
// value takes the entry out. v itself is not changed.
func (v *Value) With(name string, value *Value) *Value {
	out := *v
	out.Fields = make([]Field, 0, len(v.Fields)+1)
	for _, f := range v.Fields {
		if f.Name != name {
			out.Fields = append(out.Fields, f)
		}
	}
	if value != nil {
		out.Fields = append(out.Fields, Field{Name: name, Key: value.Place, Value: value})
	}
	return &out
}
