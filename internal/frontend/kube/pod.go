package kube

import (
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/source"
)

// A pod is one pod template while its containers are read.
type pod struct {
	*reader
	object   yamltext.Value // the object it is in
	template yamltext.Value
	spec     yamltext.Value
	kind     string
	volumes  map[string]yamltext.Value
	labels   []model.Label
	first    bool // no container of it has been read
}

// pod reads the containers of a pod template.
func (r *reader) pod(object, template yamltext.Value, kind string) {
	p := &pod{reader: r, object: object, template: template, spec: template.Get("spec"), kind: kind, volumes: map[string]yamltext.Value{}, first: true}
	p.labels = r.labels(template.At("metadata", "labels"))
	for _, v := range r.items(p.spec.Get("volumes")) {
		p.volumes[v.Get("name").Text()] = v
	}
	for _, field := range []string{"initContainers", "containers", "ephemeralContainers"} {
		for _, c := range r.items(p.spec.Get(field)) {
			looked := p.spec.Len() + template.At("metadata", "annotations").Len() + c.Len() + c.Get("securityContext").Len()
			if c.Kind() != yamltext.Mapping || c.Len() == 0 || !r.spend(containerCost+looked) {
				continue
			}
			c.Keep()
			w := p.container(c)
			w.Short = kind == "Job" || kind == "CronJob" || kind == "ScheduledJob" ||
				field == "ephemeralContainers" ||
				field == "initContainers" && c.Get("restartPolicy").Text() != "Always"
			if p.first {
				w.Volumes, p.first = p.declared(), false
			}
			r.facts.Workloads = append(r.facts.Workloads, w)
			r.facts.Images = append(r.facts.Images, w.Image)
		}
	}
}

// A container is one container of a pod while it is read.
type container struct {
	*pod
	value    yamltext.Value
	security yamltext.Value // its own security context
	shared   yamltext.Value // the pod's
	at       source.Span    // the place of what is left out: the container's name
}

func (p *pod) container(v yamltext.Value) *model.Workload {
	c := &container{pod: p, value: v, security: v.Get("securityContext"), shared: p.spec.Get("securityContext")}
	own := v.Get("name")
	for _, first := range v.Pairs()[:min(v.Len(), 1)] {
		c.at = first.KeySpan() // of a container without a name
	}
	if given(own) {
		c.at = own.Span()
	}
	w := &model.Workload{
		Name:      strings.TrimSuffix(name(p.object)+"/"+own.Text(), "/"),
		Surface:   model.Kube,
		Place:     model.Place{Span: c.at},
		Kind:      p.kind,
		Namespace: namespace(p.object),
		Labels:    p.labels,
		OS:        p.os(),
	}
	if c.spec.At("os", "name").Text() == "windows" || c.spec.At("nodeSelector", "kubernetes.io/os").Text() == "windows" {
		w.OS = "windows"
	}
	c.image(w)
	c.process(w)
	c.privileges(w)
	c.profiles(w)
	c.namespaces(w)
	c.mounts(w)
	w.AddFolder = c.addFolder
	c.resources(w)
	c.ports(w)
	c.environment(w)
	c.account(w)
	elsewhere(w)
	if !given(v.Get("image")) {
		partial(w)
		p.facts.Notes = append(p.facts.Notes, model.Note{What: c.at.Position().String(), Why: "the container has no image, as in a patch, and what it leaves out is not judged"})
	}
	return w
}

// os returns the operating system the pod says it runs on.
func (p *pod) os() string {
	if name := p.spec.At("os", "name").Text(); name != "" {
		return name
	}
	return p.spec.At("nodeSelector", "kubernetes.io/os").Text()
}

// image reads the image and how it is pulled.
func (c *container) image(w *model.Workload) {
	said := text(c.value.Get("image"), "", c.at)
	ref, err := oci.ParseReference(said.Value)
	w.Image = &model.Image{Name: said.Value, Surface: model.Kube, Use: model.RunImage, Workloads: []*model.Workload{w}}
	w.Image.Ref = model.Fact[model.Reference]{Value: ref, State: said.State, Span: said.Span}
	if err != nil {
		w.Image.Ref.State = model.Unknown
	}
	if said.State == model.Set {
		w.Image.Ref.Edit = func(v model.Reference) []source.Edit { return said.Edit(v.Raw) }
	}
	policy := "IfNotPresent"
	if ref.Digest == "" && (ref.Tag == "" || ref.Tag == "latest") {
		policy = "Always"
	}
	w.PullPolicy = text(c.value.Get("imagePullPolicy"), policy, c.at)
	if !w.Image.Ref.Known() && w.PullPolicy.State == model.Unset {
		w.PullPolicy.State = model.Unknown
	}
}

