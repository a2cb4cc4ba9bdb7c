package engine

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"bulkhead/internal/kernel"
	"bulkhead/internal/model"
)

// A live is the part of docker inspect that leads to the kernel.
type live struct {
	ID    string `json:"Id"`
	Name  string
	State struct {
		Pid     int
		Running bool
	}
	Mounts []struct{ Type, Name string }
}

// container returns the JSON of one container with the kernel's word.
func (e *Engine) container(ctx context.Context, name string, volumes map[string]map[string]string) ([]byte, []model.Note, error) {
	text, err := e.get(ctx, "/containers/"+escape(name)+"/json", nil)
	if err != nil {
		return nil, nil, err
	}
	var c live
	if err := json.Unmarshal(text, &c); err != nil && c.ID == "" {
		return nil, nil, &Error{Host: e.Host, Err: err}
	}
	used := map[string]map[string]string{}
	for _, m := range c.Mounts {
		if options := volumes[m.Name]; m.Name != "" && options != nil {
			used[m.Name] = options
		}
	}
	if len(used) > 0 {
		text = with(text, "Volumes", used)
	}
	if !c.State.Running || c.State.Pid <= 0 || !strings.HasPrefix(e.Host, "unix://") {
		return text, nil, nil
	}
	what := "container " + strings.TrimPrefix(c.Name, "/") + " in the kernel"
	if !kernel.Runs(e.root, c.State.Pid, c.ID) {
		return text, []model.Note{{What: what, Why: "its process is not one of this machine"}}, nil
	}
	k, err := kernel.Read(e.root, c.State.Pid)
	switch {
	case errors.Is(err, kernel.ErrGone): // it has ended since; the engine's word stands
		return text, nil, nil
	case err != nil:
		return text, []model.Note{{What: what, Why: err.Error()}}, nil
	}
	return with(text, "Kernel", k), nil, nil
}
