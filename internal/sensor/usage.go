package sensor

import "slices"

// Calls bounds the numbers of system calls that are recorded.
const Calls = 512

// A Usage is what the processes of one control group have used.
type Usage struct {
	Container string // its id, "" where the group is none of a container

	// Runtime and Program hold the numbers of the system calls that the
	// container's runtime made inside before it started the program, and those
	// of everything that ran then, in order.
	Runtime, Program []int

	// Refused holds the numbers of the calls that the program made and that a
	// seccomp profile answered.
	Refused []int

	// Given and Missing hold the numbers of the capabilities that were asked for
	// by the program, in order: where it had them, and where it had not.
	Given, Missing []int

	// Compat is set where programs made 32-bit calls, Unknown where they made
	// calls of a number that is not recorded.
	Compat, Unknown bool
}

// usageSize is the size of struct usage in bpf/usage.c.
const (
	maxCapability = 64
	usageName     = 96
	usageSize     = 3*Calls + 2*maxCapability + 3 + usageName
)

// decodeUsage reads a struct usage.
func decodeUsage(b []byte) Usage {
	if len(b) < usageSize {
		return Usage{}
	}
	take := func(n int) []byte {
		out := b[:n]
		b = b[n:]
		return out
	}
	u := Usage{Runtime: set(take(Calls)), Program: set(take(Calls)), Refused: set(take(Calls)), Given: set(take(maxCapability)), Missing: set(take(maxCapability))}
	u.Compat, u.Unknown = take(1)[0] != 0, take(1)[0] != 0
	take(1) // whether the program was run says nothing that Program does not
	u.Container = containerOf("/" + cstring(take(usageName)))
	return u
}

// with returns what u and v have used together.
func (u Usage) with(v Usage) Usage {
	v.Runtime, v.Program, v.Refused = union(u.Runtime, v.Runtime), union(u.Program, v.Program), union(u.Refused, v.Refused)
	v.Given, v.Missing = union(u.Given, v.Given), union(u.Missing, v.Missing)
	v.Compat, v.Unknown = u.Compat || v.Compat, u.Unknown || v.Unknown
	return v
}

// union returns the numbers of both lists, in order, each once.
func union(a, b []int) []int {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// set returns the indexes of the bytes that are set.
func set(b []byte) []int {
	var out []int
	for i, v := range b {
		if v != 0 {
			out = append(out, i)
		}
	}
	return out
}

// cstring returns b up to its first zero.
func cstring(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}
