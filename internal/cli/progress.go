package cli

import (
	"fmt"
	"sync"
	"time"
)

// patience is how long a command may take before it says that it is at work.
const patience = 500 * time.Millisecond

// progress says on standard error what the command is doing, where somebody
// looks and it takes long. The function it returns takes the line away.
func (a *app) progress(doing string) func() {
	if !isTerminal(a.stderr) {
		return func() {}
	}
	var mu sync.Mutex
	shown, over := false, false
	timer := time.AfterFunc(patience, func() {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			shown = true
			_, _ = fmt.Fprint(a.stderr, doing+"…")
		}
	})
	return func() {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		over = true
		if shown {
			_, _ = fmt.Fprint(a.stderr, "\r\x1b[K")
		}
	}
}
