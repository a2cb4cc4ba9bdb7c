package compose

import (
	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/source"
)

// Fragment reports whether f is to be merged into another file: some service of
// it says nothing of what it runs.
func Fragment(f *source.File) bool {
	docs, _ := yamltext.Parse(f) // what is wrong is told when f is read
	for _, d := range docs {
		for _, s := range d.Get("services").Pairs() {
			if !runs(s) {
				return true
			}
		}
	}
	return false
}

// runs reports whether service s says what it runs.
func runs(s yamltext.Value) bool {
	for _, key := range [...]string{"image", "build", "extends", "provider"} {
		if s.Get(key).Exists() {
			return true
		}
	}
	return false
}
