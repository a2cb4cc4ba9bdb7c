// Package check is the engine: it finds the artifacts, has them read and
// joined, runs the rules, merges findings of one cause, leaves out what is
// suppressed, and ranks the rest.
package check

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bulkhead/internal/catalog"
	"bulkhead/internal/config"
	"bulkhead/internal/contents"
	"bulkhead/internal/finding"
	"bulkhead/internal/frontend/runline"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/report"
	"bulkhead/internal/rule"
	"bulkhead/internal/secret"
	"bulkhead/internal/source"
	"bulkhead/internal/suppress"
	"bulkhead/internal/vex"
	"bulkhead/internal/vuln"
)

// Options say what to check and how.
type Options struct {
	Paths        []string // files, folders, images, containers; "host" is the engine with all it runs
	ComposeFiles []string // one Compose project, in the order the files are merged
	Profiles     []string // Compose profiles that are active
	Command      []string // a docker run command line
	Dockerfile   string   // what the images of Paths were built from; it is checked too

	// Live asks the engine for what it runs and holds. Nil asks none.
	Live func(context.Context) (*model.Facts, error)

	// OpenImage opens an image by its name: the engine's or, where that was
	// allowed, its registry's. It returns ErrNoImage where there is none. Nil
	// looks into archives and layouts only.
	OpenImage func(ctx context.Context, name string) (*oci.Tree, error)

	// OpenContainer opens a container of the engine by its id, to be looked into.
	// Nil looks into none.
	OpenContainer func(ctx context.Context, id string) (*contents.Container, error)

	// Layers returns where it is kept what was found in the layers of images. It
	// is called where there is an image to look into, and closed if it can be.
	// Nil keeps nothing.
	Layers func() oci.Store

	VEX             []*vex.Document // what authors say about vulnerabilities
	FailOnExploited bool            // a vulnerability known to be exploited fails the check
	Unfixed         bool            // vulnerabilities that no version cures count like the others

	// Advisories opens the database of what is known against packages. It is
	// called where there are packages to look up; nil looks none up.
	Advisories func() (*vuln.DB, error)

	Policies Policies // of the users' own; nil where there are none
	// Deep has the files of a project looked into that are no artifacts: lock
	// files for what is known against their packages, and all for secrets.
	Deep bool

	Exclude []string // patterns as in .dockerignore
	Rules   []*rule.Rule
	Now     time.Time // the day the check is made for
	Config  *config.Config

	// Overlay holds texts to be read instead of the files on disk, by path.
	Overlay map[string][]byte
}

// Policies judge what was read by rules of the users' own, which are among
// Options.Rules without a function. Beside the findings they return what they
// could not tell, and what failed.
type Policies interface {
	Check(ctx context.Context, files []*source.File, sys *model.System) (found []finding.Finding, untold, failed []model.Note)
}

// Run checks what o names. An error means that nothing was checked; what
// could not be checked besides the rest is in the report.
func Run(ctx context.Context, o Options) (*report.Report, error) {
	start := time.Now()
	if o.Config == nil {
		o.Config = &config.Config{}
	}
	r := &runner{Options: o, report: &report.Report{Started: o.Now, FailOn: finding.High, FailOnExploited: o.FailOnExploited}}
	if o.Config.FailOn.State == model.Set {
		r.report.FailOn = o.Config.FailOn.Value
	}
	defer r.closeAll()
	sys, err := r.system(ctx)
	if err != nil {
		return nil, err
	}
	r.look(ctx, sys)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.askPolicies(ctx, sys)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.judge(sys)
	r.report.Took = time.Since(start)
	return r.report, nil
}

type runner struct {
	Options
	report *report.Report
	files  []*source.File
	named  map[string]*source.File // files by name
	inside []opened                // images to be looked into
	kept   oci.Store               // what Layers returned
	db     *vuln.DB                // see advisories
	asked  bool                    // for db
	known  []*model.Image          // also those the check is not about: one of them may be another's base

	policies []finding.Finding // what the users' policies found
	secrets  *secret.Scanner   // of this check; nil where nothing is searched
	looked   []string          // at, beside what the system holds
	others   []*source.File    // files that are no artifacts and that findings may point into

	statements vex.Result // VEX statements that are of no use
}

