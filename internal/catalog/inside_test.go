package catalog

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/model"
)

func TestInside(t *testing.T) {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	node := []*model.Lifecycle{{Product: "Node.js", Cycle: "16"}}
	for _, c := range []struct {
		name  string
		inv   model.Inventory
		known []*model.Lifecycle
		want  []string
	}{
		{"a release", model.Inventory{OS: model.OSRelease{ID: "debian", VersionID: "12"}}, nil, []string{"Debian 12 etc/os-release"}},
		{"a point release", model.Inventory{OS: model.OSRelease{ID: "alpine", VersionID: "3.19.4"}}, nil, []string{"Alpine Linux 3.19 etc/os-release"}},
		{"CentOS", model.Inventory{OS: model.OSRelease{ID: "centos", VersionID: "7", Name: "CentOS Linux 7 (Core)"}}, nil, []string{"CentOS 7 etc/os-release"}},
		{"CentOS Stream", model.Inventory{OS: model.OSRelease{ID: "centos", VersionID: "9", Name: "CentOS Stream 9"}}, nil, []string{"CentOS Stream 9 etc/os-release"}},
		{"no release yet", model.Inventory{OS: model.OSRelease{ID: "debian", Codename: "forky"}}, nil, nil},
		{"one nobody here knows", model.Inventory{OS: model.OSRelease{ID: "plan9", VersionID: "4"}}, nil, nil},
		{"known already", model.Inventory{Packages: []*model.Package{{Name: "node", Version: "16.20.2"}}}, node, nil},
		{"of the distribution", model.Inventory{Packages: []*model.Package{{Name: "python", Version: "3.7.3", Owner: "python3.7"}}}, nil, nil},
		{"a package of that name", model.Inventory{Packages: []*model.Package{{Name: "node", Version: "16.0.0", Ecosystem: "npm"}}}, nil, nil},
		{"the oldest of two", model.Inventory{Packages: []*model.Package{
			{Name: "python", Version: "3.14.0", Locations: []string{"a"}},
			{Name: "python", Version: "3.8.1", Locations: []string{"b"}},
			{Name: "python", Version: "3.9.1", Locations: []string{"c"}},
		}}, nil, []string{"Python 3.8 b"}},
		{"Go", model.Inventory{Packages: []*model.Package{{Name: "stdlib", Version: "1.18.2", Ecosystem: "Go", Locations: []string{"gosu"}}}}, nil, []string{"Go 1.18 gosu compiled"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, l := range Inside(&c.inv, c.known, now) {
				s := l.Product + " " + l.Cycle + " " + l.File
				if l.Compiled {
					s += " compiled"
				}
				got = append(got, s)
			}
			if diff := cmp.Diff(got, c.want); diff != "" {
				t.Errorf("-got +want\n%s", diff)
			}
		})
	}
}
