package watch

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A difference is a setting that a container has otherwise than declared.
type difference struct{ key, declared, has string }

// A comparison compares what can only differ where somebody changed it. What is
// written with a variable is left alone, also where it has a default: nobody here
// knows what it was when the container was made.
type comparison struct {
	declared, has *model.Workload
	found         []difference
}

// differences returns what a container has otherwise than its service.
func differences(declared, has *model.Workload) []difference {
	c := &comparison{declared: declared, has: has}
	flag(c, "privileged", declared.Privileged, has.Privileged)
	flag(c, "read_only", declared.ReadOnlyRoot, has.ReadOnlyRoot)
	limit(c, "mem_limit", declared.Memory, has.Memory)
	limit(c, "pids_limit", declared.PIDs, has.PIDs)
	names(c, "cap_add", declared.CapAdd, has.CapAdd)
	names(c, "cap_drop", declared.CapDrop, has.CapDrop)
	host(c, "pid", declared.PID, has.PID)
	host(c, "ipc", declared.IPC, has.IPC)
	host(c, "network_mode", declared.Network, has.Network)
	c.add(declared.User.State == model.Set && known(declared.User) && has.User.State != model.Unknown, "user", declared.User.Value.Name, has.User.Value.Name)
	c.image()
	c.ports()
	c.mounts()
	return c.found
}

func (c *comparison) add(known bool, key, want, got string) {
	if known && want != got {
		c.found = append(c.found, difference{key, want, got})
	}
}

// known reports whether a fact says what it says without a variable.
func known[T any](f model.Fact[T]) bool { return f.State != model.Unknown && fixed(f.Span) }

func fixed(s source.Span) bool { return !strings.Contains(s.Text(), "$") }

func flag(c *comparison, key string, want, got model.Fact[bool]) {
	c.add(known(want) && known(got), key, strconv.FormatBool(want.Value), strconv.FormatBool(got.Value))
}

func limit(c *comparison, key string, want, got model.Fact[int64]) {
	c.add(known(want) && known(got), key, strconv.FormatInt(max(want.Value, 0), 10), strconv.FormatInt(max(got.Value, 0), 10))
}

func names(c *comparison, key string, want, got model.List[string]) {
	c.add(want.Known() && got.Known() && fixed(want.Span), key, items(want), items(got))
}

func host(c *comparison, key string, want, got model.Fact[model.Namespace]) {
	c.add(known(want) && known(got), key, hostOr(want.Value), hostOr(got.Value))
}

// image compares the names of images. One that a service builds without naming it
// is named by Compose, one that was taken away from its name by the engine.
func (c *comparison) image() {
	want, got := c.declared.Image, c.has.Image
	if want == nil || got == nil || want.Ref.State != model.Set || !known(want.Ref) || got.Ref.State == model.Unknown {
		return
	}
	asked, has := want.Ref.Value, got.Ref.Value
	if asked.Repository == "" || has.Repository == "" || strings.HasPrefix(has.Raw, "sha256:") || strings.HasPrefix(got.ID, "sha256:"+has.Raw) {
		return
	}
	c.add(true, "image", named(asked), named(has))
}

// named returns what tells one image from another: where a digest is given, the
// tag does not.
func named(r model.Reference) string {
	if r.Digest != "" {
		return r.Familiar() + "@" + r.Digest
	}
	return r.Tagged()
}

// ports compares the published ports. In the network of the machine or of another
// container there are none, whatever is declared.
func (c *comparison) ports() {
	if n := c.declared.Network; !known(n) || n.Value.Mode == "host" || n.Value.Mode == "none" || n.Value.Target != "" {
		return
	}
	unknown := func(p model.Port) bool { return p.State == model.Unknown || !known(p.HostIP) || !fixed(p.Place.Span) }
	if c.declared.PublishAll.Value || slices.ContainsFunc(c.declared.Ports, unknown) || slices.ContainsFunc(c.has.Ports, unknown) {
		return
	}
	missing := slices.DeleteFunc(slices.Clone(c.declared.Ports), func(p model.Port) bool {
		return slices.ContainsFunc(c.has.Ports, func(q model.Port) bool { return publishes(p, q) })
	})
	more := slices.DeleteFunc(slices.Clone(c.has.Ports), func(q model.Port) bool {
		return slices.ContainsFunc(c.declared.Ports, func(p model.Port) bool { return publishes(p, q) })
	})
	if len(missing)+len(more) > 0 {
		c.add(true, "ports", called(c.declared.Ports), called(c.has.Ports))
	}
}

