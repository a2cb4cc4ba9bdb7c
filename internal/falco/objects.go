package falco

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Messages of the engine about what it would rather not see.
const (
	appendDeprecated = "'append' key is deprecated. Add an 'append' entry (e.g. 'condition: append') under 'override' instead."
	enableDeprecated = "The standalone 'enabled' key usage is deprecated. The correct approach requires also a 'replace' entry under the 'override' key (i.e. 'enabled: replace')."
	overrideAppend   = "Keys 'override' and 'append: true' cannot be used together. Add an 'append' entry (e.g. 'condition: append') under 'override' instead."
)

// overrides says what to do with the keys of an object.
type overrides struct {
	append, replace []string
}

func (v *overrides) has() bool { return len(v.append)+len(v.replace) > 0 }

// override reads the override key of o and its deprecated forerunner.
func (l *loader) override(o *object, appendable, replaceable []string) (v overrides, appends bool, f *fault) {
	flag, f := o.flag("append")
	if f != nil {
		return v, false, f
	}
	set(&appends, flag)
	if appends {
		l.warn(DeprecatedItem, o.keySpan("append"), o.item, appendDeprecated)
	}
	n := o.get("override")
	if n == nil {
		return v, appends, nil
	}
	if n.Kind != yaml.MappingNode {
		return v, appends, o.fault(YAMLValidate, "override", "Value of 'override' is not a mapping")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, op := n.Content[i], follow(n.Content[i+1])
		canAppend, canReplace := slices.Contains(appendable, key.Value), slices.Contains(replaceable, key.Value)
		switch {
		case op.Value == "append" && canAppend:
			v.append = append(v.append, key.Value)
		case op.Value == "append":
			return v, appends, &fault{YAMLValidate, spanOf(o.file, key), "Key '" + key.Value + "' cannot be appended to, use 'replace' instead"}
		case op.Value == "replace" && canReplace:
			v.replace = append(v.replace, key.Value)
		case op.Value == "replace":
			return v, appends, &fault{YAMLValidate, spanOf(o.file, key), "Key '" + key.Value + "' cannot be replaced"}
		default:
			return v, appends, &fault{YAMLValidate, spanOf(o.file, op), "Invalid override operation for key '" + key.Value + "': '" + op.Value + "'. Allowed values are: append replace"}
		}
	}
	if appends && v.has() {
		return v, appends, o.fault(Validate, "override", overrideAppend)
	}
	return v, appends, nil
}

func (l *loader) list(o *object) *fault {
	name, f := o.scalar("list")
	if f != nil {
		return f
	}
	o.item = `list "` + name.s + `"`
	l.checkKeys(o, "list", "items", "append", "override")
	if lexBare(name.s) != len(name.s) {
		l.warn(InvalidListName, name.place(0).span(), o.item, `List has an invalid name. List names must match a regular expression: [^()"'\s=,]+`)
	}
	items, f := o.scalars("items")
	if f != nil {
		return f
	}
	v, appends, f := l.override(o, []string{"items"}, []string{"items"})
	if f != nil {
		return f
	}
	d := &listDef{name: name.s, items: items, at: name.place(0).span()}
	if appends || len(v.append) > 0 {
		return l.appendList(d)
	}
	l.defineList(d)
	return nil
}

func (l *loader) macro(o *object) *fault {
	name, f := o.scalar("macro")
	if f != nil {
		return f
	}
	o.item = `macro "` + name.s + `"`
	l.checkKeys(o, "macro", "condition", "append", "override")
	if lexIdentifier(name.s) != len(name.s) {
		l.warn(InvalidMacroName, name.place(0).span(), o.item, "Macro has an invalid name. Macro names must match a regular expression: [a-zA-Z]+[a-zA-Z0-9_]*")
	}
	condition, f := o.scalar("condition")
	if f != nil {
		return f
	}
	v, appends, f := l.override(o, []string{"condition"}, []string{"condition"})
	if f != nil {
		return f
	}
	d := &macroDef{name: name.s, condition: condition, at: name.place(0).span()}
	if appends || len(v.append) > 0 {
		return l.appendMacro(d)
	}
	l.defineMacro(d)
	return nil
}

func (l *loader) rule(o *object) *fault {
	name, f := o.scalar("rule")
	if f != nil {
		return f
	}
	o.item = `rule "` + name.s + `"`
	l.checkKeys(o, "rule", "condition", "output", "desc", "priority", "source", "enabled", "tags", "exceptions", "warn_evttypes",
		"skip-if-unknown-filter", "capture", "capture_duration", "append", "override")
	appendable := []string{"condition", "output", "desc", "tags", "exceptions"}
	replaceable := append([]string{"priority", "enabled", "warn_evttypes", "skip-if-unknown-filter", "capture", "capture_duration"}, appendable...)
	v, appends, f := l.override(o, appendable, replaceable)
	if f != nil {
		return f
	}
	switch {
	case v.has():
		return l.overrideRule(o, name.s, v, replaceable)
	case appends:
		u, f := l.update(o, name.s, []string{"condition", "exceptions"})
		if f != nil {
			return f
		}
		return l.appendRule(u)
	case o.get("condition") == nil && o.get("output") == nil && o.get("desc") == nil && o.get("priority") == nil:
		return l.toggle(o, name.s)
	}
	d := &ruleDef{name: name.s, at: name.place(0).span()}
	if f := l.wholeRule(o, d); f != nil {
		l.keep(o, d)
		return f
	}
	return nil
}

