package policy

import (
	"errors"
	"testing"

	"bulkhead/internal/frontend/document"
)

func TestMatch(t *testing.T) {
	const (
		pod       = `{apiVersion: v1, kind: Pod, metadata: {name: web-1, namespace: shop, labels: {app: web}}}`
		bare      = `{apiVersion: v1, kind: Pod, metadata: {name: web-1}}`
		namespace = `{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {stage: prod}}}`
		node      = `{apiVersion: v1, kind: Node, metadata: {name: n}}`
		deploy    = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}`
	)
	for _, tt := range []struct {
		match, object string
		want          bool
	}{
		{`{}`, pod, true},
		{`{kinds: [{apiGroups: [""], kinds: [Pod]}]}`, pod, true},
		{`{kinds: [{apiGroups: [""], kinds: [Pod]}]}`, deploy, false},
		{`{kinds: [{apiGroups: [""], kinds: [Deployment]}]}`, deploy, false},
		{`{kinds: [{apiGroups: ["*"], kinds: ["*"]}]}`, deploy, true},
		{`{kinds: [{kinds: [Pod]}, {apiGroups: [apps]}]}`, deploy, true},
		{`{namespaces: [shop]}`, pod, true},
		{`{namespaces: [other]}`, pod, false},
		{`{namespaces: [sh*]}`, pod, true},
		{`{namespaces: ["*op"]}`, pod, true},
		{`{namespaces: ["*ho*"]}`, pod, true},
		{`{namespaces: [shop]}`, namespace, true},
		{`{namespaces: [other]}`, bare, true},
		{`{excludedNamespaces: [shop]}`, pod, false},
		{`{excludedNamespaces: [other]}`, pod, true},
		{`{excludedNamespaces: ["*"]}`, bare, true},
		{`{scope: Cluster}`, pod, false},
		{`{scope: Cluster}`, node, true},
		{`{scope: Cluster}`, namespace, true},
		{`{scope: Namespaced}`, pod, true},
		{`{scope: Namespaced}`, bare, true},
		{`{scope: Namespaced}`, node, false},
		{`{name: web-*}`, pod, true},
		{`{name: api}`, pod, false},
		{`{labelSelector: {matchLabels: {app: web}}}`, pod, true},
		{`{labelSelector: {matchLabels: {app: api}}}`, pod, false},
		{`{labelSelector: {matchExpressions: [{key: app, operator: In, values: [web, api]}]}}`, pod, true},
		{`{labelSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}`, pod, false},
		{`{labelSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}`, bare, true},
		{`{labelSelector: {matchExpressions: [{key: app, operator: Exists}]}}`, bare, false},
		{`{labelSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}`, bare, true},
		{`{namespaceSelector: {matchLabels: {stage: prod}}}`, pod, true},
		{`{namespaceSelector: {matchLabels: {stage: test}}}`, pod, false},
		{`{namespaceSelector: {matchLabels: {stage: prod}}}`, namespace, true},
		{`{namespaceSelector: {matchLabels: {stage: test}}}`, node, true},
		{`{source: Generated}`, pod, false},
		{`{source: Original}`, pod, true},
	} {
		m, err := readMatch(parse(t, tt.match))
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.matches(newReviewed(parse(t, tt.object), ""), newInventory([]*document.Value{parse(t, namespace)}))
		if got != tt.want || err != nil {
			t.Errorf("%s, %s: got %t and error %v, want %t", tt.match, tt.object, got, err, tt.want)
		}
	}
	m, err := readMatch(parse(t, `{namespaceSelector: {}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.matches(newReviewed(parse(t, pod), ""), newInventory(nil)); !errors.Is(err, errNoNamespace) {
		t.Errorf("got error %v, want %v", err, errNoNamespace)
	}
	if _, err := readMatch(parse(t, `{labelSelector: {matchExpressions: [{key: a, operator: Is}]}}`)); err == nil {
		t.Error("an unknown operator is read")
	}
}

func TestSchema(t *testing.T) {
	const schema = `{type: object, required: [repos], properties: {
	  repos: {type: array, minItems: 1, items: {type: string, pattern: "^[a-z]"}},
	  most: {type: integer, minimum: 1, maximum: 5},
	  mode: {type: string, enum: [a, b], maxLength: 3},
	  port: {x-kubernetes-int-or-string: true},
	  any: {type: object, additionalProperties: {type: boolean}},
	  none: {type: string, nullable: true}}}`
	for parameters, want := range map[string]string{
		`{repos: [a]}`: "",
		`{repos: [a], most: 3, mode: b, port: x, any: {x: true}, none: null, more: 1}`: "",
		`{}`:                        "object.yaml:1:1: parameters has no repos, which the schema requires",
		`{repos: a}`:                "object.yaml:1:9: parameters.repos is string, the schema says array",
		`{repos: []}`:               "object.yaml:1:9: parameters.repos has a length of 0, the schema says at least 1",
		`{repos: [A]}`:              "object.yaml:1:10: parameters.repos[0] is \"A\", which does not match ^[a-z]",
		`{repos: [a], most: 0}`:     "object.yaml:1:20: parameters.most is 0, the schema says at least 1",
		`{repos: [a], most: 6}`:     "object.yaml:1:20: parameters.most is 6, the schema says at most 5",
		`{repos: [a], most: 1.5}`:   "object.yaml:1:20: parameters.most is number, the schema says integer",
		`{repos: [a], mode: c}`:     "object.yaml:1:20: parameters.mode is \"c\", which is none of those the schema allows",
		`{repos: [a], mode: null}`:  "object.yaml:1:20: parameters.mode is null, the schema says string",
		`{repos: [a], any: {x: 1}}`: "object.yaml:1:23: parameters.any.x is integer, the schema says boolean",
	} {
		v := parse(t, parameters)
		err := validate(parse(t, schema), v, v)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: got error %v, want none", parameters, err)
		case want != "" && (!errors.Is(err, errSchema) || err.Error() != errSchema.Error()+": "+want):
			t.Errorf("%s: got  %v\nwant %s", parameters, err, want)
		}
	}
}
