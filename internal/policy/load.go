package policy

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"bulkhead/internal/frontend/document"
	"bulkhead/internal/model"
	"bulkhead/internal/nearest"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

// The bounds of a folder of policies.
const (
	maxFiles = 10_000
	maxSize  = 8 << 20 // bytes of a file
)

// A policyFile is one file of a set.
type policyFile struct {
	file *source.File
	docs []*document.Value // of YAML and JSON
	code *code             // of Rego
}

// Load reads and compiles policies. Its error names every one that cannot be
// used, with its place; no set is returned then, because a set with holes
// would pass what it should not.
func Load(o Options) (*Set, error) {
	s := &Set{options: o, inventory: newInventory(nil)}
	files, err := readFiles(o.Paths, ".rego", ".yaml", ".yml", ".json")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("read policies: there are none in %s", strings.Join(o.Paths, ", "))
	}
	if err := s.load(files); err != nil {
		return nil, err
	}
	return s, nil
}

// load reads what files hold.
func (s *Set) load(files []*source.File) error {
	var errs []error
	for _, f := range files {
		p := &policyFile{file: f}
		s.files = append(s.files, p)
		if path.Ext(f.Name) == ".rego" {
			p.code = fileCode(f)
			continue
		}
		docs, faults := document.Read(f)
		p.docs = docs
		if !slices.ContainsFunc(docs, ours) {
			continue // a sample, or a chart's template: no policy
		}
		for _, e := range faults {
			errs = append(errs, e)
		}
	}
	if s.options.Tests {
		s.loadSuites() // they name their templates and constraints, which may be wrong on purpose
	} else {
		errs = append(errs, s.loadTemplates(), s.loadConstraints())
	}
	errs = append(errs, s.loadPackages())
	s.list()
	return errors.Join(errs...)
}

// ours reports whether v is an object that is a part of policies.
func ours(v *document.Value) bool {
	return isTemplate(v) || isConstraint(v) || isExpansion(v) || isSuite(v)
}

func isTemplate(v *document.Value) bool {
	return v.Str("kind") == "ConstraintTemplate"
}

func isConstraint(v *document.Value) bool {
	group, _ := splitVersion(v.Str("apiVersion"))
	return group == constraintGroup
}

func isExpansion(v *document.Value) bool {
	group, _ := splitVersion(v.Str("apiVersion"))
	return group == "expansion.gatekeeper.sh" && v.Str("kind") == "ExpansionTemplate"
}

func isSuite(v *document.Value) bool {
	group, _ := splitVersion(v.Str("apiVersion"))
	return group == "test.gatekeeper.sh" && v.Str("kind") == "Suite"
}

// each calls visit for every object of the set's files that is as wanted.
func (s *Set) each(wanted func(*document.Value) bool, visit func(*document.Value) error) error {
	var errs []error
	for _, f := range s.files {
		for _, v := range f.docs {
			if wanted(v) {
				errs = append(errs, visit(v))
			}
		}
	}
	return errors.Join(errs...)
}

func (s *Set) loadTemplates() error {
	return s.each(isTemplate, func(v *document.Value) error {
		t, err := readTemplate(v)
		switch {
		case errors.Is(err, errNoRego):
			s.notes = append(s.notes, model.Note{What: position(v), Why: "template " + v.Str("metadata", "name") + ": " + err.Error()})
			return nil
		case err != nil:
			return err
		}
		group, version := splitVersion(v.Str("apiVersion"))
		if group != "templates.gatekeeper.sh" || !slices.Contains(templateVersions, version) {
			s.notes = append(s.notes, model.Note{What: position(v), Why: "Gatekeeper knows no ConstraintTemplate of version " + v.Str("apiVersion") + "; it is read as one of templates.gatekeeper.sh/v1"})
		}
		if i := slices.IndexFunc(s.templates, func(x *template) bool { return x.kind == t.kind }); i >= 0 {
			if same(s.templates[i], t) {
				return nil
			}
			return fault(fmt.Sprintf("the kind %s has another template at %s", t.kind, position(s.templates[i].value)), v.Get("metadata", "name"), v)
		}
		s.templates = append(s.templates, t)
		return nil
	})
}

// same reports whether two templates are copies of each other.
func same(a, b *template) bool {
	if len(a.codes) != len(b.codes) || a.name != b.name {
		return false
	}
	for name, c := range a.codes {
		if d := b.codes[name]; d == nil || d.text != c.text {
			return false
		}
	}
	return true
}

// equal reports whether a and b say the same.
func equal(a, b *document.Value) bool { return term(a).Equal(term(b)) }

