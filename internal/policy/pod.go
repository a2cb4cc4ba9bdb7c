package policy

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"bulkhead/internal/frontend/document"
	"bulkhead/internal/model"
)

// podOf returns the pod that would run w as w is run, for the policies written
// for pods. Every value has the place w has it from; what is not known is left
// out. It is in no namespace, so every constraint's namespaces match it.
//
// What Docker does without being told is said: the profile of seccomp, the
// user, the missing token of a service account.
func podOf(w *model.Workload) *document.Value {
	p := &podBuilder{w: w}
	name := podName(w)
	container := p.container(name)
	meta := fields(p.at(w.Place))
	meta.text("name", name, w.Place)
	meta.object("labels", labelFields(w.Labels, p.at(w.Place)))
	if a := w.AppArmor; a.Known() {
		notes := fields(p.at(a.Place()))
		notes.text("container.apparmor.security.beta.kubernetes.io/"+name, appArmorAnnotation(a.Value), p.at(a.Place()))
		meta.object("annotations", notes)
	}
	spec := p.spec(container)
	out := fields(w.Place)
	out.text("apiVersion", "v1", w.Place)
	out.text("kind", "Pod", w.Place)
	out.object("metadata", meta)
	out.object("spec", spec)
	return out.value()
}

// podName returns what the pod and its container are called.
func podName(w *model.Workload) string {
	return cmp.Or(w.Service, w.Container, w.Name)
}

// A fieldList is an object while it is built.
type fieldList struct {
	place model.Place
	list  []document.Field
}

func fields(place model.Place) *fieldList { return &fieldList{place: place} }

func (f *fieldList) value() *document.Value {
	return &document.Value{Kind: document.Object, Fields: f.list, Place: f.place}
}

func (f *fieldList) put(name string, v *document.Value) {
	f.list = append(f.list, document.Field{Name: name, Key: v.Place, Value: v})
}

func (f *fieldList) text(name, s string, at model.Place)       { f.put(name, document.Text(s, at)) }
func (f *fieldList) truth(name string, b bool, at model.Place) { f.put(name, document.Truth(b, at)) }

func (f *fieldList) number(name string, n int64, at model.Place) {
	f.put(name, &document.Value{Kind: document.Number, Text: strconv.FormatInt(n, 10), Place: at})
}

// object puts o where it says something.
func (f *fieldList) object(name string, o *fieldList) {
	if len(o.list) > 0 {
		f.put(name, o.value())
	}
}

// values puts a list where it holds something.
func (f *fieldList) values(name string, at model.Place, items ...*document.Value) {
	if len(items) > 0 {
		f.put(name, &document.Value{Kind: document.List, Items: items, Place: at})
	}
}

func (f *fieldList) texts(name string, at model.Place, items []string) {
	var list []*document.Value
	for _, s := range items {
		list = append(list, document.Text(s, at))
	}
	f.values(name, at, list...)
}

// facts puts the known items of a list.
func (f *fieldList) facts(name string, l model.List[string], or model.Place) {
	var list []*document.Value
	for _, i := range l.Items {
		if i.Known() {
			list = append(list, document.Text(i.Value, placeOr(i.Place(), or)))
		}
	}
	f.values(name, placeOr(l.Place(), or), list...)
}

// known puts a truth that is known.
func (f *fieldList) known(name string, b model.Fact[bool], or model.Place) {
	if b.Known() {
		f.truth(name, b.Value, placeOr(b.Place(), or))
	}
}

// placeOr returns p, or other where p says nothing.
func placeOr(p, other model.Place) model.Place {
	if !p.Span.IsValid() && p.Path == "" {
		other.Likely = p.Likely
		return other
	}
	return p
}

func labelFields(labels []model.Label, or model.Place) *fieldList {
	out := fields(or)
	for _, l := range labels {
		if l.Value.Known() {
			out.text(l.Name, l.Value.Value, placeOr(l.Value.Place(), or))
		}
	}
	return out
}

type podBuilder struct {
	w       *model.Workload
	volumes []*document.Value
	mounts  []*document.Value
}

// at returns p, or the workload's own place where p is none.
func (p *podBuilder) at(place model.Place) model.Place { return placeOr(place, p.w.Place) }