// process reads what runs and how it is watched.
func (c *container) process(w *model.Workload) {
	w.Entrypoint = c.argv(c.value.Get("command"), c.at)
	w.Command = c.argv(c.value.Get("args"), c.at)
	w.WorkingDir = text(c.value.Get("workingDir"), "", c.at)
	w.Stdin = boolean(c.value.Get("stdin"), false, c.at)
	w.TTY = boolean(c.value.Get("tty"), false, c.at)
	w.Health = model.Fact[model.Health]{Span: c.at}
	for _, probe := range []string{"livenessProbe", "readinessProbe", "startupProbe"} {
		v := c.value.Get(probe)
		if given(v) {
			w.Health = model.Fact[model.Health]{State: model.Set, Span: v.KeySpan()}
			w.Health.Value = model.Health{Kind: model.ProbeHealth, Test: c.argv(v.At("exec", "command"), c.at).Value.Args}
			break
		}
	}
	w.ProbeHosts = c.probeHosts()
	policies := map[string]string{"": "always", "Always": "always", "OnFailure": "on-failure", "Never": "no"}
	restart := c.spec.Get("restartPolicy")
	w.Restart = model.Fact[model.Restart]{Value: model.Restart{Policy: policies[restart.Text()]}, State: model.Unknown, Span: c.at}
	if given(restart) {
		w.Restart.Span = restart.Span()
	}
}

// probeHosts reads the hosts that probes and hooks are told to ask, which is
// the pod itself where they say nothing.
func (c *container) probeHosts() []model.Fact[string] {
	var hosts []model.Fact[string]
	for _, handler := range []yamltext.Value{
		c.value.Get("livenessProbe"), c.value.Get("readinessProbe"), c.value.Get("startupProbe"),
		c.value.At("lifecycle", "postStart"), c.value.At("lifecycle", "preStop"),
	} {
		for _, how := range []string{"httpGet", "tcpSocket"} {
			if host := handler.At(how, "host"); given(host) && host.Text() != "" {
				hosts = append(hosts, text(host, "", c.at))
			}
		}
	}
	return hosts
}

// account reads the service account, of which the kubelet mounts a token
// unless the pod says otherwise.
func (c *container) account(w *model.Workload) {
	v := c.spec.Get("serviceAccountName")
	if !given(v) && given(c.spec.Get("serviceAccount")) {
		v = c.spec.Get("serviceAccount")
	}
	w.ServiceAccount = text(v, "default", c.at)
	w.ServiceAccountToken = boolean(c.spec.Get("automountServiceAccountToken"), true, c.at)
	w.NetworkPolicy = model.Fact[bool]{State: model.Unknown, Span: c.at} // resolve looks at all files
}

// elsewhere marks what no pod can say.
func elsewhere(w *model.Workload) {
	w.MemorySwap.State = model.Unknown
	w.PIDs.State = model.Unknown
	w.OOMKillDisable.State = model.Unknown
	w.Log.State = model.Unknown
	w.CgroupParent.State = model.Unknown
	w.PublishAll.State = model.Unknown
}

// serviceAccount remembers an account that mounts no token by default.
func (r *reader) serviceAccount(o yamltext.Value) {
	if mount, ok := o.Get("automountServiceAccountToken").Bool(); ok && !mount {
		r.tokenless[namespace(o)+"/"+name(o)] = true
	}
}

// accounts applies what the file's service accounts say to the pods that leave
// it to them.
func (r *reader) accounts() {
	for _, w := range r.facts.Workloads {
		if w.ServiceAccountToken.State == model.Unset && r.tokenless[w.Namespace+"/"+w.ServiceAccount.Value] {
			w.ServiceAccountToken.Value = false
		}
	}
}
