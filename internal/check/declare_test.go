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

// TestRoot: an image's release and that of the base its Dockerfile names are one
// fault, also where the history alone tells which Dockerfile that is; where it
// leaves a doubt, or is that of another, they stay two.
func TestRoot(t *testing.T) {
	f := source.NewFile("Dockerfile", []byte("FROM debian:10\nRUN true\n"))
	for _, c := range []struct {
		name   string
		edited bool
		want   int
	}{{"as written", false, 1}, {"edited since", true, 2}} {
		base := &model.Image{Name: "debian:10", Use: model.BaseImage}
		first := &model.Stage{Image: base}
		b := &model.Build{Target: &model.Stage{Parent: first}}
		i := &model.Image{Name: "shop/api:1", Use: model.StoredImage, Build: b, Inventory: &model.Inventory{Layers: []model.Layer{
			{}, {Written: model.Place{Span: f.Span(15, 23), Likely: c.edited}},
		}}}
		other := &model.Image{Name: "shop/web:1", Use: model.StoredImage, Inventory: &model.Inventory{}}
		sys := &model.System{Images: []*model.Image{i, other}}
		for _, i := range sys.Images {
			declare(sys, i, nil)
		}
		const old = "Debian 10 reached its end of life"
		got := merge([]finding.Finding{
			{Rule: "end-of-life-base", Message: old, Subject: i.Name, Image: i, Path: "image shop/api:1: etc/os-release"},
			{Rule: "end-of-life-base", Message: old, Subject: base.Name, Image: base, Span: f.Span(5, 14)},
			{Rule: "end-of-life-base", Message: old, Subject: other.Name, Image: other, Path: "image shop/web:1: etc/os-release"},
		})
		if len(got) != c.want+1 {
			t.Errorf("%s: got %d findings, want %d", c.name, len(got), c.want+1)
			continue
		}
		if c.want == 1 && (!got[0].Span.IsValid() || len(got[0].Related) != 1 || got[0].Related[0].Message != "also: shop/api:1") {
			t.Errorf("%s: got %s with %v, want the line, and the image beside it", c.name, got[0].Where(), got[0].Related)
		}
	}
}

// TestSameBase: what two images on one base say alike, and the base does not, are
// two faults.
func TestSameBase(t *testing.T) {
	base := &model.Image{Name: "debian:12", Use: model.BaseImage}
	var findings []finding.Finding
	for _, name := range []string{"shop/api:1", "shop/web:1"} {
		i := &model.Image{Name: name, Use: model.StoredImage, Root: base}
		findings = append(findings, finding.Finding{Rule: "setuid-file", Message: "usr/bin/new runs as its owner", Subject: name, Image: i, Path: "image " + name + ": usr/bin/new"})
	}
	if got := merge(findings); len(got) != 2 {
		t.Errorf("got %d findings, want 2", len(got))
	}
}