func (p *podBuilder) spec(container *document.Value) *fieldList {
	w := p.w
	spec := fields(p.at(w.Place))
	for name, ns := range map[string]model.Fact[model.Namespace]{"hostNetwork": w.Network, "hostPID": w.PID, "hostIPC": w.IPC} {
		if ns.Known() {
			spec.truth(name, ns.Value.Host || ns.Value.Mode == "host", p.at(ns.Place()))
		}
	}
	slices.SortFunc(spec.list, func(a, b document.Field) int { return cmp.Compare(a.Name, b.Name) })
	if w.UserNS.Known() && w.UserNS.State == model.Set {
		spec.truth("hostUsers", w.UserNS.Value.Host || w.UserNS.Value.Mode == "host", p.at(w.UserNS.Place()))
	}
	spec.truth("automountServiceAccountToken", false, p.at(w.Place))
	if w.Restart.Known() {
		policy := map[string]string{"always": "Always", "unless-stopped": "Always", "on-failure": "OnFailure"}[w.Restart.Value.Policy]
		spec.text("restartPolicy", cmp.Or(policy, "Never"), p.at(w.Restart.Place()))
	}
	context := fields(p.at(w.Place))
	var sysctls []*document.Value
	for _, s := range w.Sysctls {
		at := p.at(s.Value.Place())
		one := fields(at)
		one.text("name", s.Name, at)
		one.text("value", s.Value.Value, at)
		sysctls = append(sysctls, one.value())
	}
	context.values("sysctls", p.at(w.Place), sysctls...)
	var groups []*document.Value
	for _, g := range w.Groups.Items {
		if _, err := strconv.ParseInt(g.Value, 10, 64); err == nil && g.Known() {
			groups = append(groups, &document.Value{Kind: document.Number, Text: g.Value, Place: p.at(g.Place())})
		}
	}
	context.values("supplementalGroups", p.at(w.Groups.Place()), groups...)
	spec.object("securityContext", context)
	spec.values("containers", p.at(w.Place), container)
	spec.values("volumes", p.at(w.Place), p.volumes...)
	return spec
}

func (p *podBuilder) container(name string) *document.Value {
	w := p.w
	c := fields(p.at(w.Place))
	c.text("name", name, p.at(w.Place))
	if w.Image != nil && w.Image.Ref.Known() && w.Image.Ref.Value.Raw != "" {
		c.text("image", w.Image.Ref.Value.Raw, p.at(w.Image.Ref.Place()))
	}
	for field, argv := range map[string]model.Fact[model.Argv]{"command": w.Entrypoint, "args": w.Command} {
		if argv.Known() && argv.State == model.Set {
			c.texts(field, p.at(argv.Place()), argv.Value.Args)
		}
	}
	slices.SortFunc(c.list[1:], func(a, b document.Field) int { return cmp.Compare(b.Name, a.Name) })
	if w.WorkingDir.Known() && w.WorkingDir.Value != "" {
		c.text("workingDir", w.WorkingDir.Value, p.at(w.WorkingDir.Place()))
	}
	c.known("stdin", w.Stdin, w.Place)
	c.known("tty", w.TTY, w.Place)
	p.environment(c)
	p.ports(c)
	p.resources(c)
	p.probes(c)
	p.mounted()
	c.values("volumeMounts", p.at(w.Place), p.mounts...)
	c.object("securityContext", p.security())
	return c.value()
}

func (p *podBuilder) environment(c *fieldList) {
	var list []*document.Value
	for _, v := range p.w.Env {
		if v.Image {
			continue // the image says it, not the pod
		}
		at := p.at(v.Value.Place())
		one := fields(at)
		one.text("name", v.Name, at)
		if v.Value.Known() {
			one.text("value", v.Value.Value, at)
		}
		list = append(list, one.value())
	}
	c.values("env", p.at(p.w.Place), list...)
}

func (p *podBuilder) ports(c *fieldList) {
	const most = 1000 // of one range
	var list []*document.Value
	for _, port := range p.w.Ports {
		if port.State == model.Unknown {
			continue
		}
		at := p.at(port.Place)
		for n := port.First; n <= port.Last && n-port.First < most; n++ {
			one := fields(at)
			one.number("containerPort", int64(n), at)
			if port.HostFirst > 0 {
				one.number("hostPort", int64(port.HostFirst+n-port.First), at)
			}
			if ip := port.HostIP.Value; ip != "" {
				one.text("hostIP", ip, at)
			}
			one.text("protocol", strings.ToUpper(cmp.Or(port.Protocol, "tcp")), at)
			list = append(list, one.value())
		}
	}
	c.values("ports", p.at(p.w.Place), list...)
}

func (p *podBuilder) resources(c *fieldList) {
	w := p.w
	limits, requests := fields(p.at(w.Memory.Place())), fields(p.at(w.MemoryReservation.Place()))
	memory := func(to *fieldList, f model.Fact[int64]) {
		if f.Known() && f.Value > 0 {
			to.text("memory", strconv.FormatInt(f.Value, 10), p.at(f.Place()))
		}
	}
	cpu := func(to *fieldList, f model.Fact[float64]) {
		if f.Known() && f.Value > 0 {
			to.text("cpu", strconv.FormatInt(int64(math.Ceil(f.Value*1000)), 10)+"m", p.at(f.Place()))
		}
	}
	memory(limits, w.Memory)
	cpu(limits, w.CPUs)
	memory(requests, w.MemoryReservation)
	cpu(requests, w.CPUReservation)
	out := fields(limits.place)
	out.object("limits", limits)
	out.object("requests", requests)
	c.object("resources", out)
}

