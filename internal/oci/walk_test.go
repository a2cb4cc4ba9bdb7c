package oci

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/klauspost/compress/zstd"
)

// A tarFile is an entry of a layer: a name ending in / is a folder, a text
// beginning with "=> " a hard link, one beginning with "-> " a symbolic link.
type tarFile struct{ name, text string }

func layerOf(t testing.TB, files ...tarFile) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.text)), Typeflag: tar.TypeReg}
		if target, ok := strings.CutPrefix(f.text, "=> "); ok {
			h.Typeflag, h.Linkname, h.Size, f.text = tar.TypeLink, target, 0, ""
		} else if target, ok := strings.CutPrefix(f.text, "-> "); ok {
			h.Typeflag, h.Linkname, h.Size, f.text = tar.TypeSymlink, target, 0, ""
		} else if strings.HasSuffix(f.name, "/") {
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
		}
		if err := w.WriteHeader(h); err != nil {
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

func gzipped(t testing.TB, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstandard(t testing.TB, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// stepsOf returns the configuration of an image with layers, with a step
// without a layer after each.
func stepsOf(n int) string {
	var c struct {
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
		History []map[string]any `json:"history"`
	}
	for i := range n {
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, fmt.Sprintf("sha256:%d", i))
		c.History = append(c.History, map[string]any{"created_by": fmt.Sprintf("COPY %d", i)}, map[string]any{"created_by": "ENV", "empty_layer": true})
	}
	text, _ := json.Marshal(c)
	return string(text)
}

// saved packs layers up as docker save does.
func saved(t testing.TB, layers ...[]byte) []byte {
	t.Helper()
	var files []file
	var names []string
	for i, l := range layers {
		name := fmt.Sprintf("%064d/layer.tar", i)
		files = append(files, file{name, string(l)})
		names = append(names, name)
	}
	slices.Reverse(files) // docker save's order is not the image's
	manifest, _ := json.Marshal([]map[string]any{{"Config": "c.json", "RepoTags": []string{"shop:1"}, "Layers": names}})
	return pack(t, append(files, file{"c.json", stepsOf(len(layers))}, file{"manifest.json", string(manifest)})...)
}

// laidOut packs layers up as an OCI layout.
func laidOut(t testing.TB, layers ...[]byte) []file {
	t.Helper()
	c, configID := blob(stepsOf(len(layers)))
	files := []file{{"oci-layout", `{"imageLayoutVersion":"1.0.0"}`}, c}
	var list []string
	for _, l := range layers {
		f, id := blob(string(l))
		files = append(files, f)
		list = append(list, `{"digest":"`+id+`","size":`+fmt.Sprint(len(l))+`}`)
	}
	m, manifest := blob(`{"config":{"digest":"` + configID + `"},"layers":[` + strings.Join(list, ",") + `]}`)
	return append(files, m, file{"index.json", `{"manifests":[{"digest":"` + manifest + `","annotations":{"org.opencontainers.image.ref.name":"shop:1"}}]}`})
}

func writeFiles(t testing.TB, files []file) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		name := filepath.Join(dir, f.name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(f.text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func writeFile(t testing.TB, text []byte) string {
	t.Helper()
	return filepath.Join(writeFiles(t, []file{{"image.tar", string(text)}}), "image.tar")
}

// texts visits t and returns "layer name=text", with "(hidden)" where that is so.
func texts(t testing.TB, tree *Tree, want Want) ([]string, *Walk[string]) {
	t.Helper()
	w, err := Visit(t.Context(), tree, Visitor[string]{
		Want: func(e *Entry) Want {
			if e.Mode.IsDir() || strings.HasSuffix(e.Name, ".skip") {
				return Skip
			}
			return want
		},
		Read: func(e *Entry, c *Content) string {
			text, err := c.ReadAll(1 << 20)
			if err != nil {
				return err.Error()
			}
			return string(text) + e.Target
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Close(); err != nil {
		t.Error(err)
	}
	out := []string{}
	for _, f := range w.Found {
		s := fmt.Sprintf("%d %s=%s", f.Entry.Layer, f.Entry.Name, f.Value)
		if f.Entry.Hidden {
			s += " (hidden)"
		}
		out = append(out, s)
	}
	return out, w
}

// forms are the ways an image comes in.
func forms(t *testing.T, layers ...[]byte) map[string]func() *Tree {
	open := func(name string) *Tree {
		tree, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	var gz, zst [][]byte
	for _, l := range layers {
		gz, zst = append(gz, gzipped(t, l)), append(zst, zstandard(t, l))
	}
	return map[string]func() *Tree{
		"saved":       func() *Tree { return open(writeFile(t, saved(t, layers...))) },
		"saved gzip":  func() *Tree { return open(writeFile(t, gzipped(t, saved(t, layers...)))) },
		"layout gzip": func() *Tree { return open(writeFiles(t, laidOut(t, gz...))) },
		"layout zstd": func() *Tree { return open(writeFiles(t, laidOut(t, zst...))) },
		"layout tar":  func() *Tree { return open(writeFile(t, pack(t, laidOut(t, gz...)...))) },
		"stream": func() *Tree {
			text := saved(t, layers...)
			return OpenStream(func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil })
		},
	}
}

func TestVisit(t *testing.T) {
	for _, tt := range []struct {
		name   string
		layers [][]tarFile
		want   []string
		stream []string // where that differs: what is gone by cannot be read again
	}{
		{"two layers", [][]tarFile{{{"a", "1"}, {"b", "2"}}, {{"c", "3"}}}, []string{"0 a=1", "0 b=2", "1 c=3"}, nil},
		{"replaced", [][]tarFile{{{"d/a", "1"}}, {{"d/a", "2"}}}, []string{"1 d/a=2"}, nil},
		{
			"odd names",
			[][]tarFile{{{"./d/a", "1"}, {"/e", "2"}, {"../../f", "3"}, {"d/../g", "4"}}, {{"d//a", "5"}}},
			[]string{"0 e=2", "0 f=3", "0 g=4", "1 d/a=5"},
			nil,
		},
		{"whiteout", [][]tarFile{{{"d/a", "1"}, {"d/b", "2"}}, {{"d/.wh.a", ""}}}, []string{"0 d/b=2"}, nil},
		{"whiteout of a folder", [][]tarFile{{{"d/e/a", "1"}, {"dd", "2"}}, {{".wh.d", ""}}}, []string{"0 dd=2"}, nil},
		{"whiteout in its own layer", [][]tarFile{{{"d/.wh.a", ""}, {"d/a", "1"}}}, []string{"0 d/a=1"}, nil},
		{"back after a whiteout", [][]tarFile{{{"a", "1"}}, {{".wh.a", ""}}, {{"a", "3"}}}, []string{"2 a=3"}, nil},
		{
			"opaque",
			[][]tarFile{{{"d/a", "1"}, {"d/e/b", "2"}, {"c", "3"}}, {{"d/", ""}, {"d/n", "4"}, {"d/.wh..wh..opq", ""}}},
			[]string{"0 c=3", "1 d/n=4"},
			nil,
		},
		{"opaque root", [][]tarFile{{{"a", "1"}}, {{".wh..wh..opq", ""}, {"b", "2"}}}, []string{"1 b=2"}, nil},
		{"aufs", [][]tarFile{{{"a", "1"}}, {{".wh..wh.plnk", ""}, {".wh..wh.aufs", ""}}}, []string{"0 a=1"}, nil},
		{"file over folder", [][]tarFile{{{"d/a", "1"}}, {{"d", "2"}}}, []string{"1 d=2"}, nil},
		{"link over folder", [][]tarFile{{{"d/a", "1"}}, {{"d", "-> e"}}}, []string{"1 d=e"}, nil},
		{"folder over file", [][]tarFile{{{"d", "1"}}, {{"d/", ""}, {"d/a", "2"}}}, []string{"1 d/a=2"}, nil},
		{"folder again", [][]tarFile{{{"d/a", "1"}}, {{"d/", ""}}}, []string{"0 d/a=1"}, nil},
		{"twice", [][]tarFile{{{"a", "1"}, {"a", "2"}}}, []string{"0 a=2"}, nil},
		{"hard link", [][]tarFile{{{"a", "1"}, {"b", "=> a"}}}, []string{"0 a=1"}, nil},
		{"hard link to what nobody wants", [][]tarFile{{{"a.skip", "1"}, {"b", "=> a.skip"}, {"c", "=> b"}}}, []string{"0 b=1"}, []string{}},
		{"hard link to what is hidden", [][]tarFile{{{"a", "1"}, {"b", "=> a"}}, {{".wh.a", ""}}}, []string{"0 b=1"}, []string{}},
		{"hard links in a circle", [][]tarFile{{{"a", "=> b"}, {"b", "=> a"}, {"c", "=> c"}}}, []string{}, nil},
		{"no files", [][]tarFile{{}}, []string{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var layers [][]byte
			for _, files := range tt.layers {
				layers = append(layers, layerOf(t, files...))
			}
			for name, open := range forms(t, layers...) {
				want := tt.want
				if tt.stream != nil && (name == "stream" || name == "saved gzip") {
					want = tt.stream
				}
				got, w := texts(t, open(), Visible)
				if diff := cmp.Diff(got, want); diff != "" {
					t.Errorf("%s: -got +want\n%s", name, diff)
				}
				for i, l := range w.Layers {
					if l.DiffID != fmt.Sprintf("sha256:%d", i) || l.History != fmt.Sprintf("COPY %d", i) {
						t.Errorf("%s: layer %d is %+v, want its own diff ID and step", name, i, l)
					}
				}
				if notes := len(w.Notes); notes > 0 != (tt.stream != nil && len(want) != len(tt.want)) {
					t.Errorf("%s: notes %v", name, w.Notes)
				}
			}
		})
	}
}

// TestHidden reads what upper layers hide when it is asked for.
func TestHidden(t *testing.T) {
	for name, open := range forms(t, layerOf(t, tarFile{"a", "1"}, tarFile{"b", "2"}), layerOf(t, tarFile{"a", "3"}, tarFile{".wh.b", ""})) {
		got, _ := texts(t, open(), Always)
		if diff := cmp.Diff(got, []string{"0 a=1 (hidden)", "0 b=2 (hidden)", "1 a=3"}); diff != "" {
			t.Errorf("%s: -got +want\n%s", name, diff)
		}
	}
}

// TestVisitFolder reads a folder, and what a link in it leads to it does not.
func TestVisitFolder(t *testing.T) {
	outside := writeFile(t, []byte("secret"))
	dir := writeFiles(t, []file{{"a", "1"}, {"d/b", "2"}, {".git/c", "3"}, {".wh.a", "4"}})
	if err := os.Symlink(filepath.Dir(outside), filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "z")); err != nil {
		t.Fatal(err)
	}
	got, w := texts(t, OpenFolder(dir), Visible)
	want := []string{"-1 .wh.a=4", "-1 a=1", "-1 d/b=2", "-1 out=" + filepath.Dir(outside)}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
	if len(w.Layers) > 0 || len(w.Notes) > 0 {
		t.Errorf("layers %v, notes %v, want none", w.Layers, w.Notes)
	}
}

// TestDamaged holds that a damaged layer costs only itself.
func TestDamaged(t *testing.T) {
	good := layerOf(t, tarFile{"a", "1"})
	whole := layerOf(t, tarFile{"x", "1"}, tarFile{"y", strings.Repeat("2", 5000)})
	z := gzipped(t, whole)
	for _, tt := range []struct {
		name string
		bad  []byte
		want []string
		why  string
	}{
		{"cut off", whole[:3000], []string{"0 a=1", "1 x=1", "1 y=unexpected EOF"}, "unexpected EOF"},
		{"corrupt gzip", append(slices.Clone(z[:len(z)-12]), make([]byte, 12)...), nil, ""},
		{"no tar", []byte(strings.Repeat("no tar", 1000)), []string{"0 a=1"}, "invalid tar header"},
		{"bad gzip", append([]byte{0x1f, 0x8b, 0xff}, make([]byte, 100)...), []string{"0 a=1"}, "gzip"},
		{"bad zstd", append([]byte{0x28, 0xb5, 0x2f, 0xfd}, make([]byte, 100)...), []string{"0 a=1"}, ""},
	} {
		tree, err := Open(writeFiles(t, laidOut(t, good, tt.bad)))
		if err != nil {
			t.Fatal(err)
		}
		got, w := texts(t, tree, Visible)
		if tt.want != nil {
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("%s: -got +want\n%s", tt.name, diff)
			}
		}
		if !slices.Contains(got, "0 a=1") {
			t.Errorf("%s: got %q, want the file of the other layer too", tt.name, got)
		}
		if len(w.Notes) != 1 || !strings.HasPrefix(w.Notes[0].What, "layer 2 (") || !strings.Contains(w.Notes[0].Why, tt.why) {
			t.Errorf("%s: notes %v, want one of layer 2 with %q", tt.name, w.Notes, tt.why)
		}
	}
}

// TestMissingLayer opens an archive without one of its layers.
func TestMissingLayer(t *testing.T) {
	text := pack(t, file{"c.json", stepsOf(2)}, file{"0/layer.tar", string(layerOf(t, tarFile{"a", "1"}))},
		file{"manifest.json", `[{"Config":"c.json","Layers":["0/layer.tar","1/layer.tar"]}]`})
	for name, tree := range map[string]func() (*Tree, error){
		"file":   func() (*Tree, error) { return Open(writeFile(t, text)) },
		"stream": func() (*Tree, error) { return Open(writeFile(t, gzipped(t, text))) },
	} {
		opened, err := tree()
		if err != nil {
			t.Fatal(err)
		}
		got, w := texts(t, opened, Visible)
		if len(got) != 1 || len(w.Notes) != 1 || !strings.Contains(w.Notes[0].Why, "does not exist") {
			t.Errorf("%s: got %q with notes %v, want one file and one note", name, got, w.Notes)
		}
	}
}

// TestBomb gives up on a layer that inflates beyond all measure, and on one of
// too many entries, in little memory.
func TestBomb(t *testing.T) {
	if testing.Short() {
		t.Skip("inflates a gigabyte")
	}
	head := layerOf(t, tarFile{"a", "1"})[:1024]
	var h bytes.Buffer
	w := tar.NewWriter(&h)
	if err := w.WriteHeader(&tar.Header{Name: "zeros", Size: 8 << 30, Mode: 0o644, Typeflag: tar.TypeReg, Format: tar.FormatGNU}); err != nil {
		t.Fatal(err)
	}
	var z bytes.Buffer
	out := gzip.NewWriter(&z)
	for _, part := range [][]byte{head, h.Bytes()} {
		if _, err := out.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	zeros := make([]byte, 1<<20)
	for range 1100 {
		if _, err := out.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	tree, err := Open(writeFiles(t, laidOut(t, z.Bytes())))
	if err != nil {
		t.Fatal(err)
	}
	got, walked := texts(t, tree, Visible)
	if len(got) == 0 || got[0] != "0 a=1" || len(walked.Notes) != 1 || !strings.Contains(walked.Notes[0].Why, errBomb.Error()) {
		t.Errorf("got %q with notes %v, want the file before it and a note", got, walked.Notes)
	}
}

// TestManyEntries walks over a layer of more entries than are taken.
func TestManyEntries(t *testing.T) {
	if testing.Short() {
		t.Skip("a million entries")
	}
	var z bytes.Buffer
	out, err := gzip.NewWriterLevel(&z, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(out)
	for i := range maxLayerEntries + 10 {
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("d%d/file%d", i%1000, i), Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	tree, err := Open(writeFiles(t, laidOut(t, z.Bytes())))
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	walked, err := Visit(t.Context(), tree, Visitor[int]{
		Want: func(*Entry) Want { return Skip }, Read: func(*Entry, *Content) int { return 0 },
	})
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if len(walked.Notes) != 1 || !strings.Contains(walked.Notes[0].Why, errTooMany.Error()) {
		t.Errorf("notes %v, want one of too many entries", walked.Notes)
	}
	if held := int64(after.HeapSys-before.HeapSys) >> 20; held > 100 {
		t.Errorf("the heap grew by %d MB, want at most 100", held)
	}
	if err := tree.Close(); err != nil {
		t.Error(err)
	}
}

func TestCancelled(t *testing.T) {
	for name, open := range forms(t, layerOf(t, tarFile{"a", "1"})) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := Visit(ctx, open(), Visitor[int]{Want: func(*Entry) Want { return Skip }})
		if err == nil || !strings.Contains(err.Error(), "canceled") {
			t.Errorf("%s: got %v, want context.Canceled", name, err)
		}
	}
}

// TestRandomAccess reads out of order, from a stream as from a file.
func TestRandomAccess(t *testing.T) {
	text := strings.Repeat("0123456789", 1000)
	for name, open := range forms(t, layerOf(t, tarFile{"before", "x"}, tarFile{"a", text}, tarFile{"z", "y"})) {
		tree := open()
		w, err := Visit(t.Context(), tree, Visitor[string]{
			Want: func(*Entry) Want { return Visible },
			Read: func(e *Entry, c *Content) string {
				at, err := c.ReaderAt()
				if err != nil || e.Name != "a" {
					return fmt.Sprint(err)
				}
				end, start := make([]byte, 3), make([]byte, 3)
				if _, err := at.ReadAt(end, c.Size-3); err != nil {
					return err.Error()
				}
				if _, err := at.ReadAt(start, 1); err != nil {
					return err.Error()
				}
				return string(end) + string(start)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(w.Found) != 3 || w.Found[1].Value != "789123" {
			t.Errorf("%s: got %v, want the end and the start of a", name, w.Found)
		}
		if err := tree.Close(); err != nil {
			t.Error(err)
		}
	}
}

func FuzzVisit(f *testing.F) {
	f.Add(layerOf(f, tarFile{"d/a", "1"}, tarFile{"b", "=> d/a"}), layerOf(f, tarFile{"d/.wh.a", ""}))
	f.Add(gzipped(f, layerOf(f, tarFile{"a", "1"})), layerOf(f, tarFile{".wh..wh..opq", ""}))
	f.Add([]byte("\x28\xb5\x2f\xfd"), []byte{})
	f.Fuzz(func(t *testing.T, lower, upper []byte) {
		tree := &Tree{layers: []layer{
			{name: "0", at: bytes.NewReader(lower), size: int64(len(lower))},
			{name: "1", at: bytes.NewReader(upper), size: int64(len(upper))},
		}}
		got, w := texts(t, tree, Visible)
		names := map[string]bool{}
		for i, f := range w.Found {
			if f.Entry.Hidden || names[f.Entry.Name] || strings.HasPrefix(f.Entry.Name, "/") || strings.Contains("/"+f.Entry.Name+"/", "/../") {
				t.Errorf("got %q: hidden, twice or not from the root", got[i])
			}
			names[f.Entry.Name] = true
		}
	})
}

// TestOpenRegistry reads an image's layers from a registry in memory.
func TestOpenRegistry(t *testing.T) {
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer s.Close()
	ref := strings.TrimPrefix(s.URL, "http://") + "/shop/api:1"
	tag, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	image := empty.Image
	for _, l := range [][]byte{layerOf(t, tarFile{"a", "1"}, tarFile{"b", "2"}), layerOf(t, tarFile{".wh.b", ""}, tarFile{"c", "3"})} {
		added, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(l)), nil })
		if err != nil {
			t.Fatal(err)
		}
		if image, err = mutate.AppendLayers(image, added); err != nil {
			t.Fatal(err)
		}
	}
	if err := remote.Write(tag, image); err != nil {
		t.Fatal(err)
	}
	tree, err := OpenRegistry(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	got, w := texts(t, tree, Visible)
	if diff := cmp.Diff(got, []string{"0 a=1", "1 c=3"}); diff != "" || len(w.Notes) > 0 || len(w.Layers) != 2 {
		t.Errorf("-got +want\n%s\nlayers %v, notes %v", diff, w.Layers, w.Notes)
	}
	if _, err := OpenRegistry(t.Context(), ref+"0"); err == nil {
		t.Error("missing tag: got no error")
	}
}

// BenchmarkVisit walks over a layer of 200 MB in 20,000 files without reading
// one, not compressed and compressed, beside inflating alone.
func BenchmarkVisit(b *testing.B) {
	var files []tarFile
	body := strings.Repeat("0123456789abcdef", 640)
	for i := range 20_000 {
		files = append(files, tarFile{fmt.Sprintf("usr/lib/folder%d/file%d", i%500, i), body})
	}
	plain := layerOf(b, files...)
	packed := gzipped(b, plain)
	visitor := Visitor[int]{Want: func(*Entry) Want { return Skip }, Read: func(*Entry, *Content) int { return 0 }}
	for _, form := range []struct {
		name string
		text []byte
	}{{"plain", plain}, {"gzip", packed}} {
		b.Run(form.name, func(b *testing.B) {
			b.SetBytes(int64(len(plain)))
			b.ReportAllocs()
			for b.Loop() {
				tree := &Tree{layers: []layer{{name: "0", at: bytes.NewReader(form.text), size: int64(len(form.text))}}}
				if _, err := Visit(b.Context(), tree, visitor); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("inflate", func(b *testing.B) {
		b.SetBytes(int64(len(plain)))
		b.ReportAllocs()
		for b.Loop() {
			z, err := inflate(b.Context(), bytes.NewReader(packed))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, z); err != nil {
				b.Fatal(err)
			}
		}
	})
}
