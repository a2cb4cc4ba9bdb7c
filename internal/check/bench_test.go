package check_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bulkhead/internal/check"
	"bulkhead/internal/rules"
	"bulkhead/internal/source"
)

const shop = "../../examples/shop"

// artifacts are the files of the example shop that are read.
var artifacts = []string{
	"compose.yaml", "api/Dockerfile", "web/Dockerfile", "worker/Dockerfile", "deploy/shop.yaml", "scripts/run-metrics.sh",
}

// shops returns n copies of the example shop, each a project of its own name.
func shops(tb testing.TB, n int) []*source.File {
	tb.Helper()
	var out []*source.File
	for i := range n {
		for _, name := range artifacts {
			text, err := os.ReadFile(filepath.Join(shop, name))
			if err != nil {
				tb.Fatal(err)
			}
			text = bytes.ReplaceAll(text, []byte("shop"), fmt.Appendf(nil, "shop%d", i))
			out = append(out, source.NewFile(fmt.Sprintf("p%d/%s", i, name), text))
		}
	}
	return out
}

func options() check.Options {
	return check.Options{Paths: []string{shop}, Rules: rules.All(), Now: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}
}

// BenchmarkRun is a check of a small project, from its folder to the ranked
// findings.
func BenchmarkRun(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		r, err := check.Run(b.Context(), options())
		if err != nil {
			b.Fatal(err)
		}
		if len(r.Findings) == 0 {
			b.Fatal("no findings")
		}
	}
}

// BenchmarkSystem reads and joins many artifacts of all kinds.
func BenchmarkSystem(b *testing.B) {
	files := shops(b, 100)
	size := 0
	for _, f := range files {
		size += len(f.Text)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if sys := check.System(check.Sources{Files: files}); len(sys.Workloads) == 0 {
			b.Fatal("no workloads")
		}
	}
	b.ReportMetric(float64(len(files))*float64(b.N)/b.Elapsed().Seconds(), "files/s")
}

// BenchmarkFindings runs every rule over many artifacts.
func BenchmarkFindings(b *testing.B) {
	files := shops(b, 100)
	sys := check.System(check.Sources{Files: files})
	all := rules.All()
	b.ReportAllocs()
	for b.Loop() {
		if len(check.Findings(all, sys)) == 0 {
			b.Fatal("no findings")
		}
	}
	b.ReportMetric(float64(len(files))*float64(b.N)/b.Elapsed().Seconds(), "files/s")
}
