package kube

import (
	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
)

// role reads a Role or ClusterRole.
func (r *reader) role(o yamltext.Value, kind string) {
	g := &model.Grant{Name: kind + "/" + name(o), Kind: kind, Place: place(o)}
	g.RoleRef.State = model.Unknown
	for _, v := range r.items(o.Get("rules")) {
		g.Rules = append(g.Rules, model.GrantRule{
			Place:     model.Place{Span: v.Span()},
			Verbs:     r.words(v.Get("verbs")),
			Resources: r.words(v.Get("resources")),
			APIGroups: r.words(v.Get("apiGroups")),
		})
	}
	r.facts.Grants = append(r.facts.Grants, g)
}

func (r *reader) words(v yamltext.Value) []model.Fact[string] {
	return r.list(v, v.Span(), same).Items
}

// binding reads a RoleBinding or ClusterRoleBinding.
func (r *reader) binding(o yamltext.Value, kind string) {
	g := &model.Grant{Name: kind + "/" + name(o), Kind: kind, Place: place(o)}
	ref := o.At("roleRef", "name")
	g.RoleRef = text(ref, "", g.Place.Span)
	g.RoleRef.Edit = nil // a binding's role cannot be changed
	if g.RoleRef.State == model.Set {
		g.RoleRef.Value = o.At("roleRef", "kind").Text() + "/" + ref.Text()
	}
	for _, v := range r.items(o.Get("subjects")) {
		s := text(v.Get("name"), "", v.Span())
		s.Edit, s.Delete = nil, v.Delete
		if s.State == model.Set {
			s.Value = subject(v, namespace(o))
		}
		g.Subjects = append(g.Subjects, s)
	}
	r.facts.Grants = append(r.facts.Grants, g)
}

// subject returns who v is: "User alice", "ServiceAccount ns/name".
func subject(v yamltext.Value, own string) string {
	kind, who := v.Get("kind").Text(), v.Get("name").Text()
	if kind == "ServiceAccount" {
		if ns := v.Get("namespace").Text(); ns != "" {
			own = ns
		}
		who = own + "/" + who
	}
	return kind + " " + who
}
