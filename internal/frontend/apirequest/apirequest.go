package apirequest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"bulkhead/internal/frontend/container"
	"bulkhead/internal/frontend/internal/dockerjson"
	"bulkhead/internal/model"
)

// Options ask the engine for what requests only name. Functions that are nil
// know nothing.
type Options struct {
	// Volume returns the driver and its options of a volume, and false where
	// there is none of that name.
	Volume func(name string) (driver string, options map[string]string, ok bool)

	// Container returns a container, found as the engine finds it: by id, by
	// name, or by the start of its id.
	Container func(name string) (*model.Workload, error)

	// Exec returns the container in which a program was asked for, and
	// whether it is to be privileged.
	Exec func(id string) (container string, privileged bool, err error)

	// Network returns the driver of a network, "" where there is none.
	Network func(name string) string

	// Canonical follows the symbolic links of a path of the host.
	Canonical func(path string) string
}

// A Reading is what would run if a request were granted.
type Reading struct {
	Subject  *model.Workload // nil where nothing runs
	Facts    *model.Facts    // Subject, what it runs and joins
	Args     []string        // the docker run line that asks for the same; nil where there is none
	Beyond   []container.Beyond
	Existing bool   // Subject is a container that is there already
	Exec     string // the id of the program that is to be started in it
}

var errBody = errors.New("the body is no single JSON object")

// subject is what paths of a request start with.
const subject = "request"

// Object returns the JSON object that body is, and refuses everything around
// it but white space. The engine takes the first value and ignores the rest.
func Object(body []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return nil, fmt.Errorf("%w: %w", errBody, err)
	}
	if len(bytes.Trim(body[d.InputOffset():], " \t\r\n")) > 0 {
		return nil, fmt.Errorf("%w: something follows it", errBody)
	}
	if raw[0] != '{' {
		return nil, errBody
	}
	return raw, nil
}

// Create reads a request to create a container.
func Create(r *Request, o Options) (*Reading, error) {
	body, err := Object(r.Body)
	if err != nil {
		return nil, err
	}
	c, err := container.Create(body, o.options(r.Query.Get("name")))
	if err != nil {
		return nil, fmt.Errorf("the body is not what the engine takes: %w", err)
	}
	return o.join(c)
}

// Update reads a request to change a container's limits.
func Update(r *Request, o Options) (*Reading, error) {
	body, err := Object(r.Body)
	if err != nil {
		return nil, err
	}
	c, err := container.Update(body, o.options(""))
	if err != nil {
		return nil, fmt.Errorf("the body is not what the engine takes: %w", err)
	}
	return o.join(c)
}

// Service reads a request to make or change a swarm service.
func Service(r *Request, o Options) (*Reading, error) {
	body, err := Object(r.Body)
	if err != nil {
		return nil, err
	}
	c, err := container.Service(body, o.options(""), o.Network)
	if err != nil {
		return nil, fmt.Errorf("the body is not what the engine takes: %w", err)
	}
	return o.join(c)
}

// Exec reads a request to run one more program in the container called name.
func Exec(r *Request, o Options, name string) (*Reading, error) {
	body, err := Object(r.Body)
	if err != nil {
		return nil, err
	}
	var exec struct{ Privileged bool }
	if err := json.Unmarshal(body, &exec); err != nil {
		return nil, fmt.Errorf("the body is not what the engine takes: %w", err)
	}
	return running(o, name, exec.Privileged)
}

// StartedExec reads a request to start the program that was asked for as id,
// however long ago.
func StartedExec(o Options, id string) (*Reading, error) {
	if o.Exec == nil {
		return nil, fmt.Errorf("exec %s is not known", id)
	}
	name, privileged, err := o.Exec(id)
	if err != nil {
		return nil, err
	}
	out, err := running(o, name, privileged)
	if out != nil {
		out.Exec = id
	}
	return out, err
}

// running reads one more program in the container called name.
func running(o Options, name string, privileged bool) (*Reading, error) {
	out, err := Existing(o, name)
	if err != nil || !privileged {
		return out, err
	}
	w := out.Subject
	w.Privileged = model.Fact[bool]{Value: true, State: model.Set, Path: dockerjson.Path(subject, "Privileged")}
	out.Existing = false // what is asked for now is not what the container was granted
	return out, nil
}

