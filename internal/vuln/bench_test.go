package vuln

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"bulkhead/internal/model"
)

// written returns the path of a database of all real advisories.
func written(b *testing.B) string {
	b.Helper()
	out := filepath.Join(b.TempDir(), "advisories.db")
	if _, err := Build(context.Background(), advisories(b), out, Options{Now: day}); err != nil {
		b.Fatal(err)
	}
	return out
}

func BenchmarkBuild(b *testing.B) {
	dir, out := advisories(b), filepath.Join(b.TempDir(), "advisories.db")
	b.ReportAllocs()
	var size int64
	for b.Loop() {
		stats, err := Build(context.Background(), dir, out, Options{Now: day})
		if err != nil {
			b.Fatal(err)
		}
		size = stats.Size
	}
	b.ReportMetric(float64(size)/1e6, "MB")
}

func BenchmarkOpen(b *testing.B) {
	path := written(b)
	b.ReportAllocs()
	for b.Loop() {
		d, err := Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// image returns 900 packages as a large image has them: 600 of Debian and 300
// of languages, two in three of a name that advisories know.
func image(b testing.TB, d *DB) []*model.Package {
	b.Helper()
	var list []*model.Package
	add := func(ecosystem string, n int, version string) {
		first, _, err := d.find(ecosystem, "")
		if err != nil {
			b.Fatal(err)
		}
		for i := range n {
			p := &model.Package{Ecosystem: ecosystem, Version: version, Name: fmt.Sprint("unknown-", i)}
			if e, name, err := d.key(first + i); err == nil && e == ecosystem && i%3 > 0 {
				p.Name = name
			}
			list = append(list, p)
		}
	}
	add("Debian:9", 600, "1:1.2.3-4+deb9u1")
	add("npm", 100, "4.17.20")
	add("PyPI", 100, "2.3.1")
	add("Go", 100, "v1.4.2")
	return list
}

// BenchmarkMatch looks up what a large image holds.
func BenchmarkMatch(b *testing.B) {
	d := open(b, written(b))
	packages := image(b, d)
	b.ReportAllocs()
	found := 0
	for b.Loop() {
		found = len(match(b, d, packages...).Vulnerabilities)
	}
	b.ReportMetric(float64(len(packages)), "packages")
	b.ReportMetric(float64(found), "found")
}

// BenchmarkMatchWorst looks up the package with the most advisories in a
// version below all of them.
func BenchmarkMatchWorst(b *testing.B) {
	d := open(b, written(b))
	worst, most := &model.Package{}, 0
	for i := range len(d.keys) / keySize {
		n := 0
		if err := d.eachEntry(i, func(*entry) error { n++; return nil }); err != nil {
			b.Fatal(err)
		}
		if n > most {
			e, name, _ := d.key(i)
			worst, most = &model.Package{Ecosystem: e, Name: name, Version: "0.0.1"}, n
		}
	}
	b.ReportAllocs()
	found := 0
	for b.Loop() {
		found = len(match(b, d, worst).Vulnerabilities)
	}
	b.ReportMetric(float64(most), "advisories")
	b.ReportMetric(float64(found), "found")
}
