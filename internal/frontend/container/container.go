// Package container reads containers as an engine describes them: the JSON of
// docker inspect, of any version of the API, and Podman's.
package container

import (
	"encoding/json"
	"strings"

	"bulkhead/internal/frontend/internal/dockerjson"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/source"
)

// Read reads the containers in f: one object or an array of them.
//
// An object may have a key "Kernel", which no engine writes: a model.Kernel,
// the kernel's word on the container at the time of the snapshot. Limits it
// leaves out were not read. It may have a key "Volumes": the driver options of
// the named volumes of the local driver it uses, by volume.
func Read(f *source.File) *model.Facts {
	facts := &model.Facts{}
	objects, faults := dockerjson.Objects(f, model.Container)
	facts.Faults = faults
	for _, text := range objects {
		var in inspect
		err := json.Unmarshal(text, &in)
		r := reader{in: &in, subject: "container " + in.name()}
		if fault, bad := dockerjson.TypeFault(r.subject, model.Container, err); bad {
			facts.Faults = append(facts.Faults, fault)
		}
		if in.Config == nil && in.HostConfig == nil {
			facts.Faults = append(facts.Faults, model.Fault{
				Place:   model.Place{Path: r.subject},
				Surface: model.Container,
				Message: "has neither Config nor HostConfig, so it does not describe a container",
			})
			continue
		}
		w := r.workload()
		facts.Workloads = append(facts.Workloads, w)
		facts.Images = append(facts.Images, w.Image)
	}
	return facts
}

// name returns what the container is called when printed.
func (in *inspect) name() string {
	if name := strings.TrimPrefix(in.Name, "/"); name != "" {
		return name
	}
	return dockerjson.ShortID(in.ID)
}

// A reader turns one container's JSON into facts.
type reader struct {
	in      *inspect
	subject string
	host    *hostConfig // never nil; see asked
	asked   model.State // Unknown where there is no HostConfig
}

func (r reader) workload() *model.Workload {
	r.host, r.asked = r.in.HostConfig, model.Set
	if r.host == nil {
		r.host, r.asked = &hostConfig{}, model.Unknown
	}
	w := &model.Workload{
		Name:    r.in.name(),
		Surface: model.Container,
		Place:   model.Place{Path: r.subject},
		Kind:    "container",
		Engine:  r.in.ID,
		Status:  r.status(),
	}
	if r.in.Kernel != nil {
		w.Kernel = &r.in.Kernel.Kernel
	}
	r.config(w)
	r.privileges(w)
	r.namespaces(w)
	r.resources(w)
	r.running(w)
	r.mounts(w)
	r.network(w)
	r.notOurs(w)
	w.Image = r.image(w)
	return w
}

// status returns the container's state in Docker's words.
func (r reader) status() string {
	s := r.in.State
	if s == nil {
		return ""
	}
	switch s.Status {
	case "configured", "initialized": // Podman
		return "created"
	case "stopped", "stopping": // Podman
		return "exited"
	case "":
	default:
		return s.Status
	}
	switch { // API below 1.21, or a cut-down JSON
	case s.Paused:
		return "paused"
	case s.Restarting:
		return "restarting"
	case s.Running:
		return "running"
	case s.Dead:
		return "dead"
	case s.StartedAt == "" || strings.HasPrefix(s.StartedAt, "0001-"):
		return "created"
	}
	return "exited"
}

