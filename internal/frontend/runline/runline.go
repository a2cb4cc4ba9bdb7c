// Package runline reads docker run command lines: those given as arguments and
// those found literally in shell scripts, Makefiles and the scripts of CI files.
package runline

import (
	"bytes"
	"path"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// Args reads one command line given as arguments, such as those after "--".
// Places point into a file called "command line" that holds it quoted for a
// shell. Leading "docker" may be left out.
func Args(args []string) *model.Facts {
	quoted := make([]string, 0, len(args)+1)
	if len(args) > 0 && !isEngine(args[0]) && !wraps(args[0]) {
		quoted = append(quoted, "docker")
	}
	for _, a := range args {
		quoted = append(quoted, quote(strings.ReplaceAll(a, hole, "")))
	}
	f := source.NewFile("command line", []byte(strings.Join(quoted, " ")))
	r := newReader()
	r.script(whole(f))
	r.join()
	if len(r.facts.Workloads)+len(r.facts.Networks)+len(r.facts.Notes)+len(r.facts.Faults) == 0 {
		message := "not a docker run or docker create command line"
		if r.imageless != "" {
			message = r.imageless + " names no image"
		}
		r.facts.Faults = append(r.facts.Faults, model.Fault{
			Place: model.Place{Span: f.Span(0, len(f.Text))}, Surface: model.RunLine, Message: message,
		})
	}
	return r.facts
}

// Read returns the facts of every docker run, docker create and docker network
// create line found in f: a shell script, a Makefile, a justfile or a YAML file,
// told apart by name. A file without any has no facts.
func Read(f *source.File) *model.Facts {
	r := newReader()
	if !mentions(f.Text) || bytes.IndexByte(f.Text, 0) >= 0 {
		return r.facts
	}
	switch name := path.Base(f.Name); {
	case isMakefile(name):
		r.makefile(f)
	case isYAML(name):
		r.yaml(f)
	case strings.EqualFold(strings.TrimPrefix(name, "."), "justfile"):
		r.justfile(f)
	case otherLanguage(f.Text):
	default:
		r.script(whole(f))
	}
	r.join()
	return r.facts
}

func isMakefile(name string) bool {
	switch strings.ToLower(name) {
	case "makefile", "gnumakefile", "bsdmakefile":
		return true
	}
	return strings.HasPrefix(name, "Makefile.") || strings.HasSuffix(name, ".mk") || strings.HasSuffix(name, ".mak")
}

// otherLanguage reports whether text is a script of something but a shell.
func otherLanguage(text []byte) bool {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	return bytes.HasPrefix(first, []byte("#!")) && !bytes.Contains(first, []byte("sh"))
}

func isYAML(name string) bool {
	return strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".yaml")
}

// A reader gathers the facts of one file.
type reader struct {
	facts *model.Facts
	names map[string]*model.Workload // by --name
	depth int                        // of nested shells
	full  bool                       // it has maxLines
	loose bool                       // of a text that is no shell script as a whole

	imageless string // "docker run", where such a line names no image

	global, runs *flagSet
}

func newReader() *reader {
	return &reader{facts: &model.Facts{}, names: map[string]*model.Workload{}, global: globalFlags(), runs: runFlags()}
}

// note records that l was not checked, and why.
func (r *reader) note(l *line, why string) {
	at := l.anchor().Position()
	r.facts.Notes = append(r.facts.Notes, model.Note{What: at.String(), Why: why})
}
