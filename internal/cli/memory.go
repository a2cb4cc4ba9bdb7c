package cli

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// softMemory is how much memory, in bytes, the collector may let garbage fill
// before it works harder. It is no limit: what is needed is had.
const softMemory = 160 << 20

// LimitMemory keeps garbage from filling the machine while something large is
// checked. GOMEMLIMIT, where it is set, wins.
func LimitMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(softMemory)
		growWithNeed(softMemory)
	}
}

// imageMemory is softMemory while images are looked into: files of up to 32 MB are
// held one after the other, so that most of what is held is garbage.
const imageMemory = 64 << 20

// limitImageMemory is called before an image is looked into.
func limitImageMemory() {
	if debug.SetMemoryLimit(-1) == softMemory {
		debug.SetMemoryLimit(imageMemory)
		growWithNeed(imageMemory)
	}
}

// growWithNeed looks at the end of every collection whether what is needed
// comes near limit, and then gives it half as much again: a collector at its limit does
// little else than collect.
func growWithNeed(limit int64) {
	type collected struct{ _ *int } // with a pointer, so that it is allocated alone
	runtime.AddCleanup(&collected{}, func(limit int64) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		if need := int64(live[0].Value.Uint64()); need > limit/4*3 {
			limit = need / 2 * 3
			debug.SetMemoryLimit(limit)
		}
		growWithNeed(limit)
	}, limit)
}
