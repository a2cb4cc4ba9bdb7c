package falco

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strconv"
)

// A Record is an event that was written down: one JSON object with the names
// of fields as keys, such as {"evt.type": "execve", "proc.name": "sh"}. What
// follows from other fields need not be there: fd.ip is fd.cip and fd.sip,
// proc.aname[2] the second of "proc.aname".
type Record struct {
	Expect []string // the rules that should match; nil where the key "expect" is missing

	kind   EventType
	fields map[string]Value
	ids    map[FieldID]Value // fields without an argument
}

// ParseRecord reads a record. Fields of plugins are those of s.
func (s *Set) ParseRecord(line []byte) (*Record, error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	var keys map[string]json.RawMessage
	if err := decoder.Decode(&keys); err != nil {
		return nil, fmt.Errorf("the event is not a JSON object: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the event")
	}
	r := &Record{fields: map[string]Value{}, ids: map[FieldID]Value{}}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if err := s.symbols.record(r, key, keys[key]); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (s *symbols) record(r *Record, key string, raw json.RawMessage) error {
	if key == "expect" {
		if err := json.Unmarshal(raw, &r.Expect); err != nil {
			return errors.New(`"expect" is not a list of names of rules`)
		}
		if r.Expect == nil {
			r.Expect = []string{}
		}
		return nil
	}
	o, size, serr := formattedOperand(literal(key, place{}))
	if serr != nil || size != len(key) || o.kind != operandField {
		return fmt.Errorf("%s is not a field", strconv.Quote(key))
	}
	ref, ferr := s.ref(o.name, o.arg, o.hasArg)
	if ferr != nil {
		return ferr
	}
	t := s.field(ref).Type
	if ref.ID == EvtTime || ref.ID == EvtTimeISO8601 || ref.ID == EvtDatetime {
		if raw[0] != '"' {
			t = TypeTime
		}
	}
	v, ok, err := recorded(t, raw)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	if v.List != nil && (ref.Arg != "" || s.field(ref).Flags&(Any|IsList|Either) == 0) {
		return fmt.Errorf("%s: wants one value, not a list", key)
	}
	if !ok {
		return nil
	}
	r.fields[canonical(ref)] = v
	if ref.Arg == "" {
		r.ids[ref.ID] = v
	}
	if ref.ID == EvtType {
		if r.kind = s.types.byName[v.Str]; r.kind == 0 {
			return errors.New(s.checkEventType(&check{op: opEq}, value{s: v.Str}).message)
		}
	}
	return nil
}

// canonical returns one name for a field however its argument is written.
func canonical(r *Ref) string { return strconv.Itoa(int(r.ID)) + "[" + r.Arg + "]" }

// recorded reads a value; ok is false for null, which is no value.
func recorded(t Type, raw json.RawMessage) (v Value, ok bool, err error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var decoded any
	if err := decoder.Decode(&decoded); err != nil {
		return v, false, err
	}
	list, isList := decoded.([]any)
	if !isList {
		return scalarOf(t, decoded)
	}
	v.List = make([]Value, 0, len(list))
	for _, item := range list {
		x, ok, err := scalarOf(t, item)
		if err != nil {
			return v, false, err
		}
		if ok {
			v.List = append(v.List, x)
		}
	}
	return v, len(v.List) > 0, nil
}

func scalarOf(t Type, x any) (v Value, ok bool, err error) {
	wrong := func() (Value, bool, error) { return v, false, fmt.Errorf("wants %s, not %v", article(t.String()), x) }
	text := ""
	switch x := x.(type) {
	case nil:
		return v, false, nil
	case string:
		text = x
	case json.Number:
		text = x.String()
	case bool:
		if t == TypeBool {
			return Bool(x), true, nil
		}
		text = strconv.FormatBool(x)
	default:
		return wrong()
	}
	switch t {
	case TypeString, TypeBytes:
		return String(text), true, nil
	case TypeAddr, TypeNet:
		a, err := netip.ParseAddr(text)
		if err != nil {
			return wrong()
		}
		return Addr(a), true, nil
	}
	if t == TypeDouble {
		ratio, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return wrong()
		}
		return Int(int64(ratio * 1000)), true, nil
	}
	l, bad := readLiteral(t, opEq, text)
	if bad != "" {
		return wrong()
	}
	return Int(l.num), true, nil
}

// Type returns the event's type.
func (r *Record) Type() EventType { return r.kind }

// Shape returns nothing: what is known of a record are its fields.
func (r *Record) Shape() Shape { return 0 }

// Field gives a field that was recorded, or that follows from others.
func (r *Record) Field(f *Ref, v *Value) (ok bool) {
	if *v, ok = r.fields[canonical(f)]; ok {
		return true
	}
	if list := r.ids[f.ID].List; f.Index > 0 && f.Index <= len(list) {
		*v = list[f.Index-1] // the list starts at the parent
		return true
	}
	*v, ok = r.derived(f)
	return ok
}

func (r *Record) derived(f *Ref) (Value, bool) {
	from := func(ids ...FieldID) (Value, bool) {
		var list []Value
		for _, id := range ids {
			if v, ok := r.ids[id]; ok {
				list = append(list, v)
			}
		}
		return Value{List: list}, len(list) > 0
	}
	one := func(id FieldID) (Value, bool) { v, ok := r.ids[id]; return v, ok }
	switch f.ID {
	case FDIP, FDNet:
		return from(FDCIP, FDSIP, FDLIP, FDRIP)
	case FDPort:
		return from(FDCport, FDSport, FDLport, FDRport)
	case FDCnet:
		return one(FDCIP)
	case FDSnet:
		return one(FDSIP)
	case FDLnet:
		return one(FDLIP)
	case FDRnet:
		return one(FDRIP)
	case SyscallType:
		return one(EvtType)
	case EvtTime, EvtTimeISO8601, EvtDatetime:
		return one(EvtRawtime)
	}
	return Value{}, false
}
