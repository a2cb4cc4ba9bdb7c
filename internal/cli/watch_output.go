package cli

import (
	"errors"
	"strings"

	"github.com/docker/go-units"
	"github.com/spf13/pflag"

	"bulkhead/internal/nearest"
	"bulkhead/internal/watch"
)

// watchFormats are what alerts can be written as.
var watchFormats = [...]string{"text", "json", "syslog", "webhook"}

// watchSinks are the flags that say where alerts go.
type watchSinks struct {
	outputs []string
	size    string
	keep    int
}

func (s *watchSinks) register(f *pflag.FlagSet) {
	f.StringArrayVarP(&s.outputs, "output", "o", nil,
		"write alerts as `FORMAT[=DEST]`: text[=FILE], json[=FILE], one object a line, syslog[=unix:///PATH, udp://HOST:PORT or tcp://HOST:PORT], webhook=URL; may be repeated (default text)")
	f.StringVar(&s.size, "rotate-size", "100MB", "begin a new file of alerts at this `size`; 0 never does")
	f.IntVar(&s.keep, "rotate-keep", 5, "keep this `number` of older files: FILE.1, FILE.2 …")
}

// check says what is wrong with the flags.
func (s *watchSinks) check() error {
	if len(s.outputs) == 0 {
		s.outputs = []string{"text"}
	}
	standard := ""
	for _, o := range s.outputs {
		name, to, given := strings.Cut(o, "=")
		switch {
		case name == "webhook" && to == "":
			return usage("write -o webhook=https://…", "output %q has no address", o)
		case given && to == "":
			return usage("", "output %q names no file", o)
		case name == "syslog", name == "webhook":
		case name != "text" && name != "json":
			return unknownWatchFormat(name)
		case !given && standard != "":
			return usage("give all but one a file: -o "+name+"=FILE", "%s and %s both write to standard output", standard, name)
		case !given:
			standard = name
		}
	}
	if _, err := units.RAMInBytes(s.size); err != nil {
		return usage("a size reads 100MB", "%q is no size", s.size)
	}
	if s.keep < 0 {
		return usage("", "--rotate-keep wants a number of files, not %d", s.keep)
	}
	return nil
}

func unknownWatchFormat(name string) error {
	hint := "the formats are " + strings.Join(watchFormats[:], ", ")
	if near := nearest.Of(name, watchFormats[:]); near != "" {
		return usage(hint, "unknown format %q, did you mean %q?", name, near)
	}
	return usage(hint, "unknown format %q", name)
}

// open opens all outputs.
func (s *watchSinks) open(a *app) ([]watch.Output, error) {
	var outputs []watch.Output
	for _, o := range s.outputs {
		name, to, _ := strings.Cut(o, "=")
		out, err := s.openOne(a, name, to)
		if err != nil {
			errs := []error{err}
			for _, o := range outputs {
				errs = append(errs, o.Close())
			}
			return nil, errors.Join(errs...)
		}
		outputs = append(outputs, out)
	}
	return outputs, nil
}

func (s *watchSinks) openOne(a *app, name, to string) (watch.Output, error) {
	switch name {
	case "syslog":
		if to == "" {
			to = watch.DefaultSyslog
		}
		q, err := watch.OpenSyslog(to)
		if err != nil {
			return nil, usage("", "%v", err)
		}
		return q, nil
	case "webhook":
		q, err := watch.OpenWebhook(to)
		if err != nil {
			return nil, usage("", "%v", err)
		}
		return q, nil
	}
	format := watch.Text
	if name == "json" {
		format = watch.JSON
	}
	if to == "" {
		return watch.Stream{To: a.stdout, Format: format}, nil
	}
	size, err := units.RAMInBytes(s.size)
	if err != nil {
		return nil, usage("a size reads 100MB", "%q is no size", s.size)
	}
	return watch.OpenFile(to, format, watch.Rotation{Size: size, Keep: s.keep})
}
