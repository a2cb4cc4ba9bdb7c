package oci

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
)

const config = `{"architecture":"amd64","os":"linux","config":{"User":"app"},"rootfs":{"type":"layers","diff_ids":[]}}`

// A file is one file of an archive or a layout.
type file struct{ name, text string }

// blob returns the file of a blob, and its digest.
func blob(text string) (file, string) {
	digest := digestOf([]byte(text))
	return file{"blobs/sha256/" + strings.TrimPrefix(digest, "sha256:"), text}, digest
}

// layoutFiles returns an OCI layout with one image below an index, beside an
// attestation.
func layoutFiles() []file {
	c, configID := blob(config)
	l, layer := blob("\x1f\x8bnot read")
	m, manifest := blob(`{"config":{"digest":"` + configID + `"},"annotations":{"org.opencontainers.image.base.name":"debian:12"},"layers":[{"digest":"` + layer + `","size":10},{"digest":"` + layer + `","size":5}]}`)
	p, statement := blob(`{"predicateType":"https://slsa.dev/provenance/v1"}`)
	a, attestation := blob(`{"config":{"digest":"` + configID + `"},"layers":[
		{"mediaType":"application/vnd.in-toto+json","digest":"` + statement + `"},{"mediaType":"text/plain","digest":"sha256:0"}]}`)
	i, nested := blob(`{"manifests":[
		{"digest":"` + attestation + `","annotations":{"vnd.docker.reference.type":"attestation-manifest","vnd.docker.reference.digest":"` + manifest + `"}},
		{"digest":"sha256:0","platform":{"os":"unknown","architecture":"unknown"},"annotations":{"vnd.docker.reference.type":"attestation-manifest"}},
		{"digest":"` + manifest + `","platform":{"os":"linux","architecture":"other"}}]}`)
	top := file{"index.json", `{"manifests":[{"digest":"` + nested + `","annotations":{"org.opencontainers.image.ref.name":"shop/api:1"}}]}`}
	return []file{{"oci-layout", `{"imageLayoutVersion":"1.0.0"}`}, l, c, m, i, top, p, a}
}

// pack returns files as a tar archive.
func pack(t testing.TB, files ...file) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// check compares an image with the one of the tests.
func check(t *testing.T, images []*Image, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if len(images) != 1 {
		t.Fatalf("%d images, want 1", len(images))
	}
	i := images[0]
	if i.Name != "shop/api:1" || string(i.Config) != config || i.ConfigID != digestOf([]byte(config)) {
		t.Errorf("got %s with configuration %s (%s), want shop/api:1 with %s", i.Name, i.ConfigID, i.Config, config)
	}
}

// attested checks what is attached to the image of layoutFiles.
func attested(t *testing.T, i *Image) {
	t.Helper()
	if got, want := i.Annotations["org.opencontainers.image.base.name"], "debian:12"; got != want {
		t.Errorf("base name: got %q, want %q", got, want)
	}
	if len(i.Statements) != 1 || !strings.Contains(string(i.Statements[0]), "provenance/v1") || len(i.Notes) != 0 {
		t.Errorf("got the statements %q and the notes %v, want one and none", i.Statements, i.Notes)
	}
}

func TestReadArchive(t *testing.T) {
	saved := pack(t,
		file{"abc.json", config},
		file{"layer/layer.tar", "not read"},
		file{"manifest.json", `[{"Config":"abc.json","RepoTags":["shop/api:1","shop/api:2"],"Layers":["layer/layer.tar"]}]`})
	t.Run("docker save", func(t *testing.T) {
		images, err := ReadArchive(t.Context(), bytes.NewReader(saved))
		check(t, images, err)
		if len(images[0].Tags) != 2 {
			t.Errorf("tags %q, want 2", images[0].Tags)
		}
	})
	t.Run("gzip", func(t *testing.T) {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		if _, err := z.Write(saved); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		images, err := ReadArchive(t.Context(), &out)
		check(t, images, err)
	})
	t.Run("layout", func(t *testing.T) {
		images, err := ReadArchive(t.Context(), bytes.NewReader(pack(t, layoutFiles()...)))
		check(t, images, err)
		if images[0].Size != 15 || images[0].Digest == "" || len(images[0].Manifest) == 0 {
			t.Errorf("size %d, digest %q, manifest of %d bytes, want 15 and both", images[0].Size, images[0].Digest, len(images[0].Manifest))
		}
		attested(t, images[0])
	})
	t.Run("docker save with an index", func(t *testing.T) {
		files := append(layoutFiles(), file{"abc.json", config}, file{"manifest.json", `[{"Config":"abc.json","RepoTags":["shop/api:1"],"Layers":[]}]`})
		images, err := ReadArchive(t.Context(), bytes.NewReader(pack(t, files...)))
		check(t, images, err)
		attested(t, images[0])
	})
	t.Run("a lost attestation", func(t *testing.T) {
		files := layoutFiles()
		images, err := ReadArchive(t.Context(), bytes.NewReader(pack(t, files[:len(files)-2]...)))
		check(t, images, err)
		if len(images[0].Statements) != 0 || len(images[0].Notes) != 1 {
			t.Errorf("got %d statements and the notes %v, want none and one", len(images[0].Statements), images[0].Notes)
		}
	})
	t.Run("layout with ./", func(t *testing.T) {
		files := layoutFiles()
		for i := range files {
			files[i].name = "./" + files[i].name
		}
		images, err := ReadArchive(t.Context(), bytes.NewReader(pack(t, files...)))
		check(t, images, err)
	})
}

