package oci

// A nameSet is a set of hashed names in few bytes: an image of two million
// files must not need more memory than its packages are worth. The lowest
// bits of a slot say what is known of the name; a zero slot is free.
type nameSet struct {
	slots []uint64
	used  int
}

// What a layer says of a name, the first two to the layers beneath.
const (
	covers  uint64 = 1 << iota // it has an entry of that name
	blocks                     // nothing beneath that name shines through: a file, a whiteout, an opaque folder
	regular                    // it has a file of that name
	given                      // which the visitor has read
	flags   = covers | blocks | regular | given
)

// add adds flags to a name.
func (s *nameSet) add(hash, flag uint64) {
	if 4*(s.used+1) > 3*len(s.slots) {
		s.grow()
	}
	at := s.slot(hash)
	if s.slots[at] == 0 {
		s.used++
	}
	s.slots[at] |= hash&^flags | flag
}

// of returns the flags of a name.
func (s *nameSet) of(hash uint64) uint64 {
	if len(s.slots) == 0 {
		return 0
	}
	return s.slots[s.slot(hash)] & flags
}

// slot returns the slot of hash, or the free one it would get.
func (s *nameSet) slot(hash uint64) int {
	mask := uint64(len(s.slots) - 1)
	at := (hash >> 4) & mask
	for s.slots[at] != 0 && s.slots[at]&^flags != hash&^flags {
		at = (at + 1) & mask
	}
	return int(at)
}

func (s *nameSet) grow() {
	old := s.slots
	s.slots = make([]uint64, max(1024, 2*len(old)))
	for _, x := range old {
		if x != 0 {
			s.slots[s.slot(x)] = x
		}
	}
}

// FNV-1a, which gives the hashes of all folders on the way to a name.
const (
	hashStart uint64 = 14695981039346656037
	hashPrime uint64 = 1099511628211
)

// hashName returns the hash of a clean name.
func hashName(name string) uint64 {
	h := hashStart
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * hashPrime
	}
	return mix(h)
}

// mix spreads the bits of an FNV hash, whose low ones are weak.
func mix(h uint64) uint64 {
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15
	return h ^ h>>29
}

// hidden reports whether s, the names of the layers above, hides name: an upper
// layer has it too, or something above it lets nothing through.
func (s *nameSet) hidden(name string) bool {
	if s.used == 0 {
		return false
	}
	h := hashStart
	for i := range len(name) {
		if name[i] == '/' && s.of(mix(h))&blocks != 0 {
			return true
		}
		h = (h ^ uint64(name[i])) * hashPrime
	}
	return s.of(mix(h))&(covers|blocks) != 0 || s.of(mix(hashStart))&blocks != 0
}