// system reads everything o names.
func (r *runner) system(ctx context.Context) (*model.System, error) {
	paths, objects, err := r.targets()
	if err != nil {
		return nil, err
	}
	var images []*model.Facts
	for _, p := range paths {
		if !archive(p) {
			continue
		}
		facts, err := r.openArchive(ctx, p)
		if err != nil {
			return nil, err
		}
		images = append(images, facts)
	}
	paths = slices.DeleteFunc(paths, archive)
	walked := &finder{all: r.Deep}
	if err := walked.walk(ctx, paths, r.Exclude); err != nil {
		return nil, err
	}
	found, notes := walked.files, walked.notes
	every := append(slices.Clone(found), walked.rest...)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var unread []model.Note
	r.files, unread = load(ctx, found, r.Overlay)
	r.unread(unread, paths)
	r.named = make(map[string]*source.File, len(r.files))
	for _, f := range r.files {
		r.named[f.Name] = f
	}
	if name := printed(r.Dockerfile); r.Dockerfile != "" && r.named[name] == nil { // nothing else tells what it is
		f, err := r.load(name)
		if err != nil {
			return nil, err
		}
		r.files, r.named[name] = append(r.files, f), f
	}
	composeFiles := make([]string, len(r.ComposeFiles))
	for i, p := range r.ComposeFiles {
		composeFiles[i] = printed(p)
	}
	s := Sources{
		Site:  model.Site{Now: r.Now, Unfixed: r.Unfixed, Registries: r.Config.Registries},
		Files: r.files, Dockerfile: r.Dockerfile, Compose: composeFiles, Profiles: r.Profiles, Env: environment(),
		Load: r.load, Ignore: ignore, Canonical: evalSymlinks, Absolute: absolute,
	}
	s.Searched = r.search(ctx, every)
	s.Secrets = r.secrets
	r.others = s.Searched
	if len(r.Command) > 0 {
		s.Facts = append(s.Facts, r.command())
	}
	live, err := r.live(ctx, objects)
	if err != nil {
		return nil, err
	}
	if live != nil {
		s.Facts = append(s.Facts, live)
	}
	about := &scope{
		all:     slices.Contains(objects, hostTarget) || len(r.Paths) == 0 && len(r.files) == 0 && len(r.Command) == 0,
		objects: slices.DeleteFunc(objects, func(o string) bool { return o == hostTarget }),
		found:   map[string]bool{},
	}
	for _, name := range about.objects {
		if about.has(live, name) {
			continue
		}
		facts, err := r.openRemote(ctx, name)
		if err != nil {
			return nil, err
		}
		if facts != nil {
			images = append(images, facts)
			about.found[name] = true
		}
	}
	s.Facts = append(s.Facts, images...)
	for _, f := range images {
		about.opened = append(about.opened, f.Images...)
	}
	s.Judged = func(i *model.Image) bool { return i.Config != nil && about.asked(i) }
	sys := System(s)
	r.known = slices.Clone(sys.Images)
	for _, p := range paths {
		about.dirs = append(about.dirs, absolute(p))
	}
	if err := about.apply(sys); err != nil {
		return nil, err
	}
	sys.Notes = append(sys.Notes, notes...)
	r.lock(ctx, every, sys)
	if err := r.openStored(ctx, about, sys); err != nil {
		return nil, err
	}
	if err := r.openContainers(ctx, about, sys); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return sys, nil
}

// command reads the command line asked for. One that cannot be read through is
// a thing asked for that could not be checked.
func (r *runner) command() *model.Facts {
	facts := runline.Args(r.Command)
	if len(facts.Workloads)+len(facts.Networks) == 0 {
		r.report.Faults++
	}
	return facts
}

// targets tells paths from names of images and containers, and takes the
// current folder where nothing is named.
func (r *runner) targets() (paths, objects []string, err error) {
	for _, p := range r.Paths {
		switch _, err := os.Lstat(p); {
		case err == nil:
			paths = append(paths, p)
		case p == hostTarget || objectName(p):
			objects = append(objects, p)
		default:
			return nil, nil, err
		}
	}
	if len(r.Paths) == 0 && len(r.Command) == 0 && len(r.ComposeFiles) == 0 {
		paths = []string{"."}
	}
	paths = append(paths, r.ComposeFiles...)
	if r.Dockerfile != "" {
		paths = append(paths, r.Dockerfile)
	}
	return paths, objects, nil
}

// objectName reports whether p can be the name of an image or container. What
// reads like a path is one, so that a misspelt file is not looked for in the
// engine.
func objectName(p string) bool {
	return !strings.HasPrefix(p, ".") && !strings.HasPrefix(p, "/") && filepath.Ext(p) != ".yaml" && filepath.Ext(p) != ".yml"
}

// unread reports files that could not be read: one that was named itself is
// a thing asked for that could not be checked.
func (r *runner) unread(notes []model.Note, named []string) {
	for _, n := range notes {
		r.report.NotChecked = append(r.report.NotChecked, n)
		if slices.ContainsFunc(named, func(p string) bool { return printed(p) == n.What }) {
			r.report.Faults++
		}
	}
}

// load returns a file that an artifact refers to.
func (r *runner) load(name string) (*source.File, error) {
	if f := r.named[name]; f != nil {
		return f, nil
	}
	f, err := read(found{name: name, path: filepath.FromSlash(name)}, r.Overlay)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return f, nil
}

// Judge runs rules over a system that was joined already.
func Judge(rules []*rule.Rule, sys *model.System) *report.Report {
	r := &runner{Options: Options{Rules: rules, Config: &config.Config{}, Now: sys.Site.Now}, report: &report.Report{FailOn: finding.High}}
	r.judge(sys)
	return r.report
}

