package cli

import (
	"math"
	"os"
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
		growWithNeed(softMemory, 3, 2)
	}
}

// fileMemory is how much memory, in bytes, is filled before the collector first
// works while files are checked.
const fileMemory = 118 << 20

// collectLate is called by what ends as soon as it has looked at files once:
// most of what it makes is needed until the report is written, so that to
// collect early is to look at the same things again and again. A GOGC that is
// set wins.
func collectLate() {
	if debug.SetMemoryLimit(-1) != softMemory || os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(fileMemory)
	growWithNeed(fileMemory, 2, 1)
}

// imageMemory is softMemory while images are looked into: files of up to 32 MB are
// held one after the other, so that most of what is held is garbage.
const imageMemory = 64 << 20

// limitImageMemory is called before an image is looked into.
func limitImageMemory() {
	limit := debug.SetMemoryLimit(-1)
	if limit == math.MaxInt64 || limit == imageMemory || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(100) // as it is where collectLate was not called
	}
	debug.SetMemoryLimit(imageMemory)
	growWithNeed(imageMemory, 3, 2)
}

// growWithNeed looks at the end of every collection whether what is needed
// comes near limit, and then makes that times/by of what is needed: a collector
// at its limit does little else than collect. It ends when another limit is set.
func growWithNeed(limit, times, by int64) {
	type collected struct{ _ *int } // with a pointer, so that it is allocated alone
	runtime.AddCleanup(&collected{}, func(limit int64) {
		if debug.SetMemoryLimit(-1) != limit {
			return
		}
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		if need := int64(live[0].Value.Uint64()); need/by*times > limit/8*9 {
			limit = need / by * times
			debug.SetMemoryLimit(limit)
		}
		growWithNeed(limit, times, by)
	}, limit)
}
