package check

import (
	"testing"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

func TestMerge(t *testing.T) {
	f := source.NewFile("compose.yaml", []byte("services: {web: {privileged: true}}"))
	service := &model.Workload{Name: "web", Surface: model.Compose}
	running := &model.Workload{Name: "shop-web-1", Surface: model.Container, Status: "running", Declared: service}
	stopped := &model.Workload{Name: "shop-web-2", Surface: model.Container, Status: "exited", Declared: service}
	of := func(w *model.Workload, span source.Span, message string) finding.Finding {
		path := ""
		if !span.IsValid() {
			path = "container " + w.Name + ": HostConfig.Privileged"
		}
		return finding.Finding{Rule: "privileged", Message: message, Subject: w.Name, Surface: w.Surface, Span: span, Path: path, Workload: w}
	}
	at := f.Span(16, 35)
	worker := &model.Workload{Name: "worker", Surface: model.Compose}
	work := &model.Workload{Name: "shop-worker-1", Surface: model.Container, Status: "running", Declared: worker}
	later := f.Span(17, 21)
	made := &model.Network{Name: "shop_back", Declared: &model.Network{Name: "back"}}
	field := func(f finding.Finding, path string) finding.Finding {
		f.Path = path
		return f
	}
	image := func(path string) finding.Finding {
		return finding.Finding{Rule: "unpinned-digest", Message: "x", Subject: "nginx", Path: path, Image: &model.Image{}}
	}
	for name, tt := range map[string]struct {
		in      []finding.Finding
		want    int
		related []string // of the first
	}{
		"service then containers": {
			[]finding.Finding{of(service, at, "is privileged"), of(running, source.Span{}, "is privileged"), of(stopped, source.Span{}, "is privileged")},
			1,
			[]string{"also: running now as container shop-web-1", "also: container shop-web-2 (exited)"},
		},
		"containers then service": {
			[]finding.Finding{of(running, source.Span{}, "is privileged"), of(service, at, "is privileged")},
			1,
			[]string{"also: running now as container shop-web-1"},
		},
		"other faults": {
			[]finding.Finding{of(service, at, "mounts /"), of(running, source.Span{}, "mounts /etc")},
			2, nil,
		},
		"one template, two services": {
			[]finding.Finding{of(service, at, "m"), of(&model.Workload{Name: "worker", Surface: model.Compose}, at, "m")},
			1,
			[]string{"also: worker"},
		},
		"two containers, then the template of their services": {
			[]finding.Finding{of(running, source.Span{}, "m"), of(work, source.Span{}, "m"), of(service, at, "m"), of(worker, at, "m")},
			1,
			[]string{"also: running now as container shop-web-1", "also: running now as container shop-worker-1", "also: worker"},
		},
		"two containers, then their service twice": {
			[]finding.Finding{of(running, source.Span{}, "m"), of(stopped, source.Span{}, "m"), of(service, at, "m"), of(service, later, "m")},
			2,
			[]string{"also: running now as container shop-web-1", "also: container shop-web-2 (exited)"},
		},
		"two places of one container": {
			[]finding.Finding{field(of(running, source.Span{}, "m"), "container a: Mounts[0]"), field(of(running, source.Span{}, "m"), "container a: Mounts[1]")},
			2, nil,
		},
		"two places of a container and of its service": {
			[]finding.Finding{
				field(of(running, source.Span{}, "m"), "container a: Mounts[0]"), field(of(running, source.Span{}, "m"), "container a: Mounts[1]"),
				of(service, at, "m"), of(service, later, "m"),
			},
			2,
			[]string{"also: running now as container shop-web-1"},
		},
		"image of a service and of its container": {
			[]finding.Finding{
				{Rule: "latest-tag", Message: "m", Subject: "nginx", Surface: model.Container, Path: "container shop-web-1: Config.Image", Image: &model.Image{Workloads: []*model.Workload{running}}},
				{Rule: "latest-tag", Message: "m", Subject: "nginx", Surface: model.Compose, Span: at, Image: &model.Image{Workloads: []*model.Workload{service}}},
			},
			1,
			[]string{"also: running now as container shop-web-1"},
		},
		"a network and the engine's": {
			[]finding.Finding{
				{Rule: "encrypted-bridge", Message: "m", Subject: "shop_back", Path: "network shop_back: Options", Network: made},
				{Rule: "encrypted-bridge", Message: "m", Subject: "back", Span: at, Network: made.Declared},
			},
			1,
			[]string{"also: shop_back"},
		},
		"one image, two containers": {
			[]finding.Finding{image("container a: Config.Image"), image("container b: Config.Image")},
			1,
			[]string{"also: container b: Config.Image"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := merge(tt.in)
			if len(got) != tt.want {
				t.Fatalf("%d findings, want %d: %v", len(got), tt.want, got)
			}
			if tt.want == 1 && got[0].Image == nil && !got[0].Span.IsValid() {
				t.Error("the place that can be edited was lost")
			}
			var related []string
			for _, r := range got[0].Related {
				related = append(related, r.Message)
			}
			if len(related) != len(tt.related) {
				t.Fatalf("related %q, want %q", related, tt.related)
			}
			for i := range related {
				if related[i] != tt.related[i] {
					t.Errorf("related %q, want %q", related, tt.related)
				}
			}
		})
	}
}