// toggle switches an earlier rule on or off.
func (l *loader) toggle(o *object, name string) *fault {
	enabled, f := o.flag("enabled")
	switch {
	case f != nil:
		return f
	case enabled == nil:
		return o.fault(YAMLValidate, "rule", "Item has no mapping for key 'condition', nor one for 'enabled'")
	}
	l.warn(DeprecatedItem, o.keySpan("enabled"), o.item, enableDeprecated)
	return l.enableRule(&ruleDef{name: name, enabled: *enabled, at: o.keySpan("rule")})
}

// overrideRule changes a rule by the keys that are named under override: each
// key that could be must be.
func (l *loader) overrideRule(o *object, name string, v overrides, replaceable []string) *fault {
	for _, key := range replaceable {
		named := slices.Contains(v.append, key) || slices.Contains(v.replace, key)
		switch {
		case named && o.get(key) == nil:
			return o.fault(YAMLValidate, "override", "An override for '%s' was specified but '%s' is not defined", key, key)
		case !named && o.get(key) != nil:
			return o.fault(YAMLValidate, key, "Unexpected key '%s': no corresponding entry under 'override' is defined.", key)
		}
	}
	if len(v.append) > 0 {
		u, f := l.update(o, name, v.append)
		if f == nil {
			f = l.appendRule(u)
		}
		if f != nil {
			return f
		}
	}
	if len(v.replace) > 0 {
		u, f := l.update(o, name, v.replace)
		if f != nil {
			return f
		}
		return l.replaceRule(u)
	}
	return nil
}

// update reads those of keys that o has.
func (l *loader) update(o *object, name string, keys []string) (*ruleUpdate, *fault) {
	u := &ruleUpdate{name: name, at: o.keySpan("rule")}
	for _, key := range keys {
		if o.get(key) == nil {
			continue
		}
		u.any = true
		if f := l.updateKey(o, u, key); f != nil {
			return nil, f
		}
	}
	return u, nil
}

func (l *loader) updateKey(o *object, u *ruleUpdate, key string) *fault {
	switch key {
	case "tags":
		tags, f := o.tags()
		u.tags = tags
		return f
	case "exceptions":
		exceptions, f := l.exceptions(o, appending)
		u.exceptions = exceptions
		return f
	case "enabled", "warn_evttypes", "skip-if-unknown-filter", "capture":
		flag, f := o.flag(key)
		switch key {
		case "enabled":
			u.enabled = flag
		case "warn_evttypes":
			u.warnTypes = flag
		case "skip-if-unknown-filter":
			u.skipUnknown = flag
		}
		return f
	}
	t, f := o.scalar(key)
	if f != nil {
		return f
	}
	switch key {
	case "condition":
		u.condition = &t
	case "output":
		u.output = &t
	case "desc":
		u.description = &t.s
	case "priority":
		p, ok := ParsePriority(t.s)
		if !ok {
			return o.priorityFault(t)
		}
		u.priority = &p
	}
	return nil
}

func (o *object) priorityFault(t text) *fault {
	return o.fault(YAMLValidate, "priority", "Invalid priority '%s': wants one of %s", t.s, strings.Join(priorityNames[:], ", "))
}

// wholeRule reads a rule that is defined, not changed.
func (l *loader) wholeRule(o *object, d *ruleDef) *fault {
	var f *fault
	if d.condition, f = o.scalar("condition"); f != nil {
		return f
	}
	if d.output, f = o.scalar("output"); f != nil {
		return f
	}
	desc, f := o.scalar("desc")
	if f != nil {
		return f
	}
	priority, f := o.scalar("priority")
	if f != nil {
		return f
	}
	d.description = desc.s
	var ok bool
	if d.priority, ok = ParsePriority(priority.s); !ok {
		return o.priorityFault(priority)
	}
	d.source = "syscall"
	if o.get("source") != nil {
		t, f := o.scalar("source")
		if f != nil {
			return f
		}
		d.source = t.s
	}
	d.enabled, d.warnTypes = true, true
	for _, x := range []struct {
		key string
		to  *bool
	}{{"enabled", &d.enabled}, {"warn_evttypes", &d.warnTypes}, {"skip-if-unknown-filter", &d.skipUnknown}} {
		flag, f := o.flag(x.key)
		if f != nil {
			return f
		}
		set(x.to, flag)
	}
	if d.tags, f = o.tags(); f != nil {
		return f
	}
	if d.exceptions, f = l.exceptions(o, defining); f != nil {
		return f
	}
	return l.defineRule(d)
}

// tags returns the tags of o, each once.
func (o *object) tags() ([]string, *fault) {
	if o.get("tags") == nil {
		return nil, nil
	}
	items, f := o.scalars("tags")
	if f != nil {
		return nil, f
	}
	tags := make([]string, 0, len(items))
	for _, t := range items {
		if !slices.Contains(tags, t.s) {
			tags = append(tags, t.s)
		}
	}
	return tags, nil
}
