// Package admission answers a Kubernetes API server that asks, through a
// validating webhook, whether an object may be stored. The rules are those of
// a check.
package admission

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/frontend/admission"
	"bulkhead/internal/model"
	"bulkhead/internal/resolve"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

// An Action says what is done about a finding.
type Action string

// The actions.
const (
	Deny   Action = "deny"   // the request is refused
	Warn   Action = "warn"   // who asks is told, and the request passes
	DryRun Action = "dryrun" // it is logged alone
	Off    Action = "off"    // the rule is not run
)

// A Mode says what is done about the findings of rules.
type Mode struct {
	Deny  finding.Severity  // and above: refused
	Warn  finding.Severity  // and above: told
	Rules map[string]Action // by rule, whatever the severity

	// Exempt lists namespaces nothing is refused in; what is found there is
	// logged.
	Exempt []string
}

// Default refuses what is high or worse and warns of the rest but the least,
// except in the namespaces of the cluster itself.
func Default() Mode {
	return Mode{
		Deny: finding.High, Warn: finding.Medium, Rules: map[string]Action{},
		Exempt: []string{"kube-system", "kube-public", "kube-node-lease"},
	}
}

// action returns what is done about f.
func (m Mode) action(f *finding.Finding) Action {
	if a, ok := m.Rules[f.Rule]; ok {
		return a
	}
	switch {
	case f.Likely && f.Severity >= m.Warn:
		return Warn // it rests on what is not in the request
	case f.Severity >= m.Deny:
		return Deny
	case f.Severity >= m.Warn:
		return Warn
	}
	return DryRun
}

// A Policy judges objects by rules of users.
type Policy interface {
	// Review returns what the policies say of a request. It returns when ctx
	// ends. What was found before an error is returned with it.
	Review(ctx context.Context, r *admission.Request) ([]Violation, error)

	// Audit returns what the policies say of the objects of a file, if each
	// were made now.
	Audit(ctx context.Context, f *source.File) ([]Violation, error)
}

// A Violation is what is wrong with an object.
type Violation struct {
	Rule     string
	Severity finding.Severity
	Subject  string // "web/nginx"
	Message  string // a fact: "container is privileged"
	Path     string // of the object: "spec.containers[0].securityContext.privileged"; "" where there is none
	Cure     string // a verb phrase, "" where none is known
	Action   Action
}

// A Verdict is what is answered.
type Verdict struct {
	Denied, Warned, Logged []Violation
	Unjudged               string // why the object could not be judged, "" where it was
	Exempt                 bool   // the namespace is: nothing was refused for Denied
}

// Allowed reports whether the request passes.
func (v *Verdict) Allowed() bool { return v.Exempt || len(v.Denied) == 0 && v.Unjudged == "" }

// A Judge judges objects. It is safe for concurrent use.
type Judge struct {
	mode   Mode
	rules  []*rule.Rule
	policy Policy
}

// elsewhere lists rules that rest on objects which are not in a request.
var elsewhere = []string{"no-network-policy"}

// NewJudge returns a judge of those of the rules that are about manifests and
// not switched off, and of policy, which may be nil. A mode that names a rule
// nobody has is an error.
func NewJudge(mode Mode, rules []*rule.Rule, policy Policy) (*Judge, error) {
	j := &Judge{mode: mode, policy: policy}
	known := map[string]bool{}
	for _, r := range rules {
		known[r.Name] = true
		if slices.Contains(elsewhere, r.Name) || mode.Rules[r.Name] == Off {
			continue
		}
		if (r.Workload != nil || r.Image != nil || r.Grant != nil) && slices.Contains(r.Surfaces(), model.Kube) {
			j.rules = append(j.rules, r)
		}
	}
	for name, action := range mode.Rules {
		switch {
		case !known[name]:
			return nil, fmt.Errorf("no rule is called %q", name)
		case action != Deny && action != Warn && action != DryRun && action != Off:
			return nil, fmt.Errorf("rule %s: %q is none of deny, warn, dryrun, off", name, action)
		}
	}
	return j, nil
}

