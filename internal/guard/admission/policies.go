package admission

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"bulkhead/internal/frontend/admission"
	"bulkhead/internal/frontend/document"
	"bulkhead/internal/model"
	"bulkhead/internal/policy"
	"bulkhead/internal/source"
)

// Policies judges requests by a set of users' policies.
type Policies struct{ Set *policy.Set }

// WithNamespaces returns p with the Namespace objects of f, by whose labels
// constraints may select. Without them such a constraint gives no answer.
func (p Policies) WithNamespaces(f *source.File) (Policies, error) {
	documents, errs := document.Read(f)
	if len(errs) > 0 {
		return p, errs[0]
	}
	var out []*document.Value
	for _, o := range objects(documents, 0) {
		if o.Str("kind") == "Namespace" {
			out = append(out, o)
		}
	}
	if len(out) == 0 {
		return p, fmt.Errorf("%s: holds no Namespace", f.Name)
	}
	return Policies{Set: p.Set.WithInventory(out)}, nil
}

// Review implements Policy.
func (p Policies) Review(ctx context.Context, r *admission.Request) ([]Violation, error) {
	request, err := document.Decode(r.Raw)
	if err != nil {
		return nil, err
	}
	object := request.Get("object")
	if request.Str("operation") != string(r.Operation) { // asked about what was there before
		if object, err = document.Decode(r.Object); err != nil {
			return nil, err
		}
		request = request.With("object", object).With("oldObject", &document.Value{Kind: document.Null}).
			With("operation", document.Text(string(r.Operation), model.Place{}))
	}
	found, err := p.Set.Review(ctx, policy.Object{Value: object, Request: request})
	out, wrong := translated(found)
	return out, errors.Join(err, wrong)
}

// Audit implements Policy.
func (p Policies) Audit(ctx context.Context, f *source.File) ([]Violation, error) {
	documents, errs := document.Read(f)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	var out []Violation
	for _, o := range objects(documents, 0) {
		found, err := p.Set.Review(ctx, policy.Object{Value: o})
		if err != nil {
			return nil, err
		}
		all, err := translated(found)
		if err != nil {
			return nil, err
		}
		at := o.Place
		if name := o.Get("metadata", "name"); name != nil {
			at = name.Place
		}
		for i := range all {
			all[i].Path = at.Span.Position().String()
			all[i].Subject = o.Str("metadata", "name")
		}
		out = append(out, all...)
	}
	return out, nil
}

// objects returns all, with what lists hold instead of them.
func objects(all []*document.Value, depth int) []*document.Value {
	const deepest = 4
	var out []*document.Value
	for _, o := range all {
		if items := o.Get("items"); strings.HasSuffix(o.Str("kind"), "List") && items != nil && depth < deepest {
			out = append(out, objects(o.List("items"), depth+1)...)
			continue
		}
		out = append(out, o)
	}
	return out
}

// translated returns what policies found in the webhook's words.
func translated(found []policy.Violation) ([]Violation, error) {
	out := make([]Violation, len(found))
	for i, v := range found {
		out[i] = Violation{Rule: v.Rule, Severity: v.Severity, Message: v.Message, Action: actions[v.Action]}
		if v.Generated {
			out[i].Subject = "the pod it makes"
		}
		if out[i].Action == "" {
			return nil, fmt.Errorf("policy %s asks for %q", v.Rule, v.Action)
		}
	}
	return out, nil
}

var actions = map[policy.Action]Action{policy.Deny: Deny, policy.Warn: Warn, policy.DryRun: DryRun}
