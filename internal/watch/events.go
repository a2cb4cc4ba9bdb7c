package watch

import (
	"context"
	"strings"
	"time"

	"bulkhead/internal/engine"
	"bulkhead/internal/falco"
	"bulkhead/internal/report"
	"bulkhead/internal/sensor"
)

// A deed is something that the engine can say it did.
type deed struct {
	kind, action string // as the engine spells them
	rule         string
	priority     falco.Priority
	says         string
}

// deeds are what becomes an alert. What an engine does all day is
// informational; what reaches into a container that runs is more.
var deeds = [...]deed{
	{"container", "create", "Container created", falco.Informational, "container made"},
	{"container", "exec_create", "Command run in container from outside", falco.Notice, "command run in a container through the engine"},
	{"container", "attach", "Container attached to", falco.Informational, "somebody attached to a container's streams"},
	{"container", "archive-path", "Files copied out of container", falco.Notice, "files copied out of a container"},
	{"container", "extract-to-dir", "Files copied into container", falco.Warn, "files copied into a container"},
	{"container", "export", "Container exported", falco.Notice, "all files of a container read"},
	{"container", "commit", "Image made of container", falco.Notice, "image made of a container"},
	{"container", "update", "Container's limits changed", falco.Notice, "limits of a container changed"},
	{"container", "rename", "Container renamed", falco.Informational, "container renamed"},
	{"image", "import", "Image imported", falco.Notice, "image made of an archive"},
	{"image", "load", "Image loaded", falco.Notice, "image loaded from an archive"},
	{"image", "pull", "Image pulled", falco.Informational, "image pulled"},
	{"image", "tag", "Image tagged", falco.Informational, "image given a name"},
	{"image", "delete", "Image removed", falco.Informational, "image removed"},
	{"network", "create", "Network made", falco.Informational, "network made"},
	{"network", "destroy", "Network removed", falco.Informational, "network removed"},
	{"network", "connect", "Container connected to network", falco.Informational, "container connected to a network"},
	{"network", "disconnect", "Container disconnected from network", falco.Informational, "container disconnected from a network"},
	{"volume", "create", "Volume made", falco.Informational, "volume made"},
	{"volume", "destroy", "Volume removed", falco.Informational, "volume removed"},
	{"volume", "mount", "Volume mounted", falco.Informational, "volume mounted"},
	{"plugin", "enable", "Engine's plugin enabled", falco.Notice, "plugin of the engine enabled"},
	{"plugin", "disable", "Engine's plugin disabled", falco.Warn, "plugin of the engine disabled"},
	{"daemon", "reload", "Engine's configuration changed", falco.Notice, "engine read its configuration again"},
}

// settled is how long a container has to run for a change of its networks, or
// attaching to it, to be more than a part of starting it.
const settled = 3 * time.Second

// Events makes alerts of what the engine says it did.
type Events struct {
	Engine     *engine.Engine
	Containers *Containers
	Peers      *Peers         // nil where the kernel's events are not read
	Least      falco.Priority // events that matter less are left out
	Take       func(*Alert)
	Changed    func(d *Details)                                // called for a container whose settings were changed; may be nil
	Removed    func(id string)                                 // called for a container that is gone; may be nil
	Copied     func(ctx context.Context, d *Details, a *Alert) // looks for what was copied into a container; may be nil
}

// late is how long a message waits, so that the kernel's word of who asked is
// there before it.
const late = 150 * time.Millisecond

