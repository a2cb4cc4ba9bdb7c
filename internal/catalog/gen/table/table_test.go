package table

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"testing"
)

const data = "../../../../../shared/data/images"

// inflated returns text, inflated if it is compressed: how well it is depends on
// the version of Go.
func inflated(t *testing.T, text []byte) string {
	t.Helper()
	if !bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		return string(text)
	}
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

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
		if inflated(t, got) != inflated(t, want) {
			t.Errorf("%s is stale: run go run ./internal/catalog/gen", name)
		}
		size += len(got)
	}
	if size > limit {
		t.Errorf("the tables take %d bytes, want at most %d", size, limit)
	}
}