func (p *podBuilder) probes(c *fieldList) {
	h := p.w.Health
	if !h.Known() || h.Value.Kind != model.CommandHealth && h.Value.Kind != model.ProbeHealth {
		return
	}
	for _, name := range []string{"livenessProbe", "readinessProbe"} {
		command := fields(p.at(h.Place()))
		command.texts("command", p.at(h.Place()), h.Value.Test)
		probe := fields(p.at(h.Place()))
		probe.put("exec", command.value())
		c.object(name, probe)
	}
}

// mounted makes a volume of every mount.
func (p *podBuilder) mounted() {
	for i, m := range p.w.Mounts {
		at := p.at(m.Place)
		name := "volume-" + strconv.Itoa(i+1)
		volume, mount := fields(at), fields(at)
		volume.text("name", name, at)
		mount.text("name", name, at)
		if m.Target.Known() {
			mount.text("mountPath", m.Target.Value, at)
		}
		mount.truth("readOnly", m.ReadOnly.Known() && m.ReadOnly.Value, p.at(m.ReadOnly.Place()))
		kind, source := p.volume(m, at)
		volume.put(kind, source)
		p.volumes, p.mounts = append(p.volumes, volume.value()), append(p.mounts, mount.value())
	}
}

func (p *podBuilder) volume(m model.Mount, at model.Place) (string, *document.Value) {
	source := fields(at)
	switch {
	case m.Kind == model.BindMount:
		path := m.Source.Value
		if len(m.Host) > 0 {
			path = m.Host[0]
		}
		source.text("path", path, at)
		return "hostPath", source.value()
	case m.Kind == model.TmpfsMount:
		source.text("medium", "Memory", at)
		return "emptyDir", source.value()
	case m.Kind == model.VolumeMount && m.Source.Value != "":
		source.text("claimName", m.Source.Value, at)
		return "persistentVolumeClaim", source.value()
	case m.Kind == model.OtherMount:
		return "projected", source.value()
	}
	return "emptyDir", source.value()
}

func (p *podBuilder) security() *fieldList {
	w := p.w
	s := fields(p.at(w.Place))
	s.known("privileged", w.Privileged, p.at(w.Place))
	s.known("readOnlyRootFilesystem", w.ReadOnlyRoot, p.at(w.Place))
	if n := w.NoNewPrivileges; n.Known() {
		s.truth("allowPrivilegeEscalation", !n.Value, p.at(n.Place()))
	}
	if u := w.User; u.Known() {
		at := p.at(u.Place())
		if u.Value.UID >= 0 {
			s.number("runAsUser", u.Value.UID, at)
		}
		if u.Value.GID >= 0 {
			s.number("runAsGroup", u.Value.GID, at)
		}
		s.truth("runAsNonRoot", !u.Value.Root(), at)
	}
	capabilities := fields(p.at(w.CapAdd.Place()))
	capabilities.facts("add", w.CapAdd, p.at(w.Place))
	capabilities.facts("drop", w.CapDrop, p.at(w.Place))
	s.object("capabilities", capabilities)
	if f := w.Seccomp; f.Known() {
		s.object("seccompProfile", p.profile(f))
	}
	if f := w.AppArmor; f.Known() {
		s.object("appArmorProfile", p.profile(f))
	}
	if f := w.SELinux; f.Known() && f.State == model.Set {
		s.object("seLinuxOptions", p.selinux(f))
	}
	if f := w.UnmaskedPaths; f.Known() {
		mask := "Default"
		if f.Value {
			mask = "Unmasked"
		}
		s.text("procMount", mask, p.at(f.Place()))
	}
	return s
}

func (p *podBuilder) profile(f model.Fact[string]) *fieldList {
	at := p.at(f.Place())
	out := fields(at)
	switch f.Value {
	case "default", "":
		out.text("type", "RuntimeDefault", at)
	case "unconfined":
		out.text("type", "Unconfined", at)
	default:
		out.text("type", "Localhost", at)
		out.text("localhostProfile", strings.TrimPrefix(f.Value, "localhost/"), at)
	}
	return out
}

func appArmorAnnotation(profile string) string {
	switch profile {
	case "default", "":
		return "runtime/default"
	case "unconfined":
		return "unconfined"
	}
	return "localhost/" + strings.TrimPrefix(profile, "localhost/")
}

// selinux reads options such as type:spc_t and level:s0.
func (p *podBuilder) selinux(f model.Fact[string]) *fieldList {
	at := p.at(f.Place())
	out := fields(at)
	for _, option := range strings.FieldsFunc(f.Value, func(r rune) bool { return r == ',' || r == ' ' }) {
		if k, v, ok := strings.Cut(option, ":"); ok && slices.Contains([]string{"user", "role", "type", "level"}, k) {
			out.text(k, v, at)
		}
	}
	return out
}
