package oci_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"bulkhead/internal/enginetest"
	"bulkhead/internal/oci"
)

// TestSave reads what the engine saves.
func TestSave(t *testing.T) {
	enginetest.Engine(t)
	const tag = "bulkhead-oci-test:1"
	enginetest.Image(t, tag)
	name := filepath.Join(t.TempDir(), "image.tar")
	enginetest.Docker(t, "save", "-o", name, tag)
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	images, err := oci.ReadArchive(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	if len(images) != 1 || images[0].Name != tag {
		t.Fatalf("%d images, want the one called %s", len(images), tag)
	}
	var c struct{ Config struct{ User string } }
	if err := json.Unmarshal(images[0].Config, &c); err != nil || c.Config.User != "app" {
		t.Errorf("configuration %s: %v, want user app", images[0].Config, err)
	}
	if want := enginetest.Docker(t, "image", "inspect", "-f", "{{.Id}}", tag); images[0].ConfigID != want {
		t.Errorf("configuration %s, want %s", images[0].ConfigID, want)
	}
}
