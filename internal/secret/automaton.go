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
	a.fill(t)
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
	a      *automaton
	states []state
	order  []int32 // of the states, the nearest to the root first
}

// A state of a trie knows the states that follow it as a list: few do.
type state struct {
	first, next int32 // of what follows, and of what follows the state before it; 0 for none
	class       uint8 // of the byte that leads here
	fail        int32 // where the longest proper suffix is that starts a word
	ends        []uint16
}

func newTrie(a *automaton) *trie {
	letters := 1
	for _, w := range a.words {
		letters += len(w)
	}
	t := &trie{a: a, states: make([]state, 1, letters)}
	for i, w := range a.words {
		at := int32(0)
		for j := range len(w) {
			class := a.class[w[j]]
			to := t.to(at, class)
			if to == 0 {
				to = int32(len(t.states))
				t.states = append(t.states, state{class: class, next: t.states[at].first})
				t.states[at].first = to
			}
			at = to
		}
		t.states[at].ends = append(t.states[at].ends, uint16(i))
	}
	return t
}

// to returns the state that follows at on class, or 0.
func (t *trie) to(at int32, class uint8) int32 {
	to := t.states[at].first
	for to != 0 && t.states[to].class != class {
		to = t.states[to].next
	}
	return to
}

// link finds out where every state goes on a byte that continues no word: where
// its longest proper suffix that starts a word goes. It also ends there what
// that suffix ends.
func (t *trie) link() {
	t.order = make([]int32, 1, len(t.states))
	for i := 0; i < len(t.order); i++ {
		at := t.order[i]
		for kid := t.states[at].first; kid != 0; kid = t.states[kid].next {
			t.order = append(t.order, kid)
			if at == 0 {
				continue
			}
			k := &t.states[kid]
			suffix := t.states[at].fail
			for k.fail = t.to(suffix, k.class); k.fail == 0 && suffix != 0; k.fail = t.to(suffix, k.class) {
				suffix = t.states[suffix].fail
			}
			k.ends = append(k.ends, t.states[k.fail].ends...)
		}
	}
}

// fill makes the table. The states that end a word have the last rows, so that
// one comparison tells them.
func (a *automaton) fill(t *trie) {
	row := make([]uint32, len(t.states))
	n := uint32(0)
	for i := range t.states {
		if len(t.states[i].ends) == 0 {
			row[i] = n
			n += a.width
		}
	}
	a.bound = n
	for i := range t.states {
		if ends := t.states[i].ends; len(ends) > 0 {
			row[i] = n
			n += a.width
			a.ends = append(a.ends, ends)
		}
	}
	a.next = make([]uint32, n)
	for _, at := range t.order {
		next := a.next[row[at] : row[at]+a.width]
		if at != 0 {
			copy(next, a.next[row[t.states[at].fail]:])
		}
		for kid := t.states[at].first; kid != 0; kid = t.states[kid].next {
			next[t.states[kid].class] = row[kid]
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
