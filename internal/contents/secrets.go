package contents

import (
	"context"
	"crypto/md5"
	"io"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/secret"
)

// secrets returns the credentials the walk found in the files of every layer,
// also of those that an upper layer hides, each once. What a package brought
// and nobody changed is everybody's and left out.
func secrets(ctx context.Context, t *oci.Tree, w *oci.Walk[found]) ([]model.Secret, error) {
	same, err := unchanged(ctx, t, w, shipped(w))
	if err != nil {
		return nil, err
	}
	var all secret.Collection[*oci.Entry]
	for _, f := range w.Found {
		for _, x := range f.Value.secrets {
			if same[at(f.Entry)] {
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
	return out, nil
}

// A spot is one file of one layer.
type spot struct {
	name  string
	layer int
}

func at(e *oci.Entry) spot { return spot{e.Name, e.Layer} }

// unchanged returns the files in which something was found although they are
// as their package brought them. They are few, so reading them once more costs
// less than hashing every file on the way.
func unchanged(ctx context.Context, t *oci.Tree, w *oci.Walk[found], public map[string]digest) (map[spot]bool, error) {
	suspects := map[spot]bool{}
	for _, f := range w.Found {
		if _, ok := public[f.Entry.Name]; ok && len(f.Value.secrets) > 0 {
			suspects[at(f.Entry)] = true
		}
	}
	same := map[spot]bool{}
	if len(suspects) == 0 {
		return same, nil
	}
	again, err := oci.Visit(ctx, t, oci.Visitor[bool]{
		Want: func(e *oci.Entry) oci.Want {
			if suspects[at(e)] {
				return oci.Always
			}
			return oci.Skip
		},
		Read: func(e *oci.Entry, c *oci.Content) bool {
			h := md5.New() // what dpkg records; it keeps no attacker out who can write the database too
			_, err := io.Copy(h, c)
			return err == nil && [md5.Size]byte(h.Sum(nil)) == public[e.Name].md5
		},
	})
	if err != nil {
		return nil, err
	}
	for _, f := range again.Found {
		same[at(f.Entry)] = f.Value
	}
	return same, nil
}
