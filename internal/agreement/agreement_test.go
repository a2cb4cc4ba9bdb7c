package agreement

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bulkhead/internal/check"
	"bulkhead/internal/enginetest"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/rules"
	"bulkhead/internal/ruletest"
	"bulkhead/internal/source"
)

// A rendering is one scenario as one surface says it, and what the rules make
// of it.
type rendering struct {
	surface model.Surface
	name    string // "compose", "started container"
	text    string
	fired   map[string]string // message by rule
}

// TestAgreement holds the verdicts on every rendering of every scenario
// against each other, for each rule that exists on both surfaces.
func TestAgreement(t *testing.T) {
	enginetest.Engine(t)
	enginetest.Image(t, testImage)
	enginetest.Docker(t, "network", "create", network)
	t.Cleanup(func() { enginetest.Docker(t, "network", "rm", network) })
	all := rules.All()
	surfaces := map[string][]model.Surface{}
	for _, r := range all {
		surfaces[r.Name] = r.Surfaces()
	}
	count := &tally{pairs: map[string]bool{}, rules: map[string]bool{}}
	info := source.NewFile("info.json", []byte(enginetest.Docker(t, "info", "--format", "{{json .}}")))
	for _, s := range append(scenarios(), builds()...) {
		judged := all
		if s.dockerfile != "" {
			// The base image and the instructions are not the container's.
			judged = slices.DeleteFunc(slices.Clone(all), func(r *rule.Rule) bool { return r.Workload == nil })
		}
		t.Run(s.name, func(t *testing.T) {
			compare(t, judged, surfaces, renderings(t, s, info), count)
		})
	}
	t.Logf("%d rules, %d rule × rendering pairs, %d verdicts, %d of them differ", len(count.rules), len(count.pairs), count.verdicts, count.differ)
	if len(count.rules) < 60 || len(count.pairs) < 300 {
		t.Errorf("compared %d rules and %d rule × rendering pairs, want at least 60 and 300", len(count.rules), len(count.pairs))
	}
}

type tally struct {
	pairs, rules     map[string]bool
	verdicts, differ int
}

// compare reports every rule that fires on some renderings but not on others it exists on.
func compare(t *testing.T, all []*rule.Rule, surfaces map[string][]model.Surface, rs []rendering, count *tally) {
	t.Helper()
	for _, r := range all {
		var yes, no []string
		for _, x := range rs {
			if !slices.Contains(surfaces[r.Name], x.surface) {
				continue
			}
			if m, ok := x.fired[r.Name]; ok {
				yes = append(yes, x.name+" ("+m+")")
			} else {
				no = append(no, x.name)
			}
			count.pairs[r.Name+" "+x.name] = true
		}
		if len(yes)+len(no) < 2 {
			continue
		}
		count.rules[r.Name] = true
		count.verdicts += len(yes) + len(no)
		if len(yes) > 0 && len(no) > 0 {
			count.differ++
			t.Errorf("%s: found on %s, not on %s", r.Name, strings.Join(yes, ", "), strings.Join(no, ", "))
		}
	}
}

// renderings returns s as every surface that can say it, judged.
func renderings(t *testing.T, s spec, info *source.File) []rendering {
	t.Helper()
	var images []*source.File
	if s.dockerfile == "" {
		if s.image != testImage {
			enginetest.Docker(t, "tag", testImage, s.image)
			t.Cleanup(func() { enginetest.Docker(t, "rmi", s.image) })
		}
	} else {
		buildImage(t, s)
		images = append(images, inspect(t, "base-image.json", testImage))
	}
	image := inspect(t, "image.json", s.ref())
	out := []rendering{
		judge(model.RunLine, "run line", s.line(), image),
		judge(model.Compose, "compose", s.composeImage(), image),
	}
	if pod, ok := s.pod(); ok {
		out = append(out, judge(model.Kube, "pod", pod, image))
	}
	if s.dockerfile != "" {
		out = append(out,
			judge(model.Dockerfile, "Dockerfile", s.dockerfile, images...),
			judge(model.ImageStore, "image", string(image.Text)),
			judge(model.Compose, "compose with build", s.compose(), append(images, source.NewFile("Dockerfile", []byte(s.dockerfile)))...))
	}
	if s.filesOnly || s.cgroupHost && cgroupV1() {
		return out
	}
	for _, v := range s.volumes {
		name, _, _ := strings.Cut(v, ":")
		t.Cleanup(func() { enginetest.Docker(t, "volume", "rm", name) })
	}
	enginetest.Create(t, s.runArgs()...)
	out = append(out, judge(model.Container, "created container", enginetest.Docker(t, "inspect", "--type", "container", s.name), image, info))
	if s.starts() {
		enginetest.Docker(t, "start", s.name)
		out = append(out, judge(model.Container, "started container", enginetest.Docker(t, "inspect", "--type", "container", s.name), image, info))
	}
	return out
}

// cgroupV1 reports whether this machine's control groups are of version 1,
// where an engine does not tell whether the host's namespace was asked for.
func cgroupV1() bool {
	_, err := os.Stat("/sys/fs/cgroup/cgroup.controllers")
	return err != nil
}

// line returns the docker run line that makes s.
func (s spec) line() string {
	words := append([]string{"docker", "run"}, s.runArgs()...)
	for i, w := range words {
		if strings.ContainsAny(w, " $\"") {
			words[i] = "'" + w + "'"
		}
	}
	return "#!/bin/sh\n" + strings.Join(words, " ") + "\n"
}

// composeImage is compose without its build, so that the image alone counts.
func (s spec) composeImage() string {
	return strings.Replace(s.compose(), "    build: .\n", "", 1)
}

// starts reports whether this kind of machine can start s at all, and
// whether that is harmless.
func (s spec) starts() bool {
	return !s.privileged && !slices.Contains(s.capAdd, "ALL") && !s.hostNet && s.parent == "" && len(s.devices) == 0 && !s.tty && !s.hostPID &&
		!slices.ContainsFunc(s.mounts, func(b bind) bool { return b.propagation != "" })
}

func buildImage(t *testing.T, s spec) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(s.dockerfile), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOCKER_BUILDKIT", "0")
	enginetest.Docker(t, "build", "-q", "-t", s.tag, dir)
	t.Cleanup(func() { enginetest.Docker(t, "rmi", s.tag) })
}

func inspect(t *testing.T, name, ref string) *source.File {
	t.Helper()
	return source.NewFile(name, []byte(enginetest.Docker(t, "image", "inspect", ref)))
}

// fileNames are the names that tell what a rendering is.
var fileNames = map[model.Surface]string{
	model.RunLine: "run.sh", model.Compose: "compose.yaml", model.Kube: "pod.yaml", model.Dockerfile: "Dockerfile",
	model.ImageStore: "image.json", model.Container: "container.json",
}

// judge runs every rule over text as the given surface, with others beside it.
func judge(s model.Surface, name, text string, others ...*source.File) rendering {
	files := append([]*source.File{source.NewFile(fileNames[s], []byte(text))}, others...)
	sys := check.System(check.Sources{
		Site:  model.Site{Now: ruletest.Now},
		Files: files,
		Load: func(name string) (*source.File, error) {
			for _, f := range files {
				if f.Name == name {
					return f, nil
				}
			}
			return nil, fmt.Errorf("read %s: %w", name, os.ErrNotExist)
		},
	})
	x := rendering{surface: s, name: name, text: text, fired: map[string]string{}}
	for _, f := range check.Findings(rules.All(), sys) {
		if f.Surface == s {
			x.fired[f.Rule] = f.Message
		}
	}
	return x
}
