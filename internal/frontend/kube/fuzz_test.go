package kube

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"bulkhead/internal/frontend/internal/facttest"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// FuzzRead checks that whatever a file holds, places and edits stay inside it,
// and that making the root file system read-only does so.
func FuzzRead(f *testing.F) {
	for _, in := range facttest.Inputs(f) {
		f.Add(in.Data)
		f.Add([]byte(strings.ReplaceAll(string(in.Data), "\n", "\r\n")))
	}
	f.Add([]byte("apiVersion: v1\nkind: Pod\nspec: &s\n  containers: [*s, {}, null, 1, {name: é, securityContext: *s}]\n"))
	f.Add([]byte("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - <<: &a {name: x}\n    image: [a]\n  - *a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		facts := Read(source.NewFile("pod.yaml", data))
		facttest.Offers(t, facts)
		if len(facts.Faults) > 0 {
			return
		}
		for i, w := range facts.Workloads {
			if w.ReadOnlyRoot.State != model.Unset || w.ReadOnlyRoot.Edit == nil {
				continue
			}
			edits := w.ReadOnlyRoot.Edit(true)
			if len(edits) == 0 {
				continue
			}
			text, err := source.Apply(edits[0].Span.File, edits)
			if err != nil {
				t.Fatal(err)
			}
			after := Read(source.NewFile("pod.yaml", text)).Workloads
			if len(after) != len(facts.Workloads) || !after[i].ReadOnlyRoot.Value {
				t.Fatalf("got a file where container %d is not read-only, want one where it is:\n%s", i, text)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	archive, err := txtar.ParseFile("testdata/pod.txtar")
	if err != nil {
		b.Fatal(err)
	}
	pod := archive.Files[0].Data
	deep := []byte("apiVersion: v1\nkind: Pod\nspec: " + strings.Repeat("{a: ", 2000) + strings.Repeat("}", 2000))
	shop, err := os.ReadFile("../../../examples/shop/deploy/shop.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for _, in := range []struct {
		name string
		text []byte
	}{
		{"pod", pod},
		{"deployment", shop},
		{"deep", deep},
		{"many", []byte(strings.Repeat(string(pod)+"---\n", 200))},
	} {
		b.Run(in.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(in.text)))
			for b.Loop() {
				Read(source.NewFile("pod.yaml", in.text))
			}
		})
	}
}
