package engine

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"bulkhead/internal/kernel"
	"bulkhead/internal/oci"
)

// An Inside is a container, opened to be looked into.
type Inside struct {
	Tree    *oci.Tree
	Layered bool           // Tree tells what the container wrote from what its image brought
	Started time.Time      // zero where it does not run
	Loaded  *kernel.Loaded // what its processes use of its files; nil where Unknown says why not
	Unknown string
}

// Inside opens a container, by id: its files where the engine keeps them, where it
// runs on this machine and they may be read, and otherwise the archive it
// sends.
func (e *Engine) Inside(ctx context.Context, id string) (*Inside, error) {
	text, err := e.get(ctx, "/containers/"+escape(id)+"/json", nil)
	if err != nil {
		return nil, err
	}
	var c struct {
		ID    string `json:"Id"`
		Image string
		State struct {
			Pid       int
			Running   bool
			StartedAt time.Time
		}
	}
	if err := json.Unmarshal(text, &c); err != nil && c.ID == "" {
		return nil, &Error{Host: e.Host, Err: err}
	}
	image, err := e.Image(ctx, c.Image)
	if err != nil {
		return nil, err
	}
	export := func(ctx context.Context) (io.ReadCloser, error) {
		return e.stream(ctx, "/containers/"+escape(id)+"/export")
	}
	local := strings.HasPrefix(e.Host, "unix://")
	described := text
	if !local {
		described, err = json.Marshal(map[string]string{"Id": c.ID}) // its folders are another machine's
		if err != nil {
			return nil, err
		}
	}
	out := &Inside{}
	if out.Tree, out.Layered, err = oci.OpenContainer(described, image.Text, export); err != nil {
		return nil, err
	}
	if !c.State.Running {
		return out, nil
	}
	out.Started = c.State.StartedAt
	out.Loaded, out.Unknown = e.loaded(c.State.Pid, c.ID, local)
	return out, nil
}

// loaded returns what the processes of a container use, or why that is not
// known.
func (e *Engine) loaded(pid int, id string, local bool) (*kernel.Loaded, string) {
	if !local || pid <= 0 || !kernel.Runs(e.root, pid, id) {
		return nil, "its processes are not those of this machine"
	}
	l, err := kernel.ReadLoaded(e.root, pid)
	switch {
	case errors.Is(err, kernel.ErrGone):
		return nil, "it has ended"
	case err != nil:
		return nil, err.Error()
	case l.Unread == l.Processes:
		return nil, "the memory maps of its processes may not be read; root may"
	}
	return l, ""
}
