package contents

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// maxSums bounds one list of digests, in bytes. That of the Linux kernel's
// headers has two.
const maxSums = 16 << 20

// sumsFile reports whether dpkg keeps the digests of a package's files there.
func sumsFile(name string) bool {
	return strings.HasPrefix(name, "var/lib/dpkg/info/") && strings.HasSuffix(name, ".md5sums")
}

// Sums are the digests of files by the hashes of their names, in the shape of
// a few bytes: a package database may have a million.
type sums []byte

// sumSize is the size of one: the hash of the name, then the MD5 of the content.
const sumSize = 8 + md5.Size

// readSums reads a list of dpkg's: a digest in hexadecimal, two spaces and a name
// a line.
func readSums(text []byte) sums {
	var out sums
	for line := range bytes.Lines(text) {
		digest, name, ok := bytes.Cut(bytes.TrimSpace(line), []byte("  "))
		var sum [md5.Size]byte
		if !ok || len(digest) != 2*len(sum) {
			continue
		}
		if _, err := hex.Decode(sum[:], digest); err == nil {
			out = binary.LittleEndian.AppendUint64(out, nameHash(name))
			out = append(out, sum[:]...)
		}
	}
	return out
}

// nameHash returns the FNV-1a hash of a name.
func nameHash(name []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range name {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// into sets the digests of the names that all has.
func (s sums) into(all map[uint64][]byte) {
	for ; len(s) >= sumSize; s = s[sumSize:] {
		name := binary.LittleEndian.Uint64(s)
		if _, ok := all[name]; ok {
			all[name] = s[8:sumSize]
		}
	}
}
