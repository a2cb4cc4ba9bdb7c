package container

import (
	"encoding/json"
	"slices"
	"strings"

	"bulkhead/internal/frontend/internal/dockerjson"
	"bulkhead/internal/model"
)

// serviceBody is the part of a swarm service that decides what its containers
// may do.
type serviceBody struct {
	Name         string
	TaskTemplate struct {
		Runtime       string
		ContainerSpec *struct {
			Image          string
			Labels         map[string]string
			Command, Args  []string
			Hostname       string
			Env            []string
			Dir            string
			User           string
			Groups         []string
			Privileges     *privileges
			TTY, OpenStdin bool
			ReadOnly       bool
			Mounts         []mountSpec
			Sysctls        map[string]string
			CapabilityAdd  []string
			CapabilityDrop []string
			Ulimits        []ulimit
			Healthcheck    *dockerjson.Healthcheck
		}
		PluginSpec *json.RawMessage
		Networks   []struct{ Target string }
	}
	Networks []struct{ Target string }
}

type privileges struct {
	SELinuxContext  *struct{ Disable bool }
	Seccomp         *struct{ Mode string }
	AppArmor        *struct{ Mode string }
	NoNewPrivileges bool
}

// Service reads the body of a request to make or change a swarm service as
// the container each of its tasks is. driver returns the driver of a network by
// name or id.
func Service(body []byte, o CreateOptions, driver func(network string) string) (*Created, error) {
	var s serviceBody
	if err := json.Unmarshal(body, &s); err != nil {
		return nil, err
	}
	task := s.TaskTemplate
	in := &inspect{Name: s.Name, Config: &dockerjson.Config{}, HostConfig: &hostConfig{}}
	if c := task.ContainerSpec; c != nil {
		in.Config = &dockerjson.Config{
			Image: c.Image, Labels: c.Labels, Entrypoint: c.Command, Cmd: c.Args, Hostname: c.Hostname, Env: c.Env,
			WorkingDir: c.Dir, User: c.User, Tty: c.TTY, OpenStdin: c.OpenStdin, Healthcheck: c.Healthcheck,
		}
		in.HostConfig = &hostConfig{
			ReadonlyRootfs: c.ReadOnly, Mounts: c.Mounts, Sysctls: c.Sysctls, GroupAdd: c.Groups, Ulimits: c.Ulimits,
			CapAdd: c.CapabilityAdd, CapDrop: c.CapabilityDrop, SecurityOpt: c.Privileges.options(),
		}
	}
	for _, n := range slices.Concat(task.Networks, s.Networks) {
		if n.Target == "host" || driver != nil && driver(n.Target) == "host" {
			in.HostConfig.NetworkMode = "host"
		}
	}
	out := created(in, o)
	out.Args = nil // docker service has flags of its own
	if task.Runtime != "" && task.Runtime != "container" || task.PluginSpec != nil {
		out.Beyond = append(out.Beyond, Beyond{"task runtime", "plugin", dockerjson.Path(o.Subject, "TaskTemplate.Runtime")})
	}
	for _, m := range in.HostConfig.Mounts {
		// Swarm fills templates in from labels and names of the requester's
		// choice, where a task is made.
		if strings.Contains(m.Source, "{{") {
			out.Beyond = append(out.Beyond, Beyond{"mount template", m.Source, dockerjson.Path(o.Subject, "Mounts["+m.Target+"]")})
		}
	}
	out.Workload.Container, out.Workload.Service = "", s.Name
	return out, nil
}

// options returns what p says as security options.
func (p *privileges) options() []string {
	if p == nil {
		return nil
	}
	var out []string
	if p.SELinuxContext != nil && p.SELinuxContext.Disable {
		out = append(out, "label=disable")
	}
	if p.Seccomp != nil && p.Seccomp.Mode == "unconfined" {
		out = append(out, "seccomp=unconfined")
	}
	if p.AppArmor != nil && p.AppArmor.Mode == "disabled" {
		out = append(out, "apparmor=unconfined")
	}
	if p.NoNewPrivileges {
		out = append(out, "no-new-privileges")
	}
	return out
}

// An Asked is what requests that run something without describing a container
// can ask for: an exec, a step of a build.
type Asked struct {
	Privileged   bool
	Network      string
	Security     []string
	CgroupParent string
}

// Plain returns a workload that differs from the engine's defaults by what is
// asked alone.
func Plain(o CreateOptions, a Asked) *model.Workload {
	return created(&inspect{Name: o.Name, HostConfig: &hostConfig{
		Privileged: a.Privileged, NetworkMode: a.Network, SecurityOpt: slices.Clone(a.Security), CgroupParent: a.CgroupParent,
	}}, o).Workload
}
