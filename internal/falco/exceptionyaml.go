package falco

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// An exceptionUse says what an object does with its exceptions.
type exceptionUse uint8

const (
	defining  exceptionUse = iota // they need fields
	appending                     // they may add values to exceptions that have them
)

// exceptions reads the exceptions of o.
func (l *loader) exceptions(o *object, use exceptionUse) ([]*exception, *fault) {
	n := o.get("exceptions")
	if n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil, nil
	}
	if n.Kind != yaml.SequenceNode {
		return nil, o.fault(YAMLValidate, "exceptions", "Rule exceptions must be a sequence")
	}
	list := []*exception{}
	for _, c := range n.Content {
		ex, f := l.exception(&object{file: o.file, node: follow(c), item: o.item}, use)
		if f != nil {
			return nil, f
		}
		if slices.ContainsFunc(list, func(old *exception) bool { return old.name == ex.name }) {
			l.warn(DoubleException, ex.at, o.item, "Multiple exceptions defined with the same name '"+ex.name+"'")
		}
		list = append(list, ex)
	}
	return list, nil
}

func (l *loader) exception(o *object, use exceptionUse) (*exception, *fault) {
	if o.node.Kind != yaml.MappingNode {
		return nil, o.fault(YAMLValidate, "", "Rule exception must be a mapping")
	}
	name, f := o.scalar("name")
	if f != nil {
		return nil, f
	}
	l.checkKeys(o, "name", "fields", "comps", "values")
	ex := &exception{name: name.s, at: name.place(0).span()}
	if o.get("fields") == nil && use == defining {
		return nil, o.fault(YAMLValidate, "", "Item has no mapping for key 'fields'")
	}
	for _, part := range []struct {
		key string
		to  **entry
	}{{"fields", &ex.fields}, {"comps", &ex.comps}} {
		if n := o.get(part.key); n != nil {
			if *part.to, f = o.entry(n, 0); f != nil {
				return nil, f
			}
		}
	}
	values := o.get("values")
	switch {
	case values == nil && use == appending:
		l.warn(AppendNoValues, ex.at, o.item, "Overriding/appending exception with no values")
	case values != nil && values.Kind != yaml.SequenceNode:
		return nil, o.fault(YAMLValidate, "values", "Rule exception values must be a sequence")
	case values != nil:
		for _, c := range values.Content {
			e, f := o.entry(follow(c), 0)
			if f != nil {
				return nil, f
			}
			ex.values = append(ex.values, e)
		}
	}
	return ex, nil
}

// entry reads a scalar or a list of them, two deep.
func (o *object) entry(n *yaml.Node, depth int) (*entry, *fault) {
	switch {
	case n.Kind == yaml.ScalarNode && n.Value == "":
		return nil, &fault{YAMLValidate, spanOf(o.file, n), "Value must be non-empty"}
	case n.Kind == yaml.ScalarNode:
		return &entry{text: align(o.file, n.Value, offsetOf(o.file, n))}, nil
	case n.Kind != yaml.SequenceNode || depth > 1:
		return nil, &fault{YAMLValidate, spanOf(o.file, n), "Value is neither a scalar nor a list of scalars"}
	}
	e := &entry{list: true}
	for _, c := range n.Content {
		item, f := o.entry(follow(c), depth+1)
		if f != nil {
			return nil, f
		}
		e.items = append(e.items, item)
	}
	return e, nil
}
