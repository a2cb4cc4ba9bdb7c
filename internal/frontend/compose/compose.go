// Package compose reads Compose files as the Compose Specification and its
// reference loader do, but never refuses a file for a value: each fact keeps
// the place where it is written, and what depends on a variable that is not
// known is Unknown.
package compose

import (
	"errors"
	"path"
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// Options say what surrounds the files of a project.
type Options struct {
	Name   string            // project name; "" to take it from the environment, the files or the directory
	Dir    string            // project directory as printed; relative paths start there
	Folder string            // what Dir is called on this machine; "" where its last element says it
	Env    map[string]string // the caller's environment

	// Load reads the file at a slash-separated path that a file names, or
	// the project's .env. Nil where no other file may be read.
	Load func(path string) (*source.File, error)

	Profiles []string // active profiles; "*" is all
}

// The bounds of what is read, beside those of yamltext.
const (
	maxValues = 100_000  // values of a project, aliases and extends expanded
	maxDepth  = 100      // levels of nesting, aliases expanded
	maxFiles  = 100      // files of a project, and how often it includes one
	maxChain  = 10       // files that include one another in a row
	maxNames  = 2_000    // services of a project, and networks and so on
	maxText   = 64 << 10 // bytes of a value with its variables replaced
	maxGrowth = 32 << 20 // bytes that replacing variables adds to a project
)

// Read reads the files of one project, each overriding those before it.
func Read(files []*source.File, o Options) *model.Facts {
	r := &reader{
		o: o, facts: &model.Facts{}, budget: maxValues, docs: map[string]*loaded{}, bases: map[string]*project{},
		noted: map[string]bool{}, faulted: map[faultKey]bool{}, parsed: map[*source.File][]yamltext.Value{}, envs: map[envKey][]variable{},
	}
	in := r.newInput(o.Dir, nil, join(o.Dir, ".env"))
	docs := r.parse(files)
	r.name = r.projectName(docs, in)
	p := &project{r: r, in: in, sections: map[string][]*resource{}}
	p.add(docs, nil)
	r.workloads(p)
	return r.facts
}

// A reader reads one project.
type reader struct {
	o        Options
	facts    *model.Facts
	budget   int // values that may still be built
	lost     int // values that were not built
	files    int // that were asked for
	includes int
	growth   int // bytes that replacing variables has added
	parsed   map[*source.File][]yamltext.Value
	envs     map[envKey][]variable
	docs     map[string]*loaded  // files that were loaded, by path
	bases    map[string]*project // files that services extend, by directory and path
	noted    map[string]bool
	faulted  map[faultKey]bool
	name     string // of the project, once known
}

// A faultKey tells faults apart.
type faultKey struct {
	at      source.Span
	message string
}

// A loaded is a file and what reading it gave.
type loaded struct {
	file *source.File
	err  error
}

// fault reports once what is wrong at a place, however many services have it.
func (r *reader) fault(at source.Span, message string) {
	f := faultKey{at, message}
	if r.faulted[f] {
		return
	}
	r.faulted[f] = true
	r.facts.Faults = append(r.facts.Faults, model.Fault{Place: model.Place{Span: at}, Surface: model.Compose, Message: message})
}

// note notes once that what was not read.
func (r *reader) note(what, why string) {
	if key := what + "\x00" + why; !r.noted[key] {
		r.noted[key] = true
		r.facts.Notes = append(r.facts.Notes, model.Note{What: what, Why: why})
	}
}

// An input is what the values of some files share: the directory that relative
// paths start from, and the variables they are interpolated with.
type input struct {
	dir string
	env map[string]variable
	up  *input // whose variables are known too and go first
	r   *reader
}

// interpolate replaces the variables in s; see the function of that name. A
// text that grows too large is not replaced: variables can hold one another
// over and over.
func (r *reader) interpolate(s string, lookup func(string) (string, bool)) (text string, unknown bool) {
	text, unknown = interpolate(s, lookup)
	if r.growth += max(len(text)-len(s), 0); r.growth > maxGrowth {
		return s, true
	}
	return text, unknown
}

// newInput returns an input for dir whose variables are those of the files
// envFiles, which may be missing, and of up.
func (r *reader) newInput(dir string, up *input, envFiles ...string) *input {
	in := &input{dir: dir, env: map[string]variable{}, up: up, r: r}
	for _, name := range envFiles {
		f, err := r.read(name)
		if err != nil {
			continue
		}
		for _, v := range r.dotenv(f, in.lookup) {
			in.env[v.name] = v
		}
	}
	return in
}

// lookup returns the value of an environment variable. known is false where
// nothing is known of it.
func (in *input) lookup(name string) (value string, known bool) {
	if v, ok := in.r.o.Env[name]; ok {
		return v, true
	}
	if in.up != nil {
		if v, ok := in.up.lookup(name); ok {
			return v, true
		}
	}
	if v, ok := in.env[name]; ok {
		return v.value, !v.unknown
	}
	if name == "COMPOSE_PROJECT_NAME" && in.r.name != "" {
		return in.r.name, true
	}
	return "", false
}

// read reads a file that another one names.
func (r *reader) read(name string) (*source.File, error) {
	if l, ok := r.docs[name]; ok {
		return l.file, l.err
	}
	l := &loaded{}
	r.docs[name] = l
	switch r.files++; {
	case r.o.Load == nil:
		l.err = errNotRead
	case r.files > maxFiles:
		l.err = errTooMany
	}
	if l.err != nil {
		return nil, l.err
	}
	l.file, l.err = r.o.Load(name)
	if l.err == nil && l.file == nil {
		l.err = errNotRead
	}
	return l.file, l.err
}

// Why a file was not read.
var (
	errNotRead = errors.New("not among the files read")
	errTooMany = errors.New("project includes too many files")
)

// join returns name as seen from dir, both slash-separated.
func join(dir, name string) string {
	if path.IsAbs(name) || isWindows(name) || strings.HasPrefix(name, "~") {
		return name
	}
	return path.Join(dir, name)
}

// isWindows reports whether name is an absolute path of Windows.
func isWindows(name string) bool {
	return strings.HasPrefix(name, `\\`) ||
		len(name) > 2 && name[1] == ':' && (name[2] == '\\' || name[2] == '/') && (name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z')
}

// remote reports whether name is fetched rather than read.
func remote(name string) bool {
	for _, p := range []string{"http://", "https://", "git://", "git@", "ssh://", "oci://", "github.com/"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