// config reads what the image and the container share.
func (r reader) config(w *model.Workload) {
	c := dockerjson.Reader{Config: r.in.Config, Subject: r.subject, Field: "Config"}
	w.User = c.User()
	w.Env = c.Env()
	w.Entrypoint, w.Command = c.Entrypoint(), c.Command()
	w.WorkingDir = c.WorkingDir()
	w.Labels = c.Labels()
	w.Health = c.Health()
	w.Exposed = c.Exposed()
	w.Stdin = model.Fact[bool]{State: model.Unknown, Path: r.at("Config.OpenStdin")}
	w.TTY = model.Fact[bool]{State: model.Unknown, Path: r.at("Config.Tty")}
	if r.in.Config != nil {
		w.Stdin.Value, w.Stdin.State = r.in.Config.OpenStdin, said(r.in.Config.OpenStdin)
		w.TTY.Value, w.TTY.State = r.in.Config.Tty, said(r.in.Config.Tty)
		w.Project = r.in.Config.Labels["com.docker.compose.project"]
		w.Service = r.in.Config.Labels["com.docker.compose.service"]
		oneOff := strings.EqualFold(r.in.Config.Labels["com.docker.compose.oneoff"], "true")
		w.Short = oneOff || r.host.AutoRemove && len(r.in.Config.Cmd) > 0
	}
}

// image returns the use of the image w runs.
func (r reader) image(w *model.Workload) *model.Image {
	raw, path := r.in.ImageName, r.at("ImageName")
	if raw == "" && r.in.Config != nil {
		raw, path = r.in.Config.Image, r.at("Config.Image")
	}
	if raw == "" {
		raw, path = r.in.Image, r.at("Image")
	}
	image := &model.Image{Name: raw, Surface: model.Container, Use: model.RunImage, Workloads: []*model.Workload{w}}
	image.ID = r.in.Image
	image.Ref = model.Fact[model.Reference]{Value: model.Reference{Raw: raw}, State: model.Set, Path: path}
	if raw == "" {
		image.Ref.State = model.Unknown
		return image
	}
	id := strings.TrimPrefix(raw, "sha256:")
	if dockerjson.IsID(id) {
		image.Name = dockerjson.ShortID(id)
		image.Ref.Value.Digest = "sha256:" + id
		return image
	}
	if len(id) >= 12 && strings.HasPrefix(strings.TrimPrefix(r.in.Image, "sha256:"), id) {
		image.Ref.Value.Digest = "sha256:" + strings.TrimPrefix(r.in.Image, "sha256:")
		return image
	}
	ref, err := oci.ParseReference(raw)
	image.Ref.Value = ref
	if err != nil {
		image.Ref.State = model.Unknown
	}
	return image
}

// notOurs marks what a container of an engine cannot say.
func (r reader) notOurs(w *model.Workload) {
	w.NonRoot.State = model.Unknown
	w.ServiceAccount.State = model.Unknown
	w.ServiceAccountToken.State = model.Unknown
	w.HostProcess.State = model.Unknown
	w.PullPolicy.State = model.Unknown
	w.NetworkPolicy.State = model.Unknown
	w.CPUReservation = model.Fact[float64]{State: model.Unknown, Path: r.at("HostConfig")}
}

// at returns the path of field.
func (r reader) at(field string) string { return dockerjson.Path(r.subject, field) }

// said returns Set where a value differs from the engine's default. The JSON
// always has every key, so it does not tell a default asked for from one that
// was not.
func said(differs bool) model.State {
	if differs {
		return model.Set
	}
	return model.Unset
}

// fact returns the fact of a HostConfig field that holds v, where def is the
// engine's default.
func fact[T comparable](r reader, field string, v, def T) model.Fact[T] {
	out := model.Fact[T]{Value: v, State: said(v != def), Path: r.at("HostConfig." + field)}
	if r.asked == model.Unknown {
		out.State = model.Unknown
	}
	return out
}

// list returns the list of a HostConfig field.
func list(r reader, field string, values []string) model.List[string] {
	out := model.List[string]{State: said(len(values) > 0), Path: r.at("HostConfig." + field)}
	if r.asked == model.Unknown {
		out.State = model.Unknown
	}
	for _, v := range values {
		out.Items = append(out.Items, model.Fact[string]{Value: v, State: model.Set, Path: out.Path + "[" + v + "]"})
	}
	return out
}
