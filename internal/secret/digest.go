package secret

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"io"
)

// Digests are those of a file's content that package databases record: MD5
// (dpkg), SHA-1 (apk) and SHA-256 (rpm, Python's RECORD). They are compared
// with what came with the package: none keeps an attacker out.
type Digests struct {
	MD5    [md5.Size]byte
	SHA1   [sha1.Size]byte
	SHA256 [sha256.Size]byte
}

func digest(content []byte) *Digests {
	return &Digests{MD5: md5.Sum(content), SHA1: sha1.Sum(content), SHA256: sha256.Sum256(content)}
}

// digestAgain reads the first size bytes of a file a second time, or returns
// nil where that does not work. It leaves r where it was.
func digestAgain(r io.ReadSeeker, size int64) *Digests {
	if _, err := r.Seek(-size, io.SeekCurrent); err != nil {
		return nil
	}
	m, s, l := md5.New(), sha1.New(), sha256.New()
	if n, err := io.Copy(io.MultiWriter(m, s, l), io.LimitReader(r, size)); err != nil || n != size {
		return nil
	}
	return &Digests{MD5: [md5.Size]byte(m.Sum(nil)), SHA1: [sha1.Size]byte(s.Sum(nil)), SHA256: [sha256.Size]byte(l.Sum(nil))}
}
