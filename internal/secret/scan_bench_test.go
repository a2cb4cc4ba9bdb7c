package secret

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cpu returns the processor time this process has had.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// corpus reads real files up to a size, in an order that mixes folders.
func corpus(t testing.TB, most int) (text, binary [][]byte) {
	t.Helper()
	size := 0
	realFiles(t, 101, func(_ string, content []byte) {
		if size+len(content) > most || len(content) == 0 {
			return
		}
		size += len(content)
		if bytes.IndexByte(content[:min(len(content), sniff)], 0) >= 0 {
			binary = append(binary, content)
		} else {
			text = append(text, content)
		}
	})
	if len(text) == 0 || len(binary) == 0 {
		t.Skip("no files to scan on this machine")
	}
	return text, binary
}

// BenchmarkScan scans real files of this machine, all bytes counted.
func BenchmarkScan(b *testing.B) {
	text, binary := corpus(b, 80<<20)
	for _, set := range []struct {
		name  string
		files [][]byte
	}{{"text", text}, {"binary", binary}, {"all", append(append([][]byte{}, text...), binary...)}} {
		b.Run(set.name, func(b *testing.B) {
			size := 0
			for _, f := range set.files {
				size += len(f)
			}
			s := NewScanner()
			b.SetBytes(int64(size))
			b.ReportAllocs()
			n := 0
			start := cpu()
			for b.Loop() {
				n = 0
				for _, f := range set.files {
					n += len(s.ScanBytes("x", f).Secrets)
				}
			}
			b.ReportMetric(float64(size)*float64(b.N)/(cpu()-start).Seconds()/1e6, "MB/cpu-s")
			b.ReportMetric(float64(n), "secrets")
			b.ReportMetric(float64(len(set.files)), "files")
		})
	}
}

// BenchmarkAutomaton passes the automaton over real files.
func BenchmarkAutomaton(b *testing.B) {
	text, binary := corpus(b, 80<<20)
	for _, set := range []struct {
		name  string
		files [][]byte
		a     *automaton
	}{{"text", text, rules().text().automaton}, {"binary", binary, rules().binary().automaton}} {
		b.Run(set.name, func(b *testing.B) {
			size, n := 0, 0
			for _, f := range set.files {
				size += len(f)
			}
			var h hits
			b.SetBytes(int64(size))
			start := cpu()
			for b.Loop() {
				n = 0
				for _, f := range set.files {
					for at := 0; at < len(f); at += 64 << 10 {
						set.a.find(f[:min(len(f), at+64<<10)], at, &h)
						n += len(h[0]) + len(h[1]) + len(h[2]) + len(h[3])
					}
				}
			}
			b.ReportMetric(float64(size)*float64(b.N)/(cpu()-start).Seconds()/1e6, "MB/cpu-s")
			b.ReportMetric(float64(size)/float64(n), "bytes/hit")
		})
	}
}

// BenchmarkRules measures what a process pays before its first scan.
func BenchmarkRules(b *testing.B) {
	b.ReportAllocs()
	start := cpu()
	defer func() { b.ReportMetric((cpu()-start).Seconds()*1e3/float64(b.N), "cpu-ms") }()
	for b.Loop() {
		d, err := readDetectors()
		if err != nil {
			b.Fatal(err)
		}
		newRuleset(d).text()
	}
}

// naive is how most scanners work: where a file has one of a detector's words,
// the detector's pattern runs over the whole file.
type naive struct {
	words    []string
	patterns []*regexp.Regexp
}

func newNaive(b *testing.B) []naive {
	b.Helper()
	var out []naive
	for _, d := range rules().detectors {
		n := naive{}
		for _, w := range d.words {
			n.words = append(n.words, strings.ToLower(w))
		}
		pattern := d.pattern
		switch d.form {
		case byName:
			pattern = `(?i)[\w.-]{0,50}(?:` + strings.Join(n.words, "|") + `)[\w.-]{0,30}["'\]\s]{0,3}(?:=|>|:|,)[=>"'\s]{0,5}(` + d.pattern + `)(?:["'\s;]|$)`
		case byFinder:
			if d.id != generic {
				continue
			}
			pattern = `(?i)[\w.-]{0,50}(?:` + strings.Join(n.words, "|") + `)[\w.-]{0,30}["'\]\s]{0,3}(?:=|>|:|,)[=>"'\s]{0,5}([\w.=/+-]{10,150})(?:["'\s;]|$)`
		}
		re, err := regexp.Compile(pattern)
		if err != nil {
			b.Fatal(err)
		}
		n.patterns = append(n.patterns, re)
		out = append(out, n)
	}
	return out
}

// BenchmarkNaive is the baseline for BenchmarkScan/text: the same detectors,
// without entropy, checks and suppression.
func BenchmarkNaive(b *testing.B) {
	text, _ := corpus(b, 8<<20)
	detectors := newNaive(b)
	size := 0
	for _, f := range text {
		size += len(f)
	}
	for _, run := range []struct {
		name string
		scan func([]byte) int
	}{
		{"naive", func(f []byte) int {
			low, n := bytes.ToLower(f), 0
			for _, d := range detectors {
				if slices.ContainsFunc(d.words, func(w string) bool { return bytes.Contains(low, []byte(w)) }) {
					n += len(d.patterns[0].FindAllIndex(f, -1))
				}
			}
			return n
		}},
		{"scan", func() func([]byte) int {
			s := NewScanner()
			return func(f []byte) int { return len(s.ScanBytes("x", f).Secrets) }
		}()},
	} {
		b.Run(run.name, func(b *testing.B) {
			b.SetBytes(int64(size))
			start, n := cpu(), 0
			for b.Loop() {
				n = 0
				for _, f := range text {
					n += run.scan(f)
				}
			}
			b.ReportMetric(float64(size)*float64(b.N)/(cpu()-start).Seconds()/1e6, "MB/cpu-s")
			b.ReportMetric(float64(n), "matches")
		})
	}
}
