package origin

import (
	"fmt"
	"strings"
	"testing"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// stored returns an image of that name with layers.
func stored(t *testing.T, name string, layers ...string) *model.Image {
	t.Helper()
	ref, err := oci.ParseReference(name)
	if err != nil {
		t.Fatal(err)
	}
	i := &model.Image{
		Name: name, Use: model.StoredImage, Ref: model.Fact[model.Reference]{Value: ref, State: model.Set},
		Config:    &model.ImageConfig{ID: "sha256:" + name, Tags: []string{ref.Tagged()}, Layers: layers},
		Inventory: &model.Inventory{},
	}
	for _, l := range layers {
		i.Inventory.Layers = append(i.Inventory.Layers, model.Layer{DiffID: l})
	}
	return i
}

// made gives i a history.
func history(i *model.Image, steps []made) *model.Image {
	for _, s := range steps {
		i.Config.History = append(i.Config.History, model.History{CreatedBy: s.by, Empty: !s.layer})
	}
	return i
}

func told(b *model.Base) string {
	if b == nil {
		return "none"
	}
	var kinds []string
	for _, e := range b.Evidence {
		kinds = append(kinds, string(e.Kind))
	}
	here := ""
	if b.Image != nil {
		here = ", which is here"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s, %d layers, by %s%s", b.Name, b.Confidence, b.Layers, strings.Join(kinds, "+"), here))
}

// node is what runs on top of the official image of node.
var node = []made{
	{true, "/bin/sh -c #(nop) ADD file:5f1d in / "},
	{false, `/bin/sh -c #(nop)  CMD ["bash"]`},
	{false, "ENV NODE_VERSION=22.1.0"},
	{true, "RUN /bin/sh -c curl -fsSL https://nodejs.org # buildkit"},
	{false, `CMD ["node"]`},
	{true, "WORKDIR /app"},
	{true, "COPY . . # buildkit"},
	{false, `CMD ["server.js"]`},
}

func TestBase(t *testing.T) {
	app := func() *model.Image { return stored(t, "shop/api:1", "a", "b", "c", "d") }
	debian := model.OSRelease{ID: "debian", VersionID: "12", Name: "Debian GNU/Linux 12 (bookworm)"}
	with := func(i *model.Image, f func(*model.Image)) *model.Image {
		f(i)
		return i
	}
	for _, tt := range []struct {
		name   string
		image  *model.Image
		others []*model.Image
		want   string
	}{
		{"nothing tells", app(), nil, "none"},
		{"the layers of a local image", app(), []*model.Image{stored(t, "debian:12", "a"), stored(t, "acme/base:3", "a", "b")}, "acme/base:3 certain, 2 layers, by layers, which is here"},
		{"the layers of another order", app(), []*model.Image{stored(t, "acme/base:3", "b", "a")}, "none"},
		{"an earlier build of itself", app(), []*model.Image{stored(t, "shop/api:0", "a", "b", "c")}, "none"},
		{"the same layers and no more", app(), []*model.Image{stored(t, "acme/same:1", "a", "b", "c", "d")}, "none"},
		{"an annotation", with(app(), func(i *model.Image) {
			i.Annotations = map[string]string{baseName: "docker.io/library/debian:12", baseDigest: "sha256:ab"}
		}), nil, "docker.io/library/debian:12 certain, -1 layers, by annotation"},
		{"an annotation, and the layers agree", with(app(), func(i *model.Image) {
			i.Annotations = map[string]string{baseName: "docker.io/library/debian:12"}
		}), []*model.Image{stored(t, "debian:12", "a")}, "docker.io/library/debian:12 certain, 1 layers, by annotation+layers, which is here"},
		{"a label, which may be inherited", with(app(), func(i *model.Image) {
			i.Config.Labels = []model.Label{{Name: baseName, Value: model.Fact[string]{Value: "debian:12", State: model.Set}}}
		}), nil, "debian:12 likely, -1 layers, by annotation"},
		{"provenance with one image", with(app(), func(i *model.Image) {
			i.Provenance = &model.Provenance{Materials: []model.Material{{URI: "pkg:docker/docker/dockerfile@1"}, {URI: "pkg:docker/debian@12?platform=linux%2Famd64"}}}
		}), nil, "debian:12 likely, -1 layers, by provenance"},
		{"provenance with two images", with(app(), func(i *model.Image) {
			i.Provenance = &model.Provenance{Materials: []model.Material{{URI: "pkg:docker/golang@1.24"}, {URI: "pkg:docker/debian@12"}}}
		}), nil, "none"},
		{"provenance with two images, one of them here", with(app(), func(i *model.Image) {
			i.Provenance = &model.Provenance{Materials: []model.Material{{URI: "pkg:docker/golang@1.24"}, {URI: "pkg:docker/ghcr.io%2Facme%2Fbase@3"}}}
		}), []*model.Image{stored(t, "ghcr.io/acme/base:3", "a", "b")}, "ghcr.io/acme/base:3 certain, 2 layers, by provenance+layers, which is here"},
		{
			"the history of an official image", with(history(app(), node), func(i *model.Image) { i.Inventory.OS = debian }), nil,
			"node:22.1.0 likely, 2 layers, by history",
		},
		{"the history of an official image on Alpine", with(history(app(), node), func(i *model.Image) {
			i.Inventory.OS = model.OSRelease{ID: "alpine", VersionID: "3.20.3"}
		}), nil, "node:22.1.0-alpine3.20 likely, 2 layers, by history"},
		{"a distribution", with(history(stored(t, "shop/api:1", "a", "b"), append(base[:2:2], made{true, "RUN /bin/sh -c apt-get update"})), func(i *model.Image) {
			i.Inventory.OS = debian
		}), nil, "debian:12 likely, 1 layers, by history+os-release"},
		{"files copied below the first CMD", with(history(stored(t, "shop/api:1", "a", "b", "c"), []made{
			{true, "ADD rootfs.tar / # buildkit"}, {true, "COPY credentials /root/ # buildkit"}, {false, `CMD ["bash"]`}, {true, "RUN /bin/sh -c apt-get update"},
		}), func(i *model.Image) {
			i.Inventory.OS = debian
		}), nil, "debian:12 guess, 1 layers, by os-release"},
		{"a version set on top of a distribution", with(history(stored(t, "shop/api:1", "a", "b"), append(base[:2:2],
			made{false, "ENV NODE_VERSION=22.1.0"}, made{true, "RUN /bin/sh -c curl"}, made{false, `CMD ["node"]`})), func(i *model.Image) {
			i.Inventory.OS = debian
		}), nil, "debian:12 likely, 1 layers, by history+os-release"},
		{"os-release alone", with(app(), func(i *model.Image) { i.Inventory.OS = debian }), nil, "debian:12 guess, -1 layers, by os-release"},
	} {
		Base(tt.image, tt.others)
		if got := told(tt.image.Base); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestBaseOfDockerfile: what FROM says counts most, and of an image from scratch
// nothing is guessed.
func TestBaseOfDockerfile(t *testing.T) {
	debian := model.OSRelease{ID: "debian", VersionID: "12"}
	for _, tt := range []struct{ name, text, want string }{
		{"FROM an image", shop, "debian:12 certain, 1 layers, by Dockerfile+history+os-release"},
		{"FROM scratch", strings.Replace(shop, "FROM debian:12", "FROM scratch\nADD rootfs.tar /\nCMD [\"bash\"]", 1), "none"},
	} {
		i := imageOf(buildKit)
		i.Inventory.OS = debian
		b := buildOf(t, "Dockerfile", tt.text)
		Layers(i, []*model.Build{b}, nil)
		Base(i, nil)
		if got := told(i.Base); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestShares(t *testing.T) {
	i := stored(t, "shop/api:1", "a", "b", "c")
	flaw := &model.Package{Name: "openssl", Layer: 0}
	i.Inventory.Packages = []*model.Package{flaw, {Name: "left-pad", Layer: 2}, {Name: "right-pad", Layer: 1}}
	for n := range i.Inventory.Layers {
		i.Inventory.Layers[n].Size = 10
	}
	i.Vulnerabilities = []*model.Vulnerability{{ID: "CVE-1", Package: flaw, State: model.FixAvailable}, {ID: "CVE-2", Package: flaw, Excuse: &model.Excuse{Status: "not_affected"}}}
	i.Secrets = []model.Secret{{Kind: "a key", Layer: 1}}
	if _, _, ok := i.Shares(); ok {
		t.Error("the shares of an image whose base is not known are told")
	}
	Base(i, []*model.Image{stored(t, "debian:12", "a")})
	from, own, ok := i.Shares()
	if want := (model.Share{Layers: 1, Size: 10, Packages: 1, Vulnerabilities: 1, Fixable: 1}); !ok || from != want {
		t.Errorf("from the base: got %+v, want %+v", from, want)
	}
	if want := (model.Share{Layers: 2, Size: 20, Packages: 2, Secrets: 1}); own != want {
		t.Errorf("own: got %+v, want %+v", own, want)
	}
}
