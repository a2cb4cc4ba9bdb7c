package oci

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"bulkhead/internal/model"
)

// Bounds of what is attested of one image: BuildKit writes one manifest with
// two statements.
const (
	maxAttestations = 4
	maxStatements   = 16
)

// The annotations BuildKit puts on the manifest of attestations:
// docs/attestations/attestation-storage.md.
const (
	referenceType   = "vnd.docker.reference.type"
	referenceDigest = "vnd.docker.reference.digest"
)

// about reports whether d holds attestations of the image with that digest.
func (d descriptor) about(digest string) bool {
	return d.Annotations[referenceType] == "attestation-manifest" && d.Annotations[referenceDigest] == digest && digest != ""
}

// attest adds to i what beside in its index is attested of it. What cannot be
// read is noted: the image is whole without it.
func (i *Image) attest(b blobs, beside []descriptor) {
	read := 0
	for _, d := range beside {
		if !d.about(i.Digest) {
			continue
		}
		if read++; read > maxAttestations {
			i.Notes = append(i.Notes, i.moreAttested())
			return
		}
		if err := i.statements(b, d); err != nil {
			i.Notes = append(i.Notes, model.Note{What: i.Digest + ": attestations", Why: err.Error()})
		}
	}
}

// moreAttested says that not all attestations were read.
func (i *Image) moreAttested() model.Note {
	return model.Note{What: i.Digest + ": attestations", Why: fmt.Sprintf("there are more than %d manifests of them", maxAttestations)}
}

// statements reads the in-toto statements of an attestation manifest.
func (i *Image) statements(b blobs, d descriptor) error {
	text, err := readBlob(b, d.Digest)
	if err != nil {
		return err
	}
	var m index
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("read manifest %s: %w", d.Digest, err)
	}
	var errs []error
	for _, l := range m.Layers {
		if !isStatement(l.MediaType) {
			continue
		}
		if len(i.Statements)+len(errs) >= maxStatements {
			break
		}
		text, err := readBlob(b, l.Digest)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		i.Statements = append(i.Statements, text)
	}
	return errors.Join(errs...)
}

// isStatement reports whether a layer is an in-toto statement.
func isStatement(mediaType string) bool {
	return strings.HasPrefix(mediaType, "application/vnd.in-toto")
}

// attestRemote is attest for an index of a registry.
func (i *Image) attestRemote(x v1.ImageIndex) {
	if err := i.remoteStatements(x); err != nil {
		i.Notes = append(i.Notes, model.Note{What: i.Name + ": attestations", Why: err.Error()})
	}
}

func (i *Image) remoteStatements(x v1.ImageIndex) error {
	m, err := x.IndexManifest()
	if err != nil {
		return err
	}
	var errs []error
	read := 0
	for _, d := range m.Manifests {
		if !(descriptor{Annotations: d.Annotations}).about(i.Digest) {
			continue
		}
		if read++; read > maxAttestations {
			i.Notes = append(i.Notes, i.moreAttested())
			break
		}
		attestations, err := x.Image(d.Digest)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		layers, err := attestations.Layers()
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, l := range layers[:min(len(layers), maxStatements)] {
			errs = append(errs, i.remoteStatement(l))
		}
	}
	return errors.Join(errs...)
}

// remoteStatement adds a layer that is a statement.
func (i *Image) remoteStatement(l v1.Layer) error {
	kind, err := l.MediaType()
	if err != nil || !isStatement(string(kind)) || len(i.Statements) >= maxStatements {
		return err
	}
	r, err := l.Compressed() // as it is stored, and statements are stored as they are
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(r, maxBlob+1))
	if err != nil {
		return err
	}
	if len(text) > maxBlob {
		return ErrTooLarge
	}
	i.Statements = append(i.Statements, text)
	return nil
}

// completeFrom takes what all tells of the image with i's configuration, which an
// archive's manifest.json leaves out.
func (i *Image) completeFrom(all []*Image) {
	for _, o := range all {
		if o.ConfigID == i.ConfigID {
			i.Manifest, i.Digest = o.Manifest, o.Digest
			i.Annotations, i.Statements, i.Notes = o.Annotations, o.Statements, o.Notes
			return
		}
	}
}