// Existing reads the container called name, for requests that reach into it.
func Existing(o Options, name string) (*Reading, error) {
	if o.Container == nil {
		return nil, fmt.Errorf("container %s is not known", name)
	}
	w, err := o.Container(name)
	if err != nil {
		return nil, err
	}
	out, err := o.join(&container.Created{Workload: w, Beyond: container.OddNamespaces(w)})
	if out != nil {
		out.Existing = true
	}
	return out, err
}

// Build reads a request to build an image with the classic builder. Every
// value of a parameter counts: which one holds is the engine's business.
func Build(r *Request, o Options) (*Reading, error) {
	asked := container.Asked{Security: r.Query["securityopt"]}
	modes, parents := said(r, "networkmode"), said(r, "cgroupparent")
	if len(modes) > 1 || len(parents) > 1 {
		return nil, errors.New("a parameter is given twice")
	}
	if len(modes) > 0 {
		asked.Network = modes[0]
	}
	if len(parents) > 0 {
		asked.CgroupParent = parents[0]
	}
	c := o.options("")
	out, err := o.join(&container.Created{Workload: container.Plain(c, asked)})
	if err != nil {
		return nil, err
	}
	for _, from := range said(r, "remote") {
		out.Beyond = append(out.Beyond, container.Beyond{Kind: "build source", Value: from, Path: dockerjson.Path(subject, "remote")})
	}
	return out, nil
}

