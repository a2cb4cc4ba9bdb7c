package engine

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"bulkhead/internal/frontend/container"
	"bulkhead/internal/frontend/daemon"
	"bulkhead/internal/frontend/image"
	"bulkhead/internal/frontend/network"
	"bulkhead/internal/kernel"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// Facts returns everything the engine has: its configuration, its networks,
// its images and its containers with the kernel's word, joined as far as only
// the engine's ids can tell: which image a container runs, which networks it is
// on, who its user is.
func (e *Engine) Facts(ctx context.Context) (*model.Facts, error) {
	var containers, images, networks, info *source.File
	var containerNotes, imageNotes []model.Note
	var errs [4]error
	var all sync.WaitGroup
	all.Go(func() { containers, containerNotes, errs[0] = e.Containers(ctx) })
	all.Go(func() { images, imageNotes, errs[1] = e.Images(ctx) })
	all.Go(func() { networks, errs[2] = e.Networks(ctx) })
	all.Go(func() { info, errs[3] = e.Info(ctx) })
	all.Wait()
	if err := errs[0]; err != nil { // without containers there is nothing to say
		return nil, err
	}
	out := &model.Facts{Notes: append(containerNotes, imageNotes...)}
	for i, what := range [...]string{1: "images", 2: "networks", 3: "configuration"} {
		if errs[i] != nil {
			out.Notes = append(out.Notes, model.Note{What: what + " of the engine", Why: errs[i].Error()})
		}
	}
	if info != nil {
		add(out, daemon.Read(info))
	}
	if networks != nil {
		add(out, network.Read(networks))
	}
	if images != nil {
		add(out, image.Read(images))
	}
	found := container.Read(containers)
	e.join(out, found, containers)
	add(out, found)
	return out, nil
}

// add appends facts to out.
func add(out, facts *model.Facts) {
	out.Workloads = append(out.Workloads, facts.Workloads...)
	out.Images = append(out.Images, facts.Images...)
	out.Networks = append(out.Networks, facts.Networks...)
	out.Hosts = append(out.Hosts, facts.Hosts...)
	out.Faults = append(out.Faults, facts.Faults...)
	out.Notes = append(out.Notes, facts.Notes...)
}

// join completes the workloads of found, read from text, with what the rest of
// the engine says.
func (e *Engine) join(engine, found *model.Facts, text *source.File) {
	var raws []struct {
		ID    string `json:"Id"`
		Image string
		State struct{ Pid int }
	}
	// Odd values are faults already; the ids are there all the same.
	if err := json.Unmarshal(text.Text, &raws); err != nil && len(raws) == 0 {
		return
	}
	configs := map[string]*model.ImageConfig{}
	for _, i := range engine.Images {
		if i.Config != nil {
			configs[model.HexID(i.Config.ID)] = i.Config
		}
	}
	byID := map[string]int{}
	for i, r := range raws {
		byID[r.ID] = i
	}
	for _, w := range found.Workloads {
		i, ok := byID[w.Engine]
		if !ok {
			continue
		}
		w.Image.Config = configs[model.HexID(raws[i].Image)]
		unlessDefault(w)
		attach(w, engine.Networks)
		cgroupDefault(w, engine.Hosts)
		if w.Kernel != nil && raws[i].State.Pid > 0 {
			w.User.Value = kernel.LookupUser(e.root, raws[i].State.Pid, w.User.Value)
		}
	}
	engineICC(engine)
}

// unlessDefault takes back that w is meant to end where its command is only the
// image's own: --rm is also given to services.
func unlessDefault(w *model.Workload) {
	c := w.Image.Config
	oneOff := slices.ContainsFunc(w.Labels, func(l model.Label) bool {
		return l.Name == "com.docker.compose.oneoff" && strings.EqualFold(l.Value.Value, "true")
	})
	if !w.Short || oneOff || c == nil {
		return
	}
	w.Short = !slices.Equal(w.Command.Value.Args, c.Command.Value.Args) || !slices.Equal(w.Entrypoint.Value.Args, c.Entrypoint.Value.Args)
}

// attach links w to its networks.
func attach(w *model.Workload, networks []*model.Network) {
	for i := range w.Attachments {
		for _, n := range networks {
			if n.Name == w.Attachments[i].Name {
				w.Attachments[i].Network = n
			}
		}
	}
}

// cgroupDefault forgets whether w asked for the host's cgroup namespace on an
// engine with cgroup v1: there it is the default, and written out as if asked.
func cgroupDefault(w *model.Workload, hosts []*model.Host) {
	for _, h := range hosts {
		if h.CgroupVersion.Known() && h.CgroupVersion.Value == 1 && w.CgroupNS.Value.Mode == "host" {
			w.CgroupNS.State = model.Unknown
		}
	}
}

// engineICC takes from the default bridge whether containers on it reach one
// another, which docker info does not say.
func engineICC(engine *model.Facts) {
	for _, n := range engine.Networks {
		if n.Name != "bridge" || !n.Default {
			continue
		}
		for _, h := range engine.Hosts {
			if !h.ICC.Known() {
				h.ICC.Value, h.ICC.State = n.ICC.Value, model.Set
			}
		}
	}
}
