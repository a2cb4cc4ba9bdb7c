package falco

import (
	"net/netip"
	"strings"
	"testing"
)

// mocks are the fields that the engine's tests make up, and those of the
// plugin they load.
var mocks = []Field{
	{Name: "c.true"},
	{Name: "c.false"},
	{Name: "c.singlequote"},
	{Name: "c.doublequote"},
	{Name: "c.buffer", Type: TypeBytes},
	{Name: "sample.proc_name"},
	{Name: "sample.tick"},
	{Name: "sample.is_open", Type: TypeUint},
}

// compiled compiles a condition alone and returns how many warnings it raises.
func compiled(s *symbols, condition string) (n *node, warnings int, err error) {
	e, err := parsed(condition)
	if err != nil {
		return nil, 0, err
	}
	n, errs := newBinder(s).tree(e)
	if len(errs) > 0 {
		return nil, 0, errs[0]
	}
	l := &loader{symbols: s, set: &Set{}}
	for _, c := range checksOf(e) {
		for _, w := range l.checkWarnings(c) {
			if w.code == ConditionWarning {
				warnings++
			}
		}
	}
	return n, warnings, nil
}

// TestCompileCases holds the checker against the engine's: every case agrees,
// in the number of warnings too.
func TestCompileCases(t *testing.T) {
	cases := filterCases(t, "compile")
	if len(cases) < 354 {
		t.Errorf("got %d cases, want 354", len(cases))
	}
	agree := 0
	for _, c := range cases {
		_, warnings, err := compiled(newSymbols(mocks), c.Condition)
		switch {
		case (err == nil) != (c.Verdict == "valid"):
			t.Errorf("%s: %q: got %v, want %s", c.Test, c.Condition, err, c.Verdict)
		case c.Warnings != "" && (warnings > 0) != (c.Warnings != "0"):
			t.Errorf("%s: %q: got %d warnings, want %s", c.Test, c.Condition, warnings, c.Warnings)
		default:
			agree++
		}
	}
	t.Logf("compile: %d of %d cases agree", agree, len(cases))
}

// A testEvent is an event with the given fields.
type testEvent struct {
	kind   string
	fields map[string]Value
}

func (e *testEvent) Type() EventType { return EventTypeOf(e.kind) }

func (e *testEvent) Shape() Shape { return 0 }

func (e *testEvent) Field(r *Ref, v *Value) (ok bool) {
	*v, ok = e.fields[r.Text]
	return ok
}

