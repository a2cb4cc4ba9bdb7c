package policy

import (
	"cmp"
	"strconv"

	"bulkhead/internal/frontend/document"
	"bulkhead/internal/model"
)

// factsOf returns data.bulkhead.facts for judging w: the workload itself, and
// all there are. The fields are documented in docs/guide/policy.md.
func factsOf(w *document.Value, all []*document.Value) *document.Value {
	out := fields(w.Place)
	out.put("workload", w)
	out.values("workloads", w.Place, all...)
	return out.value()
}

// workloadFacts returns w as policies over facts see it. A fact that is not
// known is left out and named in "unknown"; one that rests on something
// assumed is named in "likely".
func workloadFacts(w *model.Workload) *document.Value {
	b := &factBuilder{fieldList: fields(w.Place), w: w}
	b.text("name", w.Name, w.Place)
	b.text("surface", string(w.Surface), w.Place)
	b.text("kind", w.Kind, w.Place)
	for _, x := range [][2]string{{"namespace", w.Namespace}, {"project", w.Project}, {"service", w.Service}, {"container", w.Container}, {"status", w.Status}, {"role", string(w.Role)}} {
		if x[1] != "" {
			b.text(x[0], x[1], w.Place)
		}
	}
	b.image()
	b.user()
	b.privileges()
	b.namespaces()
	b.limits()
	b.mounts()
	b.reach()
	b.environment()
	b.object("labels", labelFields(w.Labels, w.Place))
	b.texts("unknown", w.Place, b.unknown)
	b.texts("likely", w.Place, b.likely)
	return b.value()
}

type factBuilder struct {
	*fieldList
	w               *model.Workload
	unknown, likely []string
}

// add puts a fact that is known.
func add[T any](b *factBuilder, name string, f model.Fact[T], value func(v T, at model.Place) *document.Value) {
	if !f.Known() {
		b.unknown = append(b.unknown, name)
		return
	}
	if f.Likely {
		b.likely = append(b.likely, name)
	}
	b.put(name, value(f.Value, placeOr(f.Place(), b.w.Place)))
}

func number(n int64, at model.Place) *document.Value {
	return &document.Value{Kind: document.Number, Text: strconv.FormatInt(n, 10), Place: at}
}

func decimal(n float64, at model.Place) *document.Value {
	return &document.Value{Kind: document.Number, Text: strconv.FormatFloat(n, 'g', -1, 64), Place: at}
}

func (b *factBuilder) image() {
	i := b.w.Image
	if i == nil || !i.Ref.Known() {
		b.unknown = append(b.unknown, "image")
		return
	}
	at := placeOr(i.Ref.Place(), b.w.Place)
	out, ref := fields(at), i.Ref.Value
	out.text("reference", ref.Raw, at)
	out.text("registry", ref.Registry, at)
	out.text("repository", ref.Repository, at)
	out.text("tag", ref.Tag, at)
	out.text("digest", ref.Digest, at)
	out.truth("built", i.Built, at)
	b.put("image", out.value())
}

func (b *factBuilder) user() {
	add(b, "user", b.w.User, func(u model.User, at model.Place) *document.Value {
		out := fields(at)
		out.text("name", u.Name, at)
		out.number("uid", u.UID, at)
		out.number("gid", u.GID, at)
		out.truth("root", u.Root(), at)
		return out.value()
	})
}

func (b *factBuilder) list(name string, l model.List[string]) {
	if !l.Known() {
		b.unknown = append(b.unknown, name)
	}
	out := &document.Value{Kind: document.List, Place: placeOr(l.Place(), b.w.Place)}
	for _, i := range l.Items {
		if i.Known() {
			out.Items = append(out.Items, document.Text(i.Value, placeOr(i.Place(), out.Place)))
		}
	}
	b.put(name, out)
}

