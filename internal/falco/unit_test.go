package falco

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/source"
)

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "/a/.b", true},
		{"/etc/*", "/etc/a/b", true},
		{"*.conf", "/etc/x.conf", true},
		{"*.conf", ".conf.d", false},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"[a-c]x", "bx", true},
		{"[!a-c]x", "bx", false},
		{"[^a-c]x", "dx", true},
		{"[]]x", "]x", true},
		{"[a", "[a", true},
		{"[[:digit:]]", "7", true},
		{"[[:digit:]]", "x", false},
		{`\*`, "*", true},
		{`\*`, "a", false},
		{`[\]]`, "]", true},
		{"a*b*c", "aXbXbXc", true},
		{"a*b*c", "aXcXb", false},
		{"**a**", "xay", true},
		{"*a", "a", true},
		{`\`, `\`, true},
		{strings.Repeat("a*", 40) + "b", strings.Repeat("a", 4000), false},
	} {
		if got := glob(tt.pattern, tt.s, keepCase); got != tt.want {
			t.Errorf("%q on %.20q: got %v, want %v", tt.pattern, tt.s, got, tt.want)
		}
		v := String(tt.s)
		if got := globTest(tt.pattern)(&v); got != tt.want {
			t.Errorf("compiled %q on %.20q: got %v, want %v", tt.pattern, tt.s, got, tt.want)
		}
	}
}

func TestPathSet(t *testing.T) {
	s := newPathSet([]lit{{str: "/etc/ssh/"}, {str: "/home/*/.ssh"}, {str: "/var"}})
	for path, want := range map[string]bool{
		"/etc/ssh": true, "/etc/ssh/sshd_config": true, "/etc/sshd": false, "/etc": false, "/home/a/.ssh/id": true,
		"/home/.ssh": false, "/var": true, "/variable": false, "": false, "/home/a": false,
	} {
		v := String(path)
		if got := s.matches(&v); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}

// TestMissing holds that a field without a value makes every check false and
// every "not" of one true.
func TestMissing(t *testing.T) {
	for _, check := range []string{
		"proc.name = a", "proc.name != a", "proc.name in (a)", "proc.name exists", "proc.pid < 1", "proc.pid >= 0", "fd.ip != 1.1.1.1",
		"fd.net = 0.0.0.0/0", "proc.name != oneof (a)", "proc.name = val(proc.pname)", "toupper(proc.name) = A", "len(proc.name) = 0",
		"fd.types in (file)", "proc.aname != a",
	} {
		for condition, want := range map[string]bool{check: false, "not " + check: true} {
			s := newSymbols(nil)
			n, _, err := compiled(s, condition)
			if err != nil {
				t.Fatalf("%s: %v", condition, err)
			}
			if got := compile(s, []*Rule{{condition: n}}).Evaluator().First(&testEvent{kind: "execve"}) != nil; got != want {
				t.Errorf("%s: got %v, want %v", condition, got, want)
			}
		}
	}
}

func TestAlert(t *testing.T) {
	set := Load([]*source.File{source.NewFile("r.yaml", []byte(
		"- rule: R\n  desc: d\n  condition: evt.type = execve\n  output: ran %proc.name as %user.uid (%proc.tty, %proc.name)\n  priority: critical\n  tags: [b, a, b]\n",
	))}, Options{})
	if err := set.Err(); err != nil {
		t.Fatal(err, set.Diagnostics)
	}
	ev := set.Compile().Evaluator()
	r := ev.First(&testEvent{"execve", map[string]Value{"proc.name": String("a\nb"), "user.uid": Int(4294967295)}})
	if r == nil {
		t.Fatal("nothing matched")
	}
	a := ev.Alert(r)
	a.Time, a.Hostname = time.Unix(1_700_000_000, 5), "h"
	got, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"hostname":"h","output":"22:13:20.000000005: Critical ran a\\nb as 4294967295 (\u003cNA\u003e, a\\nb)",` +
		`"output_fields":{"evt.time":1700000000000000005,"proc.name":"a\\nb","proc.tty":null,"user.uid":4294967295},` +
		`"priority":"Critical","rule":"R","source":"syscall","tags":["b","a"],"time":"2023-11-14T22:13:20.000000005Z"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestExplain(t *testing.T) {
	set := Load([]*source.File{source.NewFile("r.yaml", []byte(
		"- rule: R\n  desc: d\n  output: o\n  priority: info\n  condition: >\n    evt.type = execve and\n    (proc.name = a or proc.tty != 0) and not proc.pname = p\n",
	))}, Options{})
	ev := set.Compile().Evaluator()
	ev.Match(&testEvent{"execve", map[string]Value{"proc.name": String("b"), "proc.pname": String("p"), "proc.tty": Int(3)}})
	verdict, reasons := ev.Explain(set.Rules[0])
	if verdict || len(reasons) != 1 {
		t.Fatalf("got %v and %+v, want false for one reason", verdict, reasons)
	}
	r := reasons[0]
	if r.Span.Position().String() != "r.yaml:7:46" || r.Check != "proc.pname = p" || !r.Verdict || r.Value != "p" {
		t.Errorf("got %s: %+v, want proc.pname = p at r.yaml:7:46", r.Span.Position(), r)
	}
	ev.Match(&testEvent{"execve", map[string]Value{"proc.name": String("b"), "proc.tty": Int(3)}})
	verdict, reasons = ev.Explain(set.Rules[0])
	if !verdict || len(reasons) != 3 || !reasons[2].Missing {
		t.Errorf("got %v and %+v, want true for three reasons, the last a missing value", verdict, reasons)
	}
}

// TestOrderOfRules holds that rules are reported in the order they were
// loaded, however they are grouped.
func TestOrderOfRules(t *testing.T) {
	var text strings.Builder
	for _, c := range []string{"proc.name = a", "proc.tty = 1 and proc.pid = 2", "proc.name = a and proc.pid = 2", "proc.tty = 1"} {
		text.WriteString("- rule: " + c + "\n  desc: d\n  output: o\n  priority: info\n  condition: evt.type = execve and " + c + "\n")
	}
	set := Load([]*source.File{source.NewFile("r.yaml", []byte(text.String()))}, Options{})
	e := &testEvent{"execve", map[string]Value{"proc.name": String("a"), "proc.tty": Int(1), "proc.pid": Int(2)}}
	matched := set.Compile().Evaluator().Match(e)
	if len(matched) != 4 {
		t.Fatalf("got %d rules, want 4", len(matched))
	}
	for i, r := range matched {
		if r != set.Rules[i] {
			t.Errorf("rule %d: got %s, want %s", i, r.Name, set.Rules[i].Name)
		}
	}
}

// TestNumbers holds how numbers are read and compared.
func TestNumbers(t *testing.T) {
	e := &testEvent{"openat", map[string]Value{
		"proc.pid": Int(-1), "user.uid": Int(4294967295), "evt.rawtime": Int(-1), "fd.sport": Int(443), "thread.cpu": Int(1500), "proc.tty": Int(644),
	}}
	for condition, want := range map[string]bool{
		"proc.pid < 0": true, "proc.pid = -1": true, "user.uid = 0xffffffff": true, "evt.rawtime > 9223372036854775807": true,
		"evt.rawtime = 18446744073709551615": true, "fd.sport = https": true, "fd.sport in (80, 0x1bb)": true, "thread.cpu > 1": true,
		"thread.cpu >= 2": false, "proc.tty = 0644": true, "proc.tty < +700": true,
	} {
		s := newSymbols(nil)
		n, _, err := compiled(s, condition)
		if err != nil {
			t.Errorf("%s: %v", condition, err)
			continue
		}
		if got := compile(s, []*Rule{{condition: n}}).Evaluator().First(e) != nil; got != want {
			t.Errorf("%s: got %v, want %v", condition, got, want)
		}
	}
}

// TestEventTypes holds the names, which are searched, against their ids.
func TestEventTypes(t *testing.T) {
	for name := range strings.FieldsSeq(eventNames) {
		if got := EventTypeOf(name).String(); got != name {
			t.Errorf("got %s, want %s", got, name)
		}
	}
	if EventTypeOf("nothing") != 0 || EventTypeOf("") != 0 || EventType(9999).String() != "" {
		t.Error("a name that is none has a type")
	}
}
