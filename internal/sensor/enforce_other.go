//go:build !linux

package sensor

import (
	"context"
	"errors"
	"net/netip"
	"runtime"
)

// An Enforcer keeps containers from what they are not allowed.
type Enforcer struct{}

// NewEnforcer fails: only Linux has enforcers.
func NewEnforcer() (*Enforcer, error) {
	return nil, errors.New("enforcing needs Linux; this is " + runtime.GOOS)
}

// Programs does nothing.
func (*Enforcer) Programs(string, Mode) error { return nil }

// Module does nothing.
func (*Enforcer) Module() error { return nil }

// Refuse does nothing.
func (*Enforcer) Refuse(string, Mode) error { return nil }

// Files does nothing.
func (*Enforcer) Files(string, int, string) error { return nil }

// Egress does nothing.
func (*Enforcer) Egress(string, Mode, []netip.Prefix) error { return nil }

// Forget does nothing.
func (*Enforcer) Forget(string) error { return nil }

// Run does nothing.
func (*Enforcer) Run(context.Context, func(*Verdict)) error { return nil }

// Lost returns none.
func (*Enforcer) Lost() (uint64, error) { return 0, nil }

// Close does nothing.
func (*Enforcer) Close() error { return nil }
