package resolve

import (
	"testing"

	"bulkhead/internal/model"
)

// TestFronts checks that a workload which nothing publishes is told from the
// neighbour that is published, on networks of files and of the engine, and
// that one which does not run counts for nothing.
func TestFronts(t *testing.T) {
	for _, tt := range []struct {
		workload, network model.Surface
	}{
		{model.Compose, model.Compose},
		{model.Container, model.Daemon},
	} {
		on := []model.Attachment{{Name: "n"}}
		web := &model.Workload{Name: "web", Surface: tt.workload, Attachments: on, Ports: []model.Port{{HostFirst: 80}}}
		db := &model.Workload{Name: "db", Surface: tt.workload, Attachments: []model.Attachment{{Name: "n"}}}
		old := &model.Workload{Name: "old", Surface: tt.workload, Attachments: []model.Attachment{{Name: "n"}}, Ports: web.Ports, Status: "exited"}
		n := &model.Network{Name: "n", Surface: tt.network, ICC: model.Fact[bool]{Value: true}}
		System(Input{Facts: []*model.Facts{{Workloads: []*model.Workload{old, web, db}, Networks: []*model.Network{n}}}})
		if len(n.Members) != 3 || len(n.Fronts) != 1 || n.Fronts[0] != web {
			t.Errorf("%s: members %v, fronts %v, want all and web", tt.workload, n.Members, n.Fronts)
		}
	}
}

// TestDeclaredNetworks checks which network of a project an engine's was made
// for.
func TestDeclaredNetworks(t *testing.T) {
	back := &model.Network{Name: "back", Project: "shop", Surface: model.Compose}
	named := &model.Network{Name: "front", Project: "shop", Surface: model.Compose}
	for name, want := range map[string]*model.Network{"shop_back": back, "front": named, "shop_other": nil} {
		n := &model.Network{Name: name, Project: "shop", Surface: model.Daemon}
		other := &model.Network{Name: name, Project: "other", Surface: model.Daemon}
		System(Input{Facts: []*model.Facts{{Networks: []*model.Network{back, named, n, other}}}})
		if n.Declared != want || other.Declared != nil {
			t.Errorf("%s: got %v and %v, want %v and none", name, n.Declared, other.Declared, want)
		}
	}
}
