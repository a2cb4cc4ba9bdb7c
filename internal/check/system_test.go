package check

import (
	"path"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// TestProjects checks which Compose files are read together, and what the
// project is called that they make.
func TestProjects(t *testing.T) {
	for name, tt := range map[string]struct {
		archive string
		compose []string
		want    []string // project/service image
	}{
		"a folder's file with its override": {
			"-- shop/compose.yaml --\nservices: {web: {image: a}}\n-- shop/compose.override.yaml --\nservices: {web: {image: b}}\n",
			nil,
			[]string{"shop/web b"},
		},
		"a file that stands alone": {
			"-- shop/compose.yaml --\nservices:\n  web:\n    image: a\n-- shop/compose.tools.yaml --\nservices:\n  tool:\n    build: .\n  web:\n    image: b\n",
			nil,
			[]string{"shop/tool ", "shop/web a", "shop/web b"},
		},
		"a file that builds on the default one": {
			"-- shop/compose.yaml --\nservices: {web: {image: a}}\n-- shop/compose.prod.yaml --\nservices: {web: {read_only: true}, front: {image: c}}\n",
			nil,
			[]string{"shop/front c", "shop/web a", "shop/web a"},
		},
		"files that were named, and others": {
			"-- shop/base.yaml --\nservices: {web: {image: a}}\n-- shop/more.yaml --\nservices: {web: {image: b}}\n-- shop/sub/compose.yaml --\nservices: {db: {image: c}}\n",
			[]string{"shop/base.yaml", "shop/more.yaml"},
			[]string{"shop/web b", "sub/db c"},
		},
		"a name that the file gives": {
			"-- shop/compose.yaml --\nname: store\nservices: {web: {image: a}}\n", nil, []string{"store/web a"},
		},
		"a folder that is no name": {
			"-- My.Shop/compose.yaml --\nservices: {web: {image: a}}\n", nil, []string{"myshop/web a"},
		},
		"the folder we are in": {
			"-- compose.yaml --\nservices: {web: {image: a}}\n", nil, []string{"here/web a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var files []*source.File
			for _, a := range txtar.Parse([]byte(tt.archive)).Files {
				files = append(files, source.NewFile(a.Name, a.Data))
			}
			sys := System(Sources{Files: files, Compose: tt.compose, Absolute: func(p string) string { return path.Join("/here", p) }})
			var got []string
			for _, w := range sys.Workloads {
				if w.Surface == model.Compose {
					got = append(got, w.Project+"/"+w.Service+" "+w.Image.Ref.Value.Raw)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("-got +want\n%s", diff)
			}
		})
	}
}
