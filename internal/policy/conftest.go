package policy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"bulkhead/internal/finding"
	"bulkhead/internal/frontend/document"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

// A regoPackage is one package of Rego with rules that say what is wrong, as
// conftest evaluates them.
type regoPackage struct {
	name       string // "main", "kubernetes.security"
	rules      []*regoRule
	exceptions *query // nil where it has none
	facts      bool   // it looks at data.bulkhead.facts
	inputs     []string
	codes      codes
}

// A regoRule is one rule of a package: deny_root, warn.
type regoRule struct {
	name   string
	action Action
	rule   *rule.Rule
	query  *query
}

// Rules that say what is wrong are told by their names.
var (
	failing = regexp.MustCompile(`^(deny|violation)(_[a-zA-Z0-9]+)*$`)
	warning = regexp.MustCompile(`^warn(_[a-zA-Z0-9]+)*$`)
)

// defaultNamespace is the package conftest evaluates where none is named.
const defaultNamespace = "main"

// loadPackages parses and compiles the Rego files, all of them together.
func (s *Set) loadPackages() error {
	all := codes{}
	var errs []error
	for _, f := range s.files {
		if f.code == nil || !s.options.Tests && strings.HasSuffix(f.file.Name, "_test.rego") {
			continue
		}
		if err := f.code.parse(anyRego); err != nil {
			errs = append(errs, err)
			continue
		}
		all[f.code.name] = f.code
	}
	if len(all) == 0 || len(errs) > 0 {
		return errors.Join(errs...)
	}
	data, err := readData(s.options.Data)
	if err != nil {
		return err
	}
	compiler, err := all.compile()
	if err != nil {
		return err
	}
	store := inmem.NewFromObjectWithOpts(data, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
	byName := map[string]*regoPackage{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		errs = append(errs, s.addRules(byName, all, all[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		p := byName[name]
		if !s.wanted(p) || len(p.rules) == 0 {
			continue
		}
		errs = append(errs, p.prepare(compiler, store))
		s.packages = append(s.packages, p)
	}
	if s.options.Tests {
		errs = append(errs, s.loadTests(all, compiler, store))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return s.nothingChosen(byName)
}

// nothingChosen returns an error where a namespace that was asked for is none
// of the packages.
func (s *Set) nothingChosen(packages map[string]*regoPackage) error {
	for _, n := range s.options.Namespaces {
		if packages[n] == nil {
			return fmt.Errorf("no policy is in the package %s; there are %s", n, strings.Join(slices.Sorted(maps.Keys(packages)), ", "))
		}
	}
	return nil
}

// wanted reports whether p is evaluated: it was asked for, or it looks at our
// facts.
func (s *Set) wanted(p *regoPackage) bool {
	if len(s.options.Namespaces) == 0 {
		return p.name == defaultNamespace || p.facts
	}
	return slices.Contains(s.options.Namespaces, p.name) || p.facts
}

// addRules adds what c says to its package.
func (s *Set) addRules(packages map[string]*regoPackage, all codes, c *code) error {
	name := strings.TrimPrefix(c.module.Package.Path.String(), "data.")
	p := packages[name]
	if p == nil {
		p = &regoPackage{name: name, codes: all}
		packages[name] = p
	}
	ast.WalkRefs(c.module, func(r ast.Ref) bool {
		if len(r) > 2 && ast.DefaultRootDocument.Equal(r[0]) && ast.String("bulkhead").Equal(r[1].Value) && ast.String("facts").Equal(r[2].Value) {
			p.facts = true
		}
		return false
	})
	var errs []error
	for _, a := range c.module.Annotations {
		if a.Scope == "package" {
			errs = append(errs, p.annotate(c, a))
		}
	}
	for _, r := range c.module.Rules {
		ref := r.Head.Ref()
		head, _ := ref[0].Value.(ast.Var)
		rule := string(head)
		if rule == "exception" && p.exceptions == nil {
			p.exceptions = &query{rule: c.at(r.Location)}
		}
		if !failing.MatchString(rule) && !warning.MatchString(rule) {
			continue
		}
		errs = append(errs, p.addRule(c, r, rule))
	}
	return errors.Join(errs...)
}

// addRule adds a rule, or another definition of one there is.
func (p *regoPackage) addRule(c *code, r *ast.Rule, name string) error {
	action := Deny
	if warning.MatchString(name) {
		action = Warn
	}
	i := slices.IndexFunc(p.rules, func(x *regoRule) bool { return x.name == name })
	if i < 0 {
		i = len(p.rules)
		p.rules = append(p.rules, &regoRule{
			name: name, action: action, query: &query{rule: c.at(r.Location)},
			rule: &rule.Rule{Name: p.name + "/" + name, Summary: "policy " + name + " of package " + p.name, Severity: severityOf(action)},
		})
	}
	for _, a := range r.Annotations {
		if a.Title != "" {
			p.rules[i].rule.Summary = a.Title
		}
		if err := severityFrom(c, a, &p.rules[i].rule.Severity); err != nil {
			return err
		}
	}
	return nil
}

func severityFrom(c *code, a *ast.Annotations, to *finding.Severity) error {
	said, ok := a.Custom["severity"]
	if !ok {
		return nil
	}
	text, _ := said.(string)
	severity, err := finding.ParseSeverity(strings.ToLower(text))
	if err != nil {
		return &source.SyntaxError{Span: c.at(a.Location), Message: "custom.severity: " + err.Error()}
	}
	*to = severity
	return nil
}

// inputKinds are the kinds of files a package can be about.
var inputKinds = []string{"dockerfile", "compose", "kube", "yaml", "json"}

// annotate reads the annotation custom.inputs of a package.
func (p *regoPackage) annotate(c *code, a *ast.Annotations) error {
	list, _ := a.Custom["inputs"].([]any)
	for _, x := range list {
		text, _ := x.(string)
		if !slices.Contains(inputKinds, text) {
			return &source.SyntaxError{Span: c.at(a.Location), Message: fmt.Sprintf("custom.inputs: %q is none of %s", text, strings.Join(inputKinds, ", "))}
		}
		p.inputs = append(p.inputs, text)
	}
	return nil
}

// prepare prepares the queries of a package.
func (p *regoPackage) prepare(compiler *ast.Compiler, store storage.Store) error {
	var errs []error
	pkg := ast.Ref{ast.DefaultRootDocument}
	for part := range strings.SplitSeq(p.name, ".") {
		pkg = append(pkg, ast.StringTerm(part))
	}
	with := ""
	if p.facts {
		with = " with input as input.input with data.bulkhead.facts as input.facts"
	}
	for _, r := range p.rules {
		q, err := p.codes.prepare(compiler, store, pkg.String()+"."+r.name+with, r.query.rule)
		r.query = q
		errs = append(errs, err)
	}
	if p.exceptions != nil {
		q, err := p.codes.prepare(compiler, store, "{e | e := "+pkg.String()+".exception[_][_]}"+with, p.exceptions.rule)
		p.exceptions = q
		errs = append(errs, err)
	}
	slices.SortFunc(p.rules, func(a, b *regoRule) int { return cmp.Compare(a.name, b.name) })
	return errors.Join(errs...)
}

// A regoInput is what a package's rules see.
type regoInput struct {
	value *document.Value   // input; for packages over facts the workload
	all   []*document.Value // every workload; nil for packages that do not look at facts
}

func (in regoInput) term() ast.Value {
	if in.all == nil {
		return term(in.value).Value
	}
	return object(entry{"input", term(in.value)}, entry{"facts", term(factsOf(in.value, in.all))}).Value
}

// judge evaluates the rules of p for one input, which is converted once.
func (p *regoPackage) judge(ctx context.Context, e evaluation, in regoInput) ([]Violation, error) {
	value := in.term()
	excepted, err := p.excepted(ctx, e, value)
	if err != nil {
		return nil, err
	}
	var out []Violation
	var errs []error
	for _, r := range p.rules {
		if excepted[r.name] || excepted[suffix(r.name)] {
			continue
		}
		answers, err := e.ask(ctx, r.query, value)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", r.rule.Name, err))
			continue
		}
		for _, m := range conftestMessages(answers) {
			v := Violation{Rule: r.rule.Name, Severity: cmp.Or(m.severity, r.rule.Severity), Action: r.action, Message: m.text, Details: m.details}
			v.judge = judge{root: in.value, holds: func(ctx context.Context, root *document.Value) bool {
				again, err := e.retry().ask(ctx, r.query, regoInput{root, in.all}.term())
				return err == nil && slices.ContainsFunc(conftestMessages(again), func(x conftestMessage) bool { return x.text == m.text })
			}}
			out = append(out, v)
		}
	}
	return out, errors.Join(errs...)
}

// excepted returns the rules that exceptions name for this input.
func (p *regoPackage) excepted(ctx context.Context, e evaluation, value ast.Value) (map[string]bool, error) {
	if p.exceptions == nil {
		return nil, nil
	}
	answers, err := e.ask(ctx, p.exceptions, value)
	if err != nil {
		return nil, fmt.Errorf("%s/exception: %w", p.name, err)
	}
	out := map[string]bool{}
	for _, a := range answers {
		elements(a, func(t *ast.Term) {
			if s, ok := t.Value.(ast.String); ok {
				out[string(s)] = true
			}
		})
	}
	return out, nil
}

// suffix returns what exceptions call a rule: deny_root is root.
func suffix(name string) string {
	for _, prefix := range []string{"deny_", "violation_"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return rest
		}
	}
	return name
}

// A conftestMessage is what a rule says of one violation.
type conftestMessage struct {
	message
	severity finding.Severity // 0 where it does not say
}

// conftestMessages returns the strings, and the objects with a msg, of a
// rule's value. Everything else is what conftest takes for success.
func conftestMessages(answers []*ast.Term) []conftestMessage {
	var out []conftestMessage
	for _, a := range answers {
		elements(a, func(e *ast.Term) {
			m := conftestMessage{}
			if s, ok := e.Value.(ast.String); ok {
				m.text = string(s)
			} else if text, ok := field(e, "msg"); ok {
				m.text, m.details = text, encode(e)
				if s, ok := field(e, "severity"); ok {
					m.severity, _ = finding.ParseSeverity(strings.ToLower(s)) // another word of the policy's own
				}
			}
			if m.text != "" {
				out = append(out, m)
			}
		})
	}
	slices.SortStableFunc(out, func(a, b conftestMessage) int { return cmp.Compare(a.text, b.text) })
	return out
}
