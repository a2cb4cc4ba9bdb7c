package image

import (
	"testing"

	"bulkhead/internal/ruletest"
)

func TestRules(t *testing.T) { ruletest.All(t, All) }
