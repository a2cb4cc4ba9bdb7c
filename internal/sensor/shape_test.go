package sensor

import (
	"testing"

	"bulkhead/internal/falco"
)

// claims are what each bit of a shape says: a field and its value.
var claims = []struct {
	shape falco.Shape
	id    falco.FieldID
	holds func(v *falco.Value) bool
}{
	{falco.OnHost, falco.ContainerID, func(v *falco.Value) bool { return v.Str == "host" }},
	{falco.InContainer, falco.ContainerID, func(v *falco.Value) bool { return v.Str != "host" }},
	{falco.Succeeded, falco.EvtRes, func(v *falco.Value) bool { return v.Str == "SUCCESS" }},
	{falco.Succeeded, falco.EvtRawres, func(v *falco.Value) bool { return v.Num >= 0 }},
	{falco.Succeeded, falco.EvtFailed, func(v *falco.Value) bool { return v.Num == 0 }},
	{falco.Failed, falco.EvtRes, func(v *falco.Value) bool { return v.Str != "SUCCESS" }},
	{falco.Failed, falco.EvtRawres, func(v *falco.Value) bool { return v.Num < 0 }},
	{falco.Failed, falco.EvtFailed, func(v *falco.Value) bool { return v.Num == 1 }},
	{falco.OpensToRead, falco.EvtIsOpenRead, func(v *falco.Value) bool { return v.Num == 1 }},
	{falco.OpensToWrite, falco.EvtIsOpenWrite, func(v *falco.Value) bool { return v.Num == 1 }},
	{falco.OpensExisting, falco.EvtIsOpenCreate, func(v *falco.Value) bool { return v.Num == 0 }},
	{falco.OpensExisting, falco.EvtIsOpenExec, func(v *falco.Value) bool { return v.Num == 0 }},
	{falco.OpensFile, falco.FDType, func(v *falco.Value) bool { return v.Str == "file" }},
	{falco.OpensFile, falco.FDTypechar, func(v *falco.Value) bool { return v.Str == "f" }},
	{falco.OpensFolder, falco.FDType, func(v *falco.Value) bool { return v.Str == "directory" }},
	{falco.OpensFolder, falco.FDTypechar, func(v *falco.Value) bool { return v.Str == "d" }},
	{falco.OpensFile | falco.Succeeded, falco.FDNum, func(v *falco.Value) bool { return v.Num >= 0 }},
	{falco.OpensFolder | falco.Succeeded, falco.FDNum, func(v *falco.Value) bool { return v.Num >= 0 }},
	{falco.OpensFile | falco.Failed, falco.FDNum, func(v *falco.Value) bool { return v.Num == -1 }},
	{falco.OpensFolder | falco.Failed, falco.FDNum, func(v *falco.Value) bool { return v.Num == -1 }},
}

// TestShape holds that an event's shape says what its fields say.
func TestShape(t *testing.T) {
	seen := falco.Shape(0)
	for i := range calls {
		for _, ret := range []int64{-13, -1, 0, 5} {
			for _, flags := range []uint64{0, 1, 2, 3, 0o100, 0o101, 0o1102, openDirectory, openDirectory | 0o20200002} {
				for _, id := range []string{"", testID} {
					e := &Event{name: calls[i].name, call: &calls[i], id: id, names: nobody(), proc: &process{image: &image{}}}
					h := header{Kind: kindSyscall, Nr: int32(calls[i].nr), Ret: ret, Args: [6]uint64{flags, flags, flags, 0o755, 0o755, 0o755}}
					e.decode(event(t, h, 0, "/a\x00", 1, "/a\x00", tagHow, "\x01\x00\x00\x00\x00\x00\x00\x00\xff\x01\x00\x00\x00\x00\x00\x00", tagDescriptor, string(make([]byte, factSize))), new(arena))
					seen |= e.Shape()
					checkShape(t, e)
				}
			}
		}
	}
	for _, c := range claims {
		if seen&c.shape != c.shape {
			t.Errorf("no event had all of shape %09b", c.shape)
		}
	}
}

func checkShape(t *testing.T, e *Event) {
	t.Helper()
	s := e.Shape()
	for _, c := range claims {
		var v falco.Value
		if s&c.shape == c.shape && (!e.Field(&falco.Ref{ID: c.id, Index: -1}, &v) || !c.holds(&v)) {
			t.Errorf("%s, flags %o, result %d: shape %09b, but field %d is %+v", e.name, e.openFlagsOf(), e.Ret, s, c.id, v)
		}
	}
	opens := falco.OpensToRead | falco.OpensToWrite
	for _, c := range []struct {
		other falco.Shape
		id    falco.FieldID
	}{{falco.OpensToRead, falco.EvtIsOpenWrite}, {falco.OpensToWrite, falco.EvtIsOpenRead}} {
		var v falco.Value
		if s&opens == c.other && (!e.Field(&falco.Ref{ID: c.id, Index: -1}, &v) || v.Num != 0) {
			t.Errorf("%s: shape %09b, but field %d is %+v", e.name, s, c.id, v)
		}
	}
}

// openFlagsOf is openFlags of any event.
func (e *Event) openFlagsOf() uint64 {
	if !e.opens() {
		return 0
	}
	return e.openFlags()
}
