package policy

import (
	"os"
	"strings"
	"testing"

	"bulkhead/internal/frontend/compose"
	"bulkhead/internal/frontend/kube"
	"bulkhead/internal/frontend/runline"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// TestFactsDocumented fails on a fact that the guide does not name.
func TestFactsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/guide/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	service := source.NewFile("compose.yaml", []byte(`{services: {web: {image: nginx, privileged: "${X}", ports: ["80:80"], environment: {A: b}, volumes: ["/a:/b"], labels: {a: b}}}}`))
	workloads := []*model.Workload{
		compose.Read([]*source.File{service}, compose.Options{}).Workloads[0],
		kube.Read(source.NewFile("pod.yaml", []byte(benchmarkPod))).Workloads[0],
		runline.Args(strings.Fields("docker run --name a --restart always -m 1g postgres")).Workloads[0],
	}
	workloads[0].Exposure = []model.Exposure{{Address: "0.0.0.0", Port: 80, Public: true, Via: "published port"}}
	seen := map[string]bool{}
	for _, w := range workloads {
		for _, f := range workloadFacts(w).Fields {
			seen[f.Name] = true
			if !strings.Contains(string(page), "`"+f.Name+"`") {
				t.Errorf("docs/guide/policy.md does not name the fact %s", f.Name)
			}
		}
	}
	if len(seen) < 30 {
		t.Errorf("got %d facts, want at least 30: %v", len(seen), seen)
	}
	if got := workloadFacts(workloads[0]).Strings("unknown"); len(got) == 0 || got[0] != "privileged" {
		t.Errorf("got %v for what is not known, want privileged first", got)
	}
}
