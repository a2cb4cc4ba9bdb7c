package learn

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"bulkhead/internal/check"
	"bulkhead/internal/finding"
	"bulkhead/internal/fix"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// ErrNoService is returned where the files describe no service of the name.
var ErrNoService = errors.New("no such service is described there")

// A Patch is what was learned, written into the file that describes a service.
type Patch struct {
	Before, After *source.File
	Missing       []string // what has no place there
}

// Patch writes what was learned into file, where it describes the service called
// name: a Compose service, a container of a manifest, a docker run line. profile is
// the seccomp profile's file as the service's description is to name it. What was
// not verified is not written.
func (r *Learned) Patch(file *source.File, name, profile string) (*Patch, error) {
	if !r.Verified {
		return nil, errors.New("what was learned is not verified: " + r.Failure)
	}
	w, err := workload(file, name)
	if err != nil {
		return nil, err
	}
	place := w.Name
	out := &Patch{Before: file}
	res, err := fix.Files([]*source.File{file}, fix.Unsafe, func(files []*source.File) ([]finding.Finding, error) {
		w, err := workload(files[0], place)
		if err != nil {
			return nil, err
		}
		return r.wants(w, profile), nil
	})
	if err != nil {
		return nil, err
	}
	out.After = res.Files[0]
	for _, f := range res.Left {
		out.Missing = append(out.Missing, f.Message)
	}
	return out, nil
}

// workload returns the one workload of a file that is called name, or that is the
// only one where the file has no more.
func workload(file *source.File, name string) (*model.Workload, error) {
	all := check.System(check.Sources{Files: []*source.File{file}}).Workloads
	for _, w := range all {
		if name == w.Name || name == w.Container || name == w.Service || name == path.Base(w.Name) {
			return w, nil
		}
	}
	if len(all) == 1 && all[0].Surface != model.Compose {
		return all[0], nil
	}
	return nil, fmt.Errorf("%s: %w: %s", file.Name, ErrNoService, name)
}

// wants returns what w does not say yet of what was learned, as findings.
func (r *Learned) wants(w *model.Workload, profile string) []finding.Finding {
	var out []finding.Finding
	want := func(message string, edits []source.Edit) {
		f := finding.Finding{Message: message}
		if len(edits) > 0 {
			f.Fixes = []finding.Fix{{Message: message, Edits: edits}}
		}
		out = append(out, f)
	}
	set := func(message string, f model.Fact[bool], value bool) {
		if f.Value != value || !f.Known() {
			want(message, edits(f, value))
		}
	}
	if r.Measures.ReadOnly {
		set("a read-only root file system", w.ReadOnlyRoot, true)
		for _, p := range r.Writable {
			if !slices.ContainsFunc(w.Mounts, func(m model.Mount) bool { return m.Target.Value == p.Path }) {
				want("a place to write to at "+p.Path, addFolder(w, p))
			}
		}
	}
	if r.Measures.NoNewPrivileges {
		set("no new privileges", w.NoNewPrivileges, true)
	}
	if r.Measures.Capabilities {
		set("no privileged mode", w.Privileged, false)
		r.capabilities(w, want)
	}
	if r.Measures.NoNetwork && w.Network.Value.Mode != "none" {
		want("no network", noNetwork(w))
	}
	for _, p := range w.Ports {
		if r.unused(p) {
			var remove []source.Edit
			if p.Delete != nil {
				remove = p.Delete()
			}
			want(fmt.Sprintf("no published port %d/%s, on which nothing listens", p.First, p.Protocol), remove)
		}
	}
	if r.Measures.Seccomp && profile != "" && w.Seccomp.Value != profileName(w, profile) {
		want("the seccomp profile "+profile, edits(w.Seccomp, profileName(w, profile)))
	}
	return out
}

// unused reports whether nothing listens on a port that is published, also as the
// service is tested. Of a range one may be left over for later.
func (r *Learned) unused(p model.Port) bool {
	return r.Tested && p.State != model.Unknown && p.First == p.Last && slices.Contains(r.Gap.PortsUnused, fmt.Sprintf("%d/%s", p.First, p.Protocol))
}

// noNetwork returns the edits that leave a workload without a network. A Compose
// service that names networks cannot have a mode too, and a manifest cannot say it.
func noNetwork(w *model.Workload) []source.Edit {
	named := func(a model.Attachment) bool { return a.Name != "default" || a.Place.Span.Text() == a.Name }
	if w.Surface == model.Kube || w.Surface == model.Compose && slices.ContainsFunc(w.Attachments, named) {
		return nil
	}
	return edits(w.Network, model.Namespace{Mode: "none"})
}

// profileName returns how a workload names a seccomp profile: a manifest by its
// place below the kubelet's folder.
func profileName(w *model.Workload, profile string) string {
	if w.Surface == model.Kube {
		return "localhost/" + path.Base(profile)
	}
	return profile
}

// edits returns the edits that make f say v, nil where it cannot.
func edits[T any](f model.Fact[T], v T) []source.Edit {
	if f.Edit == nil {
		return nil
	}
	return f.Edit(v)
}

func addFolder(w *model.Workload, p Place) []source.Edit {
	if w.AddFolder == nil {
		return nil
	}
	return w.AddFolder(model.Folder{Target: p.Path, Keep: p.Keep, Options: p.Options()})
}

// capabilities wants all dropped but those that are needed.
func (r *Learned) capabilities(w *model.Workload, want func(string, []source.Edit)) {
	has := func(l model.List[string], name string) bool {
		return slices.ContainsFunc(l.Items, func(f model.Fact[string]) bool { return f.Value == name })
	}
	add := func(l model.List[string], name string) []source.Edit {
		if l.Add == nil {
			return nil
		}
		return l.Add(name)
	}
	if !has(w.CapDrop, "ALL") {
		want("all capabilities dropped", add(w.CapDrop, "ALL"))
	}
	for _, f := range w.CapAdd.Items {
		if !slices.Contains(r.Capabilities, f.Value) {
			var remove []source.Edit
			if f.Delete != nil {
				remove = f.Delete()
			}
			want("no capability "+f.Value, remove)
		}
	}
	for _, name := range r.Capabilities {
		if !has(w.CapAdd, name) {
			want("the capability "+name, add(w.CapAdd, name))
		}
	}
}
