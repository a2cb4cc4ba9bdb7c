package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"bulkhead/internal/check"
	"bulkhead/internal/nearest"
	"bulkhead/internal/report"
	"bulkhead/internal/report/github"
	"bulkhead/internal/report/json"
	"bulkhead/internal/report/junit"
	"bulkhead/internal/report/markdown"
	"bulkhead/internal/report/openvex"
	"bulkhead/internal/report/sarif"
	"bulkhead/internal/report/text"
)

// formats are the names of the output formats, in the order they are listed.
var formats = [...]string{"text", "json", "jsonl", "sarif", "github", "junit", "markdown", "openvex"}

// outputs are the flags that say how to report.
type outputs struct {
	formats []string
	verbose bool
}

func (o *outputs) register(f *pflag.FlagSet) {
	f.StringSliceVarP(&o.formats, "output", "o", nil, "write the report as `FORMAT[=FILE]`: "+strings.Join(formats[:], ", ")+" (default text)")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "show every finding with its source")
}

// A sink is one place a report is written to in one format.
type sink struct {
	writer report.Writer
	file   string    // empty for out
	out    io.Writer // standard output
}

// sinks returns where to write the report, by what was typed or else by the
// configuration.
func (a *app) sinks(o *outputs, c check.Options) ([]sink, error) {
	chosen := o.formats
	if len(chosen) == 0 {
		chosen = c.Config.Formats
	}
	if len(chosen) == 0 {
		chosen = []string{"text"}
	}
	var sinks []sink
	standard := ""
	for _, x := range chosen {
		name, file, toFile := strings.Cut(x, "=")
		if toFile && file == "" {
			return nil, usage("", "output %q names no file", x)
		}
		if !toFile && standard != "" {
			return nil, usage("give all but one a file: -o "+name+"=FILE", "%s and %s both write to standard output", standard, name)
		}
		s := sink{file: file, out: a.stdout}
		if !toFile {
			standard = name
		}
		if s.writer = a.writer(name, toFile, o, c); s.writer == nil {
			return nil, unknownFormat(name)
		}
		sinks = append(sinks, s)
	}
	return sinks, nil
}

func unknownFormat(name string) error {
	hint := "the formats are " + strings.Join(formats[:], ", ")
	if near := nearest.Of(name, formats[:]); near != "" {
		return usage(hint, "unknown format %q, did you mean %q?", name, near)
	}
	return usage(hint, "unknown format %q", name)
}

// writer returns the writer of the format called name, or nil.
func (a *app) writer(name string, toFile bool, o *outputs, c check.Options) report.Writer {
	switch name {
	case "text":
		if toFile {
			return text.Writer{Verbose: o.verbose}
		}
		w := text.Writer{Verbose: o.verbose, Terminal: isTerminal(a.stdout), Color: colored(a.stdout), Width: columns(a.stdout)}
		if len(c.Paths) == 1 && c.Paths[0] != "." && len(c.ComposeFiles) == 0 {
			w.Target = c.Paths[0]
		}
		return w
	case "json":
		return json.Document{}
	case "jsonl":
		return json.Lines{}
	case "sarif":
		return sarif.Writer{}
	case "github":
		return github.Writer{}
	case "junit":
		return junit.Writer{}
	case "markdown":
		return markdown.Writer{}
	case "openvex":
		return openvex.Writer{}
	}
	return nil
}

// write writes r to every sink. One that fails does not keep the others from
// their report.
func write(sinks []sink, r *report.Report) error {
	var errs []error
	for _, s := range sinks {
		if s.file == "" {
			errs = append(errs, s.writer.Write(s.out, r))
			continue
		}
		var b bytes.Buffer
		err := s.writer.Write(&b, r)
		if err == nil {
			err = os.WriteFile(s.file, b.Bytes(), 0o644)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("write report: %w", err))
		}
	}
	return errors.Join(errs...)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// columns returns the width of the terminal w is, or 0. A terminal that does
// not know its size, such as that of a recorded session, has it in COLUMNS.
func columns(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	if width, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil {
		return width
	}
	return 0
}

// colored reports whether to paint what is written to w. NO_COLOR wins:
// somebody who set both can read text without colour.
func colored(w io.Writer) bool {
	force := os.Getenv("FORCE_COLOR")
	switch {
	case os.Getenv("NO_COLOR") != "" || force == "0":
		return false
	case force != "":
		return true
	}
	return os.Getenv("TERM") != "dumb" && isTerminal(w)
}
