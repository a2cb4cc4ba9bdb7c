// Package image reads images as an engine describes them, the JSON of docker
// image inspect, and as an archive, a layout or a registry holds them, the OCI
// image configuration.
package image

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bulkhead/internal/frontend/internal/dockerjson"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/source"
)

// maxHistory bounds the steps of one image. The engine allows 127 layers;
// steps without a layer come on top.
const maxHistory = 4096

// inspect is the part of the engine's answer to "inspect an image" that the
// facts are made of.
type inspect struct {
	ID           string `json:"Id"`
	RepoTags     []string
	RepoDigests  []string
	Created      timestamp
	Architecture string
	Os           string
	Size         int64
	Config       *dockerjson.Config
	RootFS       struct{ Layers []string }

	// These are not the engine's: see Read.
	History         []step
	Inventory       *model.Inventory
	Vulnerabilities []*model.Vulnerability
	Secrets         []model.Secret
	Contents        *model.Contents
	Provenance      *model.Provenance
}

// A step is one entry of the engine's image history.
type step struct {
	Created    timestamp
	CreatedBy  string
	CreatedBy2 string `json:"created_by"` // Podman's own inspect, and OCI
	Comment    string
	Size       *int64
	EmptyLayer bool `json:"empty_layer"`
}

// A timestamp is RFC 3339 text or seconds since 1970: the engine writes both.
type timestamp struct{ time.Time }

func (t *timestamp) UnmarshalJSON(text []byte) error {
	var seconds int64
	if json.Unmarshal(text, &seconds) == nil {
		if seconds > 0 {
			t.Time = time.Unix(seconds, 0).UTC()
		}
		return nil
	}
	s, err := strconv.Unquote(string(text))
	if err != nil {
		return fmt.Errorf("time %s is neither text nor a number", bytes.TrimSpace(text))
	}
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil && at.Year() > 1 {
		t.Time = at.UTC()
	}
	return nil
}

// Read reads the images in f: one object or an array of them.
//
// An object may have a key "History", which Docker's inspect does not write:
// the engine's answer to "history of an image", newest step first. Podman's
// own inspect has such a key with the oldest step first, as in OCI; only the
// engine's says the size of each step. The keys "Inventory",
// "Vulnerabilities", "Secrets", "Contents" and "Provenance" hold what looking into
// the image found: a model.Inventory, arrays of model.Vulnerability and
// model.Secret, a model.Contents and a model.Provenance, their fields by their Go
// names.
func Read(f *source.File) *model.Facts {
	facts := &model.Facts{}
	objects, faults := dockerjson.Objects(f, model.ImageStore)
	facts.Faults = faults
	for _, text := range objects {
		var in inspect
		err := json.Unmarshal(text, &in)
		image := in.image()
		if fault, bad := dockerjson.TypeFault(subject(image.Name), model.ImageStore, err); bad {
			facts.Faults = append(facts.Faults, fault)
		}
		if in.ID == "" && in.Config == nil {
			facts.Faults = append(facts.Faults, model.Fault{
				Place:   model.Place{Path: subject(image.Name)},
				Surface: model.ImageStore,
				Message: "has neither Id nor Config, so it does not describe an image",
			})
			continue
		}
		facts.Images = append(facts.Images, image)
	}
	return facts
}

// known returns vulnerabilities without those that name no package.
func known(all []*model.Vulnerability) []*model.Vulnerability {
	for _, v := range all {
		if v != nil && v.Upgrade != nil {
			v.Upgrade.Packages = slices.DeleteFunc(v.Upgrade.Packages, func(p *model.Package) bool { return p == nil })
		}
	}
	return slices.DeleteFunc(all, func(v *model.Vulnerability) bool { return v == nil || v.Package == nil })
}

// subject returns what the image called name is called in places.
func subject(name string) string { return "image " + name }

func (in *inspect) image() *model.Image {
	none := func(s string) bool { return strings.Contains(s, "<none>") } // as old engines write it
	in.RepoTags = slices.DeleteFunc(in.RepoTags, none)
	in.RepoDigests = slices.DeleteFunc(in.RepoDigests, none)
	name, ref := in.name()
	r := dockerjson.Reader{Config: in.Config, Subject: subject(name), Field: "Config"}
	c := config(r)
	c.ID = in.ID
	c.Digests, c.Tags = in.RepoDigests, short(in.RepoTags)
	c.Created = in.Created.Time
	c.OS, c.Arch = in.Os, in.Architecture
	c.Size = in.Size
	c.Layers = in.RootFS.Layers
	c.History = history(in.History, r.Subject)
	return &model.Image{
		Name: name, Surface: model.ImageStore, Use: model.StoredImage, Ref: ref, Config: c,
		Inventory: in.Inventory, Vulnerabilities: known(in.Vulnerabilities), Secrets: in.Secrets,
		Contents: in.Contents, Provenance: in.Provenance,
	}
}

