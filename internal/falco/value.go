package falco

import "net/netip"

// A Value is the value of a field. Which parts of it count depends on the type
// of the field.
type Value struct {
	Num  int64      // TypeInt, TypeUint (its bits), TypePort, TypeTime and TypeDuration (nanoseconds); TypeBool: 0 or 1
	Str  string     // TypeString; TypeBytes, with any bytes
	Addr netip.Addr // TypeAddr and TypeNet, never a mapped IPv4 address

	// List holds the values of a field that has several: ancestors, from the
	// parent up; both ends of a connection; the types of open descriptors.
	// The other parts do not count when it is not nil.
	List []Value
}

// String returns the value of a text field.
func String(s string) Value { return Value{Str: s} }

// Strings returns the value of a text field with several values.
func Strings(s ...string) Value {
	list := make([]Value, len(s))
	for i := range s {
		list[i].Str = s[i]
	}
	return Value{List: list}
}

// Int returns the value of a field that is a number, a port or a time.
func Int(n int64) Value { return Value{Num: n} }

// Bool returns the value of a field that is true or false.
func Bool(b bool) Value {
	if b {
		return Value{Num: 1}
	}
	return Value{}
}

// Addr returns the value of a field that is an address.
func Addr(a netip.Addr) Value { return Value{Addr: a.Unmap()} }

// A Type is what a field holds; it decides which operators are allowed.
type Type uint8

// The types of fields.
const (
	TypeString   Type = iota
	TypeBytes         // a buffer of any bytes
	TypeInt           // signed
	TypeUint          // unsigned
	TypeDouble        // a ratio in thousandths: the language has no fractions
	TypePort          // a number, or the name of a service
	TypeBool          //
	TypeTime          // nanoseconds since 1970
	TypeDuration      // nanoseconds
	TypeAddr          // an IP address
	TypeNet           // an IP address that is compared with networks
)

func (t Type) String() string {
	return [...]string{"string", "bytes", "number", "unsigned number", "number", "port", "true or false", "time", "duration", "IP address", "IP network"}[t]
}

// A class is a group of types that compare alike and may be compared with each
// other.
type class uint8

const (
	classString class = iota
	classBytes
	classNumber
	classBool
	classAddr
	classNet
)

func (t Type) class() class {
	switch t {
	case TypeString:
		return classString
	case TypeBytes:
		return classBytes
	case TypeBool:
		return classBool
	case TypeAddr:
		return classAddr
	case TypeNet:
		return classNet
	}
	return classNumber
}

func (t Type) signed() bool { return t == TypeInt || t == TypeDouble }
