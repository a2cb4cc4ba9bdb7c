// Package parallel does independent things on all processors.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Do calls do for every i from 0 up to n, in any order, several at once, and
// returns when all calls have returned. Each call keeps what it makes at its
// own place, such as the index i of a slice, so that nothing depends on the
// order.
func Do(n int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}