// short returns tags in Docker's short form: Podman writes all of them.
func short(tags []string) []string {
	out := slices.Clone(tags)
	for i, t := range out {
		if ref, err := oci.ParseReference(t); err == nil {
			out[i] = ref.Tagged()
		}
	}
	return out
}

// name returns what the image is called: its first tag, the repository it was
// pulled from by digest, or its short id where it has no name.
func (in *inspect) name() (string, model.Fact[model.Reference]) {
	named := func(raw, field string) (string, model.Fact[model.Reference]) {
		ref := model.Fact[model.Reference]{State: model.Set}
		var err error
		if ref.Value, err = oci.ParseReference(raw); err != nil {
			ref.State = model.Unknown
		}
		name := raw
		if ref.Value.Digest != "" && ref.Value.Tag == "" {
			name = ref.Value.Familiar() + "@" + dockerjson.ShortID(ref.Value.Digest)
		}
		ref.Path = dockerjson.Path(subject(name), field)
		return name, ref
	}
	switch {
	case len(in.RepoTags) > 0:
		return named(in.RepoTags[0], "RepoTags")
	case len(in.RepoDigests) > 0:
		return named(in.RepoDigests[0], "RepoDigests")
	}
	name := dockerjson.ShortID(in.ID)
	return name, model.Fact[model.Reference]{
		Value: model.Reference{Raw: name},
		State: model.Unset,
		Path:  dockerjson.Path(subject(name), "Id"),
	}
}

// config reads what a configuration says.
func config(r dockerjson.Reader) *model.ImageConfig {
	c := &model.ImageConfig{
		User:       r.User(),
		Env:        r.Env(),
		Entrypoint: r.Entrypoint(),
		Command:    r.Command(),
		WorkingDir: r.WorkingDir(),
		Exposed:    r.Exposed(),
		Volumes:    r.Volumes(),
		Labels:     r.Labels(),
		Health:     r.Health(),
	}
	for i := range c.Env {
		c.Env[i].Image = true
	}
	if r.Config != nil {
		c.StopSignal = string(r.Config.StopSignal)
		c.OnBuild = r.Config.OnBuild
	}
	return c
}

// history returns the steps, oldest first as in OCI.
func history(steps []step, subject string) []model.History {
	steps = steps[:min(len(steps), maxHistory)]
	var out []model.History
	for i, s := range steps {
		by := s.CreatedBy
		if by == "" {
			by = s.CreatedBy2
		}
		out = append(out, model.History{
			Created:   s.Created.Time,
			CreatedBy: by,
			Comment:   s.Comment,
			Empty:     s.EmptyLayer || s.Size != nil && *s.Size == 0,
			Place:     model.Place{Path: dockerjson.Path(subject, "History["+strconv.Itoa(i)+"]")},
		})
	}
	if newestFirst(steps) {
		slices.Reverse(out)
	}
	return out
}

// newestFirst tells the order of steps by the fields that only the engine's
// history has: it says each step's size.
func newestFirst(steps []step) bool {
	return slices.ContainsFunc(steps, func(s step) bool { return s.Size != nil })
}

// Meta is what is known of an image beside its configuration.
type Meta struct {
	ID      string // digest of the configuration
	Digests []string
	Tags    []string
	Size    int64 // bytes, 0 where it is not known

	Annotations map[string]string // of its manifest
	Statements  [][]byte          // in-toto statements about it
}

// ociConfig is the OCI image configuration.
type ociConfig struct {
	Created      timestamp
	Architecture string
	OS           string
	Config       *dockerjson.Config
	RootFS       struct {
		DiffIDs []string `json:"diff_ids"`
	}
	History []step
}

// FromConfig returns the facts of the image called name with the given OCI
// image configuration.
func FromConfig(name string, text []byte, m Meta) *model.Facts {
	facts := &model.Facts{}
	var in ociConfig
	err := json.Unmarshal(text, &in)
	if fault, bad := dockerjson.TypeFault(subject(name), model.ImageStore, err); bad {
		facts.Faults = append(facts.Faults, fault)
		if !json.Valid(text) {
			return facts
		}
	}
	if in.Config == nil { // every field is optional, and so is all of it
		in.Config = &dockerjson.Config{}
	}
	r := dockerjson.Reader{Config: in.Config, Subject: subject(name), Field: "Config"}
	c := config(r)
	c.ID, c.Digests, c.Tags, c.Size = m.ID, m.Digests, short(m.Tags), m.Size
	c.Created = in.Created.Time
	c.OS, c.Arch = in.OS, in.Architecture
	c.Layers = in.RootFS.DiffIDs
	c.History = history(in.History, r.Subject)
	ref := model.Fact[model.Reference]{State: model.Set, Path: subject(name)}
	if ref.Value, err = oci.ParseReference(name); err != nil {
		ref.State = model.Unknown
	}
	facts.Images = append(facts.Images, &model.Image{
		Name: name, Surface: model.ImageStore, Use: model.StoredImage, Ref: ref, Config: c,
		Annotations: m.Annotations, Provenance: provenance(m.Statements),
	})
	return facts
}
