package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/source"
)

func TestLint(t *testing.T) {
	unpack(t, `
-- constraints.yaml --
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sSafe
metadata: {name: a}
spec:
  match:
    kinds: [{apiGroups: [""], kinds: [Deployment, Pod]}]
  parameters:
    reops: [x]
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sSaef
metadata: {name: b}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sSafe
metadata: {name: c}
spec:
  enforcementAction: block
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Cel
metadata: {name: d}
-- main.rego --
package main

deny if input.x

warn contains "a" if input.y
-- other.rego --
package kubernetes

deny contains "a" if input.x
-- templates.yaml --
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8ssafe}
spec:
  crd: {spec: {names: {kind: K8sSafe}, validation: {openAPIV3Schema: {type: object, properties: {repos: {type: array}}}}}}
  targets:
    - target: admission.k8s.gatekeeper.sh
      code:
        - engine: Rego
          source:
            version: v1
            rego: |
              package k8ssafe

              violation contains {"msg": msg} if {
                some field in ["containers", "initContainers", "ephemeralContainers"]
                some c in input.review.object.spec[field]
                c.securityContext.privileged
                msg := c.name
              }

              unused := input.review.object.spec.containers
---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: cel}
spec:
  crd: {spec: {names: {kind: Cel}}}
  targets: [{target: admission.k8s.gatekeeper.sh, code: [{engine: K8sNativeValidation, source: {}}]}]
`)
	faults, err := Lint(Options{Paths: []string{"."}})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, f := range faults {
		fmt.Fprintf(&got, "%s: %s: %s: %s\n", f.Where(), f.Code, f.Subject, f.Message)
	}
	want := `policy: not-evaluated: templates.yaml:26:18: template cel: it is written in CEL, not in Rego
policy: not-evaluated: constraints.yaml:22:18: constraint d has no effect: its template is not evaluated
constraints.yaml:6:12: pods-only: k8ssafe/a: only pods match: Gatekeeper accepts a Deployment whose pods it will reject
constraints.yaml:6:39: wrong-group: k8ssafe/a: Deployment is of the API group "apps", which is not among apiGroups: it matches nothing
constraints.yaml:6:39: never-violated: k8ssafe/a: the template does not look into the pods that a Deployment makes, so no Deployment violates it
constraints.yaml:8:5: unknown-parameter: k8ssafe/a: the template's schema has no parameter reops: the API server drops it; did you mean repos?
constraints.yaml:11:7: invalid: constraints.yaml: there is no template of the kind K8sSaef, did you mean K8sSafe?
constraints.yaml:18:22: invalid: constraints.yaml: the enforcement action "block" is none of deny, warn, dryrun, scoped
main.rego:3:1: no-message: main/deny: the rule is one value, not a set of messages: conftest takes it for success
other.rego:1:1: not-evaluated: kubernetes: the package kubernetes is evaluated only where --namespace kubernetes asks for it
templates.yaml:22:25: workloads: k8ssafe: it looks at spec.containers, which Deployments, Jobs and CronJobs have below spec.template: they are accepted, and their pods rejected later, where nobody looks
`
	if d := cmp.Diff(got.String(), want); d != "" {
		t.Errorf("(-got +want)\n%s\ngot\n%s", d, got.String())
	}
}

