package runline

import (
	"strconv"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/source"
)

// maxLines bounds the docker run lines of a file, at some 15 kB each.
const maxLines = 5_000

// run reads one docker run or docker create line: words is what follows verb.
func (r *reader) run(verb *word, words []*word, engine string) {
	l := parse(verb, words, r.runs)
	if len(r.facts.Workloads) >= maxLines {
		if !r.full {
			r.note(l, "and what follows is more than is read of one file")
		}
		r.full = true
		return
	}
	switch {
	case l.bad != "" || l.lacks != "":
		r.unread(l, engine+" "+verb.value)
		return
	case l.last("help") != nil:
		return
	case len(l.args) == 0:
		r.imageless = engine + " " + verb.value
		if l.open {
			r.note(l, "what it runs cannot be known")
		}
		return
	}
	w := l.workload()
	r.facts.Workloads = append(r.facts.Workloads, w)
	r.facts.Images = append(r.facts.Images, w.Image)
	for _, name := range []string{"env-file", "label-file"} {
		for _, f := range l.all(name) {
			r.note(l, "reads --"+name+" "+f.value.raw(f.at, len(f.value.value)))
		}
	}
	if name := l.last("name"); name != nil && name.fact().Known() {
		r.names[w.Name] = w
	}
}

// unread says which flag keeps l from being read. One that is a misspelling is a
// fault: the engine would refuse the line. Any other may be a newer engine's.
func (r *reader) unread(l *line, command string) {
	switch {
	case l.lacks != "":
		r.note(l, command+" has the flag "+strconv.Quote(l.lacks)+" without a value")
	case l.meant != "" && !r.loose:
		r.facts.Faults = append(r.facts.Faults, model.Fault{
			Place: model.Place{Span: l.badAt}, Surface: model.RunLine,
			Message: command + " has the flag " + strconv.Quote(l.bad) + ", which is not known; did you mean " + l.meant + "?",
		})
	default:
		r.note(l, command+" has the flag "+strconv.Quote(l.bad)+", which is not known")
	}
}

// workload returns what the line runs.
func (l *line) workload() *model.Workload {
	w := &model.Workload{Surface: model.RunLine, Kind: "container"}
	l.image(w, l.args[0])
	l.identity(w)
	l.process(w)
	l.security(w)
	l.namespaces(w)
	l.limits(w)
	l.mounts(w)
	w.AddFolder = l.addFolder
	l.published(w)
	l.environment(w)
	l.upkeep(w)
	elsewhere(w)
	return w
}

// image reads the image of the line.
func (l *line) image(w *model.Workload, image *word) {
	said := image.fact(0, len(image.value))
	ref, err := oci.ParseReference(said.Value)
	w.Image = &model.Image{Name: said.Value, Surface: model.RunLine, Use: model.RunImage, Workloads: []*model.Workload{w}}
	w.Image.Ref = model.Fact[model.Reference]{Value: ref, State: said.State, Span: said.Span, Likely: said.Likely}
	if err != nil {
		w.Image.Ref.State = model.Unknown
	}
	if said.Edit != nil {
		w.Image.Ref.Edit = func(v model.Reference) []source.Edit { return said.Edit(v.Raw) }
	}
}

// identity names the workload: --name, else the image's short name.
func (l *line) identity(w *model.Workload) {
	w.Place = model.Place{Span: l.anchor()}
	name := w.Image.Ref.Value.Familiar()
	w.Name = name[strings.LastIndexByte(name, '/')+1:]
	if f := l.last("name"); f != nil {
		said := f.fact()
		w.Name, w.Place = said.Value, said.Place()
		if said.Known() {
			w.Container = said.Value
		}
	}
	if w.Name == "" {
		w.Name = "container"
	}
}

