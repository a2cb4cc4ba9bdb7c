package falco

import (
	"slices"

	"bulkhead/internal/source"
)

// A listDef is a list as the files define it.
type listDef struct {
	name       string
	items      []text
	index      int // when it first appeared
	visibility int // when it last changed: it sees lists that appeared before
	at         source.Span
	used       bool
	expanded   text
}

// A macroDef is a macro as the files define it.
type macroDef struct {
	name       string
	condition  text
	index      int
	visibility int
	at         source.Span
	used       bool

	parsed   *expr
	resolved *expr // with the macros it uses put in
	state    uint8 // unknown; no while it is being resolved; yes
}

// A ruleDef is a rule as the files define it.
type ruleDef struct {
	name        string
	condition   text
	output      text
	description string
	priority    Priority
	source      string
	tags        []string
	enabled     bool
	warnTypes   bool
	skipUnknown bool
	exceptions  []*exception
	at          source.Span
	broken      bool // it is not used, and looked at for what else is wrong with it
}

func (d *ruleDef) item() string { return `rule "` + d.name + `"` }

// defineList adds or replaces a list.
func (l *loader) defineList(d *listDef) {
	d.index, d.visibility = l.next, l.next
	l.next++
	if old := l.lists.byName[d.name]; old != nil {
		d.index = old.index
		*old = *d
		return
	}
	l.lists.add(d.name, d)
}

func (l *loader) appendList(d *listDef) *fault {
	old := l.lists.byName[d.name]
	if old == nil {
		return &fault{Validate, d.at, "List uses 'append' or 'override.items: append' but no list by that name already exists"}
	}
	old.items = append(old.items, d.items...)
	old.visibility = l.next
	l.next++
	return nil
}

func (l *loader) defineMacro(d *macroDef) {
	d.index, d.visibility = l.next, l.next
	l.next++
	if old := l.macros.byName[d.name]; old != nil {
		d.index = old.index
		*old = *d
		return
	}
	l.macros.add(d.name, d)
}

func (l *loader) appendMacro(d *macroDef) *fault {
	old := l.macros.byName[d.name]
	if old == nil {
		return &fault{Validate, d.at, "Macro uses 'append' or 'override.condition: append' but no macro by that name already exists"}
	}
	old.condition = appended(old.condition, d.condition)
	old.visibility = l.next
	l.next++
	return nil
}

// appended joins two texts with a blank, and no parentheses: what is appended
// to "a or b" as "and c" binds to b alone.
func appended(a, b text) text { return join(a, literal(" ", b.place(0)), b) }

func (l *loader) defineRule(d *ruleDef) *fault {
	l.next++
	old := l.rules.byName[d.name]
	if old != nil && old.broken {
		old = nil
	}
	if old != nil && old.source != d.source {
		return &fault{Validate, d.at, "Rule has been re-defined with a different source"}
	}
	if d.source != "syscall" {
		l.warn(UnknownSource, d.at, d.item(), "Unknown source "+d.source+", skipping: only system calls are watched")
	}
	for _, ex := range d.exceptions {
		if ex.fields == nil {
			return &fault{Validate, ex.at, "Rule exception item must have fields property with a list of fields"}
		}
		if f := l.checkException(ex, d.source); f != nil {
			return f
		}
	}
	if old != nil {
		*old = *d
		return nil
	}
	l.rules.add(d.name, d)
	return nil
}

// A ruleUpdate is what an override says of a rule. What is nil is left alone.
type ruleUpdate struct {
	name        string
	at          source.Span
	condition   *text
	output      *text
	description *string
	priority    *Priority
	tags        []string // nil where there are none
	exceptions  []*exception
	enabled     *bool
	warnTypes   *bool
	skipUnknown *bool
	any         bool
}

func (l *loader) appendRule(u *ruleUpdate) *fault {
	l.next++
	d := l.rules.byName[u.name]
	if d == nil {
		return &fault{Validate, u.at, "Rule uses 'append' or 'override.<key>: append' but no rule by that name already exists"}
	}
	if !u.any {
		return &fault{Validate, u.at, "Appended rule must have exceptions or condition property"}
	}
	if u.condition != nil {
		d.condition = appended(d.condition, *u.condition)
	}
	if u.output != nil {
		d.output = appended(d.output, *u.output)
	}
	if u.description != nil {
		d.description += " " + *u.description
	}
	for _, t := range u.tags {
		if !slices.Contains(d.tags, t) {
			d.tags = append(d.tags, t)
		}
	}
	for _, ex := range u.exceptions {
		if f := l.appendException(d, ex); f != nil {
			return f
		}
	}
	return nil
}

func (l *loader) replaceRule(u *ruleUpdate) *fault {
	l.next++
	d := l.rules.byName[u.name]
	if d == nil {
		return &fault{Validate, u.at, "An 'override.<key>: replace' to a rule was requested but no rule by that name already exists"}
	}
	for _, ex := range u.exceptions {
		if ex.fields == nil {
			return &fault{Validate, ex.at, "Rule exception item must have fields property with a list of fields"}
		}
		if f := l.checkException(ex, d.source); f != nil {
			return f
		}
	}
	set(&d.condition, u.condition)
	set(&d.output, u.output)
	set(&d.description, u.description)
	set(&d.priority, u.priority)
	set(&d.enabled, u.enabled)
	set(&d.warnTypes, u.warnTypes)
	set(&d.skipUnknown, u.skipUnknown)
	if u.tags != nil {
		d.tags = u.tags
	}
	if u.exceptions != nil {
		d.exceptions = u.exceptions
	}
	return nil
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func (l *loader) enableRule(d *ruleDef) *fault {
	old := l.rules.byName[d.name]
	if old == nil {
		return &fault{Validate, d.at, "Rule has 'enabled' key but no rule by that name already exists"}
	}
	old.enabled = d.enabled
	return nil
}
