package sensor

import (
	"fmt"
	"net/netip"
	"time"
)

// A Mode is what an enforcer does about what is not allowed.
type Mode uint8

// The modes.
const (
	Off Mode = iota
	Audit
	Deny
)

func (m Mode) String() string { return [...]string{"off", "audit", "deny"}[m] }

// ParseMode reads the name of a mode.
func ParseMode(name string) (Mode, error) {
	for _, m := range []Mode{Off, Audit, Deny} {
		if m.String() == name {
			return m, nil
		}
	}
	return 0, fmt.Errorf("unknown mode %q: off, audit or deny", name)
}

// A Verdict is one thing that is not allowed.
type Verdict struct {
	Time      time.Time
	Container string // its id
	Denied    bool   // else it was only seen
	PID       uint32
	Process   string // the name of the thread
	Address   netip.AddrPort
	Program   string // the path that was to run; "" for a connection
}
