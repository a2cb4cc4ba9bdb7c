package falco

import (
	"encoding/base64"
	"strings"
)

// A transform makes a value of others. It is called only when all of them are
// there.
type transform func(args []*Value) (Value, bool)

// transformerSlot returns the slot of what a transformer makes.
func (s *symbols) transformerSlot(o *operand) (slotID, *bindError) {
	if o.hasArg && o.name != "getopt" {
		return noSlot, &bindError{at: o.at, message: "transformer '" + o.name + "' does not support field arguments"}
	}
	args := o.args
	var extra []*operand // what a list stands for
	switch o.name {
	case "join":
		if len(args) != 2 || args[1].kind != operandList {
			return noSlot, &bindError{at: o.at, message: "transformer 'join' wants a separator and a list"}
		}
		args, extra = args[:1], args[1].args
	case "getopt":
		if len(args) != 2 || args[1].kind != operandLiteral {
			return noSlot, &bindError{at: o.at, message: "transformer 'getopt' wants arguments and the options as a string"}
		}
		args = []*operand{args[1], o.args[0]}
		if args[1].kind == operandList {
			args, extra = args[:1], args[1].args
		}
	case "concat":
	default:
		if len(args) != 1 {
			return noSlot, &bindError{at: o.at, message: "transformer '" + o.name + "' wants one field"}
		}
	}
	n := slot{typ: TypeString}
	words := make([]string, 0, len(args))
	for _, a := range append(append([]*operand(nil), args...), extra...) {
		id, err := s.transformed(o.name, a)
		if err != nil {
			return noSlot, err
		}
		n.in = append(n.in, id)
		words = append(words, s.slots[id].text)
	}
	n.text = o.name + "(" + strings.Join(words, ", ") + ")"
	s.shape(o, &n)
	return s.intern(n), nil
}

// transformed returns the slot of an argument of a transformer.
func (s *symbols) transformed(name string, a *operand) (slotID, *bindError) {
	id, err := s.operand(a)
	if err != nil {
		return noSlot, err
	}
	in := &s.slots[id]
	if in.ref != nil && s.field(in.ref).Flags&NoTransform != 0 {
		return noSlot, &bindError{at: a.at, message: "field " + in.text + " cannot be transformed"}
	}
	c := in.typ.class()
	ok := true
	switch name {
	case "tolower", "toupper", "basename":
		ok = c == classString
	case "b64":
		ok = c == classString || c == classBytes
	case "len":
		ok = c == classString || c == classBytes || in.several != 0
	case "getopt":
		ok = c == classString
	}
	if !ok {
		return noSlot, &bindError{at: a.at, message: "transformer '" + name + "' is not for " + in.text + ", a " + in.typ.String()}
	}
	return id, nil
}

// shape gives n its function and what follows from it.
func (s *symbols) shape(o *operand, n *slot) {
	one := func(f func(string) (string, bool)) transform {
		return func(args []*Value) (Value, bool) { return each(args[0], f) }
	}
	switch o.name {
	case "tolower":
		n.fn = one(func(s string) (string, bool) { return asciiLower(s), true })
	case "toupper":
		n.fn = one(func(s string) (string, bool) { return asciiUpper(s), true })
	case "b64":
		n.fn = one(decode64)
	case "basename":
		n.fn = one(func(s string) (string, bool) { return s[strings.LastIndexByte(s, '/')+1:], true })
	case "len":
		n.typ = TypeUint
		n.fn = func(args []*Value) (Value, bool) {
			if args[0].List != nil {
				return Int(int64(len(args[0].List))), true
			}
			return Int(int64(len(args[0].Str))), true
		}
		return
	case "join":
		n.fn = s.joined(n.in[1:], 1)
	case "concat":
		n.fn = s.joined(n.in, 0)
	case "getopt":
		n.several = IsList
		n.fn = options
		if o.hasArg {
			n.several = 0
			n.text += "[" + o.arg + "]"
			n.fn = func(args []*Value) (Value, bool) { return option(args, o.arg) }
		}
		return
	}
	if len(n.in) > 0 && (o.name == "tolower" || o.name == "toupper" || o.name == "b64" || o.name == "basename") {
		n.several = s.slots[n.in[0]].several
	}
}