// TestInvalid gives every fault of a policy its place.
func TestInvalid(t *testing.T) {
	template := func(rego string) string {
		return "-- t.yaml --\napiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {name: t}\nspec:\n" +
			"  crd: {spec: {names: {kind: T}}}\n  targets:\n    - target: x\n      rego: |\n" + rego
	}
	for name, tt := range map[string]struct{ archive, want string }{
		"rego in a template":     {template("        package t\n        violation[{\"msg\": m}] { m := nothing }\n"), "t.yaml:10:33: var nothing is unsafe"},
		"no violation":           {template("        package t\n        deny[m] { m := 1 }\n"), "t.yaml:8:13: the template has no rule violation"},
		"no kind":                {"-- t.yaml --\nkind: ConstraintTemplate\nspec: {crd: 1}\n", "t.yaml:2:13: the template names no kind: spec.crd.spec.names.kind is missing"},
		"no target":              {"-- t.yaml --\nkind: ConstraintTemplate\nspec: {crd: {spec: {names: {kind: A}}}}\n", "t.yaml:2:7: a template has one target, this one 0"},
		"rego of a file":         {"-- a.rego --\npackage main\n\ndeny contains x if {\n\ty := 1\n}\n", "a.rego:3:15: var x is unsafe"},
		"severity of a rule":     {"-- a.rego --\npackage main\n\n# METADATA\n# custom:\n#   severity: awful\ndeny contains \"x\" if true\n", `a.rego:3:1: custom.severity: severity "awful" is none of info, low, medium, high, critical`},
		"inputs of a package":    {"-- a.rego --\n# METADATA\n# custom:\n#   inputs: [toml]\npackage main\n\ndeny contains \"x\" if true\n", `a.rego:1:1: custom.inputs: "toml" is none of dockerfile, compose, kube, yaml, json`},
		"an expansion":           {"-- e.yaml --\napiVersion: expansion.gatekeeper.sh/v1\nkind: ExpansionTemplate\nspec: {}\n", "e.yaml:3:7: an ExpansionTemplate needs applyTo, templateSource and generatedGVK"},
		"nothing to be read":     {"-- a.txt --\n", "read policies: there are none in ."},
		"a constraint's sibling": {seed + "-- again.yaml --\napiVersion: constraints.gatekeeper.sh/v1\nkind: K8sRequiredSecurityContext\nmetadata: {name: non-root}\n", "constraint.yaml:4:9: there are two constraints K8sRequiredSecurityContext called non-root"},
	} {
		t.Run(name, func(t *testing.T) {
			unpack(t, tt.archive)
			_, err := Load(Options{Paths: []string{"."}})
			if got := fmt.Sprint(err); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if s, ok := errors.AsType[*source.SyntaxError](err); ok && s.Span.File == nil {
				t.Error("the error has no place")
			}
		})
	}
}

// TestSuites holds what gator's suites say beside the library's: constraints
// that are to be invalid, skipped tests, and assertions that fail.
func TestSuites(t *testing.T) {
	unpack(t, seed+`
-- schema.yaml --
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: s}
spec:
  crd: {spec: {names: {kind: S}, validation: {openAPIV3Schema: {type: object, required: [a]}}}}
  targets:
    - target: x
      rego: |
        package s
        violation[{"msg": "x"}] { input.parameters.a }
-- s.yaml --
apiVersion: constraints.gatekeeper.sh/v1
kind: S
metadata: {name: s}
-- pod.yaml --
{apiVersion: v1, kind: Pod, spec: {containers: [{name: a}]}}
-- suite.yaml --
apiVersion: test.gatekeeper.sh/v1alpha1
kind: Suite
tests:
  - {name: invalid, template: schema.yaml, constraint: s.yaml, invalid: true}
  - {name: valid, template: seed.yaml, constraint: constraint.yaml, invalid: true}
  - {name: skipped, skip: true}
  - {name: lost, template: no.yaml, constraint: s.yaml}
  - name: cases
    template: seed.yaml
    constraint: constraint.yaml
    cases:
      - {name: "yes", object: pod.yaml, assertions: [{violations: yes}, {message: non-root, violations: 1}, {message: "^x", violations: no}]}
      - {name: "no", object: pod.yaml, assertions: [{violations: no}]}
      - {name: two, object: pod.yaml, assertions: [{violations: 2, message: Container}]}
      - {name: empty, object: pod.yaml}
      - {name: expression, object: pod.yaml, assertions: [{message: "("}]}
`)
	s, err := Load(Options{Paths: []string{"."}, Tests: true})
	if err != nil {
		t.Fatal(err)
	}
	results, _, err := s.Test(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, r := range results {
		fmt.Fprintf(&got, "%s: %t %v\n", r.Name, r.Skipped, r.Err)
	}
	want := `suite.yaml: invalid: false <nil>
suite.yaml: valid: false the constraint fits the template's schema, but is to be invalid
suite.yaml: skipped: true <nil>
suite.yaml: lost: false suite.yaml:7:28: read no.yaml: no such file or directory
suite.yaml: cases: yes: false <nil>
suite.yaml: cases: no: false suite.yaml:13:66: got 1 violations, want none; the messages are: Container must run as non-root user
suite.yaml: cases: two: false suite.yaml:14:65: got 1 violations matching "Container", want 2; the messages are: Container must run as non-root user
suite.yaml: cases: empty: false suite.yaml:15:16: the case asserts nothing
suite.yaml: cases: expression: false suite.yaml:16:69: message: error parsing regexp: missing closing ): ` + "`(`\n"
	if d := cmp.Diff(got.String(), want); d != "" {
		t.Errorf("(-got +want)\n%s\ngot\n%s", d, got.String())
	}
}
