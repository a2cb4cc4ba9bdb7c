package vuln

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"strings"
)

// errSum is the error for a file that is not what the server says it is.
var errSum = errors.New("the checksum differs from the server's")

// checkSum compares the file at path with the checksums of the whole file that
// came with a response, where one did: the header x-goog-hash, which Google's
// object store sends with exports, and Repr-Digest, RFC 9530, section 3.
func checkSum(h http.Header, path string) (err error) {
	sums := map[string]hash.Hash{}
	want := map[string]string{}
	for _, line := range h.Values("X-Goog-Hash") {
		for field := range strings.SplitSeq(line, ",") {
			if sum, ok := strings.CutPrefix(strings.TrimSpace(field), "crc32c="); ok {
				sums["crc32c"], want["crc32c"] = crc32.New(castagnoli()), sum
			}
		}
	}
	for _, line := range h.Values("Repr-Digest") {
		for field := range strings.SplitSeq(line, ",") {
			if sum, ok := strings.CutPrefix(strings.TrimSpace(field), "sha-256=:"); ok {
				sums["sha-256"], want["sha-256"] = sha256.New(), strings.TrimSuffix(sum, ":")
			}
		}
	}
	if len(sums) == 0 {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var all []io.Writer
	for _, s := range sums {
		all = append(all, s)
	}
	if _, err := io.Copy(io.MultiWriter(all...), f); err != nil {
		return err
	}
	for kind, s := range sums {
		if base64.StdEncoding.EncodeToString(s.Sum(nil)) != want[kind] {
			return errSum
		}
	}
	return nil
}
