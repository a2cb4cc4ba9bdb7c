package falco

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// keep keeps what can be read of a rule that is faulty: what is wrong with its
// condition and output is reported too, and what they use is used.
func (l *loader) keep(o *object, d *ruleDef) {
	d.broken = true
	d.condition, _ = o.scalar("condition")
	d.output, _ = o.scalar("output")
	d.source, d.warnTypes = "syscall", true
	if t, f := o.scalar("source"); f == nil {
		d.source = t.s
	}
	for key, to := range map[string]*bool{"warn_evttypes": &d.warnTypes, "skip-if-unknown-filter": &d.skipUnknown} {
		if flag, f := o.flag(key); f == nil {
			set(to, flag)
		}
	}
	d.exceptions = nil
	if l.rules.byName[d.name] != nil {
		l.rules.list = append(l.rules.list, d) // the earlier one stays
		return
	}
	l.rules.add(d.name, d)
}

// reportBroken reports what is wrong with the condition and the output of a
// faulty rule, as far as it has them.
func (l *loader) reportBroken(d *ruleDef, types map[*node]typeSet) {
	switch {
	case d.condition.s != "" && d.output.s != "":
		l.compileRule(d, types)
	case d.condition.s != "":
		l.compileCondition(d)
	case d.output.s != "":
		l.compileOutput(d)
	}
}

// mention remembers the words of a text that could not be read: what they name
// may be used there.
func (l *loader) mention(text string) {
	if l.mentioned == nil {
		l.mentioned = map[string]bool{}
	}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune("()\"'=, \t\r\n", r) }) {
		l.mentioned[word] = true
	}
}

// mentionAll is mention for all that an object says.
func (l *loader) mentionAll(o *object) {
	nodes := []*yaml.Node{o.node}
	for len(nodes) > 0 {
		n := nodes[len(nodes)-1]
		nodes = append(nodes[:len(nodes)-1], n.Content...)
		if n.Kind == yaml.ScalarNode {
			l.mention(n.Value)
		}
	}
}