func TestReadLayout(t *testing.T) {
	write := func(t *testing.T, files []file) string {
		dir := t.TempDir()
		for _, f := range files {
			path := filepath.Join(dir, f.name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(f.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	t.Run("good", func(t *testing.T) {
		images, err := ReadLayout(write(t, layoutFiles()))
		check(t, images, err)
	})
	t.Run("link out", func(t *testing.T) {
		outside := filepath.Join(t.TempDir(), "index.json")
		if err := os.WriteFile(outside, []byte(`{"manifests":[]}`), 0o644); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := os.Symlink(outside, filepath.Join(dir, "index.json")); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadLayout(dir); err == nil || !strings.Contains(err.Error(), "escapes") {
			t.Errorf("got %v, want an error: the link leads out", err)
		}
	})
	t.Run("none", func(t *testing.T) {
		if _, err := ReadLayout(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v, want one that says index.json is not there", err)
		}
	})
}

func TestBadArchives(t *testing.T) {
	big := `{"x":"` + strings.Repeat("a", maxBlob) + `"}`
	wrong := layoutFiles()
	wrong[2].text += " "
	cut := pack(t, layoutFiles()...)
	loop, self := blob(`{"manifests":[]}`)
	for _, tt := range []struct {
		name string
		text []byte
		want string
	}{
		{"empty", nil, "no image"},
		{"no archive", []byte(strings.Repeat("x", 2000)), "it is not an image archive"},
		{"cut off", cut[:1300], "unexpected EOF"},
		{"bad gzip", []byte("\x1f\x8bxxxxxxxxxxxx"), "gzip"},
		{"large configuration", pack(t, file{"a.json", big}, file{"manifest.json", `[{"Config":"a.json"}]`}), "larger than 8 MB"},
		{"missing configuration", pack(t, file{"manifest.json", `[{"Config":"../../etc/passwd"}]`}), "does not exist"},
		{"no images", pack(t, file{"manifest.json", `[]`}), "names no image"},
		{"wrong digest", pack(t, wrong...), "its content is that of"},
		{"odd digest", pack(t, file{"index.json", `{"manifests":[{"digest":"sha256:../../x"}]}`}), "is not one of sha256"},
		{"empty index", pack(t, loop, file{"index.json", `{"manifests":[{"digest":"` + self + `"}]}`}), "neither a configuration nor an image"},
	} {
		_, err := ReadArchive(t.Context(), bytes.NewReader(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ReadArchive(ctx, bytes.NewReader(cut)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v, want context.Canceled", err)
	}
}

// TestReadRegistry reads from a registry in memory.
func TestReadRegistry(t *testing.T) {
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer s.Close()
	ref := strings.TrimPrefix(s.URL, "http://") + "/shop/api:1"
	tag, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	image, err := mutate.Config(empty.Image, v1.Config{User: "app"})
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(tag, image); err != nil {
		t.Fatal(err)
	}
	got, err := ReadRegistry(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	var c struct{ Config struct{ User string } }
	if err := json.Unmarshal(got.Config, &c); err != nil || c.Config.User != "app" {
		t.Errorf("configuration %s: %v, want user app", got.Config, err)
	}
	if want, _ := image.Digest(); got.Digest != want.String() {
		t.Errorf("digest %s, want %s", got.Digest, want)
	}
	if _, err := ReadRegistry(t.Context(), ref+"0"); err == nil {
		t.Error("missing tag: got no error")
	}
}

// TestReadRegistryAttested reads an image and what is attested of it from an
// index.
func TestReadRegistryAttested(t *testing.T) {
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer s.Close()
	ref := strings.TrimPrefix(s.URL, "http://") + "/shop/api:1"
	tag, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	image, err := mutate.Config(empty.Image, v1.Config{User: "app"})
	if err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	statement := static.NewLayer([]byte(`{"predicateType":"https://slsa.dev/provenance/v1"}`), "application/vnd.in-toto+json")
	attestation, err := mutate.AppendLayers(empty.Image, statement)
	if err != nil {
		t.Fatal(err)
	}
	x := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: runtime.GOARCH}}},
		mutate.IndexAddendum{Add: attestation, Descriptor: v1.Descriptor{
			Platform:    &v1.Platform{OS: "unknown", Architecture: "unknown"},
			Annotations: map[string]string{referenceType: "attestation-manifest", referenceDigest: digest.String()},
		}})
	if err := remote.WriteIndex(tag, x); err != nil {
		t.Fatal(err)
	}
	got, err := ReadRegistry(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Statements) != 1 || !strings.Contains(string(got.Statements[0]), "provenance/v1") || len(got.Notes) != 0 {
		t.Errorf("got the statements %q and the notes %v, want one and none", got.Statements, got.Notes)
	}
}

func FuzzReadArchive(f *testing.F) {
	f.Add(pack(f, layoutFiles()...))
	f.Add(pack(f, file{"a.json", config}, file{"manifest.json", `[{"Config":"a.json"}]`}))
	f.Fuzz(func(t *testing.T, text []byte) {
		images, err := ReadArchive(t.Context(), bytes.NewReader(text))
		for _, i := range images {
			if i.Name == "" || i.ConfigID != digestOf(i.Config) {
				t.Errorf("image %q is not whole", i.Name)
			}
		}
		if err == nil && len(images) == 0 {
			t.Error("no image and no error")
		}
	})
}

// BenchmarkReadArchive reads an archive with a layer of 64 MB.
func BenchmarkReadArchive(b *testing.B) {
	files := append(layoutFiles(), file{"blobs/sha256/" + fmt.Sprintf("%064d", 0), strings.Repeat("x", 64<<20)})
	text := pack(b, files...)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadArchive(b.Context(), bytes.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}
