package inventory

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"path"
	"strings"
)

// Digests are what package databases record of the content of files: for each the
// hash of its name, the length of the digest and the digest, which is MD5,
// SHA-1 or SHA-256 by its length. A database may have a million.
type Digests []byte

// digestHead is what goes before a digest, in bytes.
const digestHead = 8 + 1

// Add adds the digest of the file called name. What is none is left out.
func (d *Digests) Add(name, digest []byte) {
	switch len(digest) {
	case 16, 20, 32:
		*d = binary.LittleEndian.AppendUint64(*d, DigestName(name))
		*d = append(append(*d, byte(len(digest))), digest...)
	}
}

// Into adds the digests of the files that all has, by DigestName.
func (d Digests) Into(all map[uint64][][]byte) {
	const most = 8 // databases of the layers of an image that list one file
	for len(d) >= digestHead {
		name, size := binary.LittleEndian.Uint64(d), int(d[digestHead-1])
		d = d[digestHead:]
		if len(d) < size {
			return
		}
		if known, ok := all[name]; ok && len(known) < most {
			all[name] = append(known, d[:size])
		}
		d = d[size:]
	}
}

// DigestName returns the hash of a file's name, with or without its leading
// slash.
func DigestName(name []byte) uint64 {
	return fnv(14695981039346656037, bytes.TrimPrefix(name, []byte("/")))
}

// Digests returns what e says of the content of files.
func (e *Evidence) Digests() Digests { return e.digests }

// apkDigest reads "Q1" and a SHA-1 in base64, or returns nil.
func apkDigest(value []byte) []byte {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(string(value)), "Q1")
	if !ok {
		return nil
	}
	out, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil
	}
	return out
}

// hexDigest reads a digest in hexadecimal, or returns nil.
func hexDigest(text string) []byte {
	out, err := hex.DecodeString(text)
	if err != nil {
		return nil
	}
	return out
}

// IsRecord reports whether name is the list of files of an installed Python
// distribution.
func IsRecord(name string) bool {
	return path.Base(name) == "RECORD" && strings.HasSuffix(path.Dir(name), ".dist-info")
}

// RecordDigests reads the list of files of an installed Python distribution:
// "name,sha256=digest,size" a line, where names begin at the folder the
// distribution is in. Python packaging, "Recording installed projects".
func RecordDigests(name string, text []byte) Digests {
	var out Digests
	dir := path.Dir(path.Dir(name))
	for line := range strings.Lines(string(text)) {
		file, rest, ok := strings.Cut(strings.TrimSpace(line), ",sha256=")
		digest, _, sized := strings.Cut(rest, ",")
		if !ok || !sized {
			continue
		}
		if sum, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(digest, "=")); err == nil {
			out.Add([]byte(path.Join(dir, strings.Trim(file, `"`))), sum)
		}
	}
	return out
}
