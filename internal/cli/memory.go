package cli

import (
	"math"
	"runtime/debug"
)

// softMemory is how much memory, in bytes, the collector may let garbage fill
// before it works harder. It is no limit: what is needed is had.
const softMemory = 160 << 20

// LimitMemory keeps garbage from filling the machine while something large is
// checked. GOMEMLIMIT, where it is set, wins.
func LimitMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(softMemory)
	}
}
