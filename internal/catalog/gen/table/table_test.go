package table

import (
	"os"
	"testing"
)

const data = "../../../../../shared/data/images"

// TestTables tells when the tables package catalog embeds are older than the
// data: run go run ./internal/catalog/gen.
func TestTables(t *testing.T) {
	if _, err := os.Stat(data); err != nil {
		t.Skip("the data the tables are made from is not here:", err)
	}
	tables, err := Make(data)
	if err != nil {
		t.Fatal(err)
	}
	const limit = 60 << 10
	size := 0
	for name, want := range tables {
		got, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is stale: run go run ./internal/catalog/gen", name)
		}
		size += len(got)
	}
	if size > limit {
		t.Errorf("the tables take %d bytes, want at most %d", size, limit)
	}
}
