package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"bulkhead/internal/frontend/document"
	"bulkhead/internal/nearest"
	"bulkhead/internal/source"
)

// A Fault is something a policy misses, or that keeps it from having an
// effect.
type Fault struct {
	Code    string // "init-containers"
	Subject string // the template, constraint or rule
	Span    source.Span
	Message string // a fact, lower case, no period
	Advice  string // what to write instead; "" where the message says it
}

// Where returns f's place as people read it.
func (f Fault) Where() string {
	if f.Span.IsValid() {
		return f.Span.Position().String()
	}
	return "policy"
}

// Lint reads policies and says what is wrong with them, in the order of files.
// An error means that they could not be read at all; policies that do not
// compile are faults.
func Lint(o Options) ([]Fault, error) {
	o.Tests = false
	files, err := readFiles(o.Paths, ".rego", ".yaml", ".yml", ".json")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("read policies: there are none in %s", strings.Join(o.Paths, ", "))
	}
	s := &Set{options: o, inventory: newInventory(nil)}
	l := &linter{set: s}
	l.errors(s.load(files))
	for _, t := range s.templates {
		l.template(t)
	}
	for _, c := range s.constraints {
		l.constraint(c)
	}
	l.packages()
	for _, n := range s.notes {
		l.faults = append(l.faults, Fault{Code: "not-evaluated", Subject: n.What, Message: n.Why})
	}
	slices.SortStableFunc(l.faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(nameOfFile(a.Span), nameOfFile(b.Span)), cmp.Compare(a.Span.Start, b.Span.Start))
	})
	return l.faults, nil
}

func nameOfFile(s source.Span) string {
	if s.IsValid() {
		return s.File.Name
	}
	return ""
}

type linter struct {
	set    *Set
	faults []Fault
}

// errors reports what does not compile.
func (l *linter) errors(err error) {
	if err == nil {
		return
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			l.errors(e)
		}
		return
	}
	if s, ok := errors.AsType[*source.SyntaxError](err); ok {
		l.faults = append(l.faults, Fault{Code: "invalid", Subject: nameOfFile(s.Span), Span: s.Span, Message: s.Message})
		return
	}
	l.faults = append(l.faults, Fault{Code: "invalid", Subject: "policies", Message: err.Error()})
}

func (l *linter) say(t *template, code string, at source.Span, message, advice string) {
	l.faults = append(l.faults, Fault{Code: code, Subject: t.name, Span: at, Message: message, Advice: advice})
}

// A reading is what a template's code looks at.
type reading struct {
	words      map[string]bool // every string in a reference or a constant
	containers source.Span     // where it first looks at containers
	podContext bool            // it looks at spec.securityContext
	shared     []mention       // settings of a securityContext that the pod can give to all its containers
}

type mention struct {
	name string
	span source.Span
}

// podSettings are the settings of a container's securityContext that its
// pod's can make for it.
var podSettings = []string{"runAsNonRoot", "runAsUser", "runAsGroup", "seccompProfile", "seLinuxOptions", "appArmorProfile"}

// read says what t's code, libs included, looks at.
func (t *template) read() reading {
	r := reading{words: map[string]bool{}}
	for _, c := range t.codes {
		ast.WalkTerms(c.module, func(x *ast.Term) bool {
			if s, ok := x.Value.(ast.String); ok {
				r.words[string(s)] = true
			}
			return false
		})
		ast.WalkRefs(c.module, func(ref ast.Ref) bool {
			r.reference(c, ref)
			return false
		})
	}
	return r
}

func (r *reading) reference(c *code, ref ast.Ref) {
	before := ""
	for _, x := range ref {
		s, _ := x.Value.(ast.String)
		word := string(s)
		switch {
		case word == "containers" && !r.containers.IsValid():
			r.containers = c.at(ref[0].Location)
		case word == "securityContext" && before == "spec":
			r.podContext = true
		case before == "securityContext" && slices.Contains(podSettings, word):
			if !slices.ContainsFunc(r.shared, func(m mention) bool { return m.name == word }) {
				r.shared = append(r.shared, mention{word, c.at(ref[0].Location)})
			}
		}
		before = word
	}
}

