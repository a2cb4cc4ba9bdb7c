package falco

import (
	"strconv"
	"strings"

	"bulkhead/internal/nearest"
)

// A FieldID names a field in the table of fields.
type FieldID uint16

// FieldFlags say how a field may be used.
type FieldFlags uint16

// The flags of fields.
const (
	ArgAllowed  FieldFlags = 1 << iota // takes an argument in brackets
	ArgRequired                        // is nothing without its argument
	DotArg                             // the argument may follow a dot: evt.arg.flags
	IsList                             // has several values; only in, intersects and exists apply
	Any                                // without an argument it is all ancestors, and one that fits is enough
	Either                             // is either end of a connection
	FilterOnly                         // not in outputs
	NoRHS                              // not on the right of an operator
	NoTransform                        // not inside a transformer
	Deprecated                         // the engine has no value for it any more
)

// A Field is one field of events.
type Field struct {
	Name  string
	Type  Type
	Flags FieldFlags
}

// Fields returns the built-in fields by FieldID, the first of which is none.
func Fields() []Field { return append([]Field(nil), fields[:]...) }

// A catalog knows fields by name.
type catalog struct {
	fields []Field
	byName map[string]FieldID
}

// newCatalog returns the built-in fields and those of plugins, which get the
// ids that follow.
func newCatalog(plugins []Field) *catalog {
	c := &catalog{fields: append(Fields(), plugins...)}
	c.byName = make(map[string]FieldID, len(c.fields))
	for i, f := range c.fields[1:] {
		c.byName[f.Name] = FieldID(i + 1)
	}
	return c
}

func (c *catalog) field(r *Ref) *Field { return &c.fields[r.ID] }

// A fieldError says why a field cannot be used as it is written. The engine
// treats an unknown field apart; see skip-if-unknown-filter.
type fieldError struct {
	message string
	unknown bool
}

func (e *fieldError) Error() string { return e.message }

// ref resolves a field and its argument. What follows the name of a field that
// takes its argument after a dot is the argument.
func (c *catalog) ref(name, arg string, hasArg bool) (*Ref, *fieldError) {
	text := name
	if hasArg {
		text += "[" + arg + "]"
	}
	id, rest, ok := c.find(name)
	if !ok || rest != "" && hasArg {
		return nil, c.unknown(name)
	}
	if rest != "" {
		arg, hasArg = rest, true
	}
	f := &c.fields[id]
	switch {
	case !hasArg && f.Flags&ArgRequired != 0:
		return nil, &fieldError{message: "field " + name + " requires an argument"}
	case hasArg && f.Flags&(ArgRequired|ArgAllowed|DotArg) == 0:
		return nil, &fieldError{message: "field " + name + " does not take an argument"}
	}
	r := &Ref{ID: id, Arg: arg, Index: -1, Text: text}
	if n, err := strconv.Atoi(arg); err == nil && n >= 0 {
		r.Index = n
	}
	if hasArg && r.Index < 0 && f.Flags&Any != 0 && id != ProcAenv && id != ProcAargs {
		return nil, &fieldError{message: "the argument of field " + name + " must be a number"}
	}
	return r, nil
}

// find returns the field that name starts with and what follows its dot, which
// is empty where name is the field.
func (c *catalog) find(name string) (id FieldID, rest string, ok bool) {
	if id, ok = c.byName[name]; ok {
		return id, "", true
	}
	for base := name; ; {
		dot := strings.LastIndexByte(base, '.')
		if dot < 0 {
			return 0, "", false
		}
		base = base[:dot]
		if id, ok = c.byName[base]; ok {
			return id, name[dot+1:], c.fields[id].Flags&DotArg != 0
		}
	}
}

// several reports whether r has more than one value: a list, all ancestors, or
// either end of a connection.
func (c *catalog) several(r *Ref) FieldFlags {
	flags := c.field(r).Flags & (IsList | Any | Either)
	if r.Arg != "" {
		flags &^= Any | IsList
	}
	return flags
}

// unknown returns the error about a field that does not exist, with what to
// write instead where that can be told.
func (c *catalog) unknown(name string) *fieldError {
	message := "nonexistent field " + name
	if instead := commonMistake(name); instead != "" {
		return &fieldError{message + ", use " + instead, true}
	}
	family := c.sameFamily(name)
	near := nearest.Of(name, family)
	for _, f := range family {
		if strings.HasPrefix(f, name) && len(f) < len(name)+3 {
			near = f // a letter forgotten at the end
			break
		}
	}
	if near != "" {
		message += ", did you mean " + near + "?"
	}
	return &fieldError{message, true}
}

// sameFamily returns the fields that start as name does: what was meant is
// nearly always about the same thing.
func (c *catalog) sameFamily(name string) []string {
	family, _, _ := strings.Cut(name, ".")
	var names []string
	for _, f := range c.fields[1:] {
		if strings.HasPrefix(f.Name, family+".") {
			names = append(names, f.Name)
		}
	}
	if names == nil {
		for _, f := range c.fields[1:] {
			names = append(names, f.Name)
		}
	}
	return names
}

// commonMistake returns what to write instead of a field that people make up
// and that no field is close to.
func commonMistake(name string) string {
	switch name {
	case "fd.is_unix_socket", "fd.is_unix":
		return "fd.type = unix"
	case "fd.is_ipv4", "fd.is_ipv4_socket":
		return "fd.type = ipv4"
	case "fd.is_ipv6", "fd.is_ipv6_socket":
		return "fd.type = ipv6"
	case "fd.is_socket":
		return "fd.type in (ipv4, ipv6, unix)"
	case "fd.path", "file.path", "file.name":
		return "fd.name"
	case "proc.user", "proc.username":
		return "user.name"
	case "proc.uid":
		return "user.uid"
	case "proc.path":
		return "proc.exepath"
	case "proc.parent", "proc.parent.name", "proc.ppname":
		return "proc.pname"
	case "container.image.name":
		return "container.image.repository"
	case "k8s.namespace", "k8s.namespace.name":
		return "k8s.ns.name"
	}
	return ""
}