// position returns where v is named, as people read it.
func position(v *document.Value) string {
	at := v.Place.Span
	if k := v.Get("kind"); k != nil {
		at = k.Place.Span
	}
	if n := v.Get("metadata", "name"); n != nil {
		at = n.Place.Span
	}
	if !at.IsValid() {
		return v.Str("kind") + "/" + v.Str("metadata", "name")
	}
	return at.Position().String()
}

func (s *Set) loadConstraints() error {
	err := s.each(isConstraint, func(v *document.Value) error {
		c, err := s.constraint(v)
		switch {
		case err != nil || c == nil:
			return err
		case slices.ContainsFunc(s.constraints, func(x *constraint) bool { return x.rule.Name == c.rule.Name && equal(x.value, v) }):
			return nil
		case slices.ContainsFunc(s.constraints, func(x *constraint) bool { return x.rule.Name == c.rule.Name }):
			return fault("there are two constraints "+v.Str("kind")+" called "+v.Str("metadata", "name"), v.Get("metadata", "name"), v)
		}
		s.constraints = append(s.constraints, c)
		return nil
	})
	return errors.Join(err, s.each(isExpansion, func(v *document.Value) error {
		e, err := readExpansion(v)
		if err == nil {
			s.expansions = append(s.expansions, e)
		}
		return err
	}))
}

// constraint reads a constraint; nil where it is not enforced here, or its
// template is one that is not evaluated.
func (s *Set) constraint(v *document.Value) (*constraint, error) {
	kind := v.Str("kind")
	i := slices.IndexFunc(s.templates, func(t *template) bool { return t.kind == kind })
	if i < 0 {
		return nil, s.withoutTemplate(v, kind)
	}
	c, err := readConstraint(v, s.templates[i], s.options.Point)
	if c == nil && err == nil {
		s.notes = append(s.notes, model.Note{What: position(v), Why: "constraint " + v.Str("metadata", "name") + " is not enforced here, by its scopedEnforcementActions"})
	}
	return c, err
}

// withoutTemplate says that a constraint's template is missing, unless it is
// one that was left out or did not compile, of which somebody knows already.
func (s *Set) withoutTemplate(v *document.Value, kind string) error {
	var kinds []string
	known := false
	_ = s.each(isTemplate, func(t *document.Value) error {
		k := t.Str("spec", "crd", "spec", "names", "kind")
		kinds, known = append(kinds, k), known || k == kind
		return nil
	})
	if known {
		s.notes = append(s.notes, model.Note{What: position(v), Why: "constraint " + v.Str("metadata", "name") + " has no effect: its template is not evaluated"})
		return nil
	}
	message := "there is no template of the kind " + kind
	if near := nearest.Of(kind, kinds); near != "" {
		message += ", did you mean " + near + "?"
	}
	return fault(message, v.Get("kind"), v)
}

// list lists the rules, by name.
func (s *Set) list() {
	for _, c := range s.constraints {
		s.rules = append(s.rules, c.rule)
	}
	for _, p := range s.packages {
		for _, r := range p.rules {
			s.rules = append(s.rules, r.rule)
		}
	}
	slices.SortFunc(s.rules, func(a, b *rule.Rule) int { return cmp.Compare(a.Name, b.Name) })
}

// readFiles reads the files below paths whose names end in one of exts, in
// order. Links, and folders that start with a dot, are left alone.
func readFiles(paths []string, exts ...string) ([]*source.File, error) {
	var names []string
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, unread(p, err)
		}
		if !info.IsDir() {
			names = append(names, p)
			continue
		}
		err = filepath.WalkDir(p, func(at string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && at != p && strings.HasPrefix(d.Name(), "."):
				return fs.SkipDir
			case d.Type().IsRegular() && slices.Contains(exts, filepath.Ext(at)):
				names = append(names, at)
			}
			if len(names) > maxFiles {
				return fmt.Errorf("%s holds more than %d files", p, maxFiles)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read policies: %w", err)
		}
	}
	slices.Sort(names)
	var out []*source.File
	var errs []error
	for _, n := range slices.Compact(names) {
		f, err := readFile(n)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, f)
	}
	return out, errors.Join(errs...)
}

func readFile(name string) (*source.File, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, unread(name, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("read %s: it is not a regular file", name)
	case info.Size() > maxSize:
		return nil, fmt.Errorf("read %s: it is larger than %d MB", name, maxSize>>20)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, unread(name, err)
	}
	f := source.NewFile(filepath.ToSlash(filepath.Clean(name)), text)
	f.Path = name
	return f, nil
}

// unread returns err, which says why name could not be read, without the
// system call.
func unread(name string, err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return fmt.Errorf("read %s: %w", filepath.ToSlash(name), err)
}
