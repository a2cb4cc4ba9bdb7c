package check

import (
	"strings"
	"testing"
	"time"

	"bulkhead/internal/catalog"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

func TestUnknownAge(t *testing.T) {
	at := catalog.TagsAsOf()
	for _, tt := range []struct {
		ref  string
		now  time.Time
		want string
	}{
		{"node:22.23.2", at.AddDate(0, 0, 61), "whether there is a newer release than node:22.23.2: the table of official tags is of 2026-08-21"},
		{"node:22.23.2", at.AddDate(0, 0, 59), ""},
		{"node:22.1.0", at.AddDate(0, 0, 61), ""}, // one is known
		{"node:22", at.AddDate(0, 0, 61), ""},
		{"acme/node:22.23.2", at.AddDate(0, 0, 61), ""},
	} {
		ref, err := oci.ParseReference(tt.ref)
		if err != nil {
			t.Fatal(err)
		}
		i := &model.Image{Use: model.BaseImage, Ref: model.Fact[model.Reference]{Value: ref, State: model.Set}}
		sys := &model.System{Site: model.Site{Now: tt.now}, Images: []*model.Image{i, i}}
		var all []string
		for _, n := range unknownAge(sys) {
			all = append(all, n.What+": "+n.Why)
		}
		if got := strings.Join(all, ", "); got != tt.want {
			t.Errorf("%s on %s: got %s, want %s", tt.ref, tt.now.Format(time.DateOnly), got, tt.want)
		}
	}
}
