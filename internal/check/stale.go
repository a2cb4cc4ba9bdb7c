package check

import (
	"time"

	"bulkhead/internal/catalog"
	"bulkhead/internal/model"
)

// unknownAge says of which images it is unknown whether there is a newer
// release: those the table of tags knows nothing newer than, where it is too old
// to tell that there is nothing.
func unknownAge(sys *model.System) []model.Note {
	if catalog.Fresh(sys.Site.Now) {
		return nil
	}
	why := "the table of official tags is of " + catalog.TagsAsOf().Format(time.DateOnly)
	var out []model.Note
	seen := map[string]bool{}
	for _, i := range sys.Images {
		ref := i.Ref.Value
		if i.Use == model.StoredImage || i.Built || i.Ref.State != model.Set || seen[ref.Tagged()] || !catalog.Exact(ref) {
			continue
		}
		seen[ref.Tagged()] = true
		if _, newer := catalog.Patch(ref); !newer {
			out = append(out, model.Note{What: "whether there is a newer release than " + ref.Tagged(), Why: why})
		}
	}
	return out
}