func (l *linter) template(t *template) {
	r := t.read()
	if !slices.ContainsFunc(l.set.constraints, func(c *constraint) bool { return c.template == t }) {
		l.say(t, "no-constraint", t.place().Span, "no constraint of kind "+t.kind+" is here, so the template rejects nothing",
			"add an object of apiVersion "+constraintGroup+"/v1beta1 and kind "+t.kind)
	}
	if _, v := splitVersion(t.value.Str("apiVersion")); v != "v1" && slices.Contains(templateVersions, v) {
		l.say(t, "old-version", t.value.Get("apiVersion").Place.Span, t.value.Str("apiVersion")+" is an old version of templates",
			"templates.gatekeeper.sh/v1 is the same with a schema that must be structural: every level has a type")
	}
	if t.main.v0 {
		l.say(t, "old-rego", t.violation, "the rule is written in Rego v0, which OPA 1.0 no longer reads by default",
			"violation contains {\"msg\": msg} if { … }, in code: [{engine: Rego, source: {version: v1, rego: …}}]")
	}
	if !r.containers.IsValid() {
		return
	}
	l.containers(t, r)
	for _, m := range r.shared {
		if r.podContext {
			break
		}
		l.say(t, "pod-level", m.span, m.name+" is looked for in the container alone; the pod's securityContext sets it for all its containers",
			"look at input.review.object.spec.securityContext."+m.name+" where the container says nothing")
	}
	if r.words["runAsNonRoot"] && !r.words["runAsUser"] {
		l.say(t, "user-by-id", r.mentioned("runAsNonRoot", t.violation), "a container that sets runAsUser to another user than root is rejected if it does not set runAsNonRoot too, though it is not root",
			"let runAsUser above 0 pass")
	}
	l.messages(t)
}

// mentioned returns where a setting is first looked at, or other.
func (r *reading) mentioned(name string, other source.Span) source.Span {
	for _, m := range r.shared {
		if m.name == name {
			return m.span
		}
	}
	return other
}

// containers reports the containers of a pod and the workloads that t does not
// look at.
func (l *linter) containers(t *template, r reading) {
	for _, x := range []struct{ code, field, what string }{
		{"init-containers", "initContainers", "init containers"},
		{"ephemeral-containers", "ephemeralContainers", "ephemeral containers, which kubectl debug adds to a running pod"},
	} {
		if !r.words[x.field] {
			l.say(t, x.code, r.containers, "it looks at containers only: what it forbids is allowed in "+x.what,
				"take containers, initContainers and ephemeralContainers together")
		}
	}
	if !r.words["template"] {
		l.say(t, "workloads", r.containers, "it looks at spec.containers, which Deployments, Jobs and CronJobs have below spec.template: they are accepted, and their pods rejected later, where nobody looks",
			"bulkhead judges the pods that workloads make by itself; Gatekeeper needs an ExpansionTemplate for it")
	}
}

// messages reports rules over containers whose message is the same for all of
// them: a set holds it once.
func (l *linter) messages(t *template) {
	for _, rule := range t.main.module.Rules {
		if name, _ := rule.Head.Ref()[0].Value.(ast.Var); name != "violation" || rule.Head.Key == nil {
			continue
		}
		o, ok := rule.Head.Key.Value.(ast.Object)
		if !ok {
			continue
		}
		msg := o.Get(ast.StringTerm("msg"))
		if msg == nil || !constant(rule.Body, msg) || !mentions(rule.Body, "containers") {
			continue
		}
		l.say(t, "same-message", t.main.at(rule.Location), "the message is the same for every container: of several, one is reported, and none is named",
			`msg := sprintf("container %q …", [container.name])`)
	}
}

// constant reports whether t is a string, or a variable that body gives one.
func constant(body ast.Body, t *ast.Term) bool {
	if _, ok := t.Value.(ast.String); ok {
		return true
	}
	for _, e := range body {
		if !e.IsAssignment() && !e.IsEquality() {
			continue
		}
		if a, b := e.Operand(0), e.Operand(1); a != nil && b != nil && a.Equal(t) {
			if _, ok := b.Value.(ast.String); ok {
				return true
			}
		}
	}
	return false
}

func mentions(body ast.Body, word string) bool {
	found := false
	ast.WalkTerms(body, func(x *ast.Term) bool {
		s, ok := x.Value.(ast.String)
		found = found || ok && string(s) == word
		return found
	})
	return found
}

// groups are the API groups of the kinds constraints are most written for.
var groups = map[string]string{
	"Pod": "", "Service": "", "Namespace": "", "ConfigMap": "", "Secret": "", "ReplicationController": "", "PersistentVolumeClaim": "",
	"Deployment": "apps", "StatefulSet": "apps", "DaemonSet": "apps", "ReplicaSet": "apps",
	"Job": "batch", "CronJob": "batch", "Ingress": "networking.k8s.io", "NetworkPolicy": "networking.k8s.io",
	"ClusterRole": "rbac.authorization.k8s.io", "ClusterRoleBinding": "rbac.authorization.k8s.io", "Role": "rbac.authorization.k8s.io", "RoleBinding": "rbac.authorization.k8s.io",
}