// caseEvent returns the event of one of the engine's tests, built again from
// what the test does and from the fields its conditions look at, or nil for a
// test whose event is not known.
func caseEvent(c filterCase) *testEvent {
	text := func(kind string, pairs ...string) *testEvent {
		e := &testEvent{kind, map[string]Value{}}
		for i := 0; i < len(pairs); i += 2 {
			e.fields[pairs[i]] = String(pairs[i+1])
		}
		return e
	}
	with := func(e *testEvent, name string, v Value) *testEvent {
		e.fields[name] = v
		return e
	}
	if strings.HasPrefix(c.Test, "FILTERCHECK_MOD_") {
		return text("openat", "proc.name", "myexe")
	}
	switch c.Test {
	case "event_res":
		return with(text("openat"), "evt.rawres", Int(-2))
	case "boolean_evaluation", "str_escape":
		return text("", "c.true", "1", "c.false", "0", "c.singlequote", "hello 'quoted'", "c.doublequote", `hello "quoted"`)
	case "filter_simple_evaluation", "filter_val_transformer", "filter_transformers_combination", "filter_cache_disabled",
		"filter_cache_enabled", "filter_cache_corner_cases", "filter_regex_operator_evaluation", "filter_str_op_modifier_evaluation":
		e := text("getcwd", "evt.arg.res", "0", "evt.arg[1]", "/test/dir", "evt.args", "path=/test/dir")
		return with(e, "sample.is_open", Int(0))
	case "filter_cache_pointer_instability":
		return text("procexit", "evt.arg.ret", "1", "evt.arg.reaper_tid", "2(init)")
	case "filter_cache_unary_check_plugin_ptr_instability":
		return text("open", "sample.proc_name", "init", "sample.tick", "false")
	case "bytebuf_bcontains_bstartswith":
		return text("read", "evt.buffer", "hello")
	case "bytebuf_matches_nul":
		return text("read", "evt.buffer", "a\x00b")
	case "contains_icontains":
		return text("openat", "evt.arg.flags", "O_TRUNC|O_CREAT|O_RDWR", "fd.name", "/home/file/Dir/SubDir/dir")
	case "net_ipv4_compare", "net_modifier_ip_compare":
		return connection("172.40.111.222", "142.251.111.147")
	case "net_ipv6_compare":
		return connection("::1", "2001:4860:4860::8888")
	case "signed_int_compare":
		e := with(text("open"), "evt.cpu", Int(1))
		return with(with(e, "evt.rawarg.res", Int(-2)), "fd.num", Int(-1))
	case "pmatch":
		return text("open", "fd.name", "/opt/dir/subdir")
	case "len_transformer":
		e := text("open", "fd.name", "/tmp/file_to_run", "evt.arg.data", "abcdef")
		if strings.HasSuffix(c.Condition, "= 2") { // the test opens a second kind of descriptor before this one
			return with(e, "fd.types", Strings("file", "ipv4"))
		}
		return with(e, "fd.types", Strings("file"))
	case "basename_transformer", "multivalue_transformer_join", "multivalue_transformer_concat",
		"multivalue_transformer_with_outer_transformer", "multivalue_transformer_getopt":
		return with(text("open", "fd.name", "/tmp/file_to_run", "fd.directory", "/tmp"), "evt.num", Int(1))
	case "plugin_syscall_extract":
		e := text("open", "sample.proc_name", "init", "sample.tick", "false", "evt.pluginname", "sample_syscall_extract")
		return with(e, "sample.is_open", Int(1))
	case "EVT_FILTER_data_buffer_str":
		return text("write", "evt.arg.data", "gigi")
	case "EVT_FILTER_rawarg_madness":
		e := &testEvent{"open", map[string]Value{"evt.rawarg.size": Int(-30), "evt.rawarg.flags": Int(255)}}
		return with(with(with(e, "evt.rawarg.uid", Int(0)), "evt.rawarg.pgid", Int(0)), "evt.rawarg.gid", Int(0))
	case "PROC_FILTER_aname":
		return with(text("openat", "proc.name", "good-exe"), "proc.aname", Strings("bash", "init"))
	case "fd_fields_invalid_utf8_match":
		return text("open", "fd.name", "/p\xff/q\xff", "fd.directory", "/p\xff", "fd.filename", "q\xff", "fs.path.name", "/p\xff/q\xff", "evt.arg.name", "/p\xff/q\xff")
	case "proc_fields_invalid_utf8_match":
		return text("open", "proc.name", "bad\xff", "proc.exe", "/bin/bad\xff")
	case "fspath_fields_invalid_utf8_match":
		return text("rename", "fs.path.source", "/a\xff", "fs.path.target", "/b\xff")
	case "evt_abspath_invalid_utf8_match":
		return text("mkdirat", "evt.abspath", "/tmp/a\xff")
	case "proc_cwd_invalid_utf8_match":
		return text("chdir", "proc.cwd", "/tmp/c\xff/")
	}
	return nil
}

// connection returns an event of a server's connection from client.
func connection(client, server string) *testEvent {
	c, s := Addr(netip.MustParseAddr(client)), Addr(netip.MustParseAddr(server))
	both := Value{List: []Value{c, s}}
	return &testEvent{"accept4", map[string]Value{
		"fd.cip": c, "fd.sip": s, "fd.lip": s, "fd.rip": c, "fd.ip": both, "fd.net": both,
	}}
}

// disagreements are cases in which we decide otherwise, and why.
var disagreements = map[string]string{}

// TestEvalCases holds the evaluator against the engine's.
func TestEvalCases(t *testing.T) {
	cases := append(filterCases(t, "eval"), filterCases(t, "eval-mock")...)
	run, agree := 0, 0
	for _, c := range cases {
		event := caseEvent(c)
		if event == nil {
			t.Logf("%s: %q: not run: the event is not known", c.Test, c.Condition)
			continue
		}
		run++
		s := newSymbols(mocks)
		n, _, err := compiled(s, c.Condition)
		if err != nil {
			t.Errorf("%s: %q: %v", c.Test, c.Condition, err)
			continue
		}
		ev := compile(s, []*Rule{{condition: n}}).Evaluator()
		got := ev.First(event) != nil
		if slow, _ := ev.explain(n); slow != got {
			t.Errorf("%s: %q: compiled to %v, walked %v", c.Test, c.Condition, got, slow)
		}
		if got != *c.Expect {
			if reason, ok := disagreements[c.Condition]; ok {
				t.Logf("%s: %q: got %v: %s", c.Test, c.Condition, got, reason)
			} else {
				t.Errorf("%s: %q: got %v, want %v", c.Test, c.Condition, got, *c.Expect)
			}
			continue
		}
		agree++
	}
	t.Logf("eval: %d of %d cases agree, %d not run", agree, len(cases), len(cases)-run)
	if agree*100 < len(cases)*98 {
		t.Errorf("%d of %d cases agree, want 98 %%", agree, len(cases))
	}
}
