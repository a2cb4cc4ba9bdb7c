package kube

import (
	"slices"
	"strconv"
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// either returns the container's own setting, else the pod's, else the
// container's, which is where an edit puts it.
func (c *container) either(key string) yamltext.Value {
	own := c.security.Get(key)
	if shared := c.shared.Get(key); !given(own) && given(shared) {
		return shared
	}
	return own
}

// privileges reads the user, capabilities and what else lets a process gain
// rights.
func (c *container) privileges(w *model.Workload) {
	w.User = c.user()
	w.NonRoot = boolean(c.either("runAsNonRoot"), false, c.at)
	w.Groups = c.groups()
	w.Privileged = boolean(c.security.Get("privileged"), false, c.at)
	w.CapAdd = c.list(c.security.At("capabilities", "add"), c.at, capability)
	w.Misspelled = c.misspelled()
	w.CapDrop = c.list(c.security.At("capabilities", "drop"), c.at, capability)
	w.ReadOnlyRoot = boolean(c.security.Get("readOnlyRootFilesystem"), false, c.at)
	w.NoNewPrivileges = inverse(boolean(c.security.Get("allowPrivilegeEscalation"), true, c.at))
	w.HostProcess = boolean(c.hostProcess(), false, c.at)
	for _, s := range c.items(c.shared.Get("sysctls")) {
		l := model.Label{Name: s.Get("name").Text(), Value: text(s.Get("value"), "", s.Get("name").Span())}
		l.Value.Delete = s.Delete
		w.Sysctls = append(w.Sysctls, l)
	}
}

// misspelled reads the capabilities to add that are written in another way than
// Kubernetes names them: the runtime puts CAP_ before what is there.
func (c *container) misspelled() []model.Fact[string] {
	added := c.list(c.security.At("capabilities", "add"), c.at, same)
	return slices.DeleteFunc(added.Items, func(f model.Fact[string]) bool { return f.Value == capability(f.Value) })
}

// inverse returns the fact that says the opposite of f.
func inverse(f model.Fact[bool]) model.Fact[bool] {
	edit := f.Edit
	f.Value = !f.Value
	f.Edit = func(v bool) []source.Edit { return edit(!v) }
	return f
}

func (c *container) hostProcess() yamltext.Value {
	own, shared := c.security.At("windowsOptions", "hostProcess"), c.shared.At("windowsOptions", "hostProcess")
	if !given(own) && given(shared) {
		return shared
	}
	return own
}

// user reads runAsUser and runAsGroup. Where no user is given the image's
// holds, which may be root.
func (c *container) user() model.Fact[model.User] {
	uid, gid := c.either("runAsUser"), c.either("runAsGroup")
	f := model.Fact[model.User]{Value: model.User{GID: -1}, Span: c.at, Likely: true}
	if given(uid) {
		n, ok := uid.Int()
		f = model.Fact[model.User]{Value: model.User{Name: uid.Text(), UID: n, GID: -1}, State: model.Set, Span: uid.Span(), Delete: uid.Delete}
		if !ok {
			f.State = model.Unknown
		}
	}
	if n, ok := gid.Int(); ok && given(gid) {
		f.Value.GID = n
		if given(uid) {
			f.Value.Name += ":" + gid.Text()
		}
	}
	f.Edit = func(u model.User) []source.Edit {
		var edits []source.Edit
		if n, ok := uid.Int(); u.UID >= 0 && (!ok || n != u.UID) {
			edits = uid.Set(yamltext.Int(u.UID))
		}
		if n, ok := gid.Int(); ok && u.GID >= 0 && n != u.GID {
			edits = append(edits, gid.Set(yamltext.Int(u.GID))...)
		}
		return edits
	}
	return f
}

// groups reads fsGroup and supplementalGroups.
func (c *container) groups() model.List[string] {
	l := c.list(c.shared.Get("supplementalGroups"), c.at, same)
	l.Add = func(s string) []source.Edit {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil
		}
		return c.shared.Get("supplementalGroups").Append(yamltext.Int(n))
	}
	if fs := c.shared.Get("fsGroup"); given(fs) {
		l.Items = append(l.Items, text(fs, "", c.at))
		if l.State == model.Unset {
			l.State = model.Set
		}
	}
	return l
}

// profiles reads seccomp, AppArmor, SELinux and the masking of /proc.
func (c *container) profiles(w *model.Workload) {
	own := c.value.Get("name").Text()
	w.Seccomp = c.profile("seccompProfile", "unconfined",
		"container.seccomp.security.alpha.kubernetes.io/"+own, "seccomp.security.alpha.kubernetes.io/pod")
	w.AppArmor = c.profile("appArmorProfile", "default", "container.apparmor.security.beta.kubernetes.io/"+own)
	w.SELinux = c.selinux()
	mount := text(c.security.Get("procMount"), "Default", c.at)
	w.UnmaskedPaths = model.Fact[bool]{Value: mount.Value == "Unmasked", State: mount.State, Span: mount.Span, Delete: mount.Delete}
	w.UnmaskedPaths.Edit = func(v bool) []source.Edit {
		if v {
			return mount.Edit("Unmasked")
		}
		return mount.Edit("Default")
	}
}

