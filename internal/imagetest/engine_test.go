package imagetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/engine"
	"bulkhead/internal/enginetest"
	"bulkhead/internal/inventory"
)

// TestEngine finds in the small image the same software when an engine has it.
func TestEngine(t *testing.T) {
	i, _ := Small(t)
	enginetest.Engine(t)
	enginetest.Docker(t, "load", "-i", i.Archive)
	t.Cleanup(func() { enginetest.Docker(t, "rmi", "-f", i.Tag) })
	e, err := engine.Open(t.Context(), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	tree, err := e.Tree(t.Context(), i.Tag)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tree.Close() }() // it was only read
	inv, err := inventory.Scan(t.Context(), tree)
	if err != nil {
		t.Fatal(err)
	}
	want := inventoryOf(t, i)
	if diff := cmp.Diff(inv.Packages, want.Packages); diff != "" {
		t.Errorf("got - of the engine, want + as in the archive\n%s", diff)
	}
	t.Logf("%d packages", len(want.Packages))
}
