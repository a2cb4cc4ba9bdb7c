package watch

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"bulkhead/internal/falco"
	"bulkhead/internal/sensor"
)

// A Pair is a field of the rules language and its value.
type Pair struct{ Field, Value string }

// PairsOf returns what tells the events that alert for the same reason from
// others: the image, the program, and what it did it to. An event without them,
// such as one of the host, has none.
func PairsOf(e *sensor.Event) []Pair {
	type named struct {
		id   falco.FieldID
		name string
	}
	fields := []named{{falco.ContainerImageRepository, "container.image.repository"}, {falco.ProcExepath, "proc.exepath"}}
	switch {
	case fieldOf(e, falco.EvtType) == "execve":
		fields = append(fields, named{falco.ProcPexepath, "proc.pexepath"})
	case fieldOf(e, falco.FDRport) != "":
		fields = append(fields, named{falco.FDRport, "fd.rport"})
	case fieldOf(e, falco.FDName) != "":
		fields = append(fields, named{falco.FDName, "fd.name"})
	default:
		fields = append(fields, named{falco.EvtType, "evt.type"})
	}
	var pairs []Pair
	for _, f := range fields {
		v := fieldOf(e, f.id)
		if v == "" {
			return nil
		}
		pairs = append(pairs, Pair{f.name, v})
	}
	return pairs
}

// Bounds of what is learned: values of all rules, and of one.
const (
	maxLearned = 8192
	maxValues  = 512
)

// Exceptions collect what alerted, and write it as exceptions of the rules: per
// image, what is usual on this machine.
type Exceptions struct {
	rules map[string]map[string][][]Pair // by rule and fields
	known map[string]bool
	Left  int // values that were not kept: for want of room, or because a rule file cannot hold them
}

// Seen notes an alert.
func (x *Exceptions) Seen(a *Alert) {
	if len(a.Pairs) == 0 {
		return
	}
	key, names := a.Rule, make([]string, len(a.Pairs))
	for i, p := range a.Pairs {
		key += "\x00" + p.Value
		names[i] = p.Field
	}
	fields := strings.Join(names, ", ")
	if key += "\x00" + fields; x.known[key] {
		return
	}
	if x.rules == nil {
		x.rules, x.known = map[string]map[string][][]Pair{}, map[string]bool{}
	}
	if len(x.known) >= maxLearned || len(x.rules[a.Rule][fields]) >= maxValues || slices.ContainsFunc(a.Pairs, odd) {
		x.Left++
		return
	}
	x.known[key] = true
	if x.rules[a.Rule] == nil {
		x.rules[a.Rule] = map[string][][]Pair{}
	}
	x.rules[a.Rule][fields] = append(x.rules[a.Rule][fields], a.Pairs)
}

// odd reports whether a rule file cannot hold a value as it is: a name with
// characters that nobody can see is nothing to get used to.
func odd(p Pair) bool {
	return !utf8.ValidString(p.Value) || strings.ContainsFunc(p.Value, func(r rune) bool { return !unicode.IsPrint(r) }) ||
		strings.ContainsAny(p.Value, `"'\`)
}

// Count returns how many values there are.
func (x *Exceptions) Count() int { return len(x.known) }

// WriteTo writes the exceptions as a file of rules, to be loaded after those
// that alerted. The order does not depend on when what was seen.
func (x *Exceptions) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	b.WriteString("# What bulkhead watch saw. An alert with the values of a line is not raised again:\n# take out every line that should not be usual.\n")
	for _, rule := range slices.Sorted(maps.Keys(x.rules)) {
		fmt.Fprintf(&b, "\n- rule: %s\n  exceptions:\n", strconv.Quote(rule))
		for _, fields := range slices.Sorted(maps.Keys(x.rules[rule])) {
			last := fields[strings.LastIndexByte(fields, ' ')+1:]
			fmt.Fprintf(&b, "    - name: seen_%s\n      fields: [%s]\n      comps: [=, =, =]\n      values:\n", strings.ReplaceAll(last, ".", "_"), fields)
			rows := x.rules[rule][fields]
			slices.SortFunc(rows, func(a, b []Pair) int {
				return slices.CompareFunc(a, b, func(a, b Pair) int { return strings.Compare(a.Value, b.Value) })
			})
			for _, row := range rows {
				b.WriteString("        - [")
				for i, p := range row {
					if i > 0 {
						b.WriteString(", ")
					}
					b.WriteString(strconv.Quote(p.Value))
				}
				b.WriteString("]\n")
			}
		}
		b.WriteString("  override:\n    exceptions: append\n")
	}
	return b.WriteTo(w)
}