// said returns the values of a parameter that are not empty.
func said(r *Request, name string) []string {
	var out []string
	for _, v := range r.Query[name] {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}

// Volume reads a request to make a volume: what a container gets that mounts
// it.
func Volume(r *Request, o Options) (*Reading, error) {
	body, err := Object(r.Body)
	if err != nil {
		return nil, err
	}
	var v struct {
		Name, Driver      string
		DriverOpts        map[string]string
		ClusterVolumeSpec *json.RawMessage
	}
	if err := json.Unmarshal(body, &v); err != nil {
		return nil, fmt.Errorf("the body is not what the engine takes: %w", err)
	}
	c := &container.Created{Workload: container.Plain(o.options(""), container.Asked{})}
	at := dockerjson.Path(subject, "DriverOpts")
	m := model.Mount{
		Kind: model.VolumeMount, Place: model.Place{Path: at},
		Source:   model.Fact[string]{Value: v.Name, State: model.Set, Path: at},
		ReadOnly: model.Fact[bool]{State: model.Unset, Path: at},
	}
	switch {
	case v.Driver != "" && v.Driver != "local":
		c.Beyond = append(c.Beyond, container.Beyond{Kind: "volume driver", Value: v.Driver, Path: dockerjson.Path(subject, "Driver")})
	case v.ClusterVolumeSpec != nil:
		c.Beyond = append(c.Beyond, container.Beyond{Kind: "volume driver", Value: "cluster", Path: dockerjson.Path(subject, "ClusterVolumeSpec")})
	default:
		dockerjson.BindVolume(&m, v.DriverOpts)
		c.Beyond = append(c.Beyond, container.LocalVolume(v.DriverOpts, at)...)
	}
	c.Workload.Mounts = append(c.Workload.Mounts, m)
	return o.join(c)
}

// Network reads a request to make a network.
func Network(r *Request) (*Reading, error) {
	body, err := Object(r.Body)
	if err != nil {
		return nil, err
	}
	var n struct {
		Name, Driver string
		IPAM         *struct{ Driver string }
	}
	if err := json.Unmarshal(body, &n); err != nil {
		return nil, fmt.Errorf("the body is not what the engine takes: %w", err)
	}
	out := &Reading{Facts: &model.Facts{}}
	if n.Driver != "" {
		out.Beyond = append(out.Beyond, container.Beyond{Kind: "network driver", Value: n.Driver, Path: dockerjson.Path(subject, "Driver")})
	}
	if n.IPAM != nil && n.IPAM.Driver != "" && n.IPAM.Driver != "default" {
		out.Beyond = append(out.Beyond, container.Beyond{Kind: "address driver", Value: n.IPAM.Driver, Path: dockerjson.Path(subject, "IPAM.Driver")})
	}
	return out, nil
}

// Pull reads a request to pull an image, or to import one.
func Pull(r *Request) *Reading {
	out := &Reading{Facts: &model.Facts{}}
	for _, from := range said(r, "fromSrc") {
		if from != "-" { // the body
			out.Beyond = append(out.Beyond, container.Beyond{Kind: "image source", Value: from, Path: dockerjson.Path(subject, "fromSrc")})
		}
	}
	return out
}

// PodmanPull reads a request of Podman's API to pull an image.
func PodmanPull(r *Request) *Reading {
	out := &Reading{Facts: &model.Facts{}}
	for _, from := range said(r, "reference") {
		if name := strings.TrimPrefix(from, "docker://"); strings.Contains(name, ":/") || strings.HasPrefix(name, "/") {
			out.Beyond = append(out.Beyond, container.Beyond{Kind: "image source", Value: from, Path: dockerjson.Path(subject, "reference")})
		}
	}
	return out
}

// options returns what package container asks.
func (o Options) options(name string) container.CreateOptions {
	return container.CreateOptions{Subject: subject, Name: strings.TrimPrefix(name, "/"), Volume: o.Volume}
}

// join adds to c what it names: containers whose namespaces and mounts it
// takes, and the devices its links lead to.
func (o Options) join(c *container.Created) (*Reading, error) {
	w := c.Workload
	out := &Reading{Subject: w, Facts: &model.Facts{Workloads: []*model.Workload{w}}, Args: c.Args, Beyond: c.Beyond}
	if w.Image != nil {
		out.Facts.Images = append(out.Facts.Images, w.Image)
	}
	for _, from := range c.VolumesFrom {
		name, mode, _ := strings.Cut(from, ":")
		other, err := o.container(name)
		if err != nil {
			return nil, err
		}
		for _, m := range other.Mounts {
			m.Place.Path = dockerjson.Path(subject, "HostConfig.VolumesFrom["+name+"]")
			if strings.Contains(mode, "ro") {
				m.ReadOnly.Value = true
			}
			w.Mounts = append(w.Mounts, m)
		}
	}
	if err := o.namespaces(out); err != nil {
		return nil, err
	}
	o.hostNetwork(w, c.Networks)
	if o.Canonical != nil {
		o.devices(w)
	}
	return out, nil
}

// hostNetwork makes w's network the host's where it is named by its id, or by
// the start of it.
func (o Options) hostNetwork(w *model.Workload, networks []string) {
	if o.Network == nil {
		return
	}
	for _, name := range append([]string{w.Network.Value.Mode}, networks...) {
		if MayBeID(name) && o.Network(name) == "host" {
			w.Network.Value, w.Network.State = model.Namespace{Mode: "host"}, model.Set
		}
	}
}

// MayBeID reports whether name may be an id, or the start of one.
func MayBeID(name string) bool { return name != "" && strings.Trim(name, "0123456789abcdef") == "" }

// devices replaces links to devices by what they lead to.
func (o Options) devices(w *model.Workload) {
	for i := range w.Devices.Items {
		if d := &w.Devices.Items[i]; path.IsAbs(d.Value) {
			d.Value = path.Clean(o.Canonical(d.Value))
		}
	}
}

// maxChain bounds how many containers are followed from one namespace to the
// next. The engine sets no bound, but each joins one that runs.
const maxChain = 16

// namespaces adds the containers whose namespaces the subject joins, those
// they join and so on, and names each as package resolve finds it.
func (o Options) namespaces(out *Reading) error {
	seen := map[string]bool{out.Subject.Engine: true}
	next := []*model.Workload{out.Subject}
	for len(next) > 0 {
		w := next[0]
		next = next[1:]
		for _, n := range []*model.Fact[model.Namespace]{&w.PID, &w.IPC, &w.Network} {
			if n.Value.Mode != "container" {
				continue
			}
			other, err := o.container(n.Value.Target)
			if err != nil {
				return err
			}
			n.Value.Target = other.Engine
			if seen[other.Engine] {
				continue
			}
			if len(seen) > maxChain {
				return errors.New("containers join one another's namespaces in too long a chain")
			}
			seen[other.Engine] = true
			out.Facts.Workloads = append(out.Facts.Workloads, other)
			next = append(next, other)
		}
	}
	return nil
}

func (o Options) container(name string) (*model.Workload, error) {
	if o.Container == nil {
		return nil, fmt.Errorf("container %s is not known", name)
	}
	return o.Container(name)
}
