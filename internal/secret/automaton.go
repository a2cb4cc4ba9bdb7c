package secret

// An automaton finds all of a set of words in one pass over bytes, whatever
// their case (Aho and Corasick, Communications of the ACM, 1975). Its table
// is dense: one look-up a byte, no branch but the one that asks for a hit.
type automaton struct {
	class   [256]uint8 // of each byte; 0 for those in no word
	next    []uint32   // by state + class; a state is the start of its row
	bound   uint32     // states from here on end a word
	width   uint32     // classes, the length of a row
	ends    [][]uint16 // the words that end in state bound + i*width
	words   []string
	longest int
}

// A hit is the end of a word in a text: the bytes before offset end.
type hit struct {
	end  int
	word uint16
}

// newAutomaton returns the automaton of words, of which none may be empty.
func newAutomaton(words []string) *automaton {
	a := &automaton{words: words, width: 1}
	for _, w := range words {
		a.longest = max(a.longest, len(w))
		for i := range len(w) {
			if c := fold(w[i]); a.class[c] == 0 {
				a.class[c] = uint8(a.width)
				a.width++
			}
		}
	}
	for c := range 256 {
		a.class[c] = a.class[fold(byte(c))]
	}
	t := newTrie(a)
	t.link()
	a.number(t)
	return a
}

// fold returns the lower case of an ASCII letter, and any other byte as it is.
func fold(c byte) byte {
	if upper(c) {
		return c | 0x20
	}
	return c
}

// A trie is an automaton under construction: states are numbered in the order
// they are made, 0 is the root.
type trie struct {
	a    *automaton
	next []int32 // by state*width + class
	ends [][]uint16
}

func newTrie(a *automaton) *trie {
	letters := 1
	for _, w := range a.words {
		letters += len(w)
	}
	t := &trie{a: a, next: make([]int32, 0, letters*int(a.width))}
	t.add()
	for i, w := range a.words {
		state := int32(0)
		for j := range len(w) {
			at := int(state)*int(a.width) + int(a.class[w[j]])
			if t.next[at] == 0 {
				t.next[at] = t.add()
			}
			state = t.next[at]
		}
		t.ends[state] = append(t.ends[state], uint16(i))
	}
	return t
}

func (t *trie) add() int32 {
	t.next = t.next[:len(t.next)+int(t.a.width)]
	t.ends = append(t.ends, nil)
	return int32(len(t.ends) - 1)
}

// row returns where a state goes, by class.
func (t *trie) row(state int32) []int32 {
	w := int(t.a.width)
	return t.next[int(state)*w : (int(state)+1)*w]
}

// link fills in where a state goes on a byte that continues no word: where its
// longest proper suffix that starts a word goes. It also ends there what that
// suffix ends.
func (t *trie) link() {
	fail := make([]int32, len(t.ends))
	queue := make([]int32, 1, len(t.ends))
	for i := 0; i < len(queue); i++ {
		state := queue[i]
		next, other := t.row(state), t.row(fail[state])
		for c, to := range next {
			suffix := int32(0)
			if state != 0 {
				suffix = other[c]
			}
			if to == 0 {
				next[c] = suffix
				continue
			}
			fail[to] = suffix
			t.ends[to] = append(t.ends[to], t.ends[suffix]...)
			queue = append(queue, to)
		}
	}
}

// number gives the states their rows: those that end a word come last, so
// that one comparison tells them.
func (a *automaton) number(t *trie) {
	row := make([]uint32, len(t.ends))
	n := uint32(0)
	for i, ends := range t.ends {
		if len(ends) == 0 {
			row[i] = n
			n += a.width
		}
	}
	a.bound = n
	for i, ends := range t.ends {
		if len(ends) > 0 {
			row[i] = n
			n += a.width
			a.ends = append(a.ends, ends)
		}
	}
	a.next = make([]uint32, n)
	for i := range t.ends {
		for c, to := range t.row(int32(i)) {
			a.next[row[i]+uint32(c)] = row[to]
		}
	}
}

// hits are what one pass over a text found, in the order of their ends: first
// those of its first part, then those of its second …
type hits [4][]hit

// find replaces h by the hits that end in text[from:]. It passes over four
// parts of it at once: a look-up has to wait for the one before, but not for
// those in other parts. Each part starts early, by the longest word.
func (a *automaton) find(text []byte, from int, h *hits) {
	for i := range h {
		h[i] = h[i][:0]
	}
	n := (len(text) - from) / len(h)
	if n < 16*a.longest {
		n = 0
	}
	var state [len(h)]uint32
	for i := range state {
		start := from + i*n
		for _, c := range text[max(0, start-a.longest):start] {
			state[i] = a.step(state[i], c)
		}
	}
	last := a.parts(text[from:], n, state, h)
	for i := from + len(h)*n; i < len(text); i++ {
		if last = a.step(last, text[i]); last >= a.bound {
			h[3] = a.hit(h[3], last, i+1-from)
		}
	}
	for i := range h {
		for j := range h[i] {
			h[i][j].end += from
		}
	}
}

func (a *automaton) step(state uint32, c byte) uint32 {
	return a.next[state+uint32(a.class[c])]
}

// parts passes over the four parts of text, n bytes each, and returns the
// state at the end of the last.
func (a *automaton) parts(text []byte, n int, state [len(hits{})]uint32, h *hits) uint32 {
	p0, p1, p2, p3 := text[:n], text[n:2*n], text[2*n:3*n], text[3*n:4*n]
	s0, s1, s2, s3 := state[0], state[1], state[2], state[3]
	next, class, bound := a.next, &a.class, a.bound
	for i := range n {
		s0 = next[s0+uint32(class[p0[i]])]
		s1 = next[s1+uint32(class[p1[i]])]
		s2 = next[s2+uint32(class[p2[i]])]
		s3 = next[s3+uint32(class[p3[i]])]
		if s0 >= bound {
			h[0] = a.hit(h[0], s0, i+1)
		}
		if s1 >= bound {
			h[1] = a.hit(h[1], s1, n+i+1)
		}
		if s2 >= bound {
			h[2] = a.hit(h[2], s2, 2*n+i+1)
		}
		if s3 >= bound {
			h[3] = a.hit(h[3], s3, 3*n+i+1)
		}
	}
	return s3
}

// hit appends the words that state ends.
func (a *automaton) hit(to []hit, state uint32, end int) []hit {
	for _, w := range a.ends[(state-a.bound)/a.width] {
		to = append(to, hit{end: end, word: w})
	}
	return to
}
