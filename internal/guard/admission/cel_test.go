package admission

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v3"

	"bulkhead/internal/finding"
	"bulkhead/internal/frontend/admission"
	"bulkhead/internal/rules"
)

// evaluate returns what an expression says of a pod.
func evaluate(t *testing.T, e *expression, pod map[string]any) bool {
	t.Helper()
	env, err := cel.NewEnv(cel.Variable("object", cel.DynType), cel.Variable("variables", cel.MapType(cel.StringType, cel.DynType)))
	if err != nil {
		t.Fatal(err)
	}
	run := func(text string, in map[string]any) any {
		ast, issues := env.Compile(text)
		if issues.Err() != nil {
			t.Fatalf("%s: %v", e.Rule, issues.Err())
		}
		program, err := env.Program(ast)
		if err != nil {
			t.Fatal(err)
		}
		out, _, err := program.Eval(in)
		if err != nil {
			t.Fatalf("%s: %v", e.Rule, err)
		}
		return out.Value()
	}
	in := map[string]any{"object": pod, "variables": map[string]any{}}
	in["variables"] = map[string]any{"containers": run(allContainers, in)}
	return run(e.CEL, in).(bool)
}

// TestExpressions holds the expressions against the rules, on every fixture of
// the Pod Security Standards.
func TestExpressions(t *testing.T) {
	text, err := os.ReadFile("../../../../shared/data/cases/pod-security-v1.37.jsonl")
	if err != nil {
		t.Skipf("the fixtures are not here: %v", err)
	}
	j := judge(t, Mode{Deny: finding.Info}, nil)
	compared, faulty := 0, map[string]int{}
	for line := range bytes.Lines(text) {
		var c struct {
			File   string
			Object json.RawMessage
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		var pod map[string]any
		if err := json.Unmarshal(c.Object, &pod); err != nil {
			t.Fatal(err)
		}
		v := verdict(t, j, request(admission.Create, string(c.Object), ""))
		for i := range expressions {
			e := &expressions[i]
			found := slices.ContainsFunc(slices.Concat(v.Denied, v.Warned, v.Logged), func(v Violation) bool { return v.Rule == e.Rule })
			compared++
			if found {
				faulty[e.Rule]++
			}
			if holds := evaluate(t, e, pod); holds == found {
				t.Errorf("%s, %s: the expression holds: %t, the rule found something: %t", c.File, e.Rule, holds, found)
			}
		}
	}
	for i := range expressions {
		if faulty[expressions[i].Rule] == 0 {
			t.Errorf("no fixture has the fault of %s", expressions[i].Rule)
		}
	}
	t.Logf("%d answers compared", compared)
}

// TestWritePolicies writes YAML that says which rules it leaves out.
func TestWritePolicies(t *testing.T) {
	var out bytes.Buffer
	m := Default()
	m.Rules["host-port"] = Off
	missing, err := judge(t, m, nil).WritePolicies(&out)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	decoder := yaml.NewDecoder(&out)
	for {
		var o struct {
			Kind     string
			Metadata struct{ Name string }
		}
		if err := decoder.Decode(&o); err != nil {
			break
		}
		kinds[o.Kind]++
		if strings.HasSuffix(o.Metadata.Name, "host-port") {
			t.Error("a rule that is off was written")
		}
	}
	if kinds["ValidatingAdmissionPolicy"] < 4 || kinds["ValidatingAdmissionPolicy"] != kinds["ValidatingAdmissionPolicyBinding"] {
		t.Errorf("got %v, want a binding for each policy", kinds)
	}
	if !slices.Contains(missing, "engine-socket") || slices.Contains(missing, "privileged") {
		t.Errorf("missing: got %v, want engine-socket among them and not privileged", missing)
	}
	if _, err := NewJudge(Mode{}, rules.All(), nil); err != nil {
		t.Error(err)
	}
}