// Run makes alerts until ctx is done. opened is called when nothing that happens
// is missed any more.
func (s *Events) Run(ctx context.Context, opened func()) error {
	type message struct {
		*engine.Message
		seen time.Time
	}
	messages := make(chan message, 4096)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m := range messages {
			select {
			case <-time.After(late - time.Since(m.seen)):
			case <-ctx.Done():
			}
			s.take(ctx, m.Message)
		}
	}()
	err := s.Engine.Events(ctx, opened, func(m *engine.Message) { messages <- message{m, time.Now()} })
	close(messages)
	<-done
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// take makes an alert of one message, where it is one.
func (s *Events) take(ctx context.Context, m *engine.Message) {
	action, command, _ := strings.Cut(m.Action, ": ")
	id := m.Actor.ID
	if m.Type == "network" {
		id = m.Actor.Attributes["container"]
	}
	if m.Type == "container" && action == "destroy" {
		s.Containers.Forget(id)
		if s.Removed != nil {
			s.Removed(id)
		}
	}
	for i := range deeds {
		if d := &deeds[i]; d.kind == m.Type && d.action == action {
			a := made(Rule{d.rule, d.priority}, "docker", m.Time())
			a.Tags = []string{"docker", d.kind}
			s.tell(ctx, &a, d, m, id, command)
			return
		}
	}
}

func (s *Events) tell(ctx context.Context, a *Alert, d *deed, m *engine.Message, id, command string) {
	var details *Details
	if (m.Type == "container" || m.Type == "network") && id != "" {
		if m.Type == "network" || d.action == "attach" || d.action == "update" {
			s.Containers.Forget(id) // it may run since it was asked about
		}
		details = s.Containers.Details(ctx, id)
	}
	if details != nil {
		a.Container = details.Container
		if d.action == "exec_create" && details.checksHealth(command) {
			return
		}
		started := a.Container.Started
		if (m.Type == "network" || d.action == "attach") && started.Year() > 1 && a.Time.Sub(started) > settled {
			a.Priority = falco.Notice
		}
		if d.action == "create" && a.Container.Privileged {
			a.Priority = falco.Warn
		}
	}
	if a.Priority > s.Least {
		return
	}
	a.Output = d.says
	a.Subject.Target = command
	if command != "" {
		a.add("command", command)
	}
	s.name(a, m, id)
	s.Peers.describe(a, a.Time)
	if d.action == "extract-to-dir" && details != nil && s.Copied != nil {
		s.Copied(ctx, details, a)
	}
	s.Take(a)
	if d.action == "update" && details != nil && s.Changed != nil {
		s.Changed(details)
	}
}

// name says what the message is about.
func (s *Events) name(a *Alert, m *engine.Message, id string) {
	attributes := m.Actor.Attributes
	switch m.Type {
	case "container", "network":
		if m.Type == "network" {
			a.add("network", attributes["name"])
			a.Subject.Target = attributes["name"]
		}
		if a.Container != nil {
			a.addContainer(a.Container.ID, a.Container.Name, a.Container.Image)
		} else if id != "" {
			a.addContainer(id, attributes["name"], attributes["image"])
		}
	default:
		what := attributes["name"]
		if what == "" {
			what = m.Actor.ID
		}
		a.add(m.Type, what)
		a.Subject.Target = what
	}
	for _, key := range []string{"path", "comment", "driver"} {
		if v := attributes[key]; v != "" {
			a.add(key, v)
		}
	}
}

// addContainer says which container an alert is about, by the names of the
// rules language.
func (a *Alert) addContainer(id, name, image string) {
	a.Subject.Image = image
	if a.Subject.Image == "" {
		a.Subject.Image = id
	}
	repository, tag := (&sensor.Container{Image: image}).Reference()
	for _, f := range [][2]string{
		{"container.id", id[:min(len(id), 12)]}, {"container.name", name}, {"container.image.repository", repository}, {"container.image.tag", tag},
	} {
		v := report.Printable(f[1])
		a.Output += " " + strings.ReplaceAll(f[0], ".", "_") + "=" + v
		a.Fields = append(a.Fields, falco.OutputField{Name: f[0], Value: v})
	}
}

// checksHealth reports whether a command is the container's health check, which
// the engine runs again and again.
func (d *Details) checksHealth(command string) bool {
	if len(d.Health) < 2 {
		return false
	}
	test := strings.Join(d.Health[1:], " ")
	return command == test || d.Health[0] == "CMD-SHELL" && strings.HasSuffix(command, " "+test)
}