func (l *linter) constraint(c *constraint) {
	say := func(code string, at *document.Value, message, advice string) {
		l.faults = append(l.faults, Fault{Code: code, Subject: c.rule.Name, Span: narrow(at, c.value), Message: message, Advice: advice})
	}
	r := c.template.read()
	for _, k := range c.value.List("spec", "match", "kinds") {
		for _, kind := range k.List("kinds") {
			if group := groups[kind.Text]; misplaced(kind.Text, k.Strings("apiGroups")) {
				say("wrong-group", kind, fmt.Sprintf("%s is of the API group %q, which is not among apiGroups: it matches nothing", kind.Text, group), "")
			}
			if kind.Text != "Pod" && makesPods(kind.Text) && r.containers.IsValid() && !r.words["template"] {
				say("never-violated", kind, "the template does not look into the pods that a "+kind.Text+" makes, so no "+kind.Text+" violates it", "match Pod; bulkhead judges what workloads make")
			}
		}
	}
	if r.containers.IsValid() && c.match.kind("", "Pod") && !c.match.kind("apps", "Deployment") {
		say("pods-only", c.value.Get("spec", "match", "kinds"), "only pods match: Gatekeeper accepts a Deployment whose pods it will reject",
			"bulkhead judges the pods that workloads make by itself; Gatekeeper needs an ExpansionTemplate for it")
	}
	l.parameters(c)
}

// misplaced reports whether kind is known and of none of the API groups in.
func misplaced(kind string, in []string) bool {
	group, known := groups[kind]
	if !known || len(in) == 0 {
		return false
	}
	return !slices.ContainsFunc(in, func(g string) bool { return g == group || g == "*" || g == "extensions" })
}

func makesPods(kind string) bool {
	return slices.ContainsFunc(workloads, func(e expansion) bool {
		return slices.ContainsFunc(e.kinds, func(k kinds) bool { return slices.Contains(k.kinds, kind) })
	})
}

// parameters reports parameters that the API server takes away because the
// schema does not have them.
func (l *linter) parameters(c *constraint) {
	given, known := c.value.Get("spec", "parameters"), c.template.schema.Get("properties")
	if given == nil || given.Kind != document.Object || c.template.schema.Get("additionalProperties") != nil {
		return
	}
	if x := c.template.schema.Get("x-kubernetes-preserve-unknown-fields"); x != nil && x.Text == "true" {
		return
	}
	var names []string
	if known != nil {
		for _, f := range known.Fields {
			names = append(names, f.Name)
		}
	}
	for _, f := range given.Fields {
		if known.Get(f.Name) != nil {
			continue
		}
		message := "the template's schema has no parameter " + f.Name + ": the API server drops it"
		if near := nearest.Of(f.Name, names); near != "" {
			message += "; did you mean " + near + "?"
		}
		l.faults = append(l.faults, Fault{Code: "unknown-parameter", Subject: c.rule.Name, Span: f.Key.Span, Message: message})
	}
}

// narrow returns a place of at that is not a whole block, or where around is
// named.
func narrow(at, around *document.Value) source.Span {
	if at == nil || !at.Place.Span.IsValid() {
		return nameOr(around, around.Place).Span
	}
	span := at.Place.Span
	if at.Kind == document.List || at.Kind == document.Object {
		span.End = span.Start
	}
	return span
}

// packages reports rules that say nothing, and packages that are not
// evaluated.
func (l *linter) packages() {
	for _, f := range l.set.files {
		if f.code == nil || f.code.module == nil {
			continue
		}
		name := strings.TrimPrefix(f.code.module.Package.Path.String(), "data.")
		evaluated := slices.ContainsFunc(l.set.packages, func(p *regoPackage) bool { return p.name == name })
		judging := false
		for _, r := range f.code.module.Rules {
			head, _ := r.Head.Ref()[0].Value.(ast.Var)
			if !failing.MatchString(string(head)) && !warning.MatchString(string(head)) {
				continue
			}
			judging = true
			if !r.Default && r.Head.RuleKind() == ast.SingleValue && r.Head.Key == nil {
				l.faults = append(l.faults, Fault{
					Code: "no-message", Subject: name + "/" + string(head), Span: f.code.at(r.Location),
					Message: "the rule is one value, not a set of messages: conftest takes it for success", Advice: string(head) + " contains msg if { … }",
				})
			}
		}
		if judging && !evaluated {
			l.faults = append(l.faults, Fault{
				Code: "not-evaluated", Subject: name, Span: f.code.at(f.code.module.Package.Location),
				Message: "the package " + name + " is evaluated only where --namespace " + name + " asks for it",
			})
		}
	}
}
