package admission

import (
	"context"
	"fmt"

	"bulkhead/internal/frontend/admission"
	"bulkhead/internal/frontend/document"
	"bulkhead/internal/model"
	"bulkhead/internal/policy"
)

// Policies judges requests by a set of users' policies.
type Policies struct{ Set *policy.Set }

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
	if err != nil {
		return nil, err
	}
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
