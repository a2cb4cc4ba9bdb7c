package policy

import (
	"context"
	"slices"
	"time"

	"bulkhead/internal/frontend/document"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A judge tells whether a violation is there still when what is judged has
// changed.
type judge struct {
	root  *document.Value
	holds func(ctx context.Context, root *document.Value) bool
}

// maxTries and maxSearch bound how often a policy is evaluated again for one
// place, and for how long. The time bounds policies that are about to be
// stopped anyway; 80 evaluations of others take a few milliseconds.
const (
	maxTries  = 80
	maxSearch = 2 * time.Second
)

// A locator finds what a violation rests on by taking away one part after the
// other and looking whether it is there still. Rego does not tell, and a
// message names what it is about only to people.
type locator struct {
	ctx   context.Context
	judge judge
	tries int
	out   []location
	item  source.Span // the name of the item of a list that is looked into
}

// A location is a place a violation rests on.
type location struct {
	place  model.Place
	inside source.Span // the name of the item of a list it is in, such as a container's
}

// locate returns the places a violation rests on: the narrowest part of what
// was judged whose absence cures it, or the name of the part in which
// something is missing. There is at least one.
func (v *Violation) locate(ctx context.Context) []location {
	if v.judge.root == nil {
		return []location{{}}
	}
	ctx, cancel := context.WithTimeout(ctx, maxSearch)
	defer cancel()
	l := &locator{ctx: ctx, judge: v.judge, tries: maxTries}
	l.descend(v.judge.root, nameOr(v.judge.root, v.judge.root.Place), func(x *document.Value) *document.Value { return x })
	return l.out
}

func (l *locator) found(place model.Place) {
	l.out = append(l.out, location{place, l.item})
}

// holds reports whether the violation is there in root. Once there were enough
// tries it is taken to be, which ends the search where it is.
func (l *locator) holds(root *document.Value) bool {
	if l.tries--; l.tries < 0 || l.ctx.Err() != nil {
		return true
	}
	return l.judge.holds(l.ctx, root)
}

// descend looks into v, which place names and around puts back into what is
// judged.
func (l *locator) descend(v *document.Value, place model.Place, around func(*document.Value) *document.Value) {
	switch v.Kind {
	case document.Object:
		l.object(v, place, around)
	case document.List:
		l.list(v, place, around)
	default:
		l.found(v.Place)
	}
}

// identity lists the names of what tells objects apart. Messages are made of
// it, so taking it away changes them, which is not to say that it is wrong.
var identity = []string{"metadata", "name", "role", "image"}

func (l *locator) object(v *document.Value, place model.Place, around func(*document.Value) *document.Value) {
	var needed []document.Field
	for _, f := range v.Fields {
		if f.Name == "apiVersion" || f.Name == "kind" {
			continue
		}
		if !l.holds(around(v.With(f.Name, nil))) {
			needed = append(needed, f)
		}
	}
	for _, name := range identity {
		if len(needed) > 1 {
			needed = slices.DeleteFunc(needed, func(f document.Field) bool { return f.Name == name })
		}
	}
	if len(needed) == 1 && needed[0].Name == "name" && needed[0].Value.Kind == document.String {
		needed, place = nil, needed[0].Value.Place
	}
	if len(needed) == 0 {
		needed = l.alternatives(v, around)
		if len(needed) == 0 {
			l.found(l.toggled(v, place, around))
		}
		for _, f := range needed {
			l.descend(f.Value, fieldPlace(f), func(x *document.Value) *document.Value {
				return around(without(v, f.Name).With(f.Name, x))
			})
		}
		return
	}
	if len(needed) > 1 {
		l.found(place)
		return
	}
	f := needed[0]
	l.descend(f.Value, fieldPlace(f), func(x *document.Value) *document.Value { return around(v.With(f.Name, x)) })
}

// toggled returns the place of the one truth below v whose opposite cures the
// violation, or of the one number 0 that must be another: leaving out what is
// false is as bad. Where there is none, it returns place.
func (l *locator) toggled(v *document.Value, place model.Place, around func(*document.Value) *document.Value) model.Place {
	const deepest = 3
	var cures []model.Place
	var walk func(v *document.Value, depth int, around func(*document.Value) *document.Value)
	walk = func(v *document.Value, depth int, around func(*document.Value) *document.Value) {
		for _, f := range v.Fields {
			put := func(x *document.Value) *document.Value { return around(v.With(f.Name, x)) }
			switch x := f.Value; {
			case x.Kind == document.Object && depth < deepest:
				walk(x, depth+1, put)
			case x.Kind == document.Bool && !l.holds(put(document.Truth(x.Text != "true", x.Place))),
				x.Kind == document.Number && x.Text == "0" && !l.holds(put(number(1000, x.Place))):
				cures = append(cures, x.Place)
			}
		}
	}
	walk(v, 0, around)
	if len(cures) == 0 || slices.ContainsFunc(cures, func(p model.Place) bool { return p != cures[0] }) {
		return place
	}
	return cures[0]
}

// containerFields are the lists of containers of a pod.
var containerFields = []string{"containers", "initContainers", "ephemeralContainers"}

// alternatives returns the lists of containers of which each alone violates
// the policy in the same words.
func (l *locator) alternatives(v *document.Value, around func(*document.Value) *document.Value) []document.Field {
	var there, out []document.Field
	for _, f := range v.Fields {
		if slices.Contains(containerFields, f.Name) {
			there = append(there, f)
		}
	}
	if len(there) < 2 || l.holds(around(without(v, ""))) {
		return nil
	}
	for _, f := range there {
		if l.holds(around(without(v, f.Name))) {
			out = append(out, f)
		}
	}
	return out
}

// without returns v without its lists of containers but the one called keep.
func without(v *document.Value, keep string) *document.Value {
	for _, name := range containerFields {
		if name != keep {
			v = v.With(name, nil)
		}
	}
	return v
}

func (l *locator) list(v *document.Value, place model.Place, around func(*document.Value) *document.Value) {
	only := func(items ...*document.Value) *document.Value {
		out := *v
		out.Items = items
		return around(&out)
	}
	var needed []*document.Value
	for i, x := range v.Items {
		if !l.holds(only(slices.Delete(slices.Clone(v.Items), i, i+1)...)) {
			needed = append(needed, x)
		}
	}
	if len(needed) == 0 && len(v.Items) > 1 && !l.holds(only()) {
		// Each of several violates in the same words.
		for _, x := range v.Items {
			if l.tries > 0 && l.holds(only(x)) {
				needed = append(needed, x)
			}
		}
	} else if len(needed) > 1 {
		needed = nil
	}
	if len(needed) == 0 {
		l.found(place)
		return
	}
	outer := l.item
	for _, x := range needed {
		if n := x.Get("name"); n != nil && !outer.IsValid() {
			l.item = n.Place.Span
		}
		l.descend(x, nameOr(x, itemPlace(x)), func(y *document.Value) *document.Value { return only(y) })
	}
	l.item = outer
}

// nameOr returns the place of v's name, or other where it has none.
func nameOr(v *document.Value, other model.Place) model.Place {
	for _, path := range [][]string{{"metadata", "name"}, {"name"}, {"metadata", "generateName"}, {"kind"}} {
		if n := v.Get(path...); n != nil && n.Kind == document.String {
			return n.Place
		}
	}
	return other
}

// fieldPlace returns the narrowest place of a field: its value where that is
// a scalar, else its name.
func fieldPlace(f document.Field) model.Place {
	collection := f.Value.Kind == document.Object || f.Value.Kind == document.List
	if collection && (f.Key.Span.IsValid() || f.Key.Path != "") {
		return f.Key
	}
	return f.Value.Place
}

// itemPlace returns the narrowest place of an item of a list: its first name
// where it has names.
func itemPlace(v *document.Value) model.Place {
	if v.Kind == document.Object && len(v.Fields) > 0 && v.Fields[0].Key.Span.IsValid() {
		return v.Fields[0].Key
	}
	return v.Place
}