// publishes reports whether a port that was found may be of one that was asked for:
// the engine chooses a port of the machine where none is given, or one of many.
func publishes(asked, found model.Port) bool {
	if asked.Protocol != found.Protocol || everywhere(asked.HostIP.Value) != everywhere(found.HostIP.Value) ||
		found.Last < asked.First || found.First > asked.Last {
		return false
	}
	switch {
	case asked.HostFirst == 0:
		return true
	case asked.HostLast-asked.HostFirst == asked.Last-asked.First:
		return found.HostFirst-asked.HostFirst == found.First-asked.First
	}
	return found.HostFirst >= asked.HostFirst && found.HostLast <= asked.HostLast
}

func everywhere(ip string) string {
	if ip == "0.0.0.0" || ip == "::" {
		return ""
	}
	return ip
}

// called returns ports as Compose's short syntax has them.
func called(ports []model.Port) string {
	span := func(first, last int) string {
		if last > first {
			return fmt.Sprintf("%d-%d", first, last)
		}
		return strconv.Itoa(first)
	}
	var out []string
	for _, p := range ports {
		text := span(p.First, p.Last) + "/" + p.Protocol
		if p.HostFirst > 0 {
			text = span(p.HostFirst, p.HostLast) + ":" + text
		}
		if ip := everywhere(p.HostIP.Value); ip != "" {
			text = ip + ":" + text
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return "[" + strings.Join(slices.Compact(out), ", ") + "]"
}

// mounts compares what is mounted, by its place in the container. Configurations
// and secrets become mounts that are not declared as such; volumes of the image have
// no name.
func (c *comparison) mounts() {
	if c.declared.MountsAll == model.Unknown || c.has.MountsAll == model.Unknown {
		return
	}
	left := map[string]model.Mount{}
	for _, m := range c.declared.Mounts {
		if !known(m.Target) || m.Kind != model.OtherMount && (!known(m.Source) || !known(m.ReadOnly) || strings.HasPrefix(m.Source.Value, "~")) {
			return
		}
		left[path.Clean(m.Target.Value)] = m
	}
	var missing, more []string
	for _, m := range c.has.Mounts {
		target := path.Clean(m.Target.Value)
		want, ok := left[target]
		delete(left, target)
		switch {
		case ok && (want.Kind == model.OtherMount || alike(want, m)):
		case !ok && (m.Kind == model.VolumeMount && m.Source.Value == "" || c.given(target)):
		default:
			more = append(more, mounted(m))
			if ok {
				missing = append(missing, mounted(want))
			}
		}
	}
	for _, m := range left {
		if m.Kind != model.OtherMount {
			missing = append(missing, mounted(m))
		}
	}
	slices.Sort(missing)
	slices.Sort(more)
	c.add(true, "mounts", "["+strings.Join(missing, ", ")+"]", "["+strings.Join(more, ", ")+"]")
}

// given reports whether a place in the container is that of a secret of the service.
func (c *comparison) given(target string) bool {
	return slices.ContainsFunc(c.declared.Secrets, func(s model.SecretUse) bool {
		to := s.Target.Value
		if to == "" {
			to = s.Name
		}
		if !path.IsAbs(to) {
			to = path.Join("/run/secrets", to)
		}
		return s.Target.State == model.Unknown || path.Clean(to) == target
	})
}

// alike reports whether a mount can be what was declared. What Compose calls a
// volume is not known.
func alike(want, got model.Mount) bool {
	if want.ReadOnly.Value != got.ReadOnly.Value {
		return false
	}
	switch {
	case want.Kind == model.BindMount && got.Kind == model.BindMount:
		return samePath(want.Source.Value, got.Source.Value)
	case want.Kind == model.BindMount && got.Kind == model.VolumeMount:
		return len(want.Options) > 0 // a volume that stands for a folder
	}
	return want.Kind == got.Kind
}

func samePath(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	x, err := filepath.EvalSymlinks(a)
	y, err2 := filepath.EvalSymlinks(b)
	return err == nil && err2 == nil && x == y
}

// mounted returns a mount as Compose's short syntax has it.
func mounted(m model.Mount) string {
	text := path.Clean(m.Target.Value)
	switch {
	case m.Kind == model.TmpfsMount:
		text += ":tmpfs"
	case m.Source.Value != "":
		text = m.Source.Value + ":" + text
	}
	if m.ReadOnly.Value {
		text += ":ro"
	}
	return text
}

// items returns a list in an order of its own.
func items(l model.List[string]) string {
	var all []string
	for _, i := range l.Items {
		all = append(all, i.Value)
	}
	slices.Sort(all)
	return "[" + strings.Join(slices.Compact(all), ", ") + "]"
}

func hostOr(n model.Namespace) string {
	if n.Mode == "host" {
		return n.Mode
	}
	return "own"
}