func (b *factBuilder) privileges() {
	w := b.w
	add(b, "privileged", w.Privileged, document.Truth)
	add(b, "no_new_privileges", w.NoNewPrivileges, document.Truth)
	add(b, "read_only_root", w.ReadOnlyRoot, document.Truth)
	add(b, "unmasked_paths", w.UnmaskedPaths, document.Truth)
	add(b, "seccomp", w.Seccomp, document.Text)
	add(b, "apparmor", w.AppArmor, document.Text)
	add(b, "selinux", w.SELinux, document.Text)
	b.list("cap_add", w.CapAdd)
	b.list("cap_drop", w.CapDrop)
	b.list("devices", w.Devices)
}

func (b *factBuilder) namespaces() {
	w := b.w
	for _, x := range []struct {
		name string
		fact model.Fact[model.Namespace]
	}{{"network", w.Network}, {"pid", w.PID}, {"ipc", w.IPC}, {"uts", w.UTS}, {"userns", w.UserNS}, {"cgroupns", w.CgroupNS}} {
		add(b, x.name, x.fact, func(n model.Namespace, at model.Place) *document.Value {
			out := fields(at)
			out.text("mode", n.Mode, at)
			out.truth("host", n.Host || n.Mode == "host", at)
			return out.value()
		})
	}
}

func (b *factBuilder) limits() {
	w := b.w
	add(b, "memory", w.Memory, number)
	add(b, "cpus", w.CPUs, decimal)
	add(b, "pids", w.PIDs, number)
	add(b, "restart", w.Restart, func(r model.Restart, at model.Place) *document.Value { return document.Text(r.Policy, at) })
	add(b, "health", w.Health, func(h model.Health, at model.Place) *document.Value {
		return document.Text(cmp.Or(string(h.Kind), "none"), at)
	})
}

func (b *factBuilder) mounts() {
	var list []*document.Value
	for _, m := range b.w.Mounts {
		at := placeOr(m.Place, b.w.Place)
		one := fields(at)
		one.text("kind", string(m.Kind), at)
		one.text("source", m.Source.Value, at)
		one.text("target", m.Target.Value, at)
		one.truth("read_only", m.ReadOnly.Known() && m.ReadOnly.Value, placeOr(m.ReadOnly.Place(), at))
		one.texts("host", at, m.Host)
		list = append(list, one.value())
	}
	b.put("mounts", &document.Value{Kind: document.List, Items: list, Place: b.w.Place})
}

func (b *factBuilder) reach() {
	var ports, exposed []*document.Value
	for _, p := range b.w.Ports {
		at := placeOr(p.Place, b.w.Place)
		one := fields(at)
		one.number("first", int64(p.First), at)
		one.number("last", int64(p.Last), at)
		one.text("protocol", p.Protocol, at)
		one.text("host_ip", p.HostIP.Value, at)
		one.number("host_first", int64(p.HostFirst), at)
		one.number("host_last", int64(p.HostLast), at)
		ports = append(ports, one.value())
	}
	for _, e := range b.w.Exposure {
		at := placeOr(e.Place, b.w.Place)
		one := fields(at)
		one.text("address", e.Address, at)
		one.number("port", int64(e.Port), at)
		one.truth("public", e.Public, at)
		one.text("via", e.Via, at)
		exposed = append(exposed, one.value())
	}
	b.put("ports", &document.Value{Kind: document.List, Items: ports, Place: b.w.Place})
	b.put("exposure", &document.Value{Kind: document.List, Items: exposed, Place: b.w.Place})
}

// environment puts the names of variables and where their values come from,
// not the values: a message of a policy is printed.
func (b *factBuilder) environment() {
	var list []*document.Value
	for _, v := range b.w.Env {
		at := placeOr(v.Value.Place(), b.w.Place)
		one := fields(at)
		one.text("name", v.Name, at)
		one.text("from", string(v.From), at)
		one.truth("image", v.Image, at)
		list = append(list, one.value())
	}
	b.put("env", &document.Value{Kind: document.List, Items: list, Place: b.w.Place})
}
