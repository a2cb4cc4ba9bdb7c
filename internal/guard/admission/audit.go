package admission

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"bulkhead/internal/finding"
	"bulkhead/internal/frontend/kube"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// MaxAudited bounds a file that is audited, in bytes.
const MaxAudited = 256 << 20

// ErrNoObject is what Audit fails with where there is nothing to judge.
var ErrNoObject = errors.New("holds no Kubernetes object")

// An Audited is what is said of the objects of a file.
type Audited struct {
	Verdict
	Others map[string]int // how many objects there are of each kind that no rule reads
}

// Audit judges each object of a file, YAML or JSON, as if it were made now. The
// paths of what it finds are places in the file. What would be denied in an
// exempt namespace is among the warned. A file without an object is an error: what
// was to write it has failed.
func (j *Judge) Audit(ctx context.Context, name string, text []byte) (*Audited, error) {
	if len(text) > MaxAudited {
		return nil, fmt.Errorf("%s: has more than %d bytes", name, MaxAudited)
	}
	file := source.NewFile(name, text)
	v, err := j.objects(file)
	if err != nil || j.policy == nil {
		return v, err
	}
	found, err := j.policy.Audit(ctx, file)
	if err != nil {
		return nil, err
	}
	v.sort(found)
	return v, nil
}

// objects judges the objects of a file by the rules.
func (j *Judge) objects(file *source.File) (*Audited, error) {
	name := file.Name
	v := &Audited{Others: map[string]int{}}
	var strange *kube.Identity // the first that is no Kubernetes object
	objects := 0
	for o, facts := range kube.Each(file) {
		if err := unread(name, facts); err != nil {
			return nil, err
		}
		switch {
		case o.Is():
			objects++
		case strange == nil:
			strange = &o
		}
		if o.Is() && !o.Read {
			v.Others[o.Kind]++
		}
		v.sort(j.audited(facts))
	}
	switch {
	case objects == 0:
		return nil, fmt.Errorf("%s %w", name, ErrNoObject)
	case strange != nil:
		return nil, fmt.Errorf("%s: no Kubernetes object: apiVersion or kind is missing", strange.Place.Position())
	}
	return v, nil
}

// unread returns why facts stand for what could not be read, or nil.
func unread(name string, facts *model.Facts) error {
	for _, f := range facts.Faults {
		return fmt.Errorf("%s: %s", f.Place.Span.Position(), f.Message)
	}
	for _, n := range facts.Notes {
		if n.What == name {
			return fmt.Errorf("%s %s", n.What, n.Why)
		}
	}
	return nil
}

// audited returns what the rules say of an object.
func (j *Judge) audited(facts *model.Facts) []Violation {
	found := j.Facts(facts, func(f *finding.Finding) string { return f.Where() })
	exempt := len(facts.Workloads) > 0 && slices.Contains(j.mode.Exempt, facts.Workloads[0].Namespace)
	for i := range found {
		if exempt && found[i].Action == Deny {
			found[i].Action = Warn
		}
	}
	return found
}
