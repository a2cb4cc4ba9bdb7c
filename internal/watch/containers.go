package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"bulkhead/internal/engine"
	"bulkhead/internal/frontend/container"
	"bulkhead/internal/model"
	"bulkhead/internal/sensor"
	"bulkhead/internal/source"
)

// inspected is what is needed of the engine's description of a container.
type inspected struct {
	ID     string `json:"Id"`
	Name   string
	Image  string
	Config struct {
		Image       string
		Labels      map[string]string
		Healthcheck struct{ Test []string }
	}
	HostConfig struct {
		Privileged                    bool
		PidMode, NetworkMode, IpcMode string
	}
	Mounts []struct {
		Source, Destination, Mode, Propagation string

		RW bool
	}
	State struct {
		StartedAt time.Time
		Running   bool
		Pid       int
	}
	GraphDriver struct {
		Data struct{ UpperDir string }
	}
}

// Details are what the engine says of a container and no rule asks for.
type Details struct {
	Container *sensor.Container
	Upper     string   // the folder of this machine that holds what the container wrote; "" where it is not known
	Health    []string // the health check, as in the configuration
	PID       int      // of the first process; 0 where it does not run

	Workload *model.Workload // the same as facts; nil where they cannot be read
}

// maxContainers bounds how many containers are remembered.
const maxContainers = 4096

// Containers are the engine's, as far as they were asked for.
type Containers struct {
	engine *engine.Engine
	mu     sync.Mutex
	known  map[string]*Details // by id
}

// NewContainers returns what asks e about containers.
func NewContainers(e *engine.Engine) *Containers {
	return &Containers{engine: e, known: map[string]*Details{}}
}

// Describe asks the engine about a container.
func (c *Containers) Describe(ctx context.Context, id string) (*sensor.Container, error) {
	text, err := c.engine.Inspect(ctx, id)
	if err != nil {
		return nil, err
	}
	var in inspected
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, fmt.Errorf("read container %s: %w", id, err)
	}
	d := &Details{Container: in.container(), Health: in.Config.Healthcheck.Test, PID: in.State.Pid}
	if strings.HasPrefix(c.engine.Host, "unix://") {
		d.Upper = in.GraphDriver.Data.UpperDir
	}
	if in.Config.Labels[labelFiles] != "" {
		if facts := container.Read(source.NewFile("container "+in.Name, text)); len(facts.Workloads) == 1 {
			d.Workload = facts.Workloads[0]
		}
	}
	c.mu.Lock()
	if len(c.known) >= maxContainers {
		clear(c.known)
	}
	c.known[in.ID] = d
	c.mu.Unlock()
	return d.Container, nil
}

// Known returns what was said of a container, nil where nobody asked.
func (c *Containers) Known(id string) *Details {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[id]
}

// Details returns what is known of a container, asking where nothing is.
func (c *Containers) Details(ctx context.Context, id string) *Details {
	if d := c.Known(id); d != nil {
		return d
	}
	if _, err := c.Describe(ctx, id); err != nil {
		return nil // it went away
	}
	return c.Known(id)
}

// Forget forgets a container that was removed.
func (c *Containers) Forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, id)
}

func (in *inspected) container() *sensor.Container {
	const host = "host"
	out := &sensor.Container{
		ID: in.ID, Name: strings.TrimPrefix(in.Name, "/"), Image: in.Config.Image, ImageID: in.Image,
		Privileged: in.HostConfig.Privileged, Labels: in.Config.Labels, Started: in.State.StartedAt,
		HostPID: in.HostConfig.PidMode == host, HostNetwork: in.HostConfig.NetworkMode == host, HostIPC: in.HostConfig.IpcMode == host,
	}
	if !in.State.Running {
		// The engine says when it ran before, or never. It is asked when the
		// container's control group is made, so it starts this moment.
		out.Started = time.Now()
	}
	for _, m := range in.Mounts {
		out.Mounts = append(out.Mounts, sensor.Mount{
			Source: m.Source, Destination: m.Destination, Mode: m.Mode, Propagation: m.Propagation, Writable: m.RW,
		})
	}
	return out
}
