package check

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"bulkhead/internal/finding"
)

// fingerprint gives every finding a name that stays the same when lines move:
// rule, subject, file, the text it points at without blanks, and how many like it
// came before.
func fingerprint(findings []finding.Finding) {
	seen := make(map[[sha256.Size]byte]int, len(findings))
	var key []byte
	for i := range findings {
		f := &findings[i]
		key = append(append(append(append(key[:0], f.Rule...), 0), f.Subject...), 0)
		switch v := f.Vulnerability; {
		case v != nil: // what else is known of the package must not rename it
			key = append(append(append(append(append(key, v.ID...), 0), v.Package.Ecosystem...), 0), v.Package.Name...)
		case f.Span.IsValid():
			key = append(append(key, f.Span.File.Name...), 0)
			for n, word := range bytes.Fields(f.Span.File.Text[f.Span.Start:f.Span.End]) {
				if n > 0 {
					key = append(key, ' ')
				}
				key = append(key, word...)
			}
		default:
			key = append(key, f.Path...)
		}
		alike := sha256.Sum256(key)
		key = strconv.AppendInt(append(key, 0), int64(seen[alike]), 10)
		seen[alike]++
		sum := sha256.Sum256(key)
		f.Fingerprint = hex.EncodeToString(sum[:16])
	}
}
