package inventory

import (
	"bytes"
	"path"
	"strings"
)

// An owned is what a distribution package owns: the hashes of its files, which
// a few hundred thousand of need little memory.
type owned struct {
	owner string
	files []uint64
	code  code // what kinds of code they hold

	digests Digests // until they are its evidence's
}

// add adds a path.
func (o *owned) add(name []byte) {
	name = bytes.TrimPrefix(bytes.TrimSpace(name), []byte("/"))
	if len(name) > 0 {
		o.files = append(o.files, ownedHash(name))
		o.code |= codeOf(string(name))
	}
}

// ownedHash returns the hash of a path. Distributions list /bin/x for what is
// in /usr/bin where one is a link to the other.
func ownedHash(name []byte) uint64 {
	h := uint64(14695981039346656037) // FNV-1a; hash/fnv would allocate for each
	for _, dir := range [...]string{"bin/", "sbin/", "lib/", "lib64/", "lib32/"} {
		if bytes.HasPrefix(name, []byte(dir)) {
			h = fnv(h, []byte("usr/"))
			break
		}
	}
	return fnv(h, name)
}

func fnv(h uint64, text []byte) uint64 {
	for _, c := range text {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// owners returns the owner of each of the paths that has one.
func owners(lists []owned, paths map[string]bool) map[string]string {
	byHash := make(map[uint64][]string, len(paths))
	for p := range paths {
		h := ownedHash([]byte(p))
		byHash[h] = append(byHash[h], p)
	}
	out := map[string]string{}
	for _, l := range lists {
		for _, h := range l.files {
			for _, p := range byHash[h] {
				if _, ok := out[p]; !ok {
					out[p] = l.owner
				}
			}
		}
	}
	return out
}

// inside returns the path of the file at the outside of a location such as
// "app.war!lib/x.jar".
func inside(location string) string {
	outer, _, _ := strings.Cut(location, "!")
	return path.Clean(outer)
}
