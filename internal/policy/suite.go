package policy

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/cover"

	"bulkhead/internal/frontend/document"
	"bulkhead/internal/source"
)

// A suite is a suite of tests as gator runs them.
type suite struct {
	file  *source.File
	value *document.Value
}

// A TestResult is the outcome of one case of a suite, or of one test rule.
type TestResult struct {
	Name    string // "suite.yaml: allowed-repos: example-allowed", "data.main.test_root"
	Place   source.Span
	Skipped bool
	Err     error // why it failed; nil where it passed
}

// A Coverage says how much of a policy tests have evaluated.
type Coverage struct {
	File    string
	Covered int // lines
	Lines   int // that can be covered
	Missed  []source.Span
}

func (s *Set) loadSuites() {
	for _, f := range s.files {
		for _, v := range f.docs {
			if isSuite(v) {
				s.suites = append(s.suites, &suite{f.file, v})
			}
		}
	}
}

// A tester runs the tests of a set.
type tester struct {
	ctx     context.Context
	only    *regexp.Regexp
	results []TestResult
	covered map[*template]*cover.Cover
	order   []*template

	files     map[string]*source.File
	docs      map[*source.File][]*document.Value
	templates map[*document.Value]*template
}

// Test runs the suites and the test rules of s, those whose name only matches
// where it is not nil, and says what they covered.
func (s *Set) Test(ctx context.Context, only *regexp.Regexp) ([]TestResult, []Coverage, error) {
	t := &tester{
		ctx: ctx, only: only, covered: map[*template]*cover.Cover{},
		files: map[string]*source.File{}, docs: map[*source.File][]*document.Value{}, templates: map[*document.Value]*template{},
	}
	for _, f := range s.files {
		t.files[f.file.Name] = f.file
	}
	for _, x := range s.suites {
		t.suite(s, x)
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
	}
	out := t.coverage()
	results, more, err := s.runTests(ctx, only)
	return append(t.results, results...), append(out, more...), err
}

func (t *tester) report(r TestResult) {
	if t.only == nil || t.only.MatchString(r.Name) {
		t.results = append(t.results, r)
	}
}

func skipped(v *document.Value) bool {
	x := v.Get("skip")
	return x != nil && x.Text == "true"
}

func (t *tester) suite(s *Set, x *suite) {
	for _, test := range x.value.List("tests") {
		name := x.file.Name + ": " + test.Str("name")
		if skipped(x.value) || skipped(test) {
			t.report(TestResult{Name: name, Place: nameOf(test), Skipped: true})
			continue
		}
		set, err := t.instantiate(s, x, test)
		if invalid := test.Get("invalid"); invalid != nil && invalid.Text == "true" {
			switch {
			case errors.Is(err, errSchema):
				err = nil
			case err == nil:
				err = errors.New("the constraint fits the template's schema, but is to be invalid")
			}
			t.report(TestResult{Name: name, Place: nameOf(test), Err: err})
			continue
		}
		if err != nil {
			t.report(TestResult{Name: name, Place: nameOf(test), Err: err})
			continue
		}
		for _, c := range test.List("cases") {
			r := TestResult{Name: name + ": " + c.Str("name"), Place: nameOf(c), Skipped: skipped(c)}
			if t.only != nil && !t.only.MatchString(r.Name) {
				continue
			}
			if !r.Skipped {
				r.Err = t.one(set, x, c)
			}
			t.report(r)
		}
	}
}

// nameOf returns where a test or a case is named.
func nameOf(v *document.Value) source.Span {
	if n := v.Get("name"); n != nil {
		return n.Place.Span
	}
	return v.Place.Span
}

// instantiate returns the set of one template with one constraint that a test
// is about.
func (t *tester) instantiate(s *Set, x *suite, test *document.Value) (*Set, error) {
	tv, err := t.read(x, test, "template")
	if err != nil {
		return nil, err
	}
	cv, err := t.read(x, test, "constraint")
	if err != nil {
		return nil, err
	}
	out := &Set{options: s.options, inventory: newInventory(nil)}
	m, err := t.template(tv)
	if err != nil {
		return nil, err
	}
	out.templates = []*template{m}
	if t.covered[m] == nil {
		t.covered[m] = cover.New()
		t.order = append(t.order, m)
	}
	out.options.tracer = t.covered[m]
	c, err := out.constraint(cv)
	if c != nil {
		out.constraints = []*constraint{c}
	}
	return out, err
}

// template returns the template that v is, compiled once however many tests
// are about it.
func (t *tester) template(v *document.Value) (*template, error) {
	if m := t.templates[v]; m != nil {
		return m, nil
	}
	m, err := readTemplate(v)
	if err == nil {
		t.templates[v] = m
	}
	return m, err
}

