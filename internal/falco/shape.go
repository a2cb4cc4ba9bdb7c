package falco

// A Shape is what is known of an event before any field is asked for. Rules are
// compiled for every shape that comes up, so that what follows from it is not
// tested again, and rules that it rules out cost nothing. The zero shape says
// nothing; an event must not claim what its fields do not say too.
type Shape uint16

// What may be known of an event.
const (
	OnHost        Shape = 1 << iota // container.id is host
	InContainer                     // container.id is another
	Succeeded                       // evt.rawres is not negative, evt.res is SUCCESS, and evt.failed is false
	Failed                          // evt.rawres is negative, evt.res is another, and evt.failed is true
	OpensToRead                     // evt.is_open_read is true; false if only OpensToWrite is there
	OpensToWrite                    // the same of evt.is_open_write
	OpensExisting                   // evt.is_open_create and evt.is_open_exec are false
	OpensFile                       // by a path: fd.type is file, fd.typechar is f, fd.num is not negative, or -1 for one that failed
	OpensFolder                     // the same of a directory, with d

	shapes = 1 << iota // how many there are
)

// A situation is what conditions are folded for.
type situation struct {
	kind  EventType
	shape Shape
}

// fixed sets v to the value of a field that follows from the shape.
func (s Shape) fixed(id FieldID, v *Value) bool {
	switch id {
	case ContainerID:
		v.Str = "host"
		return s&OnHost != 0
	case EvtRes:
		v.Str = "SUCCESS"
		return s&Succeeded != 0
	case EvtFailed:
		*v = Bool(s&Failed != 0)
		return s&(Succeeded|Failed) != 0
	case EvtIsOpenRead:
		*v = Bool(s&OpensToRead != 0)
		return s&(OpensToRead|OpensToWrite) != 0
	case EvtIsOpenWrite:
		*v = Bool(s&OpensToWrite != 0)
		return s&(OpensToRead|OpensToWrite) != 0
	case EvtIsOpenCreate, EvtIsOpenExec:
		return s&OpensExisting != 0
	case FDType:
		v.Str = "file"
		if s&OpensFolder != 0 {
			v.Str = "directory"
		}
		return s&(OpensFile|OpensFolder) != 0
	case FDTypechar:
		v.Str = "f"
		if s&OpensFolder != 0 {
			v.Str = "d"
		}
		return s&(OpensFile|OpensFolder) != 0
	case FDNum:
		v.Num = -1
		return s&Failed != 0 && s&(OpensFile|OpensFolder) != 0
	}
	return false
}

// decides reports what l is for every event of the shape where that follows
// from what the field cannot be, rather than from what it is.
func (s Shape) decides(l *leaf, id FieldID) (verdict, known bool) {
	switch {
	case l.right != noSlot || l.mod != modNone:
	case id == ContainerID && s&InContainer != 0:
		return l.without(String("host"))
	case id == EvtRes && s&Failed != 0:
		return l.without(String("SUCCESS"))
	case id == EvtRawres && s&Failed != 0:
		return l.upTo(-1)
	case id == EvtRawres && s&Succeeded != 0, id == FDNum && s&Succeeded != 0 && s&(OpensFile|OpensFolder) != 0:
		return l.from(0)
	}
	return false, false
}

// without decides a check of a field that has a value, but never v.
func (l *leaf) without(v Value) (verdict, known bool) {
	switch l.op {
	case opExists:
		return true, true
	case opEq:
		return false, l.test(&v)
	case opNe:
		return true, !l.test(&v)
	}
	return false, false
}

// from decides a check of a number that is least or more.
func (l *leaf) from(least int64) (verdict, known bool) {
	v := Int(least)
	switch l.op {
	case opGe, opGt:
		return true, l.test(&v)
	case opLe, opLt:
		return false, !l.test(&v)
	}
	return l.without(Int(least - 1))
}

// upTo decides a check of a number that is most or less.
func (l *leaf) upTo(most int64) (verdict, known bool) {
	v := Int(most)
	switch l.op {
	case opLe, opLt:
		return true, l.test(&v)
	case opGe, opGt:
		return false, !l.test(&v)
	}
	return l.without(Int(most + 1))
}
