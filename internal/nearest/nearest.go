// Package nearest finds what somebody probably meant to type.
package nearest

// maxLength bounds the work done for a word somebody else chose.
const maxLength = 64

// Of returns the candidate closest to word, or "" where none is close: more
// than a third of the letters would have to change.
func Of(word string, candidates []string) string { return within(word, candidates, len(word)/3+1) }

// Misspelt returns the candidate that word is most likely a misspelling of, or ""
// where it may well be a word of its own: one letter may differ, two in a word of
// more than six.
func Misspelt(word string, candidates []string) string {
	switch {
	case len(word) < 4:
		return ""
	case len(word) <= 6:
		return within(word, candidates, 1)
	}
	return within(word, candidates, 2)
}

// within returns the first of the candidates that are closest to word, with most
// letters changed at most, or "".
func within(word string, candidates []string, most int) string {
	best, nearest := most+1, ""
	if len(word) > maxLength {
		return ""
	}
	for _, c := range candidates {
		if len(c) > maxLength || len(c)-len(word) >= best || len(word)-len(c) >= best {
			continue
		}
		if d := distance(word, c); d < best {
			best, nearest = d, c
		}
	}
	return nearest
}

// distance returns how many letters must be added, dropped, changed or
// swapped with their neighbour to turn a into b.
func distance(a, b string) int {
	var older []int
	old, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		older, old, row = old, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(old[j+1]+1, row[j]+1, old[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], older[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
