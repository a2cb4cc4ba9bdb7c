package contents

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/model"
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
	image := lookInto(t, name)
	want := []model.Waste{{Layer: 0, Size: 4 * large, Files: 3, Largest: "app/model.bin"}}
	if diff := cmp.Diff(image.Contents.Wasted, want); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
}