// judge runs the rules over sys and fills in the report.
func (r *runner) judge(sys *model.System) {
	rep := r.report
	rep.Rules = inForce(r.Rules, r.Config)
	all := Findings(rep.Rules, sys)
	if len(r.policies) > 0 {
		all = append(all, r.policies...)
		order(all, func(a, b int) int { return byPlace(&all[a], &all[b]) })
	}
	all = once(merge(all))
	weigh(all, r.Rules, r.Config)
	fingerprint(all)
	decided := suppress.Apply(suppress.Request{
		Findings: all, Files: r.sources(sys), Config: r.Config, Now: r.Now, All: r.Rules, Ran: rep.Rules,
		Statements: r.statements,
	})
	fingerprint(decided.Extra)
	rep.Findings = append(decided.Kept, decided.Extra...)
	order(rep.Findings, func(a, b int) int { return byPlace(&rep.Findings[a], &rep.Findings[b]) })
	rank(rep.Findings)
	rep.Suppressed = decided.Suppressed
	rep.Top = stories(rep.Findings)
	tellGroups(rep)
	rep.NotChecked = append(rep.NotChecked, sys.Notes...)
	rep.NotChecked = append(rep.NotChecked, unknownAge(sys)...)
	rep.Looked = append(append(rep.Looked, looked(sys)...), r.looked...)
	rep.Data = append([]string{"end-of-life table of " + catalog.AsOf().Format(time.DateOnly)}, rep.Data...)
	if len(rep.Looked) == 0 && len(r.Command) == 0 {
		if slices.ContainsFunc(r.Paths, folder) {
			rep.Faults++ // a folder somebody named by mistake must not pass for a clean one
		}
		rep.NotChecked = append(rep.NotChecked, model.Note{What: "everything", Why: "there is no Dockerfile, Compose file, manifest or docker run line here"})
	}
}

// askPolicies has the users' policies judge sys and the files. One that fails
// is a thing asked for that could not be checked.
func (r *runner) askPolicies(ctx context.Context, sys *model.System) {
	if r.Policies == nil {
		return
	}
	found, untold, failed := r.Policies.Check(ctx, r.sources(sys), sys)
	r.policies = slices.DeleteFunc(found, func(f finding.Finding) bool { return r.Config.Rules[f.Rule].Value.Off })
	r.report.NotChecked = slices.Concat(r.report.NotChecked, failed, untold)
	r.report.Faults += len(failed)
}

// folder reports whether p is a folder.
func folder(p string) bool {
	info, err := os.Stat(p)
	return err == nil && info.IsDir()
}

// sources returns every file a finding may point into, those included that
// another file refers to.
func (r *runner) sources(sys *model.System) []*source.File {
	seen := map[*source.File]bool{}
	for _, f := range r.files {
		seen[f] = true
	}
	out := slices.Clone(r.files)
	for _, f := range r.others {
		if r.named[f.Name] == nil {
			out = append(out, f)
		}
	}
	for _, b := range sys.Builds {
		if b.File != nil && !seen[b.File] {
			seen[b.File] = true
			out = append(out, b.File)
		}
	}
	return out
}

// live asks the engine. Where nothing was asked of the engine itself, one that
// is not there or does not answer is a thing not checked, not an error.
func (r *runner) live(ctx context.Context, objects []string) (*model.Facts, error) {
	needed := len(objects) > 0
	if r.Live == nil {
		if slices.Contains(objects, hostTarget) {
			return nil, errors.New("the engine is not to be asked, but the host is to be checked")
		}
		return nil, nil
	}
	facts, err := r.Live(ctx)
	if err != nil && !needed && ctx.Err() == nil {
		r.report.NotChecked = append(r.report.NotChecked, model.Note{What: "running containers and local images", Why: err.Error()})
		return nil, nil
	}
	return facts, err
}

// environment returns the variables of this process, which Compose resolves
// ${VAR} from.
func environment() map[string]string {
	env := map[string]string{}
	for _, kv := range os.Environ() {
		k, v, _ := strings.Cut(kv, "=")
		env[k] = v
	}
	return env
}

// evalSymlinks returns p with its symbolic links followed, or p where that
// cannot be done: a path of another machine.
func evalSymlinks(p string) string {
	if real, err := filepath.EvalSymlinks(p); err == nil {
		return real
	}
	return p
}

func absolute(dir string) string {
	if abs, err := filepath.Abs(filepath.FromSlash(dir)); err == nil {
		return filepath.ToSlash(abs)
	}
	return dir
}

// looked says what was looked at, by surface.
func looked(sys *model.System) []string {
	counts := map[model.Surface]int{}
	for _, w := range sys.Workloads {
		counts[w.Surface]++
	}
	counts[model.Dockerfile] = len(sys.Builds)
	counts[model.ImageStore] = 0
	for _, i := range sys.Images {
		if i.Use == model.StoredImage {
			counts[model.ImageStore]++
		}
	}
	counts[model.Daemon] = len(sys.Hosts)
	nouns := map[model.Surface]string{
		model.Dockerfile: "Dockerfile", model.Compose: "compose service", model.Kube: "pod container", model.RunLine: "docker run line",
		model.ImageStore: "image", model.Container: "container", model.Daemon: "engine configuration",
	}
	var out []string
	for _, s := range model.Surfaces {
		if n := counts[s]; n > 0 && nouns[s] != "" {
			out = append(out, report.Count(n, nouns[s]))
		}
	}
	return out
}
