package check

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"bulkhead/internal/finding"
)

// fingerprint gives every finding a name that stays the same when lines move:
// rule, subject, file, the text it points at without blanks, and how many like it
// came before.
func fingerprint(findings []finding.Finding) {
	seen := map[string]int{}
	for i := range findings {
		f := &findings[i]
		text := f.Path
		if f.Span.IsValid() {
			text = f.Span.File.Name + "\x00" + strings.Join(strings.Fields(f.Span.Text()), " ")
		}
		if v := f.Vulnerability; v != nil { // what else is known of the package must not rename it
			text = v.ID + "\x00" + v.Package.Ecosystem + "\x00" + v.Package.Name
		}
		key := strings.Join([]string{f.Rule, f.Subject, text}, "\x00")
		n := seen[key]
		seen[key]++
		sum := sha256.Sum256([]byte(key + "\x00" + strconv.Itoa(n)))
		f.Fingerprint = hex.EncodeToString(sum[:16])
	}
}
