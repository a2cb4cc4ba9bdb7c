package cli

import (
	"os"
	"path/filepath"

	"bulkhead/internal/config"
	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
	"bulkhead/internal/vex"
)

// gate sets in c from which severity on findings fail the check, and reports
// whether vulnerabilities known to be exploited do. Where they alone do, no
// severity counts. What is typed wins over all that the configuration says.
func (s *settings) gate(c *config.Config) (kev bool, err error) {
	if len(s.failOn) == 0 {
		return c.FailOnKEV, nil
	}
	lowest := finding.Never
	for _, name := range s.failOn {
		if name == config.KEV {
			kev = true
			continue
		}
		severity, err := finding.ParseSeverity(name)
		if err != nil {
			return false, usage("", "--fail-on: %w, "+config.KEV, err)
		}
		lowest = min(lowest, severity)
	}
	c.FailOn = model.Fact[finding.Severity]{Value: lowest, State: model.Set}
	return kev, nil
}

// readVEX reads VEX documents. Somebody relies on each of them, so that one
// that cannot be read is a mistake of the command line.
func readVEX(names []string) ([]*vex.Document, error) {
	var out []*vex.Document
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, &usageError{err: err}
		}
		f := source.NewFile(filepath.ToSlash(name), text)
		f.Path = name
		d, err := vex.Read(f)
		if err != nil {
			return nil, &usageError{err: err, hint: "--vex takes OpenVEX, and CycloneDX with an analysis of its vulnerabilities"}
		}
		out = append(out, d)
	}
	return out, nil
}