// read returns the one object of the file that test names under key.
func (t *tester) read(x *suite, test *document.Value, key string) (*document.Value, error) {
	docs, err := t.objects(x, test.Get(key), "the test has no "+key, test)
	if err != nil {
		return nil, err
	}
	if len(docs) != 1 {
		return nil, fault(fmt.Sprintf("%s holds %d objects, not one", test.Str(key), len(docs)), test.Get(key))
	}
	return docs[0], nil
}

// objects returns the objects of the file that name, beside the suite, names.
func (t *tester) objects(x *suite, name *document.Value, missing string, around *document.Value) ([]*document.Value, error) {
	if name == nil || name.Text == "" {
		return nil, fault(missing, around.Get("name"), around)
	}
	at := path.Join(path.Dir(x.file.Name), name.Text)
	if path.IsAbs(name.Text) {
		at = path.Clean(name.Text)
	}
	f := t.files[at]
	if f == nil {
		var err error
		if f, err = readFile(filepath.FromSlash(at)); err != nil {
			return nil, fault(err.Error(), name)
		}
		t.files[at] = f
	}
	if docs, ok := t.docs[f]; ok {
		return docs, nil
	}
	docs, errs := document.Read(f)
	for _, e := range errs {
		return nil, e
	}
	docs = slices.DeleteFunc(docs, func(v *document.Value) bool { return v.Kind != document.Object })
	t.docs[f] = docs
	return docs, nil
}

// one runs one case.
func (t *tester) one(set *Set, x *suite, c *document.Value) error {
	asserted := c.List("assertions")
	if len(asserted) == 0 {
		return fault("the case asserts nothing", c.Get("assertions"), c.Get("name"), c)
	}
	v, err := t.read(x, c, "object")
	if err != nil {
		return err
	}
	var around []*document.Value
	for _, i := range c.List("inventory") {
		objects, err := t.objects(x, i, "an inventory is the name of a file", c)
		if err != nil {
			return err
		}
		around = append(around, objects...)
	}
	found, err := set.WithInventory(around).assertable(t.ctx, v)
	if err != nil {
		return err
	}
	var errs []error
	for _, a := range asserted {
		errs = append(errs, assert(a, found))
	}
	return errors.Join(errs...)
}

// assertable judges an object as gator does: a request as it is, another
// object without an operation, and nothing that it makes.
func (s *Set) assertable(ctx context.Context, v *document.Value) ([]Violation, error) {
	o := newReviewed(v, "")
	if group, _ := splitVersion(v.Str("apiVersion")); group == "admission.k8s.io" && v.Str("kind") == "AdmissionReview" {
		r := v.Get("request")
		if r == nil || r.Kind != document.Object {
			return nil, fault("the AdmissionReview has no request", v)
		}
		var err error
		if o, err = requested(r); err != nil {
			return nil, err
		}
	}
	return s.judgeAll(ctx, []*reviewed{o})
}

// assert holds what was found against one assertion.
func assert(a *document.Value, found []Violation) error {
	matching := 0
	said := make([]string, 0, len(found))
	var re *regexp.Regexp
	if m := a.Get("message"); m != nil {
		var err error
		if re, err = regexp.Compile(m.Text); err != nil {
			return fault("message: "+err.Error(), m)
		}
	}
	for _, v := range found {
		said = append(said, v.Message)
		if re == nil || re.MatchString(v.Message) {
			matching++
		}
	}
	least, most, want := 1, len(found), "at least one"
	if v := a.Get("violations"); v != nil {
		n, err := strconv.Atoi(v.Text)
		switch {
		case v.Text == "yes", v.Kind == document.Bool && v.Text == "true":
		case v.Text == "no", v.Kind == document.Bool && v.Text == "false":
			most, least, want = 0, 0, "none"
		case err == nil && n >= 0:
			least, most, want = n, n, strconv.Itoa(n)
		default:
			return fault(fmt.Sprintf("violations is yes, no or a number, not %q", v.Text), v)
		}
	}
	if matching >= least && matching <= most {
		return nil
	}
	what := "violations"
	if re != nil {
		what = fmt.Sprintf("violations matching %q", re)
	}
	return fault(fmt.Sprintf("got %d %s, want %s; the messages are: %s", matching, what, want, list(said)), a.Get("violations"), a.Get("message"), a)
}

func list(said []string) string {
	if len(said) == 0 {
		return "none"
	}
	return strings.Join(said, "; ")
}

// coverage returns what the suites covered of the templates they are about.
func (t *tester) coverage() []Coverage {
	var out []Coverage
	for _, m := range t.order {
		out = append(out, covered(m.codes, t.covered[m])...)
	}
	return out
}
