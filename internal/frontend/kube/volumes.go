package kube

import (
	"path"
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// mounts joins the container's mounts with the pod's volumes. A volume that no
// container mounts gives nobody anything and is left out.
func (c *container) mounts(w *model.Workload) {
	w.MountsAll = model.Set
	for _, v := range c.items(c.value.Get("volumeMounts")) {
		volume, ok := c.volumes[v.Get("name").Text()]
		m := c.mount(v, volume)
		if !ok && c.kind != "StatefulSet" { // whose claim templates are volumes too
			m.Source.State = model.Unknown
		}
		w.Mounts = append(w.Mounts, m)
		for _, s := range c.secrets(volume) {
			w.Secrets = append(w.Secrets, model.SecretUse{Name: s, Target: m.Target})
		}
	}
	for _, v := range c.items(c.value.Get("volumeDevices")) {
		at := v.Get("devicePath")
		m := model.Mount{Kind: model.OtherMount, Place: model.Place{Span: at.Span()}, Delete: v.Delete}
		m.Source, m.Target = text(v.Get("name"), "", at.Span()), text(at, "", at.Span())
		w.Mounts = append(w.Mounts, m)
	}
}

// declared returns the volumes of the pod.
func (p *pod) declared() []model.PodVolume {
	mounted := map[string]bool{}
	for _, field := range []string{"initContainers", "containers", "ephemeralContainers"} {
		for _, c := range p.items(p.spec.Get(field)) {
			for _, m := range append(p.items(c.Get("volumeMounts")), p.items(c.Get("volumeDevices"))...) {
				mounted[m.Get("name").Text()] = true
			}
		}
	}
	var out []model.PodVolume
	for _, v := range p.items(p.spec.Get("volumes")) {
		own := v.Get("name")
		d := model.PodVolume{Name: own.Text(), Place: model.Place{Span: own.Span()}}
		for _, kind := range p.pairs(v) {
			if kind.Key() != "name" && given(kind) {
				d.Kind, d.Place.Span = kind.Key(), kind.KeySpan()
				d.Host = text(kind.Get("path"), "", kind.KeySpan())
			}
		}
		if d.Kind == "hostPath" && d.Host.State == model.Set {
			d.Place.Span = d.Host.Span
		}
		if !mounted[d.Name] {
			d.Delete = v.Delete
		}
		out = append(out, d)
	}
	return out
}

// mount reads one mount of a volume, which is absent where the pod has none of
// that name.
func (c *container) mount(v, volume yamltext.Value) model.Mount {
	use := v.Get("name")
	m := model.Mount{Kind: model.VolumeMount, Place: model.Place{Span: use.Span()}, Delete: v.Delete}
	m.Source = model.Fact[string]{Value: use.Text(), State: model.Set, Span: use.Span()}
	m.Target = text(v.Get("mountPath"), "", use.Span())
	m.ReadOnly = boolean(v.Get("readOnly"), false, use.Span())
	m.Propagation = propagation(v.Get("mountPropagation"), use.Span())
	c.volume(&m, volume)
	sub := v.Get("subPath")
	switch {
	case given(v.Get("subPathExpr")), open(sub):
		m.Source.State = model.Unknown
	case m.Kind == model.BindMount && sub.Text() != "":
		m.Source.Value = path.Join(m.Source.Value, sub.Text())
		m.Source.Edit = nil
	}
	return m
}

// volume says what a mount is by the volume it is of.
func (c *container) volume(m *model.Mount, v yamltext.Value) {
	empty := v.Get("emptyDir")
	switch {
	case given(v.Get("hostPath")):
		host := v.At("hostPath", "path")
		m.Kind = model.BindMount
		m.Source = text(host, "", v.Get("hostPath").KeySpan())
		m.Source.Delete = nil
		m.Place.Span = m.Source.Span
	case empty.Exists() && empty.Get("medium").Text() == "Memory":
		m.Kind, m.Source.Value = model.TmpfsMount, ""
		unknown := model.Fact[bool]{State: model.Unknown, Span: m.Place.Span}
		m.Tmpfs = &model.TmpfsOptions{NoExec: unknown, NoSUID: unknown, NoDev: unknown, Size: memory(empty.Get("sizeLimit"), empty.KeySpan())}
	case empty.Exists():
		m.Source.Value = ""
	case given(v.Get("persistentVolumeClaim")):
		claim := v.Get("persistentVolumeClaim")
		m.Source = text(claim.Get("claimName"), "", m.Place.Span)
		if locked, _ := claim.Get("readOnly").Bool(); locked && m.ReadOnly.State == model.Unset {
			m.ReadOnly.Value, m.ReadOnly.Span = true, claim.Get("readOnly").Span()
		}
	case given(v.Get("secret")), given(v.Get("configMap")), given(v.Get("projected")), given(v.Get("downwardAPI")), given(v.Get("image")):
		m.Kind = model.OtherMount
		m.ReadOnly.Value = m.ReadOnly.Value || m.ReadOnly.State == model.Unset // by the kubelet
	case v.Exists() && !given(v.Get("ephemeral")):
		m.Kind = model.OtherMount // csi, nfs and the like
	}
}

// propagation reads mountPropagation as Docker's names for it.
func propagation(v yamltext.Value, at source.Span) model.Fact[string] {
	f := text(v, "", at)
	names := map[string]string{"None": "rprivate", "HostToContainer": "rslave", "Bidirectional": "rshared"}
	if n, ok := names[f.Value]; ok {
		f.Value = n
	}
	f.Edit = func(s string) []source.Edit {
		for kube, docker := range names {
			if docker == s {
				return v.Set(yamltext.Str(kube))
			}
		}
		return nil
	}
	return f
}

// secrets returns the names of the secrets a volume holds.
func (r *reader) secrets(v yamltext.Value) []string {
	var out []string
	if n := v.At("secret", "secretName").Text(); n != "" {
		out = append(out, n)
	}
	for _, s := range r.items(v.At("projected", "sources")) {
		if n := s.At("secret", "name").Text(); n != "" {
			out = append(out, n)
		}
	}
	return out
}

// addFolder returns the edits that give the container a folder to write to: an
// emptyDir of the pod, which is empty also where a volume would be kept.
func (c *container) addFolder(f model.Folder) []source.Edit {
	name := volumeName(c.value.Get("name").Text() + f.Target) // another container's is not to be shared
	empty := yamltext.Map()
	if !f.Keep {
		empty = yamltext.Map(yamltext.Entry{Key: "medium", Value: yamltext.Str("Memory")})
	}
	mount := c.value.Get("volumeMounts").Append(yamltext.Map(
		yamltext.Entry{Key: "name", Value: yamltext.Str(name)}, yamltext.Entry{Key: "mountPath", Value: yamltext.Str(f.Target)}))
	if _, ok := c.volumes[name]; ok || mount == nil {
		return mount
	}
	volume := c.spec.Get("volumes").Append(yamltext.Map(
		yamltext.Entry{Key: "name", Value: yamltext.Str(name)}, yamltext.Entry{Key: "emptyDir", Value: empty}))
	if volume == nil {
		return nil
	}
	return append(mount, volume...)
}

// volumeName returns text as the name of a volume: a DNS label.
func volumeName(text string) string {
	const most = 63
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, text)
	return strings.Trim(name[:min(len(name), most)], "-")
}
