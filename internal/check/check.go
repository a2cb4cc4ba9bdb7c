// Package check is the engine: it finds the artifacts, has them read and
// joined, runs the rules, merges findings of one cause, leaves out what is
// suppressed, and ranks the rest.
package check

import (
	"context"
	"os"
	"slices"
	"time"

	"bulkhead/internal/catalog"
	"bulkhead/internal/config"
	"bulkhead/internal/contents"
	"bulkhead/internal/finding"
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

	lost     int               // things asked for that could not be checked: see lose
	unasked  error             // why the engine could not be asked for what was named
	policies []finding.Finding // what the users' policies found
	secrets  *secret.Scanner   // of this check; nil where nothing is searched
	looked   []string          // at, beside what the system holds
	others   []*source.File    // files that are no artifacts and that findings may point into

	statements vex.Result // VEX statements that are of no use
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
		orderByPlace(all)
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
	orderByPlace(rep.Findings)
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
		if r.lost > 0 {
			return // which says enough
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