// profile reads a seccomp or AppArmor profile: the container's field, else one
// of the annotations that came before it, else the pod's field, else def.
func (c *container) profile(key, def string, annotations ...string) model.Fact[string] {
	own, shared := c.security.Get(key), c.shared.Get(key)
	if given(own) {
		return profileField(own, c.at)
	}
	for _, a := range annotations {
		if v := c.template.At("metadata", "annotations", a); given(v) {
			return profileAnnotation(v, c.at)
		}
	}
	if given(shared) {
		return profileField(shared, c.at)
	}
	return model.Fact[string]{Value: def, Span: c.at, Edit: func(v string) []source.Edit { return setProfile(own, v) }}
}

func profileField(v yamltext.Value, at source.Span) model.Fact[string] {
	kind := v.Get("type")
	f := text(kind, "", at)
	if !given(kind) {
		f.State, f.Span = model.Unknown, v.KeySpan()
	}
	f.Delete = v.Delete
	f.Edit = func(s string) []source.Edit { return setProfile(v, s) }
	switch f.Value {
	case "RuntimeDefault":
		f.Value = "default"
	case "Unconfined":
		f.Value = "unconfined"
	case "Localhost":
		local := v.Get("localhostProfile")
		f.Value = "localhost/" + local.Text()
		if open(local) {
			f.State = model.Unknown
		}
	default:
		f.State = model.Unknown
	}
	return f
}

// setProfile returns the edits that make v, a profile that may be absent, say s.
func setProfile(v yamltext.Value, s string) []source.Edit {
	kind, local := "Localhost", strings.TrimPrefix(s, "localhost/")
	switch s {
	case "default":
		kind, local = "RuntimeDefault", ""
	case "unconfined":
		kind, local = "Unconfined", ""
	}
	entries := []yamltext.Entry{{Key: "type", Value: yamltext.Str(kind)}}
	if local != "" {
		entries = append(entries, yamltext.Entry{Key: "localhostProfile", Value: yamltext.Str(local)})
	}
	if !given(v) {
		return v.Set(yamltext.Map(entries...))
	}
	edits := v.Get("type").Set(yamltext.Str(kind))
	switch old := v.Get("localhostProfile"); {
	case local != "":
		edits = append(edits, old.Set(yamltext.Str(local))...)
	case given(old):
		edits = append(edits, old.Delete()...)
	}
	return edits
}

// profileAnnotation reads an annotation. That of seccomp has no effect in
// releases from 1.27 on, so what it says is likely at best.
func profileAnnotation(v yamltext.Value, at source.Span) model.Fact[string] {
	f := text(v, "", at)
	f.Likely = strings.Contains(v.Key(), "seccomp")
	switch {
	case f.Value == "runtime/default" || f.Value == "docker/default":
		f.Value = "default"
	case f.Value == "unconfined" || strings.HasPrefix(f.Value, "localhost/"):
	default:
		f.State = model.Unknown
	}
	f.Edit = func(s string) []source.Edit {
		if s == "default" {
			s = "runtime/default"
		}
		return v.Set(yamltext.Str(s))
	}
	return f
}

// selinux reads seLinuxOptions as "type:T,user:U".
func (c *container) selinux() model.Fact[string] {
	v := c.either("seLinuxOptions")
	if shared := c.shared.Get("seLinuxOptions"); v.Len() == 0 && shared.Len() > 0 {
		v = shared // options that say nothing leave the pod's text in place, and admission reads it
	}
	f := model.Fact[string]{Value: "default", Span: c.at}
	if !given(v) {
		return f
	}
	f.State, f.Span, f.Delete = model.Set, v.Span(), v.Delete
	var parts []string
	for _, key := range []string{"user", "role", "type", "level"} {
		part := v.Get(key)
		if part.Text() == "" {
			continue
		}
		parts = append(parts, key+":"+part.Text())
		if key == "type" || len(parts) == 1 {
			f.Span = part.Span()
		}
		if open(part) {
			f.State = model.Unknown
		}
	}
	if len(parts) > 0 {
		f.Value = strings.Join(parts, ",")
	}
	return f
}

// namespaces reads which namespaces of the node the pod uses.
func (c *container) namespaces(w *model.Workload) {
	w.PID = c.hosts("hostPID", "")
	w.IPC = c.hosts("hostIPC", "")
	w.Network = c.hosts("hostNetwork", "")
	w.UTS = model.Fact[model.Namespace]{Span: c.at}
	w.CgroupNS = model.Fact[model.Namespace]{Span: c.at}
	users := c.spec.Get("hostUsers")
	w.UserNS = c.hosts("hostUsers", "host")
	if !given(users) {
		w.UserNS.Value.Mode = "host"
	}
}

// hosts reads a boolean that gives the pod a namespace of the node.
func (c *container) hosts(key, def string) model.Fact[model.Namespace] {
	b := boolean(c.spec.Get(key), def == "host", c.at)
	f := model.Fact[model.Namespace]{State: b.State, Span: b.Span, Delete: b.Delete}
	if b.Value {
		f.Value.Mode = "host"
	}
	f.Edit = func(n model.Namespace) []source.Edit {
		switch n.Mode {
		case "", "host":
			return b.Edit(n.Mode == "host")
		}
		return nil
	}
	return f
}
