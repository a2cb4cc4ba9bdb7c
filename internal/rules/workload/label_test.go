package workload

import (
	"testing"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

func TestLyingLabel(t *testing.T) {
	for _, tt := range []struct {
		label, value string
		privileged   bool
		want         string // message; "" for none
		severity     finding.Severity
	}{
		{"privileged", "false", true, "label privileged says false, but the container is privileged", finding.Medium},
		{"com.example/privileged", "TRUE", false, "label com.example/privileged says true, but the container is not privileged", finding.Low},
		{"privileged", "true", true, "", 0},
		{"privileged", "no idea", true, "", 0},
		{"not-privileged", "true", true, "", 0},
		{"com.example.read-only", "true", false, "label com.example.read-only says true, but the root file system is not read-only", finding.Medium},
		{"nonroot", "true", false, "label nonroot says true, but the container runs as root", finding.Medium},
		{"nonroot", "false", false, "", 0},
	} {
		w := &model.Workload{Name: "web", Privileged: set(tt.privileged), User: set(model.User{Name: "0"})}
		w.Labels = []model.Label{{Name: tt.label, Value: set(tt.value)}}
		got := rule.Run(lyingLabel, &model.System{Workloads: []*model.Workload{w}})
		switch {
		case tt.want == "" && len(got) > 0:
			t.Errorf("%s=%s: got %q, want nothing", tt.label, tt.value, got[0].Message)
		case tt.want != "" && (len(got) != 1 || got[0].Message != tt.want || got[0].Severity != tt.severity):
			t.Errorf("%s=%s: got %v, want %s: %s", tt.label, tt.value, got, tt.severity, tt.want)
		}
	}
}
