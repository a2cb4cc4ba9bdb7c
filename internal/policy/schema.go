package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"

	"bulkhead/internal/frontend/document"
	"bulkhead/internal/model"
)

// errSchema is wrapped by what validate returns: the parameters are not what
// the template's schema says.
var errSchema = errors.New("the parameters do not fit the template's schema")

// validate holds the parameters of a constraint against the schema of its
// template, as the API server does. Names the schema does not know are left to
// lint: the server drops them without a word.
func validate(schema, parameters, around *document.Value) error {
	if schema == nil {
		return nil
	}
	if parameters == nil || parameters.Kind == document.Null {
		parameters = &document.Value{Kind: document.Object, Place: model.Place{Span: kindPlace(around)}}
	}
	c := &schemaCheck{left: 10_000}
	c.check(schema, parameters, "parameters", 0)
	if len(c.errs) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %w", errSchema, errors.Join(c.errs...))
}

type schemaCheck struct {
	errs []error
	left int // checks still made
}

func (c *schemaCheck) fail(v *document.Value, format string, args ...any) {
	const enough = 10
	if len(c.errs) < enough {
		c.errs = append(c.errs, fault(fmt.Sprintf(format, args...), v))
	}
}

func (c *schemaCheck) check(schema, v *document.Value, path string, depth int) {
	const deepest = 50
	if c.left--; c.left < 0 || depth > deepest || schema == nil || schema.Kind != document.Object {
		return
	}
	if v.Kind == document.Null {
		if n := schema.Get("nullable"); n == nil || n.Text != "true" {
			if want := schema.Str("type"); want != "" && depth > 0 {
				c.fail(v, "%s is null, the schema says %s", path, want)
			}
		}
		return
	}
	if !c.kind(schema, v, path) {
		return
	}
	c.enum(schema, v, path)
	switch v.Kind {
	case document.Object:
		c.object(schema, v, path, depth)
	case document.List:
		c.count(schema, v, path, "minItems", "maxItems", len(v.Items))
		for i, x := range v.Items {
			c.check(schema.Get("items"), x, path+"["+strconv.Itoa(i)+"]", depth+1)
		}
	case document.String:
		c.count(schema, v, path, "minLength", "maxLength", utf8.RuneCountInString(v.Text))
		if p := schema.Str("pattern"); p != "" {
			if re, err := regexp.Compile(p); err == nil && !re.MatchString(v.Text) {
				c.fail(v, "%s is %q, which does not match %s", path, v.Text, p)
			}
		}
	case document.Number:
		c.bounds(schema, v, path)
	}
}

// kind checks the type.
func (c *schemaCheck) kind(schema, v *document.Value, path string) bool {
	want := schema.Str("type")
	if x := schema.Get("x-kubernetes-int-or-string"); x != nil && x.Text == "true" {
		want = ""
	}
	got := typeName(v)
	if want == "" || want == got || want == "number" && got == "integer" {
		return true
	}
	c.fail(v, "%s is %s, the schema says %s", path, got, want)
	return false
}

func typeName(v *document.Value) string {
	switch v.Kind {
	case document.Bool:
		return "boolean"
	case document.Number:
		if _, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
			return "integer"
		}
		return "number"
	case document.String:
		return "string"
	case document.List:
		return "array"
	case document.Object:
		return "object"
	}
	return "null"
}

func (c *schemaCheck) enum(schema, v *document.Value, path string) {
	allowed := schema.List("enum")
	same := func(x *document.Value) bool { return x.Kind == v.Kind && x.Text == v.Text }
	if len(allowed) > 0 && v.Kind != document.Object && v.Kind != document.List && !slices.ContainsFunc(allowed, same) {
		c.fail(v, "%s is %q, which is none of those the schema allows", path, v.Text)
	}
}

func (c *schemaCheck) object(schema, v *document.Value, path string, depth int) {
	for _, name := range schema.Strings("required") {
		if v.Get(name) == nil {
			c.fail(v, "%s has no %s, which the schema requires", path, name)
		}
	}
	known, others := schema.Get("properties"), schema.Get("additionalProperties")
	for _, f := range v.Fields {
		switch s := known.Get(f.Name); {
		case s != nil:
			c.check(s, f.Value, path+"."+f.Name, depth+1)
		case others != nil && others.Kind == document.Object:
			c.check(others, f.Value, path+"."+f.Name, depth+1)
		case others != nil && others.Text == "false":
			c.fail(f.Value, "%s has %s, which the schema does not allow", path, f.Name)
		}
	}
}

func (c *schemaCheck) count(schema, v *document.Value, path, least, most string, n int) {
	if x := schema.Get(least); x != nil {
		if min, err := strconv.Atoi(x.Text); err == nil && n < min {
			c.fail(v, "%s has a length of %d, the schema says at least %d", path, n, min)
		}
	}
	if x := schema.Get(most); x != nil {
		if max, err := strconv.Atoi(x.Text); err == nil && n > max {
			c.fail(v, "%s has a length of %d, the schema says at most %d", path, n, max)
		}
	}
}

func (c *schemaCheck) bounds(schema, v *document.Value, path string) {
	n, err := strconv.ParseFloat(v.Text, 64)
	if err != nil {
		return
	}
	limit := func(name string) (float64, bool) {
		x := schema.Get(name)
		if x == nil {
			return 0, false
		}
		f, err := strconv.ParseFloat(x.Text, 64)
		return f, err == nil
	}
	if least, ok := limit("minimum"); ok && n < least {
		c.fail(v, "%s is %s, the schema says at least %g", path, v.Text, least)
	}
	if most, ok := limit("maximum"); ok && n > most {
		c.fail(v, "%s is %s, the schema says at most %g", path, v.Text, most)
	}
}
