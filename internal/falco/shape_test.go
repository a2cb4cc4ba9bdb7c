package falco

import (
	"slices"
	"testing"
)

// A shaped is an event that claims what its fields say, or nothing.
type shaped struct {
	testEvent
	shape Shape
}

func (e *shaped) Shape() Shape { return e.shape }

// shapedEvents returns events of all shapes.
func shapedEvents() []*shaped {
	var events []*shaped
	for _, id := range []string{"host", "0123456789ab"} {
		for _, ret := range []int64{-13, -2, -1, 0, 1, 7} {
			for _, opening := range []Shape{0, OpensToRead, OpensToWrite, OpensToRead | OpensToWrite} {
				for _, file := range []Shape{0, OpensFile, OpensFolder, OpensFile | OpensExisting} {
					events = append(events, shapedEvent(id, ret, opening|file))
				}
			}
		}
	}
	return events
}

func shapedEvent(id string, ret int64, s Shape) *shaped {
	res := map[int64]string{-13: "EACCES", -2: "ENOENT", -1: "EPERM"}[ret]
	place, result := InContainer, Failed
	if id == "host" {
		place = OnHost
	}
	if ret >= 0 {
		res, result = "SUCCESS", Succeeded
	}
	kind, char := "ipv4", "4"
	number := ret
	switch {
	case s&OpensFile != 0:
		kind, char, number = "file", "f", max(ret, -1)
	case s&OpensFolder != 0:
		kind, char, number = "directory", "d", max(ret, -1)
	}
	fields := map[string]Value{
		"container.id": String(id), "evt.res": String(res), "evt.rawres": Int(ret), "evt.failed": Bool(ret < 0),
		"fd.type": String(kind), "fd.typechar": String(char), "fd.num": Int(number),
	}
	name := "connect"
	if s&(OpensToRead|OpensToWrite) != 0 {
		name = "openat"
		fields["evt.is_open_read"], fields["evt.is_open_write"] = Bool(s&OpensToRead != 0), Bool(s&OpensToWrite != 0)
		fields["evt.is_open_create"], fields["evt.is_open_exec"] = Bool(s&OpensExisting == 0), Bool(s&OpensExisting == 0)
	}
	return &shaped{testEvent{name, fields}, s | place | result}
}

// TestShape holds that what is known of an event beforehand changes no verdict.
func TestShape(t *testing.T) {
	var conditions []string
	for _, op := range []string{"=", "!=", "<", "<=", ">", ">="} {
		for _, n := range []string{"-13", "-2", "-1", "0", "1", "7"} {
			conditions = append(conditions, "evt.rawres "+op+" "+n, "fd.num "+op+" "+n)
		}
		if op != "=" && op != "!=" {
			continue
		}
		for _, s := range []string{"host", "0123456789ab", "h", "SUCCESS", "EPERM", "file", "f", "d"} {
			for _, field := range []string{"container.id", "evt.res", "fd.type", "fd.typechar"} {
				conditions = append(conditions, field+" "+op+" "+s)
			}
		}
	}
	conditions = append(conditions,
		"container.id in (host, a)", "container.id != anyof (host, 0123456789ab)", "container.id = oneof (host, 0123456789ab)", "container.id startswith h",
		"evt.res in (SUCCESS, EPERM)", "evt.res contains S", "evt.res exists", "evt.res = val(fd.type)", "evt.failed = true", "evt.failed != true",
		"evt.rawres in (-1, 0)", "evt.rawres = anyof (-1, 7)", "evt.rawres exists", "fd.num exists", "fd.num = val(evt.rawres)",
		"evt.is_open_read = true", "evt.is_open_read = false", "evt.is_open_write = true", "evt.is_open_write != true", "evt.is_open_create = true", "evt.is_open_exec != false", "toupper(container.id) = HOST",
		"container.id exists", "fd.type in (file, ipv4)", "fd.typechar in (f, d)", "concat(fd.type, evt.res) = fileSUCCESS",
	)
	s := newSymbols(nil)
	var rules []*Rule
	for _, condition := range conditions {
		for _, c := range []string{condition, "not " + condition, condition + " and evt.type in (openat, connect)"} {
			e, err := parsed(c)
			if err != nil {
				t.Fatalf("%s: %v", c, err)
			}
			n, errs := newBinder(s).tree(e)
			if len(errs) > 0 {
				t.Fatalf("%s: %v", c, errs[0])
			}
			rules = append(rules, &Rule{Name: c, condition: n, index: len(rules)})
		}
	}
	ev := compile(s, rules).Evaluator()
	for _, e := range shapedEvents() {
		got, want := slices.Clone(ev.Match(e)), ev.Match(&e.testEvent)
		for _, r := range rules {
			if slices.Contains(got, r) != slices.Contains(want, r) {
				t.Errorf("%s, shape %09b, %v: got %v, want %v", r.Name, e.shape, e.fields, slices.Contains(got, r), slices.Contains(want, r))
			}
		}
	}
}

// TestOpens: where the same is left of the rules, a type that opens files and one
// that does not still know which they are.
func TestOpens(t *testing.T) {
	s := newSymbols(nil)
	e, err := parsed("evt.type in (open, connect) and proc.name = x")
	if err != nil {
		t.Fatal(err)
	}
	n, errs := newBinder(s).tree(e)
	if len(errs) > 0 {
		t.Fatal(errs[0])
	}
	ev := compile(s, []*Rule{{Name: "x", condition: n}}).Evaluator()
	for _, name := range []string{"open", "connect"} {
		if got, want := ev.start(&testEvent{name, nil}).opens, name == "open"; got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}
