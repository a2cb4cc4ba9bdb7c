package check

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bulkhead/internal/frontend/runline"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// system reads everything o names.
func (r *runner) system(ctx context.Context) (*model.System, error) {
	paths, objects, err := r.targets()
	if err != nil {
		return nil, err
	}
	images, err := r.openArchives(ctx, paths)
	if err != nil {
		return nil, err
	}
	paths = slices.DeleteFunc(paths, archive)
	every, notes, err := r.readFiles(ctx, paths)
	if err != nil {
		return nil, err
	}
	live, err := r.live(ctx, objects)
	if err != nil {
		return nil, err
	}
	about := r.scope(paths, objects)
	named, err := r.openNamed(ctx, about, live)
	if err != nil {
		return nil, err
	}
	images = append(images, named...)
	for _, f := range images {
		about.opened = append(about.opened, f.Images...)
	}
	s := r.sourcesOf(r.search(ctx, every))
	if live != nil {
		s.Facts = append(s.Facts, live)
	}
	s.Facts = append(s.Facts, images...)
	s.Judged = func(i *model.Image) bool { return i.Config != nil && about.asked(i) }
	sys := System(s)
	r.known = slices.Clone(sys.Images)
	about.apply(sys)
	if err := r.missing(about); err != nil {
		return nil, err
	}
	sys.Notes = slices.Concat(sys.Notes, notes, r.namesakes(about, live))
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

// openArchives opens the images that paths hold.
func (r *runner) openArchives(ctx context.Context, paths []string) ([]*model.Facts, error) {
	var images []*model.Facts
	for _, p := range paths {
		if !archive(p) {
			continue
		}
		facts, err := r.openArchive(ctx, p)
		if err := r.lose(p, err); err != nil {
			return nil, err
		}
		if facts != nil {
			images = append(images, facts)
		}
	}
	return images, nil
}

// readFiles reads what may be an artifact below paths. It returns all files
// found, and what could not be looked at.
func (r *runner) readFiles(ctx context.Context, paths []string) ([]found, []model.Note, error) {
	walked := &finder{all: r.Deep, lose: r.lose}
	if err := walked.walk(ctx, paths, r.Exclude); err != nil {
		return nil, nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	var unread []model.Note
	r.files, unread = load(ctx, walked.files, r.Overlay)
	r.unread(unread, paths)
	r.named = make(map[string]*source.File, len(r.files))
	for _, f := range r.files {
		r.named[f.Name] = f
	}
	if name := printed(r.Dockerfile); r.Dockerfile != "" && r.named[name] == nil { // nothing else tells what it is
		f, err := r.load(name)
		if err != nil {
			return nil, nil, err
		}
		r.files, r.named[name] = append(r.files, f), f
	}
	return slices.Concat(walked.files, walked.rest), walked.notes, nil
}

// sourcesOf returns what was read of files and of the command line. Findings may
// point into those that were searched.
func (r *runner) sourcesOf(searched []*source.File) Sources {
	composeFiles := make([]string, len(r.ComposeFiles))
	for i, p := range r.ComposeFiles {
		composeFiles[i] = printed(p)
	}
	s := Sources{
		Site:  model.Site{Now: r.Now, Unfixed: r.Unfixed, Registries: r.Config.Registries},
		Files: r.files, Dockerfile: r.Dockerfile, Compose: composeFiles, Profiles: r.Profiles, Env: environment(),
		Load: r.load, Ignore: ignore, Canonical: evalSymlinks, Absolute: absolute,
		Searched: searched, Secrets: r.secrets,
	}
	r.others = searched
	if len(r.Command) > 0 {
		s.Facts = append(s.Facts, r.command())
	}
	return s
}

// scope returns what the check is about.
func (r *runner) scope(paths, objects []string) *scope {
	about := &scope{
		all:     slices.Contains(objects, hostTarget) || len(r.Paths) == 0 && len(r.files) == 0 && len(r.Command) == 0,
		objects: slices.DeleteFunc(objects, func(o string) bool { return o == hostTarget }),
		found:   map[string]bool{},
	}
	for _, p := range paths {
		about.dirs = append(about.dirs, absolute(p))
	}
	return about
}

// openNamed opens the images asked for by name that the engine does not hold.
func (r *runner) openNamed(ctx context.Context, about *scope, live *model.Facts) ([]*model.Facts, error) {
	var images []*model.Facts
	for _, name := range about.objects {
		if about.has(live, name) {
			continue
		}
		facts, err := r.openRemote(ctx, name)
		about.found[name] = err != nil || facts != nil
		if err := r.lose(name, err); err != nil {
			return nil, err
		}
		if facts != nil {
			images = append(images, facts)
		}
	}
	return images, nil
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
			if err := r.lose(p, err); err != nil {
				return nil, nil, err
			}
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

// namesakes tells of what the engine has under a name that was taken for that of
// a file or folder.
func (r *runner) namesakes(about *scope, live *model.Facts) []model.Note {
	var out []model.Note
	for _, p := range r.Paths {
		if objectName(p) && !slices.Contains(about.objects, p) && about.has(live, p) {
			out = append(out, model.Note{
				What: "the engine's " + p,
				Why:  "there is a file or folder of that name here, which was checked; name a container by its id, an image with its tag",
			})
		}
	}
	return out
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

// live asks the engine. Where nothing was asked of the engine itself, one that
// is not there or does not answer is a thing not checked, not an error. Where
// other things were asked for as well, what was asked of it is lost.
func (r *runner) live(ctx context.Context, objects []string) (*model.Facts, error) {
	needed := len(objects) > 0
	if r.Live == nil {
		if slices.Contains(objects, hostTarget) {
			return nil, r.lose(hostTarget, errors.New("the engine is not to be asked, but the host is to be checked"))
		}
		return nil, nil
	}
	facts, err := r.Live(ctx)
	if err != nil && !needed && ctx.Err() == nil {
		r.report.NotChecked = append(r.report.NotChecked, model.Note{What: "running containers and local images", Why: err.Error()})
		return nil, nil
	}
	if err != nil {
		r.unasked = err
		if slices.Contains(objects, hostTarget) {
			return nil, r.lose(hostTarget, err)
		}
		if r.alone() || ctx.Err() != nil {
			return nil, err
		}
	}
	return facts, nil
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
