package falco

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"bulkhead/internal/source"
)

// FuzzCondition parses conditions, binds what parses, and holds the compiled
// verdict against that of walking the tree, and what is printed against what
// was read.
func FuzzCondition(f *testing.F) {
	for _, c := range []string{
		"a", "not (a and b)or(c)", `evt.type in (open, "x y") and not fd.name startswith '/\x2f'`,
		`getopt(("-t", "v"), "t:")[t] = v`, "proc.name == oneof (a, b) or fd.net = 10.0.0.0/8", "fd.name pmatch (/a/*, /b)",
		`join("-", (proc.name, proc.pid)) glob *[a-z]?`, "evt.num=0 or proc.aname[2] exists and fd.port > 0x10", "proc.name regex (a|b)*",
		"len(proc.name) >= val(evt.num)", "evt.buffer bcontains 6100",
	} {
		f.Add(c, "/etc/passwd\xff\n", int64(3))
		f.Add(c, "", int64(0))
	}
	f.Fuzz(func(t *testing.T, condition, text string, number int64) {
		e, err := parsed(condition)
		if err != nil {
			return
		}
		s := newSymbols(nil)
		n, errs := newBinder(s).tree(noMacros(e))
		if len(errs) > 0 {
			return
		}
		ev := compile(s, []*Rule{{condition: n}}).Evaluator()
		for _, kind := range []string{"openat", "execve", ""} {
			got := len(ev.Match(anything{kind, text, number})) > 0
			if want, _ := ev.explain(n); got != want {
				t.Errorf("%q on %s: got %v, walked %v", condition, kind, got, want)
			}
		}
		reread(t, s, n)
	})
}

// reread checks that a leaf as it is printed is a condition of the same leaf.
func reread(t *testing.T, s *symbols, n *node) {
	for _, k := range n.kids {
		reread(t, s, k)
	}
	if n.kind != nodeLeaf || n.leaf.right != noSlot || strings.ContainsAny(n.leaf.text, "\\\"'[]") {
		return // escapes have more than one form
	}
	e, err := parsed(n.leaf.text)
	if err != nil {
		t.Fatalf("%q: %v", n.leaf.text, err)
	}
	again, bad := s.bind(e.check)
	if bad != nil || again != n.leaf {
		t.Errorf("%q: read again as %v, %v", n.leaf.text, again, bad)
	}
}

// noMacros returns e with every macro replaced by a check.
func noMacros(e *expr) *expr {
	if e.kind == exprMacro {
		c := newExpr(exprCheck, e.at)
		c.check = &check{left: &operand{name: "proc.name"}, op: opEq, values: []value{{s: e.macro}}}
		return c
	}
	kids := make([]*expr, len(e.kids))
	for i, k := range e.kids {
		kids[i] = noMacros(k)
	}
	out := newExpr(e.kind, e.at, kids...)
	out.check = e.check
	return out
}

// anything is an event with a value for every field.
type anything struct {
	kind   string
	text   string
	number int64
}

func (a anything) Type() EventType { return EventTypeOf(a.kind) }

func (a anything) Shape() Shape { return 0 }

func (a anything) Field(r *Ref, v *Value) bool {
	v.Str, v.Num = a.text, a.number
	if r.ID == EvtNum && v.Num == 0 {
		v.Num = 1 // events are counted from 1, which the compiler knows
	}
	if r.Arg == "" && fields[min(int(r.ID), len(fields)-1)].Flags&(Any|IsList|Either) != 0 {
		v.List = []Value{{Str: a.text, Num: a.number}, {Str: "x", Num: 1}}
	}
	return len(a.text)%7 != int(r.ID)%7
}

// FuzzOutput formats outputs of hostile events: whatever they hold, it is one
// line of printable text.
func FuzzOutput(f *testing.F) {
	for _, o := range []string{"%proc.name.", "x %5proc.cmdline %toupper(fd.name) %proc.aname[2]%evt.arg.flags", "*%fd.types %user.uid %evt.time", "%"} {
		f.Add(o, "a\x1b[2J\n\r\u2028\u202e\xff\x00é")
	}
	f.Fuzz(func(t *testing.T, output, text string) {
		s := newSymbols(nil)
		o, err := s.output(literal(output, place{}))
		if err != nil {
			return
		}
		n, errs := newBinder(s).tree(noMacros(newExpr(exprMacro, place{})))
		if errs != nil {
			t.Fatal(errs)
		}
		ev := compile(s, []*Rule{{condition: n}}).Evaluator()
		ev.Match(anything{"execve", text, 7})
		line := string(ev.appendOutput(nil, o))
		if !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q: got %q, want printable text", output, line)
		}
	})
}

// FuzzLoad reads rule files. Every diagnostic has a place in the file, and what
// loads can be compiled, evaluated and explained.
func FuzzLoad(f *testing.F) {
	f.Add([]byte("- list: l\n  items: [a, \"b c\"]\n- macro: m\n  condition: proc.name in (l)\n- rule: r\n  desc: d\n  condition: >\n    evt.type = execve\n    and m\n  output: '%proc.name'\n  priority: info\n  exceptions: [{name: e, fields: [proc.name], values: [[a]]}]\n"))
	f.Add([]byte("- rule: r\n  condition: and x\n  override: {condition: append}\n---\n- &a {list: l, items: []}\n- *a\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<16 {
			return
		}
		file := source.NewFile("x.yaml", text)
		set := Load([]*source.File{file}, Options{Append: SuggestedOutput})
		for _, d := range set.Diagnostics {
			if d.Span.File != file || d.Span.Start > len(text) || d.Message == "" {
				t.Errorf("got %+v, want a place and a message", d)
			}
		}
		ev := set.Compile().Evaluator()
		for _, r := range append([]*Rule(nil), ev.Match(anything{"execve", "sh", 1})...) {
			ev.AppendOutput(nil, r)
			if verdict, _ := ev.Explain(r); !verdict {
				t.Errorf("%s: matched and explained as not", r.Name)
			}
		}
	})
}

// FuzzRecord reads recorded events.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"evt.type": "openat", "proc.aname": ["a", "b"], "fd.sip": "::1", "evt.arg.flags": null, "expect": ["x"]}`))
	set := Load(nil, Options{})
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := set.ParseRecord(line)
		if err != nil {
			return
		}
		for i := range fields[1:] {
			var v Value
			r.Field(&Ref{ID: FieldID(i + 1), Index: 2, Arg: "2"}, &v)
		}
	})
}
