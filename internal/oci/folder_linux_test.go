package oci

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFolderCaps: the capabilities of a program in a folder are those that its
// attribute stores.
func TestFolderCaps(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"ping", "plain"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const netRaw = 13
	// struct vfs_cap_data, revision 2, effective: linux/capability.h.
	value := []byte{1, 0, 0, 2, 0, 1 << (netRaw - 8), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	err := unix.Setxattr(filepath.Join(dir, "ping"), "security.capability", value, 0)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOTSUP) {
		t.Skipf("capabilities of files cannot be set here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]uint64{}
	w, err := Visit(t.Context(), OpenFolder(dir), Visitor[uint64]{
		Want: func(*Entry) Want { return Visible },
		Read: func(e *Entry, _ *Content) uint64 { return e.Caps },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range w.Found {
		got[f.Entry.Name] = f.Value
	}
	if got["ping"] != 1<<netRaw || got["plain"] != 0 || len(got) != 2 {
		t.Errorf("got %v, want the bit of NET_RAW of ping and none of plain", got)
	}
}
