package check

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

func TestStories(t *testing.T) {
	f := source.NewFile("run.sh", []byte("docker run -v /:/host shop/web"))
	of := func(rule, subject string, s finding.Severity) finding.Finding {
		return finding.Finding{Rule: rule, Subject: subject, Severity: s}
	}
	at := func(x finding.Finding) finding.Finding {
		x.Span = f.Span(11, 21)
		return x
	}
	for name, tt := range map[string]struct {
		in   []finding.Finding
		want []string
	}{
		"one a rule and one a subject": {
			[]finding.Finding{
				of("privileged", "web", finding.Critical), of("host-pid", "web", finding.High), of("privileged", "db", finding.Critical),
				of("seccomp-off", "db", finding.High), of("secret-in-env", "cache", finding.High),
			},
			[]string{"privileged web", "seccomp-off db", "secret-in-env cache"},
		},
		"nothing minor before what is critical": {
			[]finding.Finding{
				of("privileged", "web", finding.Critical), of("engine-socket", "web", finding.Critical), of("host-pid", "web", finding.High),
				of("untagged", "nginx", finding.Medium),
			},
			[]string{"privileged web", "engine-socket web", "host-pid web"},
		},
		"one place once": {
			[]finding.Finding{
				at(of("engine-socket", "web", finding.Critical)), at(of("sensitive-host-mount", "web", finding.Critical)), of("untagged", "nginx", finding.Medium),
			},
			[]string{"engine-socket web", "untagged nginx"},
		},
		"in the order of the findings": {
			[]finding.Finding{
				of("privileged", "web", finding.Critical), of("engine-socket", "web", finding.Critical), of("privileged", "db", finding.Critical),
				of("seccomp-off", "db", finding.High),
			},
			[]string{"privileged web", "engine-socket web", "seccomp-off db"},
		},
		"nothing low": {[]finding.Finding{of("no-cpu-limit", "web", finding.Low)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, s := range stories(tt.in) {
				got = append(got, s.Finding.Rule+" "+s.Finding.Subject)
			}
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("-got +want\n%s", diff)
			}
		})
	}
}

func TestSentence(t *testing.T) {
	root := model.Fact[model.User]{State: model.Set}
	public := []model.Exposure{{Public: true, Address: "0.0.0.0", Port: 80, Via: "published port"}}
	image := func(path string) *model.Image {
		return &model.Image{Ref: model.Fact[model.Reference]{Value: model.Reference{Raw: path, Registry: "docker.io", Repository: "library/" + path}, State: model.Set}}
	}
	for want, w := range map[string]*model.Workload{
		"web is reachable from outside (0.0.0.0:80), runs as root and is privileged: an attacker in it can own the host": {
			User: root, Exposure: public, Image: image("nginx"),
		},
		"web is reachable from outside (0.0.0.0:80) once it is started, runs as root and is privileged: an attacker in it can own the host": {
			User: root, Exposure: public, Image: image("nginx"), Status: "exited",
		},
		// Its entrypoint becomes the user postgres.
		"web is reachable from outside (0.0.0.0:80) and is privileged: an attacker in it can own the host": {
			User: root, Exposure: public, Image: image("postgres"),
		},
	} {
		w.Name = "web"
		f := finding.Finding{Rule: "privileged", Subject: w.Name, Message: "container is privileged", Gain: "own the host", Workload: w}
		if got := sentence(f); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestRank checks that of two images with one fault the one comes first that
// somebody outside can reach.
func TestRank(t *testing.T) {
	inside := &model.Workload{Name: "job"}
	front := &model.Workload{Name: "web", Exposure: []model.Exposure{{Public: true}}}
	of := func(w *model.Workload, s finding.Severity) finding.Finding {
		return finding.Finding{Rule: "vulnerable-package", Severity: s, Subject: w.Name, Image: &model.Image{Workloads: []*model.Workload{w}}}
	}
	findings := []finding.Finding{of(inside, finding.Low), of(inside, finding.High), of(front, finding.High)}
	rank(findings)
	var got []string
	for _, f := range findings {
		got = append(got, f.Subject+" "+f.Severity.String())
	}
	if diff := cmp.Diff(got, []string{"web high", "job high", "job low"}); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
}
