package policy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"bulkhead/internal/frontend/document"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A reviewed is an object as constraints see it.
type reviewed struct {
	object                                *document.Value
	request                               *document.Value
	space                                 *document.Value // its Namespace object
	group, version, kind, name, namespace string
	operation                             string
	generated                             bool
	action                                Action // what an ExpansionTemplate asks for instead; usually ""

	once   sync.Once
	review *ast.Term
}

// newReviewed returns v as constraints see it. Its operation is that of a
// request to create it, or "" as in gator's tests.
func newReviewed(v *document.Value, operation string) *reviewed {
	o := &reviewed{object: v, kind: v.Str("kind"), name: v.Str("metadata", "name"), namespace: v.Str("metadata", "namespace"), operation: operation}
	o.group, o.version = splitVersion(v.Str("apiVersion"))
	return o
}

func splitVersion(s string) (group, version string) {
	if g, v, ok := strings.Cut(s, "/"); ok {
		return g, v
	}
	return "", s
}

func (o *reviewed) isNamespace() bool { return o.kind == "Namespace" && o.group == "" }

// requested returns what an admission request is about.
func requested(r *document.Value) (*reviewed, error) {
	v := r.Get("object")
	if r.Str("operation") == "DELETE" && (v == nil || v.Kind == document.Null) {
		v = r.Get("oldObject")
		r = r.With("object", v)
	}
	if v == nil || v.Kind != document.Object {
		v = r.Get("oldObject")
	}
	if v == nil || v.Kind != document.Object {
		return nil, fault("the admission request has neither an object nor an old one", r)
	}
	o := newReviewed(v, r.Str("operation"))
	o.request = r
	if k := r.Get("kind"); k != nil {
		o.group, o.version, o.kind = k.Str("group"), k.Str("version"), k.Str("kind")
	}
	o.name = cmp.Or(o.name, r.Str("name"))
	o.namespace = cmp.Or(r.Str("namespace"), o.namespace)
	return o, nil
}

// term returns o as input.review. It is made once, however many constraints
// see it.
func (o *reviewed) term() *ast.Term {
	o.once.Do(func() {
		var unstable *ast.Term
		if o.space != nil {
			unstable = object(entry{"namespace", term(o.space)})
		}
		if o.request != nil {
			o.review = term(o.request)
			if obj, ok := o.review.Value.(ast.Object); ok && unstable != nil {
				obj.Insert(ast.StringTerm("_unstable"), unstable)
			}
			return
		}
		kind := object(entry{"group", ast.StringTerm(o.group)}, entry{"version", ast.StringTerm(o.version)}, entry{"kind", ast.StringTerm(o.kind)})
		o.review = object(
			entry{"kind", kind}, entry{"name", word(o.name)}, entry{"namespace", word(o.namespace)},
			entry{"operation", ast.StringTerm(o.operation)}, entry{"userInfo", ast.ObjectTerm()},
			entry{"object", term(o.object)}, entry{"_unstable", unstable},
		)
	})
	return o.review
}

// with returns o with another object, for trying what a violation rests on.
func (o *reviewed) with(v *document.Value) *reviewed {
	out := &reviewed{
		object: v, space: o.space, group: o.group, version: o.version, kind: o.kind, name: o.name, namespace: o.namespace,
		operation: o.operation, generated: o.generated, action: o.action,
	}
	if o.request != nil {
		out.request = o.request.With("object", v)
	}
	return out
}

func (s *Set) review(ctx context.Context, o Object) ([]Violation, error) {
	r := newReviewed(o.Value, "CREATE")
	if o.Request != nil {
		var err error
		if r, err = requested(o.Request); err != nil {
			return nil, err
		}
	}
	r.space = o.Namespace
	all := []*reviewed{r}
	if !o.NoExpansion {
		all = append(all, s.expand(r)...)
	}
	return s.judgeAll(ctx, all)
}

// judgeAll judges objects by every constraint that matches.
func (s *Set) judgeAll(ctx context.Context, objects []*reviewed) ([]Violation, error) {
	var out []Violation
	var errs []error
	for _, o := range objects {
		for _, c := range s.constraints {
			found, err := s.judgeOne(ctx, c, o)
			out = append(out, found...)
			if err != nil {
				errs = append(errs, err)
			}
			if ctx.Err() != nil {
				return out, ctx.Err()
			}
		}
	}
	return out, errors.Join(errs...)
}

func (s *Set) judgeOne(ctx context.Context, c *constraint, o *reviewed) ([]Violation, error) {
	ok, err := c.match.matches(o, s.inventory)
	if err != nil {
		return nil, fmt.Errorf("%s: %s %s: %w", c.rule.Name, o.kind, o.name, err)
	}
	if !ok {
		return nil, nil
	}
	answers, err := s.evaluation().ask(ctx, c.template.query, c.input(o, s.inventory))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.rule.Name, err)
	}
	found := messages(answers)
	out := make([]Violation, 0, len(found))
	for _, m := range found {
		v := Violation{Rule: c.rule.Name, Severity: c.rule.Severity, Action: c.action, Message: m.text, Details: m.details, Generated: o.generated}
		if o.action != "" {
			v.Action, v.Severity = o.action, severityOf(o.action)
		}
		v.judge = judge{root: o.object, holds: func(ctx context.Context, root *document.Value) bool {
			again, err := s.evaluation().retry().ask(ctx, c.template.query, c.input(o.with(root), s.inventory))
			return err == nil && slices.ContainsFunc(messages(again), func(x message) bool { return x.text == m.text })
		}}
		out = append(out, v)
	}
	return out, nil
}

