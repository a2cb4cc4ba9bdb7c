package check

import (
	"bytes"
	"path"
	"strings"

	"bulkhead/internal/source"
)

// ownReport reports whether f is a SARIF report that Bulkhead wrote. It quotes
// the examples of the pages on rules, suppressions and tokens among them, and no
// credential that was found.
func ownReport(f *source.File) bool {
	switch strings.ToLower(path.Ext(f.Name)) {
	case ".sarif", ".json":
		head := f.Text[:min(len(f.Text), 1<<10)]
		return bytes.Contains(head, []byte("/sarif-schema-")) && bytes.Contains(head, []byte(`"name": "bulkhead"`))
	}
	return false
}
