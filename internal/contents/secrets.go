package contents

import (
	"bytes"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/secret"
)

// secrets returns the credentials the walk found in the files of every layer,
// also of those that an upper layer hides, each once. What a package brought
// and nobody changed is everybody's and left out.
func secrets(w *oci.Walk[found]) []model.Secret {
	shipped := shippedSums(w)
	var all secret.Collection[*oci.Entry]
	for _, f := range w.Found {
		r := f.Value.special()
		if len(r.secrets) == 0 {
			continue
		}
		want := shipped[nameHash([]byte(f.Entry.Name))]
		for _, x := range r.secrets {
			if want != nil && bytes.Equal(r.md5, want) { // what dpkg records; it keeps no attacker out who can write the database too
				x.Public = "shipped by a package"
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

// shippedSums returns what package databases record of the files that hold
// secrets, by the hashes of their names: nil of those no package has.
func shippedSums(w *oci.Walk[found]) map[uint64][]byte {
	out := map[uint64][]byte{}
	for _, f := range w.Found {
		if len(f.Value.special().secrets) > 0 {
			out[nameHash([]byte(f.Entry.Name))] = nil
		}
	}
	for _, f := range w.Found {
		f.Value.special().sums.into(out)
	}
	return out
}
