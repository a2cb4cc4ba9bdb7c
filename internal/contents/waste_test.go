package contents

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// TestWasted: what a later layer deletes, by itself or with its folder, or
// replaces is counted where it lies; what is seen, small or a cache is not.
func TestWasted(t *testing.T) {
	big := strings.Repeat("x", large)
	name := save(t,
		layer(t, "app/model.bin", big+big, "build/out/a.o", big, "build/out/b.o", big, "app/stays", big, "app/small", "x",
			"var/cache/apt/pkgcache.bin", big),
		layer(t, "app/model.bin", big, "app/.wh.small", ""),
		layer(t, ".wh.build", "", "var/cache/apt/.wh.pkgcache.bin", ""),
	)
	tree, err := oci.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tree.Close(); err != nil {
			t.Error(err)
		}
	})
	image := &model.Image{Name: "test:1"}
	if _, err := Look(t.Context(), tree, image, nil); err != nil {
		t.Fatal(err)
	}
	want := []model.Waste{{Layer: 0, Size: 4 * large, Files: 3, Largest: "app/model.bin"}}
	if diff := cmp.Diff(image.Contents.Wasted, want); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
}
