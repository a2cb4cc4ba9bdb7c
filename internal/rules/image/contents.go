package image

import (
	"fmt"
	"slices"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
)

// fileIn returns the place of a file of i.
func fileIn(i *model.Image, name string) model.Place {
	return model.Place{Path: i.Called() + ": " + strings.TrimPrefix(name, "/")}
}

// by returns which step left something, as the end of a message.
func by(i *model.Image, layer int) string {
	step := madeBy(i, layer)
	if step == "" {
		return ""
	}
	return "; written by " + step + inherited(i, layer)
}

// inherited says, as the end of a message, that a layer is the base image's.
func inherited(i *model.Image, layer int) string {
	if i.Inventory == nil || layer < 0 || layer >= len(i.Inventory.Layers) || !i.Inventory.Layers[layer].Base.Value {
		return ""
	}
	if i.Base == nil || i.Base.Name == "" {
		return ", inherited from the base image"
	}
	return ", inherited from the base image " + i.Base.Name
}

// trace adds to f where the Dockerfile says what made the layer, if that is
// known.
func trace(f *finding.Finding, i *model.Image, layer int) {
	if i.Inventory == nil || layer < 0 || layer >= len(i.Inventory.Layers) {
		return
	}
	l := i.Inventory.Layers[layer]
	if !l.Written.Span.IsValid() {
		return
	}
	message := "written here"
	if l.Base.Value {
		message = "it comes with this base image"
	}
	f.Related = append(f.Related, finding.Related{Span: l.Written.Span, Message: message})
}

// few returns at most twelve of names, sorted, each once, and says how many
// there are beside them.
func few(names []string) string {
	const most = 12
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// runsAs returns the user i runs as, with the uid its own accounts give a name;
// ok is false where that is not known.
func runsAs(i *model.Image) (u model.User, ok bool) {
	if i.Config == nil || !i.Config.User.Known() {
		return model.User{}, false
	}
	u = i.Config.User.Value
	name, _, _ := strings.Cut(u.Name, ":")
	for _, a := range i.Contents.Accounts {
		if a.Name == name && u.UID < 0 || a.UID == u.UID {
			u.UID = a.UID
			if u.GID < 0 {
				u.GID = a.GID
			}
			break
		}
	}
	return u, u.UID >= 0
}