// Review judges a request. What an update leaves as it was is not held against
// it. An error means that the policies did not answer and that nothing else
// refuses the request: what makes a policy give up must not switch off the rest.
func (j *Judge) Review(ctx context.Context, r *admission.Request) (*Verdict, error) {
	if r.Object == nil || r.Operation == admission.Connect {
		return &Verdict{}, nil
	}
	found, unjudged := j.native(r.Object)
	v := &Verdict{Unjudged: unjudged, Exempt: slices.Contains(j.mode.Exempt, r.Namespace)}
	if r.Operation == admission.Update && r.OldObject != nil {
		old, _ := j.native(r.OldObject)
		found = added(found, old)
	}
	more, err := j.byPolicy(ctx, r)
	v.sort(append(found, more...))
	if err != nil && v.Allowed() {
		return nil, err
	}
	return v, nil
}

// byPolicy returns what the policies find. With an error it is what they found
// all the same.
func (j *Judge) byPolicy(ctx context.Context, r *admission.Request) ([]Violation, error) {
	if j.policy == nil {
		return nil, nil
	}
	found, err := j.policy.Review(ctx, r)
	if r.Operation != admission.Update || r.OldObject == nil || len(found) == 0 {
		return found, err
	}
	then := *r
	then.Object, then.OldObject, then.Operation = r.OldObject, nil, admission.Create
	old, before := j.policy.Review(ctx, &then)
	if before != nil { // what is new about it cannot be told
		return nil, errors.Join(err, before)
	}
	return added(found, old), err
}

// native returns what the built-in rules find in an object, and why it could
// not be judged.
func (j *Judge) native(object []byte) ([]Violation, string) {
	facts := admission.Facts(object)
	for _, f := range facts.Faults {
		return nil, f.Message
	}
	for _, n := range facts.Notes {
		if n.What == "object" {
			return nil, n.What + " " + n.Why
		}
	}
	return j.Facts(facts, func(f *finding.Finding) string { return admission.PathAt(object, f.Span.Start) }), ""
}

// Facts judges facts of manifests, whose places are named by path.
func (j *Judge) Facts(facts *model.Facts, path func(*finding.Finding) string) []Violation {
	sys := resolve.System(resolve.Input{Facts: []*model.Facts{facts}})
	var out []Violation
	for _, r := range j.rules {
		for _, f := range rule.Run(r, sys) {
			v := Violation{Rule: f.Rule, Severity: f.Severity, Subject: f.Subject, Message: f.Message, Action: j.mode.action(&f)}
			if v.Action == Deny || v.Action == Warn {
				v.Path = path(&f)
				v.Cure = cure(&f)
			}
			out = append(out, v)
		}
	}
	return out
}

func cure(f *finding.Finding) string {
	if len(f.Fixes) == 0 {
		return ""
	}
	return f.Fixes[0].Message
}

// added returns those of now that are not among before, each counted as often
// as it is there.
func added(now, before []Violation) []Violation {
	type key struct{ rule, subject, message string }
	count := map[key]int{}
	for _, v := range before {
		count[key{v.Rule, v.Subject, v.Message}]++
	}
	return slices.DeleteFunc(now, func(v Violation) bool {
		k := key{v.Rule, v.Subject, v.Message}
		count[k]--
		return count[k] >= 0
	})
}

// sort puts violations where they belong, the worst first.
func (v *Verdict) sort(found []Violation) {
	slices.SortStableFunc(found, func(a, b Violation) int {
		return cmp.Or(-cmp.Compare(a.Severity, b.Severity), strings.Compare(a.Rule, b.Rule), strings.Compare(a.Subject, b.Subject))
	})
	for _, f := range found {
		switch f.Action {
		case Deny:
			v.Denied = append(v.Denied, f)
		case Warn:
			v.Warned = append(v.Warned, f)
		case DryRun:
			v.Logged = append(v.Logged, f)
		case Off:
		}
	}
}
