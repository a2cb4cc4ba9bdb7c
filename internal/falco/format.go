package falco

import (
	"strconv"
	"strings"
	"time"
)

// A formatter appends a value as outputs have it.
type formatter func(dst []byte, v *Value) []byte

// formatter returns the formatter of a slot.
func (s *symbols) formatter(id slotID) formatter {
	n := &s.slots[id]
	one := scalarFormatter(n.typ)
	if n.ref != nil {
		switch n.ref.ID {
		case EvtTime, EvtTimeISO8601, EvtDatetime:
			one = timeFormatter(n.ref.ID)
		case FDDev:
			one = func(dst []byte, v *Value) []byte { return strconv.AppendInt(append(dst, "0x"...), v.Num, 16) }
		}
	}
	return func(dst []byte, v *Value) []byte {
		if v.List == nil {
			return one(dst, v)
		}
		dst = append(dst, '(')
		for i := range v.List {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = one(dst, &v.List[i])
		}
		return append(dst, ')')
	}
}

func scalarFormatter(t Type) formatter {
	switch t {
	case TypeString, TypeBytes:
		return func(dst []byte, v *Value) []byte { return append(dst, v.Str...) }
	case TypeBool:
		return func(dst []byte, v *Value) []byte { return strconv.AppendBool(dst, v.Num != 0) }
	case TypeAddr, TypeNet:
		return func(dst []byte, v *Value) []byte { return v.Addr.AppendTo(dst) }
	case TypeInt:
		return func(dst []byte, v *Value) []byte { return strconv.AppendInt(dst, v.Num, 10) }
	case TypeDouble:
		return func(dst []byte, v *Value) []byte {
			return strconv.AppendFloat(dst, float64(v.Num)/1000, 'f', -1, 64)
		}
	}
	return func(dst []byte, v *Value) []byte { return strconv.AppendUint(dst, uint64(v.Num), 10) }
}

// Layouts of times in outputs. All are in UTC: alerts of many machines are
// read together.
const (
	clockLayout    = "15:04:05.000000000"
	isoLayout      = "2006-01-02T15:04:05.000000000Z"
	dateTimeLayout = "2006-01-02 15:04:05.000000000"
)

// timeFormatter writes a time that events give in nanoseconds since 1970. A
// recorded event may give it as text.
func timeFormatter(id FieldID) formatter {
	layout := clockLayout
	switch id {
	case EvtTimeISO8601:
		layout = isoLayout
	case EvtDatetime:
		layout = dateTimeLayout
	}
	return func(dst []byte, v *Value) []byte {
		if v.Str != "" {
			return append(dst, v.Str...)
		}
		return time.Unix(0, v.Num).UTC().AppendFormat(dst, layout)
	}
}

// An Output is a compiled output of a rule.
type Output struct {
	pieces  []piece
	symbols *symbols
	partial bool // print <NA> for what is missing instead of nothing at all
}

// A piece is a text or a slot of an output.
type piece struct {
	text   string
	slot   slotID // noSlot for a text
	name   string // of the field as the output has it
	width  int    // 0 for as it comes
	format formatter
}

// maxWidth bounds %N of outputs.
const maxWidth = 4096

// output compiles an output. A leading star asks for <NA> where a value is
// missing; rules always have it.
func (s *symbols) output(t text) (*Output, *bindError) {
	o := &Output{symbols: s}
	if strings.HasPrefix(t.s, "*") {
		o.partial = true
		t = t.slice(1, len(t.s))
	}
	for i := 0; i < len(t.s); {
		percent := strings.IndexByte(t.s[i:], '%')
		if percent < 0 {
			o.pieces = append(o.pieces, piece{text: t.s[i:], slot: noSlot})
			break
		}
		if percent > 0 {
			o.pieces = append(o.pieces, piece{text: t.s[i : i+percent], slot: noSlot})
		}
		i += percent
		p, n, err := s.piece(t.slice(i, len(t.s)))
		if err != nil {
			return nil, err
		}
		o.pieces = append(o.pieces, p)
		i += n
	}
	return o, nil
}

// piece reads the field t starts with, its percent sign included, and returns
// how long it is.
func (s *symbols) piece(t text) (piece, int, *bindError) {
	n := 1
	for n < len(t.s) && isDigit(t.s[n]) {
		n++
	}
	width, _ := strconv.Atoi(t.s[1:n])
	if n == len(t.s) {
		return piece{}, 0, &bindError{at: t.place(0), message: "invalid formatting syntax: formatting cannot end with " + quote(t.s)}
	}
	if width > maxWidth {
		return piece{}, 0, &bindError{at: t.place(0), message: "invalid formatting syntax: a width is at most " + strconv.Itoa(maxWidth)}
	}
	o, size, err := formattedOperand(t.slice(n, len(t.s)))
	if err != nil {
		return piece{}, 0, &bindError{t.place(n), "invalid formatting token: " + err.message, true}
	}
	// The longest name that exists counts: a full stop may follow it.
	var id slotID
	bound := &bindError{}
	for full := o.name; ; {
		var e *bindError
		if id, e = s.operand(o); e == nil {
			break
		}
		if bound.message == "" {
			bound = e
		}
		dot := strings.LastIndexByte(o.name, '.')
		if o.kind != operandField || dot < 0 || o.hasArg {
			return piece{}, 0, &bindError{bound.at, "invalid formatting token: " + bound.message, bound.unknown}
		}
		size -= len(o.name) - dot
		o.name = full[:dot]
	}
	if r := s.slots[id].ref; r != nil && s.field(r).Flags&FilterOnly != 0 {
		return piece{}, 0, &bindError{at: t.place(n), message: "field " + r.Text + " is for conditions only"}
	}
	p := piece{slot: id, name: t.s[n : n+size], width: width, format: s.formatter(id)}
	return p, n + size, nil
}

// formattedOperand parses the field or transformer t starts with.
func formattedOperand(t text) (o *operand, size int, err *syntaxError) {
	p := &parser{text: t, max: maxDepth}
	defer func() {
		if x := recover(); x != nil {
			var ok bool
			if err, ok = x.(*syntaxError); !ok {
				panic(x)
			}
		}
	}()
	if o = p.fieldOrTransformer(); o == nil {
		p.fail("expected a field, not " + quote(t.s[:min(len(t.s), 20)]))
	}
	return o, p.at, nil
}
