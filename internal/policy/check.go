package policy

import (
	"context"
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/frontend/dockerfile/commands"
	"bulkhead/internal/frontend/document"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// Check judges files and what they describe, and returns findings like those
// of any rule: Kubernetes objects by the constraints, and so the containers
// that no object describes, as pods; every file by the packages, in its own
// shape; every workload by the packages over facts. It returns beside them what
// could not be told because something is not known, and the evaluations that
// failed.
func (s *Set) Check(ctx context.Context, files []*source.File, sys *model.System) (found []finding.Finding, untold, failed []model.Note) {
	c := &checker{ctx: ctx, set: s, system: sys, at: map[source.Span]*model.Workload{}, builds: map[*source.File]*model.Build{}}
	for _, w := range sys.Workloads {
		if w.Surface == model.Kube {
			c.at[w.Place.Span] = w
		}
	}
	for _, b := range sys.Builds {
		if b.File != nil && c.builds[b.File] == nil {
			c.builds[b.File] = b
		}
	}
	c.read(files)
	c.objects()
	c.workloads()
	c.files()
	return c.out, append(c.untold, s.notes...), c.failed
}

// An artifact is one document of a file.
type artifact struct {
	file  *source.File
	kind  string // one of inputKinds
	value *document.Value
}

type checker struct {
	ctx    context.Context
	set    *Set
	system *model.System
	at     map[source.Span]*model.Workload // containers of pods by the place of their name
	builds map[*source.File]*model.Build

	artifacts []artifact
	out       []finding.Finding
	untold    []model.Note
	failed    []model.Note
}

// read reads the documents of files. What cannot be read is the rule syntax's
// to report.
func (c *checker) read(files []*source.File) {
	own := map[string]bool{}
	for _, f := range c.set.files {
		own[onDisk(f.file)] = true
	}
	for _, f := range files {
		if own[onDisk(f)] {
			continue
		}
		if c.builds[f] != nil {
			if v, err := commands.Read(f); err == nil {
				c.artifacts = append(c.artifacts, artifact{f, "dockerfile", v})
			}
			continue
		}
		ext := strings.ToLower(path.Ext(f.Name))
		if ext != ".yaml" && ext != ".yml" && ext != ".json" {
			continue
		}
		docs, _ := document.Read(f)
		for _, v := range docs {
			c.artifacts = append(c.artifacts, spread(artifact{f, strings.TrimPrefix(ext, "."), v}, 0)...)
		}
	}
}

// onDisk returns where f is, whichever way it was named.
func onDisk(f *source.File) string {
	if f.Path == "" {
		return f.Name
	}
	at, err := filepath.Abs(f.Path)
	if err != nil {
		return f.Name
	}
	return at
}

// spread tells what a document is, and takes lists apart: those of Kubernetes,
// and those at the top of a file, as conftest does.
func spread(a artifact, depth int) []artifact {
	const deepest = 4
	v := a.value
	items := v.List("items")
	switch {
	case v.Kind == document.List:
		items = v.Items
	case v.Str("apiVersion") != "" && v.Str("kind") != "":
		a.kind = "kube"
		if !strings.HasSuffix(v.Str("kind"), "List") || items == nil {
			return []artifact{a}
		}
	default:
		if s := v.Get("services"); s != nil && s.Kind == document.Object {
			a.kind = "compose"
		} else if a.kind == "yml" {
			a.kind = "yaml"
		}
		return []artifact{a}
	}
	if depth >= deepest {
		return nil
	}
	var out []artifact
	for _, x := range items {
		out = append(out, spread(artifact{a.file, a.kind, x}, depth+1)...)
	}
	return out
}

// objects judges Kubernetes objects, each with the others for inventory.
func (c *checker) objects() {
	if len(c.set.constraints) == 0 {
		return
	}
	var objects []*document.Value
	for _, a := range c.artifacts {
		if a.kind == "kube" && !ours(a.value) {
			objects = append(objects, placed(a.value))
		}
	}
	set := c.set.WithInventory(objects)
	for _, o := range objects {
		found, err := set.Review(c.ctx, Object{Value: o})
		c.fail(err)
		for i := range found {
			c.report(&found[i], finding.Finding{Subject: subject(o), Surface: model.Kube})
		}
	}
}

// placed returns o in the namespace it will be in: the default one where it
// names none and is of a kind that is in one.
func placed(o *document.Value) *document.Value {
	meta := o.Get("metadata")
	if !namespaced[o.Str("kind")] || meta == nil || meta.Kind != document.Object || meta.Str("namespace") != "" {
		return o
	}
	at := o.Place
	if n := meta.Get("name"); n != nil {
		at = n.Place
	}
	return o.With("metadata", meta.With("namespace", document.Text("default", at)))
}

func subject(o *document.Value) string {
	if n := o.Str("metadata", "name"); n != "" {
		return n
	}
	if n := o.Str("metadata", "generateName"); n != "" {
		return n
	}
	return o.Str("kind")
}

// describedAsPod reports whether a pod stands for w. A Dockerfile or an image
// alone says too little of how it is run.
func describedAsPod(w *model.Workload) bool {
	return w.Surface == model.Compose || w.Surface == model.RunLine || w.Surface == model.Container
}

// workloads judges the containers that no Kubernetes object describes by the
// constraints, and all of them by the packages over facts.
func (c *checker) workloads() {
	var facts []*document.Value
	overFacts := slices.ContainsFunc(c.set.packages, func(p *regoPackage) bool { return p.facts })
	if overFacts {
		for _, w := range c.system.Workloads {
			facts = append(facts, workloadFacts(w))
		}
	}
	for i, w := range c.system.Workloads {
		var found []Violation
		if describedAsPod(w) && len(c.set.constraints) > 0 {
			more, err := c.set.judgeAll(c.ctx, []*reviewed{newReviewed(podOf(w), "CREATE")})
			c.fail(err)
			found = append(found, more...)
		}
		if overFacts {
			more, err := c.set.judgeFacts(c.ctx, facts[i], facts)
			c.fail(err)
			found = append(found, more...)
		}
		for j := range found {
			c.report(&found[j], finding.Finding{Subject: w.Name, Surface: w.Surface, Workload: w})
		}
	}
}

// judgeFacts judges one workload by the packages over facts.
func (s *Set) judgeFacts(ctx context.Context, w *document.Value, all []*document.Value) ([]Violation, error) {
	var out []Violation
	var errs []error
	for _, p := range s.packages {
		if p.facts {
			found, err := p.judge(ctx, s.evaluation(), regoInput{w, all})
			out, errs = append(out, found...), append(errs, err)
		}
	}
	return out, errors.Join(errs...)
}

func (s *Set) reviewWorkload(ctx context.Context, w *model.Workload) ([]Violation, error) {
	out, err := s.judgeAll(ctx, []*reviewed{newReviewed(podOf(w), "CREATE")})
	if !slices.ContainsFunc(s.packages, func(p *regoPackage) bool { return p.facts }) {
		return out, err
	}
	facts := workloadFacts(w)
	more, err2 := s.judgeFacts(ctx, facts, []*document.Value{facts})
	return append(out, more...), errors.Join(err, err2)
}

// files judges every document in its own shape.
func (c *checker) files() {
	for _, a := range c.artifacts {
		for _, p := range c.set.packages {
			if p.facts || len(p.inputs) > 0 && !slices.Contains(p.inputs, a.kind) {
				continue
			}
			found, err := p.judge(c.ctx, c.set.evaluation(), regoInput{value: a.value})
			c.fail(err)
			for i := range found {
				c.report(&found[i], c.about(a))
			}
		}
	}
}

// about returns what a finding in a document says of its subject.
func (c *checker) about(a artifact) finding.Finding {
	switch a.kind {
	case "dockerfile":
		return finding.Finding{Subject: a.file.Name, Surface: model.Dockerfile, Build: c.builds[a.file]}
	case "compose":
		return finding.Finding{Subject: a.file.Name, Surface: model.Compose}
	case "kube":
		return finding.Finding{Subject: subject(a.value), Surface: model.Kube}
	}
	return finding.Finding{Subject: a.file.Name, Surface: model.HostSystem}
}

// fail notes why a policy gave no answer, once.
func (c *checker) fail(err error) {
	if err == nil || c.ctx.Err() != nil {
		return
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			c.fail(e)
		}
		return
	}
	const most = 100
	what, why, _ := strings.Cut(err.Error(), ": ")
	note, to := model.Note{What: what, Why: why}, &c.failed
	if errors.Is(err, errNoNamespace) {
		to = &c.untold
	}
	if len(*to) < most && !slices.Contains(*to, note) {
		*to = append(*to, note)
	}
}

// report reports a violation at each place it rests on.
func (c *checker) report(v *Violation, f finding.Finding) {
	f.Rule, f.Severity = v.Rule, v.Severity
	f.Message = strings.Join(strings.Fields(v.Message), " ")
	for _, at := range v.locate(c.ctx) {
		one := f
		one.Span, one.Path, one.Likely = at.place.Span, at.place.Path, at.place.Likely
		if w := c.at[at.inside]; w != nil && one.Workload == nil {
			one.Workload, one.Subject = w, w.Name
		}
		c.out = append(c.out, one)
	}
}
