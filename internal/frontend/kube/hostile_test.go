package kube

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/source"
)

// TestHostile checks that files made to be dear are read in bounded time and
// memory, and that what was left out is said.
func TestHostile(t *testing.T) {
	many := strings.Repeat("{name: a, value: b}, ", 5000)
	keys := func() string {
		var b strings.Builder
		for i := range 20_000 {
			b.WriteString("k" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + ": 1, ")
		}
		return b.String()
	}()
	for _, c := range []struct{ name, text string }{
		{"containers", "apiVersion: v1\nkind: Pod\nspec: {containers: [" + strings.Repeat("{a: b},", 100_000) + "]}\n"},
		{"aliased items", "apiVersion: v1\nkind: Pod\nx: &e [" + many + "]\nspec: {containers: [" + strings.Repeat("{env: *e},", 5000) + "]}\n"},
		{"aliased containers", "apiVersion: v1\nkind: Pod\nspec: {containers: [&c {" + keys + "}" + strings.Repeat(", *c", 20_000) + "]}\n"},
		{"aliased pods", "apiVersion: v1\nkind: List\nitems: [&p {apiVersion: v1, kind: Pod, spec: {containers: [" + strings.Repeat("{name: a},", 1000) + "]}}" + strings.Repeat(", *p", 5000) + "]\n"},
	} {
		start := time.Now()
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		facts := Read(source.NewFile("pod.yaml", []byte(c.text)))
		runtime.GC()
		runtime.ReadMemStats(&after)
		if len(facts.Notes)+len(facts.Faults) == 0 {
			t.Errorf("%s: got no word of what was left out, want a note or a fault", c.name)
		}
		if n := len(facts.Workloads); n > 10_000 {
			t.Errorf("%s: got %d containers, want 10000 at most", c.name, n)
		}
		held := int64(after.HeapAlloc) - int64(before.HeapAlloc)
		if held > 150<<20 {
			t.Errorf("%s: got %d MB held, want 150 at most", c.name, held>>20)
		}
		t.Logf("%s: %d containers, %d MB, %v", c.name, len(facts.Workloads), held>>20, time.Since(start).Round(time.Millisecond))
		runtime.KeepAlive(facts)
	}
}
