package policy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/metrics"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/frontend/compose"
	"bulkhead/internal/frontend/document"
	"bulkhead/internal/frontend/kube"
	"bulkhead/internal/frontend/runline"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// unpack writes an archive to a folder of its own and makes that the working
// directory, so that places are printed as the archive's names.
func unpack(t testing.TB, archive string) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

// load loads the policies of an archive.
func load(t testing.TB, archive string, o Options) *Set {
	t.Helper()
	unpack(t, archive)
	o.Paths, o.Now = []string{"."}, time.Now()
	s, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// parse returns the first document of YAML text.
func parse(t testing.TB, text string) *document.Value {
	t.Helper()
	docs, errs := document.Read(source.NewFile("object.yaml", []byte(text)))
	if len(errs) > 0 || len(docs) == 0 {
		t.Fatalf("got %v", errs)
	}
	return docs[0]
}

// say returns what a review says, one message each.
func say(t testing.TB, found []Violation, err error) []string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, v := range found {
		out = append(out, fmt.Sprintf("%s %s: %s", v.Rule, v.Action, v.Message))
	}
	slices.Sort(out)
	return out
}

// seed is the template of the article that made this project begin, with a
// constraint.
const seed = `
-- seed.yaml --
apiVersion: templates.gatekeeper.sh/v1beta1
kind: ConstraintTemplate
metadata:
  name: k8srequiredsecuritycontext
spec:
  crd:
    spec:
      names:
        kind: K8sRequiredSecurityContext
      validation:
        openAPIV3Schema:
          type: object
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package k8srequiredsecuritycontext

        violation[{"msg": msg}] {
          container := input.review.object.spec.containers[_]
          not container.securityContext.runAsNonRoot
          msg := "Container must run as non-root user"
        }
-- constraint.yaml --
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sRequiredSecurityContext
metadata:
  name: non-root
spec:
  match:
    kinds:
      - apiGroups: [""]
        kinds: [Pod]
`

const seedSays = "k8srequiredsecuritycontext/non-root deny: Container must run as non-root user"

// TestSeed runs the article's template, and shows that each fault lint finds
// in it is one.
func TestSeed(t *testing.T) {
	s := load(t, seed, Options{})
	for name, tt := range map[string]struct {
		object string
		code   string // of the fault that lets it pass, or accuses it, wrongly
		caught bool
	}{
		"root":                    {`{apiVersion: v1, kind: Pod, spec: {containers: [{name: a}]}}`, "", true},
		"not root":                {`{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, securityContext: {runAsNonRoot: true}}]}}`, "", false},
		"root init container":     {`{apiVersion: v1, kind: Pod, spec: {initContainers: [{name: a}], containers: []}}`, "init-containers", false},
		"root ephemeral":          {`{apiVersion: v1, kind: Pod, spec: {ephemeralContainers: [{name: a}]}}`, "ephemeral-containers", false},
		"said for the pod":        {`{apiVersion: v1, kind: Pod, spec: {securityContext: {runAsNonRoot: true}, containers: [{name: a}]}}`, "pod-level", true},
		"another user, by number": {`{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, securityContext: {runAsUser: 1000}}]}}`, "user-by-id", true},
		"two containers":          {`{apiVersion: v1, kind: Pod, spec: {containers: [{name: a}, {name: b}]}}`, "same-message", true},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := s.Review(t.Context(), Object{Value: parse(t, tt.object), NoExpansion: true})
			got, want := say(t, found, err), []string{}
			if tt.caught {
				want = append(want, seedSays) // once, also for two containers
			}
			if d := cmp.Diff(got, want); d != "" {
				t.Errorf("(-got +want)\n%s", d)
			}
			if tt.code != "" && !slices.Contains(lintCodes(t), tt.code) {
				t.Errorf("lint does not say %s", tt.code)
			}
		})
	}
	want := []string{"ephemeral-containers", "init-containers", "old-rego", "old-version", "pod-level", "pods-only", "same-message", "user-by-id", "workloads"}
	if d := cmp.Diff(lintCodes(t), want); d != "" {
		t.Errorf("lint (-got +want)\n%s", d)
	}
}

