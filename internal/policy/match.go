package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"bulkhead/internal/frontend/document"
)

// A match says which objects a constraint is about. What it leaves out matches
// everything.
type match struct {
	kinds      []kinds
	scope      string
	namespaces []string
	excluded   []string
	labels     *selector
	namespace  *selector
	name       string
	source     string // Original, Generated; else both
}

type kinds struct{ groups, kinds []string }

func readMatch(v *document.Value) (match, error) {
	m := match{
		scope: v.Str("scope"), namespaces: v.Strings("namespaces"), excluded: v.Strings("excludedNamespaces"),
		name: v.Str("name"), source: v.Str("source"),
	}
	for _, k := range v.List("kinds") {
		m.kinds = append(m.kinds, kinds{k.Strings("apiGroups"), k.Strings("kinds")})
	}
	var err1, err2 error
	m.labels, err1 = readSelector(v.Get("labelSelector"))
	m.namespace, err2 = readSelector(v.Get("namespaceSelector"))
	return m, errors.Join(err1, err2)
}

// kind reports whether objects of a kind match.
func (m *match) kind(group, kind string) bool {
	if len(m.kinds) == 0 {
		return true
	}
	has := func(list []string, x string) bool {
		return len(list) == 0 || slices.Contains(list, "*") || slices.Contains(list, x)
	}
	return slices.ContainsFunc(m.kinds, func(k kinds) bool { return has(k.kinds, kind) && has(k.groups, group) })
}

// errNoNamespace says that an object's Namespace, whose labels decide, is not
// among what is known.
var errNoNamespace = errors.New("its namespace is not known, and the constraint selects by the labels of namespaces")

// matches reports whether o matches.
func (m *match) matches(o *reviewed, inv *inventory) (bool, error) {
	switch {
	case m.source == "Generated" && !o.generated, m.source == "Original" && o.generated:
		return false, nil
	case !m.kind(o.group, o.kind), !m.inScope(o), !wildcard(m.name, o.name) && m.name != "":
		return false, nil
	case m.labels != nil && !m.labels.matches(o.object.Get("metadata", "labels")):
		return false, nil
	}
	ns, isNamespace := o.namespace, o.isNamespace()
	if isNamespace {
		ns = o.name
	}
	if ns != "" {
		in := func(list []string) bool {
			return slices.ContainsFunc(list, func(p string) bool { return wildcard(p, ns) })
		}
		if len(m.namespaces) > 0 && !in(m.namespaces) || in(m.excluded) {
			return false, nil
		}
	}
	switch {
	case m.namespace == nil, ns == "":
		return true, nil // what is in no namespace cannot be told by one
	case isNamespace:
		return m.namespace.matches(o.object.Get("metadata", "labels")), nil
	}
	at := o.space
	if at == nil {
		at = inv.namespaces[ns]
	}
	if at == nil {
		return false, errNoNamespace
	}
	return m.namespace.matches(at.Get("metadata", "labels")), nil
}

func (m *match) inScope(o *reviewed) bool {
	inside := (o.namespace != "" || namespaced[o.kind]) && !o.isNamespace()
	switch m.scope {
	case "Cluster":
		return !inside
	case "Namespaced":
		return inside
	}
	return true
}

// namespaced lists the kinds that are in a namespace even where a manifest
// leaves it out.
var namespaced = map[string]bool{
	"Pod": true, "Deployment": true, "StatefulSet": true, "DaemonSet": true, "ReplicaSet": true, "ReplicationController": true,
	"Job": true, "CronJob": true, "PodTemplate": true, "Service": true, "Ingress": true, "ConfigMap": true, "Secret": true,
	"ServiceAccount": true, "Role": true, "RoleBinding": true, "NetworkPolicy": true, "PersistentVolumeClaim": true,
	"HorizontalPodAutoscaler": true, "PodDisruptionBudget": true, "ResourceQuota": true, "LimitRange": true, "Endpoints": true,
}

// wildcard reports whether s is what pattern says, which may begin and end
// with a star.
func wildcard(pattern, s string) bool {
	front, back := strings.HasPrefix(pattern, "*"), strings.HasSuffix(pattern, "*")
	core := strings.TrimSuffix(strings.TrimPrefix(pattern, "*"), "*")
	switch {
	case front && back:
		return strings.Contains(s, core)
	case front:
		return strings.HasSuffix(s, core)
	case back:
		return strings.HasPrefix(s, core)
	}
	return s == pattern
}

// A selector is a label selector.
type selector struct {
	labels       map[string]string
	requirements []requirement
}

type requirement struct {
	key, operator string
	values        []string
}

// readSelector reads a label selector, nil where there is none.
func readSelector(v *document.Value) (*selector, error) {
	if v == nil || v.Kind != document.Object {
		return nil, nil
	}
	s := &selector{labels: map[string]string{}}
	if m := v.Get("matchLabels"); m != nil {
		for _, f := range m.Fields {
			s.labels[f.Name] = f.Value.Text
		}
	}
	for _, e := range v.List("matchExpressions") {
		r := requirement{e.Str("key"), e.Str("operator"), e.Strings("values")}
		switch r.operator {
		case "In", "NotIn":
			if len(r.values) == 0 {
				return nil, fault("the operator "+r.operator+" needs values", e)
			}
		case "Exists", "DoesNotExist":
		default:
			return nil, fault(fmt.Sprintf("the operator %q is none of In, NotIn, Exists, DoesNotExist", r.operator), e.Get("operator"), e)
		}
		s.requirements = append(s.requirements, r)
	}
	return s, nil
}

func (s *selector) matches(labels *document.Value) bool {
	label := func(key string) (string, bool) {
		if v := labels.Get(key); v != nil {
			return v.Text, true
		}
		return "", false
	}
	for k, want := range s.labels {
		if got, ok := label(k); !ok || got != want {
			return false
		}
	}
	for _, r := range s.requirements {
		got, ok := label(r.key)
		holds := ok
		switch r.operator {
		case "In":
			holds = ok && slices.Contains(r.values, got)
		case "NotIn":
			holds = !ok || !slices.Contains(r.values, got)
		case "DoesNotExist":
			holds = !ok
		}
		if !holds {
			return false
		}
	}
	return true
}
