package check

import (
	"testing"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// TestDeclare: what the Dockerfile that an image is said to be made by and the
// image are both at fault with is one finding, at the line.
func TestDeclare(t *testing.T) {
	b, other := &model.Build{}, &model.Build{}
	i := &model.Image{Name: "shop/api:1", Use: model.StoredImage, Inventory: &model.Inventory{}}
	unseen := &model.Image{Name: "shop/web:1", Use: model.StoredImage}
	built := &model.Workload{Name: "Dockerfile", Surface: model.Dockerfile, Build: b}
	stored := &model.Workload{Name: i.Name, Surface: model.ImageStore, Image: i}
	apart := &model.Workload{Name: unseen.Name, Surface: model.ImageStore, Image: unseen}
	sys := &model.System{Workloads: []*model.Workload{{Surface: model.Dockerfile, Build: other}, built, stored, apart}, Images: []*model.Image{i, unseen}}
	f := source.NewFile("Dockerfile", []byte("FROM scratch\n"))
	for _, c := range []struct {
		builds []*model.Build
		want   int
	}{
		{nil, 3},
		{[]*model.Build{b}, 2},
	} {
		for _, i := range sys.Images {
			declare(sys, i, c.builds)
		}
		got := merge([]finding.Finding{
			{Rule: "no-healthcheck", Message: "health is not checked", Subject: built.Name, Workload: built, Span: f.Span(0, 4)},
			{Rule: "no-healthcheck", Message: "health is not checked", Subject: stored.Name, Workload: stored, Path: "image shop/api:1: Config.Healthcheck"},
			{Rule: "no-healthcheck", Message: "health is not checked", Subject: apart.Name, Workload: apart, Path: "image shop/web:1: Config.Healthcheck"},
		})
		if len(got) != c.want || !got[0].Span.IsValid() {
			t.Errorf("%d builds: got %d findings, the first %s, want %d, the first at a line", len(c.builds), len(got), got[0].Where(), c.want)
		}
	}
}
