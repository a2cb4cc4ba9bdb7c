package admission

import (
	"context"
	"fmt"
	"slices"

	"bulkhead/internal/finding"
	"bulkhead/internal/frontend/kube"
	"bulkhead/internal/source"
)

// MaxAudited bounds a file that is audited, in bytes.
const MaxAudited = 256 << 20

// Audit judges each object of a file, YAML or JSON, as if it were made now. The
// paths of what it finds are places in the file. What would be denied in an
// exempt namespace is among the warned.
func (j *Judge) Audit(ctx context.Context, name string, text []byte) (*Verdict, error) {
	if len(text) > MaxAudited {
		return nil, fmt.Errorf("%s: has more than %d bytes", name, MaxAudited)
	}
	v := &Verdict{}
	where := func(f *finding.Finding) string { return f.Where() }
	file := source.NewFile(name, text)
	for facts := range kube.Each(file) {
		for _, f := range facts.Faults {
			return nil, fmt.Errorf("%s: %s", f.Place.Span.Position(), f.Message)
		}
		for _, n := range facts.Notes {
			if n.What == name {
				return nil, fmt.Errorf("%s %s", n.What, n.Why)
			}
		}
		exempt := len(facts.Workloads) > 0 && slices.Contains(j.mode.Exempt, facts.Workloads[0].Namespace)
		found := j.Facts(facts, where)
		for i := range found {
			if exempt && found[i].Action == Deny {
				found[i].Action = Warn
			}
		}
		v.sort(found)
	}
	if j.policy != nil {
		found, err := j.policy.Audit(ctx, file)
		if err != nil {
			return nil, err
		}
		v.sort(found)
	}
	return v, nil
}
