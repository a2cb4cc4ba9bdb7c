// Package kube reads Kubernetes manifests: pods and everything that holds a pod
// template, and the Services, Ingresses, NetworkPolicies and RBAC objects that
// say who can reach them and what they may do.
package kube

import (
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// maxNested bounds lists in lists.
const maxNested = 4

// Read returns the facts of every document of f, YAML or JSON. Kinds that say
// nothing about containers are left out, and so are templates, with a note.
func Read(f *source.File) *model.Facts {
	r := newReader()
	docs, errs := yamltext.Parse(f)
	if len(errs) > 0 && yamltext.IsTemplate(f.Text) || placeholders(docs) {
		r.facts.Notes = append(r.facts.Notes, model.Note{What: f.Name, Why: "is a template"})
		return r.facts
	}
	r.facts.Faults = yamltext.Faults(model.Kube, errs)
	r.read(f, docs)
	return r.facts
}

// Object returns the facts of f, an object as an API server has it: no tool
// replaces anything of it any more, so ${NAME} is nothing but these letters.
func Object(f *source.File) *model.Facts {
	r := newReader()
	docs, errs := yamltext.ParseFinal(f)
	r.facts.Faults = yamltext.Faults(model.Kube, errs)
	r.read(f, docs)
	return r.facts
}

// newReader returns a reader that has read nothing.
func newReader() *reader {
	return &reader{facts: &model.Facts{}, tokenless: map[string]bool{}, left: maxCost}
}

// read reads the documents of f.
func (r *reader) read(f *source.File, docs []yamltext.Value) {
	for _, d := range docs {
		r.object(d, 0)
	}
	r.accounts()
	if r.left < 0 {
		r.facts.Notes = append(r.facts.Notes, model.Note{What: f.Name, Why: "says more than is read of one file"})
	}
}

// open reports whether v holds what some tool replaces before the cluster sees
// it: {{ … }} of a template that is valid YAML, ${NAME} of envsubst.
func open(v yamltext.Value) bool {
	return templated(v) || !v.Final() && strings.Contains(v.Text(), "${")
}

// templated reports whether v holds {{ … }} of a template that is valid YAML.
// A command and a variable may hold ${NAME} for the container's shell.
func templated(v yamltext.Value) bool { return !v.Final() && strings.Contains(v.Text(), "{{") }

// placeholders reports whether a value of docs is "{{" and so on unquoted, which
// YAML reads as a mapping with a mapping for its key.
func placeholders(docs []yamltext.Value) bool {
	left := 100_000
	var walk func(v yamltext.Value, depth int) bool
	walk = func(v yamltext.Value, depth int) bool {
		if left--; left < 0 || depth > 100 {
			return false
		}
		switch v.Kind() {
		case yamltext.Mapping:
			if v.Len() == 0 && strings.HasPrefix(v.Span().Text(), "{{") {
				return true
			}
			for _, p := range v.Pairs() {
				if walk(p, depth+1) {
					return true
				}
			}
		case yamltext.Sequence:
			for _, i := range v.Items() {
				if walk(i, depth+1) {
					return true
				}
			}
		}
		return false
	}
	for _, d := range docs {
		if walk(d, 0) {
			return true
		}
	}
	return false
}

// A reader gathers the facts of one file.
type reader struct {
	facts     *model.Facts
	tokenless map[string]bool // namespace/name of service accounts that mount no token by default
	left      int             // of maxCost
}

// Through aliases a small file can say the same list any number of times, so
// what is read of one file is bounded: each entry looked at costs one, each
// container and each item of a list about what it takes of memory.
const (
	maxCost       = 600_000
	containerCost = 300
	itemCost      = 3
)

// spend reports whether cost can still be spent. Once it cannot, nothing more
// is read.
func (r *reader) spend(cost int) bool {
	if r.left >= 0 {
		r.left -= cost
	}
	return r.left >= 0
}

// items returns the items of a list.
func (r *reader) items(v yamltext.Value) []yamltext.Value {
	if !r.spend(itemCost * v.Len()) {
		return nil
	}
	return v.Items()
}

// pairs returns the entries of a mapping.
func (r *reader) pairs(v yamltext.Value) []yamltext.Value {
	if !r.spend(itemCost * v.Len()) {
		return nil
	}
	return v.Pairs()
}

// object reads one Kubernetes object, and reports whether it is of a kind that is
// read.
func (r *reader) object(o yamltext.Value, depth int) bool {
	version, kind := o.Get("apiVersion").Text(), o.Get("kind").Text()
	if version == "" || kind == "" || depth > maxNested {
		return false
	}
	if strings.HasSuffix(kind, "List") && o.Get("items").Kind() == yamltext.Sequence {
		read := true
		for _, item := range r.items(o.Get("items")) {
			read = r.object(item, depth+1) && read
		}
		return read
	}
	if template, ok := podTemplate(o, version, kind); ok {
		r.pod(o, template, kind)
		return true
	}
	switch kind {
	case "Service":
		r.service(o, version)
	case "Ingress":
		r.ingress(o)
	case "NetworkPolicy":
		r.networkPolicy(o)
	case "Role", "ClusterRole":
		r.role(o, kind)
	case "RoleBinding", "ClusterRoleBinding":
		r.binding(o, kind)
	case "ServiceAccount":
		r.serviceAccount(o)
	default:
		return false
	}
	return true
}

// podTemplate returns the part of o that holds a pod's metadata and spec.
func podTemplate(o yamltext.Value, version, kind string) (yamltext.Value, bool) {
	group, _, _ := strings.Cut(version, "/")
	switch kind {
	case "Pod":
		return o, true
	case "PodTemplate":
		return o.Get("template"), true
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "DeploymentConfig", "Rollout":
		return o.At("spec", "template"), true
	case "CronJob", "ScheduledJob":
		return o.At("spec", "jobTemplate", "spec", "template"), true
	case "Revision":
		return o, group == "serving.knative.dev"
	case "Service", "Configuration":
		return o.At("spec", "template"), group == "serving.knative.dev"
	}
	return yamltext.Value{}, false
}

// name returns the name of an object, or how its name is to start.
func name(o yamltext.Value) string {
	if n := o.At("metadata", "name").Text(); n != "" {
		return n
	}
	return o.At("metadata", "generateName").Text()
}

// namespace returns o's namespace, "" for the default one even where it is named.
func namespace(o yamltext.Value) string {
	if n := o.At("metadata", "namespace").Text(); n != "default" {
		return n
	}
	return ""
}

// place is where an object is named, or else the object's kind.
func place(o yamltext.Value) model.Place {
	at := o.At("metadata", "name")
	if !at.Exists() {
		at = o.Get("kind")
	}
	return model.Place{Span: at.Span()}
}
