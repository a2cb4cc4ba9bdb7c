package check

import (
	"context"
	"errors"
	"fmt"

	"bulkhead/internal/model"
)

// alone reports whether at most one thing was asked for.
func (r *runner) alone() bool {
	return len(r.Paths)+len(r.ComposeFiles)+min(len(r.Command), 1) <= 1
}

// lose says in the report that what was asked for could not be checked: one thing
// does not hide the others. Where it was asked for alone, nothing was checked,
// and err is returned.
func (r *runner) lose(what string, err error) error {
	if err == nil || r.alone() || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	r.report.Faults++
	r.report.NotChecked = append(r.report.NotChecked, model.Note{What: what, Why: reason(err)})
	r.lost++
	return nil
}

// Why nothing of a name can be checked.
var (
	errNotHere  = errors.New("there is no file, container or image of that name here; --remote asks an image's registry")
	errNotAsked = errors.New("there is no file of that name here, and the engine was not asked (--no-engine); --remote asks an image's registry")
)

// NotHere returns the error for the name of nothing that is here.
func NotHere(name string) error { return fmt.Errorf("%s: %w", name, errNotHere) }

// NotAsked returns the error for the name of nothing that is here but for what
// the engine has, which was not to be asked.
func NotAsked(name string) error { return fmt.Errorf("%s: %w", name, errNotAsked) }

// missing says of the objects asked for that they are not there.
func (r *runner) missing(about *scope) error {
	why := errNotHere
	switch {
	case r.unasked != nil:
		why = r.unasked
	case r.Live == nil:
		why = errNotAsked
	}
	for _, o := range about.objects {
		if about.found[o] {
			continue
		}
		if err := r.lose(o, why); err != nil {
			return fmt.Errorf("%s: %w", o, err)
		}
	}
	return nil
}
