package network

import (
	"testing"

	"bulkhead/internal/ruletest"
)

func TestListed(t *testing.T) { ruletest.Listed(t, All) }

func TestArchives(t *testing.T) { ruletest.All(t, All) }
