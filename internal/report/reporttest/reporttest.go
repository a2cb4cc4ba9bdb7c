// Package reporttest holds the one report that the tests of every output
// format write.
package reporttest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/report"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

const compose = `services:
  web:
    image: nginx:1.27
    privileged: true # for debugging
  db:
	# 日本: a tab above, wide characters before the place
    labels: { "日本é😀": "x", user: root }
`

// Sample returns the report.
func Sample() *report.Report {
	yaml := source.NewFile("deploy/compose.yaml", []byte(compose))
	docker := source.NewFile("Docker file\x1b[31m", []byte("FROM alpine\r\nRUN curl "+strings.Repeat("https://example.com/ ", 20)+"| sh\r\n"))
	yaml.Path, docker.Path = "deploy/compose.yaml", "Docker file"
	findings := []finding.Finding{
		{
			Rule: "privileged", Severity: finding.Critical, Subject: "web", Surface: model.Compose,
			Message: "container is privileged", Gain: "take over the host", Span: find(yaml, "true"),
			Related:     []finding.Related{{Path: "container web: HostConfig.Privileged", Message: "also: running now"}, {Span: find(yaml, "nginx:1.27"), Message: "also: the image"}},
			Fixes:       []finding.Fix{{Message: "run without privileges", Edits: []source.Edit{{Span: find(yaml, "true"), New: "false"}}}},
			Fingerprint: "00c0ffee",
		},
		{
			Rule: "curl-pipe", Severity: finding.High, Subject: "Docker file\x1b[31m", Surface: model.Dockerfile,
			Message: "downloads a program and runs it unseen", Likely: true, Span: find(docker, "| sh"), Fingerprint: "00c0ffef",
		},
		{
			Rule: "root-user", Severity: finding.High, Subject: "db", Surface: model.Compose,
			Message: "process runs as root", Span: find(yaml, "root }"),
			Fixes: []finding.Fix{
				{Message: "run as 10001", Safe: true, Edits: []source.Edit{{Span: find(yaml, "root }"), New: "\"10001\" }"}}},
				{Message: "drop the labels", Edits: []source.Edit{{Span: line(yaml, 7)}}},
			},
			Fingerprint: "00c0fff0",
		},
		{
			Rule: "writable-root", Severity: finding.Medium, Subject: "web", Surface: model.Compose,
			Message: "root file system is writable", Span: find(yaml, "web"),
			Fixes: []finding.Fix{{Message: "mount the root file system read-only", Edits: []source.Edit{{
				Span: yaml.Span(yaml.LineStart(5), yaml.LineStart(5)), New: "    read_only: true\n", Key: "read_only",
			}}}},
			Fingerprint: "00c0fff1",
		},
		{
			Rule: "no-icc", Severity: finding.Low, Subject: "daemon\u202e", Surface: model.Daemon,
			Message: "containers reach one another\non the default bridge", Path: "daemon: icc", Fingerprint: "00c0fff2",
		},
	}
	r := &report.Report{
		Version: "1.0.0", Started: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC), Took: 40 * time.Millisecond,
		Looked: []string{"1 Dockerfile", "compose.yaml: 2 services", "1 running container"},
		Images: []report.Image{{
			Name: "shop/api:1", ID: "sha256:2cf2", Told: true, Matched: true,
			Base: &model.Base{Name: "debian:12", Confidence: model.Certain, Evidence: []model.Evidence{{Kind: model.ByLayers, Detail: "its first layer is that of debian:12"}}},
			From: model.Share{Layers: 1, Size: 120 << 20, Packages: 88, Vulnerabilities: 12, Fixable: 3},
			Own:  model.Share{Layers: 2, Size: 4 << 10, Packages: 1, Vulnerabilities: 1, Secrets: 1},
		}},
		Findings:   findings,
		NotChecked: []model.Note{{What: "chart/a.yaml", Why: "is a template"}, {What: "chart/b.yaml", Why: "is a template"}, {What: "host", Why: "was not asked for"}},
		Suppressed: []report.Suppression{
			{Finding: suppressed(yaml), Reason: "needs /var/cache, see #12", Until: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), Where: "deploy/compose.yaml:5:7"},
			{Finding: suppressed(yaml), Reason: "accepted", Where: ".bulkhead.yaml:3:5"},
		},
		Data:   []string{"end-of-life table of 2026-08-21"},
		FailOn: finding.High,
		Rules:  rules(),
	}
	for i, s := range []string{
		"web, reachable from outside on port 80, is privileged: whoever takes over the program in it takes over the host, its other containers and their secrets",
		"a stranger's script runs while the image is built", "",
	} {
		r.Top = append(r.Top, report.Story{Finding: &r.Findings[i], Sentence: s, Proven: i == 0})
	}
	return r
}

func suppressed(f *source.File) finding.Finding {
	return finding.Finding{Rule: "writable-root", Severity: finding.Medium, Subject: "db", Surface: model.Compose, Message: "root file system is writable", Span: find(f, "db"), Fingerprint: "00c0fff3"}
}

func rules() []*rule.Rule {
	var out []*rule.Rule
	for _, r := range []rule.Rule{
		{Name: "privileged", Summary: "the container is privileged", Severity: finding.Critical, Refs: []string{"CIS-Docker 5.5", "kics privileged_containers", "kics privileged_containers"}},
		{Name: "curl-pipe", Summary: "a program is downloaded and run unseen", Severity: finding.High},
		{Name: "root-user", Summary: "the process runs as root", Severity: finding.High, Refs: []string{"hadolint DL3002"}},
		{Name: "writable-root", Summary: "the container can write to its root file system", Severity: finding.Medium},
		{Name: "no-icc", Summary: "containers reach one another on the default bridge", Severity: finding.Low},
	} {
		r.Doc = "Something goes wrong\nfor somebody.\n\nDo this `instead`.\n\n-- bad/compose.yaml --\nbad: 1\n-- findings --\nx\n-- good/compose.yaml --\ngood: 1\n"
		out = append(out, &r)
	}
	return out
}

func find(f *source.File, text string) source.Span {
	i := bytes.Index(f.Text, []byte(text))
	return f.Span(i, i+len(text))
}

func line(f *source.File, n int) source.Span { return f.Span(f.LineStart(n), f.LineStart(n+1)) }

var update = flag.Bool("update", false, "rewrite the golden files")

// Golden checks what w writes of the sample against testdata/name.
func Golden(t *testing.T, w report.Writer, name string) []byte {
	t.Helper()
	var got bytes.Buffer
	if err := w.Write(&got, Sample()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got.String(), string(want)); diff != "" {
		t.Errorf("%s: -got +want\n%s", path, diff)
	}
	return got.Bytes()
}
