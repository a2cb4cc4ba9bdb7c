package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"

	"bulkhead/internal/frontend/document"
)

// An inventory is the objects that policies see beside the one they judge.
type inventory struct {
	term       *ast.Term
	namespaces map[string]*document.Value // Namespace objects
}

// newInventory arranges objects as data.inventory has them: cluster by version,
// kind and name, namespace by namespace before that.
func newInventory(objects []*document.Value) *inventory {
	inv := &inventory{namespaces: map[string]*document.Value{}}
	cluster, spaces := tree{}, tree{}
	for _, o := range objects {
		version, kind, name, ns := o.Str("apiVersion"), o.Str("kind"), o.Str("metadata", "name"), o.Str("metadata", "namespace")
		if kind == "Namespace" && version == "v1" {
			inv.namespaces[name] = o
		}
		if ns == "" {
			cluster.put(o, version, kind, name)
		} else {
			spaces.put(o, ns, version, kind, name)
		}
	}
	inv.term = object(entry{"cluster", cluster.term()}, entry{"namespace", spaces.term()})
	return inv
}

// A tree is objects by their keys.
type tree struct {
	kids map[string]*tree
	leaf *document.Value
}

func (t *tree) put(v *document.Value, keys ...string) {
	at := t
	for _, k := range keys {
		if at.kids == nil {
			at.kids = map[string]*tree{}
		}
		if at.kids[k] == nil {
			at.kids[k] = &tree{}
		}
		at = at.kids[k]
	}
	at.leaf = v
}

func (t *tree) term() *ast.Term {
	if t.leaf != nil {
		return term(t.leaf)
	}
	fields := make([][2]*ast.Term, 0, len(t.kids))
	for k, v := range t.kids {
		fields = append(fields, [2]*ast.Term{ast.StringTerm(k), v.term()})
	}
	return ast.ObjectTerm(fields...)
}