// input returns what the constraint's template sees.
func (c *constraint) input(o *reviewed, inv *inventory) ast.Value {
	in := object(entry{"review", o.term()}, entry{"parameters", c.parameters})
	if c.template.referential {
		in = object(entry{"input", in}, entry{"inventory", inv.term})
	}
	return in.Value
}

// A message is what a policy says of one violation.
type message struct{ text, details string }

// messages returns what the answers of a template say, in order.
func messages(answers []*ast.Term) []message {
	var out []message
	for _, a := range answers {
		elements(a, func(e *ast.Term) {
			m := message{}
			var ok bool
			if m.text, ok = field(e, "msg"); !ok {
				if s, isText := e.Value.(ast.String); isText {
					m.text = string(s)
				} else {
					m.text = encode(e)
				}
			}
			if o, isObject := e.Value.(ast.Object); isObject {
				if d := o.Get(ast.InternedTerm("details")); d != nil {
					m.details = encode(d)
				}
			}
			out = append(out, m)
		})
	}
	slices.SortStableFunc(out, func(a, b message) int { return cmp.Compare(a.text, b.text) })
	return out
}

// An expansion says which pod a workload makes.
type expansion struct {
	kinds    []kinds
	versions []string
	path     []string
	group    string
	version  string
	kind     string
	action   Action
}

// workloads is how Kubernetes' own workloads make pods.
var workloads = []expansion{
	{kinds: []kinds{{[]string{"apps", "extensions"}, []string{"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}}}, path: []string{"spec", "template"}, version: "v1", kind: "Pod"},
	{kinds: []kinds{{[]string{""}, []string{"ReplicationController"}}}, path: []string{"spec", "template"}, version: "v1", kind: "Pod"},
	{kinds: []kinds{{[]string{""}, []string{"PodTemplate"}}}, path: []string{"template"}, version: "v1", kind: "Pod"},
	{kinds: []kinds{{[]string{"batch"}, []string{"Job"}}}, path: []string{"spec", "template"}, version: "v1", kind: "Pod"},
	{kinds: []kinds{{[]string{"batch"}, []string{"CronJob"}}}, path: []string{"spec", "jobTemplate", "spec", "template"}, version: "v1", kind: "Pod"},
}

// readExpansion reads an ExpansionTemplate.
func readExpansion(v *document.Value) (expansion, error) {
	g := v.Get("spec", "generatedGVK")
	e := expansion{group: g.Str("group"), version: g.Str("version"), kind: g.Str("kind")}
	if src := v.Str("spec", "templateSource"); src != "" {
		e.path = strings.Split(src, ".")
	}
	for _, a := range v.List("spec", "applyTo") {
		e.kinds = append(e.kinds, kinds{a.Strings("groups"), a.Strings("kinds")})
		e.versions = append(e.versions, a.Strings("versions")...)
	}
	if said := v.Get("spec", "enforcementAction"); said != nil && said.Text != "" {
		a, err := parseAction(said)
		if err != nil {
			return e, err
		}
		e.action = a
	}
	if len(e.path) == 0 || e.kind == "" || len(e.kinds) == 0 {
		return e, fault("an ExpansionTemplate needs applyTo, templateSource and generatedGVK", v.Get("spec"), v)
	}
	return e, nil
}

func (e expansion) applies(o *reviewed) bool {
	m := match{kinds: e.kinds}
	return m.kind(o.group, o.kind) && (len(e.versions) == 0 || slices.Contains(e.versions, o.version))
}

// expand returns what o makes: as the user's ExpansionTemplates say, or, where
// none is about its kind, as Kubernetes does.
func (s *Set) expand(o *reviewed) []*reviewed {
	out := expandBy(s.expansions, o)
	if len(out) == 0 {
		out = expandBy(workloads, o)
	}
	return out
}

func expandBy(expansions []expansion, o *reviewed) []*reviewed {
	var out []*reviewed
	for _, e := range expansions {
		at := o.object.Get(e.path...)
		if !e.applies(o) || at == nil || at.Kind != document.Object {
			continue
		}
		version := e.version
		if e.group != "" {
			version = e.group + "/" + e.version
		}
		place := model.Place{}
		name := o.object.Get("metadata", "name")
		if name != nil {
			place = name.Place
		}
		meta := &document.Value{Kind: document.Object, Place: at.Place}
		if m := at.Get("metadata"); m != nil && m.Kind == document.Object {
			meta = m
		}
		if name != nil {
			meta = meta.With("name", document.Text(o.name+"-"+strings.ToLower(e.kind), place))
		}
		if o.namespace != "" {
			meta = meta.With("namespace", document.Text(o.namespace, place))
		}
		v := at.With("apiVersion", document.Text(version, place)).With("kind", document.Text(e.kind, place)).With("metadata", meta)
		g := newReviewed(v, o.operation)
		g.space, g.generated, g.action = o.space, true, e.action
		if o.request != nil {
			g.operation = "CREATE"
		}
		out = append(out, g)
	}
	return out
}

// kindPlace is where an object's kind stands, for errors.
func kindPlace(v *document.Value) source.Span {
	if k := v.Get("kind"); k != nil {
		return k.Place.Span
	}
	return v.Place.Span
}