// each applies f to v, or to each of its values.
func each(v *Value, f func(string) (string, bool)) (Value, bool) {
	if v.List == nil {
		s, ok := f(v.Str)
		return String(s), ok
	}
	list := make([]Value, 0, len(v.List))
	for i := range v.List {
		if s, ok := f(v.List[i].Str); ok {
			list = append(list, String(s))
		}
	}
	return Value{List: list}, true
}

// maxMade bounds a value that a transformer makes, which rules may double at
// will.
const maxMade = 1 << 20

// joined returns what join and concat do: the texts of args from skip on, with
// the first in between if it is to be skipped. Texts are those of outputs, so
// numbers can be joined.
func (s *symbols) joined(in []slotID, skip int) transform {
	texts := make([]formatter, len(in))
	for i, id := range in {
		texts[i] = s.formatter(id)
	}
	return func(args []*Value) (Value, bool) {
		var b []byte
		for i, v := range args[skip:] {
			if i > 0 && skip > 0 {
				b = append(b, args[0].Str...)
			}
			if b = texts[i](b, v); len(b) > maxMade {
				return Value{}, false
			}
		}
		return String(string(b)), true
	}
}

func decode64(s string) (string, bool) {
	encoding := base64.StdEncoding
	if len(s)%4 != 0 {
		encoding = base64.RawStdEncoding
	}
	b, err := encoding.DecodeString(s)
	return string(b), err == nil
}

// An opt is one option of a command line, as getopt finds it.
type opt struct {
	name, value string
	kind        optKind
}

type optKind uint8

const (
	optFlag    optKind = iota // takes no value
	optValued                 // has one
	optMissing                // wants one and is the last word
)

// getopt reads options up to the first word that is none, as POSIX has it.
// Long options are passed over. An option that wants a value and has none
// counts only with an empty value.
func getopt(words []string, known string) []opt {
	known = strings.TrimLeft(known, ":+-")
	var found []opt
	for i := 0; i < len(words); i++ {
		w := words[i]
		if len(w) < 2 || w[0] != '-' || w == "--" {
			break
		}
		if strings.HasPrefix(w, "--") {
			continue
		}
		for j := 1; j < len(w); j++ {
			k := strings.IndexByte(known, w[j])
			switch {
			case k < 0 || w[j] == ':':
				found = append(found, opt{name: "?"})
				continue
			case k+1 == len(known) || known[k+1] != ':':
				found = append(found, opt{name: w[j : j+1]})
				continue
			case j+1 < len(w):
				found = append(found, opt{w[j : j+1], w[j+1:], optValued})
			case i+1 < len(words):
				i++
				found = append(found, opt{w[j : j+1], words[i], optValued})
			default:
				found = append(found, opt{name: w[j : j+1], kind: optMissing})
			}
			break
		}
	}
	return found
}

// words returns the words getopt reads: of a list, or of a command line.
func words(args []*Value) []string {
	var w []string
	for _, v := range args {
		switch {
		case v.List != nil:
			for i := range v.List {
				w = append(w, v.List[i].Str)
			}
		case len(args) == 1 && strings.Contains(v.Str, " "):
			w = append(w, strings.Fields(v.Str)...)
		default:
			w = append(w, v.Str)
		}
	}
	return w
}

// options returns the options and their values as one list.
func options(args []*Value) (Value, bool) {
	var list []Value
	for _, o := range getopt(words(args[1:]), args[0].Str) {
		switch o.kind {
		case optFlag:
			list = append(list, String(o.name))
		case optValued:
			list = append(list, String(o.name), String(o.value))
		case optMissing:
			list = append(list, String(""))
		}
	}
	return Value{List: list}, len(list) > 0
}

// option returns the value of the last option called name: the name itself for
// one that takes no value.
func option(args []*Value, name string) (Value, bool) {
	value, ok := "", false
	for _, o := range getopt(words(args[1:]), args[0].Str) {
		if o.name == name {
			value, ok = o.name, true
			if o.kind != optFlag {
				value = o.value
			}
		}
	}
	return String(value), ok
}
