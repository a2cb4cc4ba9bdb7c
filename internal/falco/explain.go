package falco

import "bulkhead/internal/source"

// A Reason is one check that a verdict rests on.
type Reason struct {
	Span    source.Span
	Check   string // the check, lists put in
	Verdict bool
	Missing bool   // the field has no value, which makes any check false
	Value   string // of the left side, printable
}

// Explain returns whether the event that was matched last makes r's condition
// true, and the checks that decided it: of "and" that is false the first part
// that is, of "or" that is true the first part that is, else all parts.
func (ev *Evaluator) Explain(r *Rule) (bool, []Reason) { return ev.explain(r.condition) }

func (ev *Evaluator) explain(n *node) (bool, []Reason) {
	switch n.kind {
	case nodeLeaf:
		return ev.explainLeaf(n)
	case nodeNot:
		verdict, reasons := ev.explain(n.kids[0])
		return !verdict, reasons
	}
	decides := n.kind == nodeOr
	var reasons []Reason
	for _, k := range n.kids {
		verdict, r := ev.explain(k)
		if verdict == decides {
			return verdict, r
		}
		reasons = append(reasons, r...)
	}
	return !decides, reasons
}

func (ev *Evaluator) explainLeaf(n *node) (bool, []Reason) {
	l := n.leaf
	r := Reason{Span: n.at.span(), Check: string(appendPrintable(nil, l.text)), Verdict: leafTest(l)(ev)}
	if v := ev.value(l.slot); v != nil {
		r.Value = string(appendPrintable(nil, string(ev.program.symbols.formatter(l.slot)(nil, v))))
	} else {
		r.Missing = true
	}
	return r.Verdict, []Reason{r}
}
