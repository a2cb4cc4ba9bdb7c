// Package rules lists every rule.
package rules

import (
	"bulkhead/internal/rule"
)

// All returns every rule, by name.
func All() []*rule.Rule { return nil }
