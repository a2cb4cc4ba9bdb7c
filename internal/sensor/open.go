package sensor

import "context"

// Options say what a sensor should tell.
type Options struct {
	EventTypes []string // as falco.Program.EventTypes has them; those the sensor does not know are left out

	// Describe asks the engine about a container. It is called from other
	// goroutines, and may take until the container has started.
	Describe func(ctx context.Context, id string) (*Container, error)
}

// Counts are how many events there were. When Run has returned, Produced is
// Read and Dropped together.
type Counts struct {
	Produced uint64 `json:"produced"` // by the kernel
	Read     uint64 `json:"read"`
	Dropped  uint64 `json:"dropped"` // for want of room
}