// process reads who runs what.
func (l *line) process(w *model.Workload) {
	w.User = value(l, "user", model.User{}, userForm())
	if w.User.State == model.Set && w.User.Value.Name == "" {
		w.User.State = model.Unset // an empty user leaves it to the image
	}
	if w.User.State == model.Unset {
		w.User.Likely = true // the image may say otherwise
	}
	w.Groups = list(l, "group-add", same)
	w.WorkingDir = value(l, "workdir", "", stringForm())
	w.Entrypoint = value(l, "entrypoint", model.Argv{}, form[model.Argv]{
		parse: func(s string) (model.Argv, bool) {
			if s == "" {
				return model.Argv{}, true
			}
			return model.Argv{Args: []string{s}}, true
		},
		print: func(model.Argv) string { return "" },
	})
	w.Entrypoint.Edit = nil
	w.Command = l.command()
	w.Stdin, w.TTY = flagFact(l, "interactive"), flagFact(l, "tty")
	w.Short = flagFact(l, "rm").Value && len(l.args) > 1
	platform, isolation := value(l, "platform", "", stringForm()), value(l, "isolation", "default", stringForm())
	if strings.HasPrefix(platform.Value, "windows") || isolation.Value == "process" || isolation.Value == "hyperv" {
		w.OS = "windows"
	}
}

// command reads the words after the image.
func (l *line) command() model.Fact[model.Argv] {
	args := l.args[1:]
	if len(args) == 0 {
		return model.Fact[model.Argv]{State: l.state(), Span: l.anchor()}
	}
	last := args[len(args)-1]
	f := model.Fact[model.Argv]{State: model.Set, Span: l.text.span(args[0].start, last.end)}
	for _, a := range args {
		said := a.fact(0, len(a.value))
		f.Value.Args = append(f.Value.Args, said.Value)
		f.Likely = f.Likely || said.Likely
		if !said.Known() || a.open {
			f.State = model.Unknown
		}
	}
	return f
}

// namespaces reads whose namespaces the container uses.
func (l *line) namespaces(w *model.Workload) {
	none := model.Namespace{}
	w.PID = value(l, "pid", none, namespaceForm())
	w.IPC = value(l, "ipc", none, namespaceForm("none", "shareable"))
	w.UTS = value(l, "uts", none, namespaceForm())
	w.UserNS = value(l, "userns", none, namespaceForm("auto", "keep-id", "nomap"))
	w.CgroupNS = value(l, "cgroupns", none, namespaceForm())
	w.CgroupParent = value(l, "cgroup-parent", "", stringForm())
	for _, ns := range []*model.Fact[model.Namespace]{&w.PID, &w.IPC, &w.UTS, &w.UserNS, &w.CgroupNS} {
		if ns.State == model.Unset {
			ns.Edit = editUnless("", ns.Edit)
		}
	}
	l.networks(w)
}

// editUnless returns edit, but no edits for the mode that holds anyway.
func editUnless(mode string, edit func(model.Namespace) []source.Edit) func(model.Namespace) []source.Edit {
	return func(v model.Namespace) []source.Edit {
		if v.Mode == mode {
			return nil
		}
		return edit(v)
	}
}

// environment reads -e and labels.
func (l *line) environment(w *model.Workload) {
	for _, f := range l.all("env") {
		s := f.string()
		name, val, found := strings.Cut(s, "=")
		if strings.Contains(name, hole) {
			continue
		}
		v := model.Variable{Name: name, Key: f.part(0, len(name)).Span, From: model.FromLiteral}
		if found {
			v.Value = f.part(len(s)-len(val), len(s))
		} else {
			v.From = model.FromShell
			v.Value = model.Fact[string]{State: model.Unknown, Span: v.Key}
		}
		v.Value.Delete = l.delete(f)
		w.Env = append(w.Env, v)
	}
	w.Labels = labels(l, "label")
	w.Sysctls = labels(l, "sysctl")
}

// elsewhere marks what only Kubernetes can say.
func elsewhere(w *model.Workload) {
	w.NonRoot.State = model.Unknown
	w.ServiceAccount.State = model.Unknown
	w.ServiceAccountToken.State = model.Unknown
	w.HostProcess.State = model.Unknown
	w.PullPolicy.State = model.Unknown
	w.NetworkPolicy.State = model.Unknown
}
