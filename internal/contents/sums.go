package contents

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"strings"

	"bulkhead/internal/inventory"
)

// maxSums bounds one list of digests, in bytes. That of the Linux kernel's
// headers has two.
const maxSums = 16 << 20

// sumsFile reports whether dpkg keeps the digests of a package's files there.
func sumsFile(name string) bool {
	return strings.HasPrefix(name, "var/lib/dpkg/info/") && strings.HasSuffix(name, ".md5sums")
}

// readSums reads a list of dpkg's: a digest in hexadecimal, two spaces and a name
// a line.
func readSums(text []byte) inventory.Digests {
	var out inventory.Digests
	for line := range bytes.Lines(text) {
		digest, name, ok := bytes.Cut(bytes.TrimSpace(line), []byte("  "))
		var sum [md5.Size]byte
		if !ok || len(digest) != 2*len(sum) {
			continue
		}
		if _, err := hex.Decode(sum[:], digest); err == nil {
			out.Add(name, sum[:])
		}
	}
	return out
}
