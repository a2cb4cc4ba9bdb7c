package sensor

import (
	"context"
	"slices"

	"bulkhead/internal/falco"
)

// Options say what a sensor should tell.
type Options struct {
	EventTypes []string // as falco.Program.EventTypes has them; those the sensor does not know are left out

	Fields []*falco.Ref // that rules look at; what costs extra is left in the kernel where no rule does
	Names  []string     // of hosts, which rules compare fd.sip.name and its like with

	// Chosen decides whether the system calls of a container, or with nil of
	// the host, are wanted; those of others are left in the kernel. Without it
	// all are.
	Chosen func(c *Container) bool

	// Describe asks the engine about a container. It is called from other
	// goroutines, and may take until the container has started.
	Describe func(ctx context.Context, id string) (*Container, error)

	groups *hierarchy // instead of the one that is found
}

// A hierarchy is the tree of control groups that tells containers apart.
type hierarchy struct {
	root      string // "" for none
	subsystem int32  // of version 1; -1 for version 2
}

// wants reports whether a rule looks at one of the fields.
func (o *Options) wants(ids ...falco.FieldID) bool {
	for _, r := range o.Fields {
		if slices.Contains(ids, r.ID) {
			return true
		}
	}
	return false
}

// Counts are how many events there were. When Run has returned, Produced is
// Read and Dropped together.
type Counts struct {
	Produced uint64 `json:"produced"` // by the kernel
	Read     uint64 `json:"read"`
	Dropped  uint64 `json:"dropped"` // for want of room
}
