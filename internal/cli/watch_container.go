package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"bulkhead/internal/engine"
	"bulkhead/internal/sensor"
)

// inspected is what the sensor's events need of a container's description.
type inspected struct {
	ID     string `json:"Id"`
	Name   string
	Image  string
	Config struct {
		Image  string
		Labels map[string]string
	}
	HostConfig struct {
		Privileged                    bool
		PidMode, NetworkMode, IpcMode string
	}
	Mounts []struct {
		Source, Destination, Mode, Propagation string

		RW bool
	}
	State struct{ StartedAt time.Time }
}

// describe returns what asks the engine about one container.
func describe(e *engine.Engine) func(context.Context, string) (*sensor.Container, error) {
	return func(ctx context.Context, id string) (*sensor.Container, error) {
		text, err := e.Inspect(ctx, id)
		if err != nil {
			return nil, err
		}
		var c inspected
		if err := json.Unmarshal(text, &c); err != nil {
			return nil, fmt.Errorf("read container %s: %w", id, err)
		}
		return c.container(), nil
	}
}

func (c *inspected) container() *sensor.Container {
	const host = "host"
	out := &sensor.Container{
		ID: c.ID, Name: strings.TrimPrefix(c.Name, "/"), Image: c.Config.Image, ImageID: c.Image,
		Privileged: c.HostConfig.Privileged, Labels: c.Config.Labels, Started: c.State.StartedAt,
		HostPID: c.HostConfig.PidMode == host, HostNetwork: c.HostConfig.NetworkMode == host, HostIPC: c.HostConfig.IpcMode == host,
	}
	for _, m := range c.Mounts {
		out.Mounts = append(out.Mounts, sensor.Mount{
			Source: m.Source, Destination: m.Destination, Mode: m.Mode, Propagation: m.Propagation, Writable: m.RW,
		})
	}
	return out
}
