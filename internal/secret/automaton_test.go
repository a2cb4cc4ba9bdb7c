package secret

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// occurrences is what an automaton must find, the slow way.
func occurrences(words []string, text []byte, from int) []hit {
	low := bytes.ToLower(text)
	var out []hit
	for end := from + 1; end <= len(text); end++ {
		for i, w := range words {
			if bytes.HasSuffix(low[:end], []byte(strings.ToLower(w))) {
				out = append(out, hit{end: end, word: uint16(i)})
			}
		}
	}
	return out
}

func sorted(hs []hit) []hit {
	slices.SortFunc(hs, func(a, b hit) int {
		if a.end != b.end {
			return a.end - b.end
		}
		return int(a.word) - int(b.word)
	})
	return hs
}

func TestAutomaton(t *testing.T) {
	words := []string{"he", "she", "his", "hers", "AKIA", "aki", "a", "://", "secret", "ret", "aaab"}
	a := newAutomaton(words)
	random := rand.New(rand.NewPCG(1, 2))
	letters := []byte("hesrAKIakiact:/ab \x00")
	for n := range 400 {
		text := make([]byte, n*3)
		for i := range text {
			text[i] = letters[random.IntN(len(letters))]
		}
		from := random.IntN(len(text) + 1)
		var h hits
		a.find(text, from, &h)
		got := slices.Concat(h[:]...)
		if !slices.IsSortedFunc(got, func(a, b hit) int { return a.end - b.end }) {
			t.Fatalf("hits in %q are out of order: %v", text, got)
		}
		if want := occurrences(words, text, from); !slices.Equal(sorted(got), want) {
			t.Fatalf("%q from %d: got %v, want %v", text, from, got, want)
		}
	}
}
