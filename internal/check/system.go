package check

import (
	"path"
	"slices"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/frontend/compose"
	"bulkhead/internal/frontend/container"
	"bulkhead/internal/frontend/daemon"
	"bulkhead/internal/frontend/image"
	"bulkhead/internal/frontend/kube"
	"bulkhead/internal/frontend/runline"
	"bulkhead/internal/model"
	"bulkhead/internal/parallel"
	"bulkhead/internal/project"
	"bulkhead/internal/resolve"
	"bulkhead/internal/rule"
	"bulkhead/internal/secret"
	"bulkhead/internal/source"
)

// Sources is what a system is made of.
type Sources struct {
	Site  model.Site
	Files []*source.File
	Facts []*model.Facts // from elsewhere: an engine, a command line

	// Dockerfile is the path of a file that is one whatever it is called.
	Dockerfile string

	// Compose names the files of one Compose project in the order they are
	// merged, each as its file is called. The other Compose files are grouped
	// by folder and name.
	Compose  []string
	Profiles []string
	Env      map[string]string // for ${VAR} in Compose files

	// Searched are files that Secrets finds credentials in, artifacts or not.
	Searched []*source.File
	Secrets  *secret.Scanner

	Load      func(name string) (*source.File, error)
	Ignore    func(context, dockerfile string) *model.Ignore
	Canonical func(path string) string
	Absolute  func(name string) string // the path on this machine of a file or folder

	// Judged reports whether an image is judged on its own even where a
	// container runs it. Nil reports false.
	Judged func(*model.Image) bool
}

// System reads the sources and joins them. Files that are none of the kinds
// Bulkhead knows are left out.
func System(s Sources) *model.System {
	in := resolve.Input{Site: s.Site, Facts: slices.Clone(s.Facts), Load: s.Load, Ignore: s.Ignore, Canonical: s.Canonical, Absolute: s.Absolute, Judged: s.Judged}
	var readings []func() *model.Facts
	var composeFiles []*source.File
	for _, f := range s.Files {
		k := classify(f.Name, f.Text)
		if slices.Contains(s.Compose, f.Name) {
			k = composeKind // asked for as one
		}
		if s.Dockerfile != "" && f.Name == printed(s.Dockerfile) {
			k = dockerfileKind
		}
		switch k {
		case dockerfileKind:
			in.Dockerfiles = append(in.Dockerfiles, f)
		case composeKind:
			composeFiles = append(composeFiles, f)
		case other:
		default:
			readings = append(readings, func() *model.Facts { return readers[k](f) })
		}
	}
	for _, p := range s.projects(composeFiles) {
		readings = append(readings, func() *model.Facts { return compose.Read(p.files, s.composeOptions(p)) })
	}
	for _, f := range s.Searched {
		readings = append(readings, func() *model.Facts { return project.Secrets(f, s.Secrets) })
	}
	facts := make([]*model.Facts, len(readings))
	parallel.Do(len(readings), func(i int) { facts[i] = readings[i]() })
	in.Facts = append(in.Facts, facts...)
	return resolve.System(in)
}

var readers = map[kind]func(*source.File) *model.Facts{
	kubeKind:      kube.Read,
	runKind:       runline.Read,
	containerKind: container.Read,
	imageKind:     image.Read,
	daemonKind:    daemon.Read,
}

// A composeProject is the files Compose would merge, in order.
type composeProject struct {
	dir   string
	files []*source.File
}

// projects groups Compose files as Compose does: those of s.Compose, and in
// every folder the default file with its override. Any other file that builds
// on the default one, told by services that do not say what they run, is read
// together with it as a further project; what both find alike is one finding
// in the end.
func (s Sources) projects(files []*source.File) []composeProject {
	var out []composeProject
	if len(s.Compose) > 0 {
		first := composeProject{dir: path.Dir(s.Compose[0])}
		for _, name := range s.Compose {
			i := slices.IndexFunc(files, func(f *source.File) bool { return f.Name == name })
			if i >= 0 {
				first.files = append(first.files, files[i])
			}
		}
		out = append(out, first)
		files = slices.DeleteFunc(slices.Clone(files), func(f *source.File) bool { return slices.Contains(s.Compose, f.Name) })
	}
	byDir := map[string][]*source.File{}
	var dirs []string
	for _, f := range files {
		d := path.Dir(f.Name)
		if byDir[d] == nil {
			dirs = append(dirs, d)
		}
		byDir[d] = append(byDir[d], f)
	}
	for _, d := range dirs {
		base, override, rest := split(byDir[d])
		if base != nil {
			first := composeProject{d, []*source.File{base}}
			if override != nil {
				first.files = append(first.files, override)
			}
			out = append(out, first)
		} else if override != nil {
			rest = append(rest, override)
		}
		for _, f := range rest {
			p := composeProject{d, []*source.File{f}}
			if base != nil && compose.Fragment(f) {
				p.files = []*source.File{base, f}
			}
			out = append(out, p)
		}
	}
	return out
}

// defaults are the names Compose looks for, best first.
var defaults = []string{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"}

// split tells the default Compose file of a folder and its override from the
// others.
func split(files []*source.File) (base, override *source.File, rest []*source.File) {
	find := func(names []string) *source.File {
		for _, n := range names {
			for _, f := range files {
				if path.Base(f.Name) == n {
					return f
				}
			}
		}
		return nil
	}
	base = find(defaults)
	overrides := make([]string, len(defaults))
	for i, n := range defaults {
		ext := path.Ext(n)
		overrides[i] = strings.TrimSuffix(n, ext) + ".override" + ext
	}
	override = find(overrides)
	for _, f := range files {
		if f != base && f != override {
			rest = append(rest, f)
		}
	}
	return base, override, rest
}

func (s Sources) composeOptions(p composeProject) compose.Options {
	folder := ""
	if s.Absolute != nil {
		folder = path.Base(s.Absolute(p.dir))
	}
	return compose.Options{Dir: p.dir, Folder: folder, Env: s.Env, Load: s.Load, Profiles: s.Profiles}
}

// Findings runs every rule over sys and returns what they find, in the order
// of files, places and rules.
func Findings(rules []*rule.Rule, sys *model.System) []finding.Finding {
	results := make([][][]finding.Finding, len(rules))
	parallel.Do(len(rules), func(i int) { results[i] = run(rules[i], sys) })
	out := slices.Concat(slices.Concat(results...)...)
	orderByPlace(out)
	return out
}

// run runs one rule. The rule syntax is about what could not be read, which
// no subject holds.
func run(r *rule.Rule, sys *model.System) [][]finding.Finding {
	if r.Name != rule.Syntax {
		return rule.RunParts(r, sys)
	}
	var out []finding.Finding
	for _, f := range sys.Faults {
		x := finding.Finding{Rule: r.Name, Severity: r.Severity, Surface: f.Surface, Message: f.Message, Span: f.Place.Span, Path: f.Place.Path}
		if x.Span.IsValid() {
			x.Subject = x.Span.File.Name
		}
		out = append(out, x)
	}
	return [][]finding.Finding{out}
}
