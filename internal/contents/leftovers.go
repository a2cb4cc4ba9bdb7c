package contents

import (
	"cmp"
	"slices"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// A cacheFolder is a folder that a package manager fills and does without.
type cacheFolder struct {
	folder string // with a slash at its end; one that begins with a slash is anywhere
	what   string
}

var cacheFolders = []cacheFolder{
	{"var/lib/apt/lists/", "apt's package lists"},
	{"var/cache/apt/", "apt's cache"},
	{"var/cache/apk/", "apk's cache"},
	{"etc/apk/cache/", "apk's cache"},
	{"var/cache/dnf/", "dnf's cache"},
	{"var/cache/libdnf5/", "dnf's cache"},
	{"var/cache/yum/", "yum's cache"},
	{"var/cache/zypp/", "zypper's cache"},
	{"var/cache/pacman/", "pacman's cache"},
	{"/.cache/pip/", "pip's cache"},
	{"/.cache/uv/", "uv's cache"},
	{"/.cache/pypoetry/", "Poetry's cache"},
	{"/.cache/yarn/", "Yarn's cache"},
	{"/.cache/composer/", "Composer's cache"},
	{"/.composer/cache/", "Composer's cache"},
	{"/.cache/go-build/", "Go's build cache"},
	{"/go/pkg/mod/cache/", "Go's module cache"},
	{"/.npm/_cacache/", "npm's cache"},
	{"/.cargo/registry/", "Cargo's cache"},
	{"/cargo/registry/", "Cargo's cache"},
}

// leftovers adds up what package managers have left, also what a later layer
// deletes: its bytes are carried all the same.
func leftovers(w *oci.Walk[found]) []model.Leftover {
	type key struct {
		folder string
		layer  int
	}
	at := map[key]int{}
	var out []model.Leftover
	for _, f := range w.Found {
		e := f.Entry
		if !e.Mode.IsRegular() || e.Size == 0 {
			continue
		}
		folder, what := cacheOf(e.Name)
		if what == "" {
			continue
		}
		i, ok := at[key{folder, e.Layer}]
		if !ok {
			if len(out) >= maxFiles {
				continue
			}
			i = len(out)
			at[key{folder, e.Layer}] = i
			out = append(out, model.Leftover{What: what, Folder: folder, Layer: e.Layer, Deleted: true})
		}
		out[i].Size += e.Size
		out[i].Deleted = out[i].Deleted && e.Hidden
	}
	slices.SortFunc(out, func(a, b model.Leftover) int {
		return cmp.Or(cmp.Compare(a.Folder, b.Folder), cmp.Compare(a.Layer, b.Layer))
	})
	return out
}

// cacheOf returns the folder of a package manager's that name is in, and what it
// is, or nothing.
func cacheOf(name string) (folder, what string) {
	if !strings.Contains(name, "cache") && !strings.HasPrefix(name, "var/lib/apt/") && !strings.Contains(name, "cargo/") {
		return "", ""
	}
	for _, c := range cacheFolders {
		if c.folder[0] != '/' {
			if strings.HasPrefix(name, c.folder) {
				return strings.TrimSuffix(c.folder, "/"), c.what
			}
			continue
		}
		if strings.HasPrefix(name, c.folder[1:]) {
			return strings.Trim(c.folder, "/"), c.what
		}
		if i := strings.Index(name, c.folder); i >= 0 {
			return name[:i+len(c.folder)-1], c.what
		}
	}
	return "", ""
}