// lintCodes returns the codes of the faults in the working directory.
func lintCodes(t testing.TB) []string {
	t.Helper()
	faults, err := Lint(Options{Paths: []string{"."}})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range faults {
		out = append(out, f.Code)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestEverywhere gives one template the same container as a pod, as what makes
// one, as a Compose service and as a docker run line.
func TestEverywhere(t *testing.T) {
	s := load(t, seed, Options{})
	for name, tt := range map[string]struct{ root, not string }{
		"pod":     {`{apiVersion: v1, kind: Pod, spec: {containers: [{name: a}]}}`, `{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, securityContext: {runAsNonRoot: true}}]}}`},
		"job":     {`{apiVersion: batch/v1, kind: Job, spec: {template: {spec: {containers: [{name: a}]}}}}`, `{apiVersion: batch/v1, kind: Job, spec: {template: {spec: {containers: [{name: a, securityContext: {runAsNonRoot: true}}]}}}}`},
		"cronjob": {`{apiVersion: batch/v1, kind: CronJob, spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a}]}}}}}}`, `{apiVersion: batch/v1, kind: CronJob, spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, securityContext: {runAsNonRoot: true}}]}}}}}}`},
		"compose": {`{services: {a: {image: nginx}}}`, `{services: {a: {image: nginx, user: "1000"}}}`},
		"run":     {`docker run nginx`, `docker run --user 1000 nginx`},
	} {
		t.Run(name, func(t *testing.T) {
			review := func(text string) []string {
				t.Helper()
				switch name {
				case "compose":
					facts := compose.Read([]*source.File{source.NewFile("compose.yaml", []byte(text))}, compose.Options{})
					return workloadSays(t, s, facts)
				case "run":
					return workloadSays(t, s, runline.Args(strings.Fields(text)))
				}
				found, err := s.Review(t.Context(), Object{Value: parse(t, text)})
				return say(t, found, err)
			}
			if d := cmp.Diff(review(tt.root), []string{seedSays}); d != "" {
				t.Errorf("as root (-got +want)\n%s", d)
			}
			if d := cmp.Diff(review(tt.not), []string{}); d != "" {
				t.Errorf("not as root (-got +want)\n%s", d)
			}
		})
	}
}

func workloadSays(t testing.TB, s *Set, facts *model.Facts) []string {
	t.Helper()
	if len(facts.Workloads) != 1 {
		t.Fatalf("got %d workloads, want one", len(facts.Workloads))
	}
	found, err := s.ReviewWorkload(t.Context(), facts.Workloads[0])
	return say(t, found, err)
}

// TestBounds stops policies that would not end, and says where they were.
func TestBounds(t *testing.T) {
	for name, tt := range map[string]struct {
		rule   string
		limits Limits
		want   string
	}{
		"time": {
			"deny contains 1 if {\n\tsome a in numbers.range(1, 10000); some b in numbers.range(1, 10000); a + b < 0\n}",
			Limits{Time: 100 * time.Millisecond},
			"after 100ms",
		},
		"memory": {
			"deny contains x if {\n\tx := [[a, b, c] | some a in numbers.range(1, 10000); some b in numbers.range(1, 10000); some c in numbers.range(1, 1000)]\n}",
			Limits{Time: time.Minute, Memory: 32 << 20},
			"more than 32 MiB",
		},
		"one call": {
			"deny contains x if {\n\tx := numbers.range(1, 10000000000)\n}",
			Limits{Time: 100 * time.Millisecond},
			"after 100ms",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := load(t, "-- endless.rego --\npackage main\n\n"+tt.rule+"\n", Options{Limits: tt.limits})
			p := s.packages[0]
			start := time.Now()
			_, err := p.judge(t.Context(), s.evaluation(), regoInput{value: &document.Value{}})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "endless.rego:4:") {
				t.Errorf("got error %v, want one that names endless.rego:4 and says %q", err, tt.want)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// TestCancel ends an evaluation with its context.
func TestCancel(t *testing.T) {
	s := load(t, "-- endless.rego --\npackage main\n\ndeny contains 1 if {\n\tsome a in numbers.range(1, 10000); some b in numbers.range(1, 10000); a + b < 0\n}\n", Options{Limits: Limits{Time: time.Minute}})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.packages[0].judge(ctx, s.evaluation(), regoInput{value: &document.Value{}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got error %v, want %v", err, context.DeadlineExceeded)
	}
}

// TestForbidden refuses policies that reach out of what they are given.
func TestForbidden(t *testing.T) {
	for call, want := range map[string]string{
		`http.send({"method": "get", "url": "http://localhost"})`: "http.send is not to be had: a policy may not use the network",
		`net.lookup_ip_addr("localhost")`:                         "net.lookup_ip_addr is not to be had: a policy may not use the network",
		`opa.runtime()`:                                           "opa.runtime is not to be had: a policy may not read the process it runs in",
		`rand.intn("x", 5)`:                                       "rand.intn is not to be had: a policy gives the same answer every time",
		`uuid.rfc4122("x")`:                                       "uuid.rfc4122 is not to be had: a policy gives the same answer every time",
		`external_data({"provider": "p", "keys": []})`:            "external_data is not to be had: a policy may not use the network",
	} {
		t.Run(call, func(t *testing.T) {
			unpack(t, "-- bad.rego --\npackage main\n\ndeny contains x if {\n\tx := "+call+"\n}\n")
			_, err := Load(Options{Paths: []string{"."}})
			if got, want := fmt.Sprint(err), "bad.rego:4:7: "+want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestCompiledOnce fails if a review compiles or parses anything.
func TestCompiledOnce(t *testing.T) {
	m := metrics.New()
	s := load(t, seed+`
-- main.rego --
package main

deny contains "it has no name" if not input.metadata.name
-- facts.rego --
package site

deny contains "it is privileged" if data.bulkhead.facts.workload.privileged
`, Options{metrics: m})
	pod := Object{Value: parse(t, `{apiVersion: v1, kind: Pod, spec: {containers: [{name: a}]}}`)}
	w := runline.Args(strings.Fields("docker run --privileged nginx")).Workloads[0]
	for range 3 {
		found, err := s.Review(t.Context(), pod)
		if len(found) != 1 {
			t.Errorf("got %d violations and error %v, want one", len(found), err)
		}
		found, err = s.ReviewWorkload(t.Context(), w)
		if len(found) != 2 {
			t.Errorf("got %d violations and error %v, want two", len(found), err)
		}
		for _, p := range s.packages {
			if _, err := p.judge(t.Context(), s.evaluation(), regoInput{value: pod.Value}); err != nil && !p.facts {
				t.Error(err)
			}
		}
	}
	evaluated := false
	for name := range m.All() {
		evaluated = evaluated || strings.Contains(name, "query_eval")
		if strings.Contains(name, "compile") || strings.Contains(name, "parse") {
			t.Errorf("a review spends time on %s", name)
		}
	}
	if !evaluated {
		t.Errorf("got metrics %v, want some of an evaluation", m.All())
	}
	// Compiling the seed's template makes 2,500 allocations.
	if n := testing.AllocsPerRun(100, func() { _, _ = s.Review(t.Context(), pod) }); n > 600 {
		t.Errorf("a review makes %.0f allocations, want at most 600", n)
	}
}

// findings returns what Check finds in the files of an archive, with places.
func findings(t testing.TB, s *Set, archive string) []string {
	t.Helper()
	var files []*source.File
	sys := &model.System{}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		file := source.NewFile(f.Name, f.Data)
		files = append(files, file)
		switch {
		case f.Name == "Dockerfile":
			sys.Builds = append(sys.Builds, &model.Build{Name: f.Name, File: file})
		case strings.HasPrefix(f.Name, "compose"):
			sys.Workloads = append(sys.Workloads, compose.Read([]*source.File{file}, compose.Options{}).Workloads...)
		default:
			sys.Workloads = append(sys.Workloads, kube.Read(file).Workloads...)
		}
	}
	found, untold, failed := s.Check(t.Context(), files, sys)
	out := []string{}
	for _, f := range found {
		out = append(out, fmt.Sprintf("%s: %s: %s: %s (%s)", f.Where(), f.Severity, f.Subject, f.Message, f.Rule))
	}
	for _, n := range append(untold, failed...) {
		out = append(out, "not checked: "+n.What+": "+n.Why)
	}
	slices.Sort(out)
	return out
}

// TestCheck holds the findings of archives of policies and files: each has the
// policies below policy/, the files below files/, and the findings.
func TestCheck(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("got %d archives, error %v", len(archives), err)
	}
	for _, name := range archives {
		t.Run(filepath.Base(name), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var policies, files txtar.Archive
			want, o := "", Options{}
			for _, f := range archive.Files {
				switch folder, rest, _ := strings.Cut(f.Name, "/"); folder {
				case "findings":
					want = string(f.Data)
				case "data":
					o.Data = []string{"data"}
					policies.Files = append(policies.Files, f)
				case "policy":
					policies.Files = append(policies.Files, f)
				case "files":
					files.Files = append(files.Files, txtar.File{Name: rest, Data: f.Data})
				}
			}
			unpack(t, string(txtar.Format(&policies)))
			o.Paths, o.Now = []string{"policy"}, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			s, err := Load(o)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(findings(t, s, string(txtar.Format(&files))), "\n") + "\n"
			if d := cmp.Diff(got, want); d != "" {
				t.Errorf("(-got +want)\n%s\ngot\n%s", d, got)
			}
		})
	}
}
