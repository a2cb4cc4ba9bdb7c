package check

import (
	"cmp"
	"slices"

	"bulkhead/internal/finding"
	"bulkhead/internal/source"
)

// orderByPlace orders findings by file, place, rule and message.
func orderByPlace(findings []finding.Finding) {
	numbers := fileNumbers(findings)
	keys := make([]placeKey, len(findings))
	for i := range findings {
		f := &findings[i]
		keys[i] = placeKey{start: f.Span.Start, index: i}
		if f.Span.IsValid() {
			keys[i].file = numbers[f.Span.File]
		}
	}
	slices.SortFunc(keys, func(a, b placeKey) int {
		// Not one cmp.Or over all: it would compare everything every time.
		if c := cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.start, b.start)); c != 0 {
			return c
		}
		f, g := &findings[a.index], &findings[b.index]
		return cmp.Or(
			cmp.Compare(f.Path, g.Path),
			cmp.Compare(f.Rule, g.Rule),
			cmp.Compare(f.Subject, g.Subject),
			cmp.Compare(f.Message, g.Message),
			cmp.Compare(a.index, b.index),
		)
	})
	arrange(findings, func(i int) int { return keys[i].index })
}

// A placeKey is what most findings are told apart by.
type placeKey struct {
	file  int // its number; 0 where there is no text
	start int
	index int // of the finding
}

// fileNumbers numbers the files that findings are in from 1, by name: names are
// compared once a file, and not whenever two findings are.
func fileNumbers(findings []finding.Finding) map[*source.File]int {
	numbers := map[*source.File]int{}
	var files []*source.File
	for i := range findings {
		f := findings[i].Span.File
		if !findings[i].Span.IsValid() {
			continue
		}
		if _, ok := numbers[f]; !ok {
			numbers[f] = 0
			files = append(files, f)
		}
	}
	slices.SortFunc(files, func(a, b *source.File) int { return cmp.Compare(a.Name, b.Name) })
	for i, f := range files {
		numbers[f] = i + 1
		if i > 0 && files[i-1].Name == f.Name {
			numbers[f] = numbers[files[i-1]] // two readings of one file
		}
	}
	return numbers
}

// orderByScore orders findings by their scores, the highest first; equal ones
// keep their order.
func orderByScore(findings []finding.Finding, scores []float64) {
	to := make([]int, len(findings))
	for i := range to {
		to[i] = i
	}
	slices.SortFunc(to, func(a, b int) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b)) })
	arrange(findings, func(i int) int { return to[i] })
}

// arrange puts the finding of index from(i) at every i. Findings are large: a
// sort of the findings themselves would spend its time on moving them, and a
// second slice of them is memory that is garbage at once.
func arrange(findings []finding.Finding, from func(i int) int) {
	done := make([]bool, len(findings))
	for start := range findings {
		if done[start] {
			continue
		}
		first := findings[start]
		for at := start; ; {
			done[at] = true
			next := from(at)
			if next == start {
				findings[at] = first
				break
			}
			findings[at] = findings[next]
			at = next
		}
	}
}

func fileName(f *finding.Finding) string {
	if f.Span.IsValid() {
		return f.Span.File.Name
	}
	return ""
}
