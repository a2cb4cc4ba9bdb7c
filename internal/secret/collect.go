package secret

import "cmp"

// A Collection holds each credential once, however many files and layers it is
// in. P is a place. Its zero value is empty.
type Collection[P any] struct {
	all    []Held[P]
	number map[Sum]int
}

// Held is a credential with all places it is at, in the order they were added.
type Held[P any] struct {
	Secret // as it was found first, or where it was found by a better grade
	Places []P
}

// Add notes that a scanner found x at a place. All that is added must be from
// the same scanner. A credential that is public at one place is public: who
// has that file has it.
func (c *Collection[P]) Add(x Secret, at P) {
	if c.number == nil {
		c.number = map[Sum]int{}
	}
	n, ok := c.number[x.Sum]
	if !ok {
		c.number[x.Sum] = len(c.all)
		c.all = append(c.all, Held[P]{Secret: x, Places: []P{at}})
		return
	}
	h := &c.all[n]
	public := cmp.Or(h.Public, x.Public)
	if x.Grade > h.Grade {
		h.Secret = x
	}
	h.Public = public
	h.Places = append(h.Places, at)
}

// All returns the credentials in the order they were added.
func (c *Collection[P]) All() []Held[P] { return c.all }
