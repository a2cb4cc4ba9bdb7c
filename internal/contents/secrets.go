package contents

import (
	"bytes"

	"bulkhead/internal/inventory"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/secret"
)

// secrets returns the credentials the walk found in the files of every layer,
// also of those that an upper layer hides, each once. What a package brought
// and nobody changed is everybody's and left out.
func secrets(w *oci.Walk[found]) []model.Secret {
	shipped, recorded := shippedSums(w)
	var all secret.Collection[*oci.Entry]
	for _, f := range w.Found {
		r := f.Value.special()
		if len(r.secrets) == 0 {
			continue
		}
		name := inventory.DigestName([]byte(f.Entry.Name))
		byPackage, byPython := matches(shipped[name], r.digests), matches(recorded[name], r.digests)
		for _, x := range r.secrets {
			// Somebody's own program may be installed as a Python distribution,
			// so that alone acquits nothing that is certain.
			if byPackage || byPython && x.Grade < secret.Certain {
				x.Public = "shipped by a package" // it keeps no attacker out who can write the database too
			}
			all.Add(x, f.Entry)
		}
	}
	var out []model.Secret
	for _, x := range all.All() {
		if x.Public != "" || x.Grade == secret.Identifier {
			continue
		}
		first := x.Places[0]
		out = append(out, model.Secret{
			Kind: x.Kind, Shown: x.Shown, File: first.Name, Line: x.Line, Layer: first.Layer,
			Deleted: first.Hidden, Certain: x.Grade == secret.Certain,
		})
	}
	return out
}

// matches reports whether one of the digests that are recorded of a file is one of
// its own.
func matches(recorded, own [][]byte) bool {
	for _, r := range recorded {
		for _, d := range own {
			if bytes.Equal(r, d) {
				return true
			}
		}
	}
	return false
}

// shippedSums returns what package databases, and Python distributions, record of
// the files that hold secrets, by the hashes of their names.
func shippedSums(w *oci.Walk[found]) (shipped, recorded map[uint64][][]byte) {
	shipped, recorded = map[uint64][][]byte{}, map[uint64][][]byte{}
	for _, f := range w.Found {
		if len(f.Value.special().secrets) > 0 {
			name := inventory.DigestName([]byte(f.Entry.Name))
			shipped[name], recorded[name] = nil, nil
		}
	}
	for _, f := range w.Found {
		r := f.Value.special()
		r.sums.Into(shipped)
		r.recorded.Into(recorded)
	}
	return shipped, recorded
}
