package policy

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/frontend/runline"
	"bulkhead/internal/source"
)

// benchmarkPod is a pod as people write them.
const benchmarkPod = `
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  labels: {app: web, owner: search}
spec:
  hostNetwork: false
  serviceAccountName: web
  initContainers:
    - {name: migrate, image: "shop/migrate:1.4", securityContext: {runAsNonRoot: true}}
  containers:
    - name: web
      image: openpolicyagent/opa:0.9.2
      args: [run, --server]
      ports: [{containerPort: 8080, protocol: TCP}]
      env: [{name: MODE, value: production}, {name: PORT, value: "8080"}]
      resources: {limits: {cpu: 100m, memory: 30Mi}, requests: {cpu: 100m, memory: 30Mi}}
      securityContext: {runAsNonRoot: true, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
      volumeMounts: [{name: data, mountPath: /data}]
      readinessProbe: {httpGet: {path: /, port: 8080}}
    - name: sidecar
      image: shop/sidecar:1
      securityContext: {privileged: false}
  volumes: [{name: data, emptyDir: {}}]
`

// ten loads ten templates of Gatekeeper's library, with a constraint each.
func ten(b *testing.B) *Set {
	b.Helper()
	var paths []string
	for _, e := range library(b) {
		pods := strings.HasPrefix(e.Dir, "pod-security-policy/") || e.Dir == "general/allowedrepos"
		if !pods || len(paths) == 20 || len(e.Tests) == 0 {
			continue
		}
		dir := b.TempDir()
		e.Tests = e.Tests[:1]
		e.write(b, dir)
		paths = append(paths, filepath.Join(dir, "template.yaml"), filepath.Join(dir, "constraint-0.json"))
	}
	s, err := Load(Options{Paths: paths, Now: time.Now()})
	if err != nil {
		b.Fatal(err)
	}
	if got, want := s.Len(), 10; got != want {
		b.Fatalf("got %d policies, want %d", got, want)
	}
	return s
}

// BenchmarkReview judges a pod by ten policies, its conversion included.
func BenchmarkReview(b *testing.B) {
	s := ten(b)
	object := Object{Value: parse(b, benchmarkPod)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Review(b.Context(), object); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReviewWorkload judges a docker run line as a pod by ten policies.
func BenchmarkReviewWorkload(b *testing.B) {
	s := ten(b)
	w := runline.Args(strings.Fields("docker run --cap-drop ALL --read-only --user 1000 -p 8080:80 -v data:/data -e A=b nginx:1.27")).Workloads[0]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.ReviewWorkload(b.Context(), w); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCheck judges a hundred pods that each violate a policy, places
// included.
func BenchmarkCheck(b *testing.B) {
	s := load(b, seed, Options{})
	var text strings.Builder
	for i := range 100 {
		fmt.Fprintf(&text, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: pod-%d}\nspec:\n  containers:\n    - {name: a, image: b}\n    - {name: c, image: d, securityContext: {runAsNonRoot: true}}\n", i)
	}
	files := []*source.File{source.NewFile("pods.yaml", []byte(text.String()))}
	b.ReportAllocs()
	for b.Loop() {
		found, _, failed := s.Check(b.Context(), files, emptySystem)
		if len(found) != 100 || len(failed) > 0 {
			b.Fatalf("got %d findings and %v", len(found), failed)
		}
	}
}

// BenchmarkLoad compiles ten policies.
func BenchmarkLoad(b *testing.B) {
	paths := ten(b).options.Paths
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(Options{Paths: paths}); err != nil {
			b.Fatal(err)
		}
	}
}
