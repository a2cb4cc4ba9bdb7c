// Package oci reads images: references, configurations, manifests and layers,
// as in the OCI image and distribution specifications.
package oci

import (
	"fmt"

	"github.com/distribution/reference"

	"bulkhead/internal/model"
)

// ParseReference parses an image reference as Docker does: short names belong
// to docker.io/library. The result holds raw even where err is not nil.
func ParseReference(raw string) (model.Reference, error) {
	ref := model.Reference{Raw: raw}
	named, err := reference.ParseNormalizedNamed(raw)
	if err != nil {
		return ref, fmt.Errorf("parse image reference %q: %w", raw, err)
	}
	ref.Registry = reference.Domain(named)
	ref.Repository = reference.Path(named)
	if t, ok := named.(reference.Tagged); ok {
		ref.Tag = t.Tag()
	}
	if d, ok := named.(reference.Digested); ok {
		ref.Digest = d.Digest().String()
	}
	return ref, nil
}
