package policy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"bulkhead/internal/frontend/document"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A template is a ConstraintTemplate: a policy that constraints put to use.
type template struct {
	name, kind string
	title      string
	severity   string // as annotated
	value      *document.Value
	schema     *document.Value // of the parameters; nil where it has none
	main       *code
	codes      codes
	query      *query
	violation  source.Span // its first rule

	// referential is set where it looks at data.inventory.
	referential bool
}

// severityAnnotation is the annotation of a template or a constraint that says
// how much harm a violation does.
const severityAnnotation = "bulkhead/severity"

// templateVersions are the versions of ConstraintTemplates there have been.
var templateVersions = []string{"v1", "v1beta1", "v1alpha1"}

// fault returns an error at the place of the first of values there is.
func fault(message string, values ...*document.Value) error {
	for _, v := range values {
		if v != nil && v.Place.Span.IsValid() {
			span := v.Place.Span
			if v.Kind == document.Object || v.Kind == document.List {
				span.End = span.Start
			}
			return &source.SyntaxError{Span: span, Message: message}
		}
	}
	return errors.New(message)
}

// errNoRego says that a template is written in another language.
var errNoRego = errors.New("it is written in CEL, not in Rego")

// readTemplate reads and compiles a ConstraintTemplate. It returns errNoRego
// for one in another language.
func readTemplate(v *document.Value) (*template, error) {
	t := &template{value: v, name: v.Str("metadata", "name"), kind: v.Str("spec", "crd", "spec", "names", "kind"), codes: codes{}}
	if t.kind == "" {
		return nil, fault("the template names no kind: spec.crd.spec.names.kind is missing", v.Get("spec", "crd"), v.Get("spec"), v)
	}
	notes := v.Get("metadata", "annotations")
	t.title, t.severity = notes.Str("metadata.gatekeeper.sh/title"), notes.Str(severityAnnotation)
	if d := notes.Str("description"); d != "" {
		t.title, _, _ = strings.Cut(d, ". ")
	}
	t.schema = v.Get("spec", "crd", "spec", "validation", "openAPIV3Schema")
	rego, libs, d, err := t.source()
	if err != nil {
		return nil, err
	}
	t.main = valueCode(t.name, rego.Text, rego.Place.Span)
	t.codes[t.main.name] = t.main
	for i, l := range libs {
		c := valueCode(fmt.Sprintf("%s lib %d", t.name, i+1), l.Text, l.Place.Span)
		t.codes[c.name] = c
	}
	var errs []error
	for _, c := range t.codes {
		errs = append(errs, c.parse(d))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return t, t.compile(rego)
}

// source returns the Rego of a template: that of code where there is any, or
// the older rego beside the target's name.
func (t *template) source() (rego *document.Value, libs []*document.Value, d dialect, err error) {
	targets := t.value.List("spec", "targets")
	if len(targets) != 1 {
		return nil, nil, 0, fault(fmt.Sprintf("a template has one target, this one %d", len(targets)), t.value.Get("spec", "targets"), t.value.Get("spec"), t.value)
	}
	target := targets[0]
	foreign := false
	for _, c := range target.List("code") {
		if c.Str("engine") != "Rego" {
			foreign = true
			continue
		}
		d = regoV0
		if c.Str("source", "version") == "v1" {
			d = regoV1
		}
		return t.text(c.Get("source", "rego"), c, d, c.List("source", "libs"))
	}
	if r := target.Get("rego"); r == nil && foreign {
		return nil, nil, 0, errNoRego
	}
	return t.text(target.Get("rego"), target, regoV0, target.List("libs"))
}

func (t *template) text(rego, around *document.Value, d dialect, libs []*document.Value) (*document.Value, []*document.Value, dialect, error) {
	if rego == nil || rego.Kind != document.String {
		return nil, nil, 0, fault("the template has no rego", rego, around)
	}
	for _, l := range libs {
		if l.Kind != document.String {
			return nil, nil, 0, fault("a lib is text", l)
		}
	}
	return rego, libs, d, nil
}

// compile checks what a template must hold and prepares its query.
func (t *template) compile(rego *document.Value) error {
	found := false
	for _, r := range t.main.module.Rules {
		if name := r.Head.Ref()[0].Value; ast.Var("violation").Equal(name) && !found {
			found, t.violation = true, t.main.at(r.Location)
		}
	}
	if !found {
		return fault("the template has no rule violation", rego)
	}
	for name, c := range t.codes {
		path := c.module.Package.Path
		if c != t.main && (len(path) < 2 || !ast.String("lib").Equal(path[1].Value)) {
			return fmt.Errorf("%s: the package of a lib starts with lib, this one is %s", c.at(c.module.Package.Location).Position(), path)
		}
		ast.WalkRefs(c.module, func(r ast.Ref) bool {
			if len(r) > 1 && ast.DefaultRootDocument.Equal(r[0]) && ast.String("inventory").Equal(r[1].Value) {
				t.referential = true
			}
			return false
		})
		_ = name
	}
	compiler, err := t.codes.compile()
	if err != nil {
		return err
	}
	text := t.main.module.Package.Path.String() + ".violation"
	if t.referential {
		text += " with input as input.input with data.inventory as input.inventory"
	}
	t.query, err = t.codes.prepare(compiler, inmem.New(), text, t.violation)
	return err
}

// place returns where the template is named.
func (t *template) place() model.Place {
	if n := t.value.Get("metadata", "name"); n != nil {
		return n.Place
	}
	return t.value.Place
}
