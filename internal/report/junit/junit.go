// Package junit writes a report as the JUnit XML that most CI systems read:
// a suite for every rule that ran, a failure for every finding at or above
// the severity that fails the check.
package junit

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/report"
)

// A Writer writes a report as JUnit XML.
type Writer struct{}

type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Time     string   `xml:"time,attr"`
	Suites   []*suite `xml:"testsuite"`
}

type suite struct {
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Cases    []testCase `xml:"testcase"`
}

type testCase struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	File    string   `xml:"file,attr,omitempty"`
	Line    int      `xml:"line,attr,omitempty"`
	Failure *failure `xml:"failure"`
	Skipped *skipped `xml:"skipped"`
	Out     string   `xml:"system-out,omitempty"`
}

type failure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

type skipped struct {
	Message string `xml:"message,attr"`
}

// Write writes r to w.
func (Writer) Write(w io.Writer, r *report.Report) error {
	all := suites{Name: "bulkhead", Time: fmt.Sprintf("%.3f", r.Took.Seconds())}
	byRule := map[string]*suite{}
	open := func(name string) *suite {
		s := byRule[name]
		if s == nil {
			s = &suite{Name: name}
			byRule[name] = s
			all.Suites = append(all.Suites, s)
		}
		return s
	}
	for _, x := range r.Rules {
		open(x.Name)
	}
	for i := range r.Findings {
		s := open(r.Findings[i].Rule)
		s.Cases = append(s.Cases, fail(&r.Findings[i], r))
	}
	for _, x := range r.Suppressed {
		s := open(x.Finding.Rule)
		c := describe(&x.Finding)
		c.Skipped = &skipped{Message: report.Printable("suppressed at " + x.Where + ": " + x.Reason)}
		s.Cases = append(s.Cases, c)
	}
	for _, i := range r.Images { // the record of what the gate judged
		s := open("judged")
		s.Cases = append(s.Cases, testCase{Name: report.Printable(i.Judged()), Class: s.Name, Out: report.Printable(strings.Join(r.Warnings, "; "))})
	}
	all.count()
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// count adds the cases up; a suite without any gets one that passes, so that
// a rule that holds is seen to have run.
func (a *suites) count() {
	for _, s := range a.Suites {
		if len(s.Cases) == 0 {
			s.Cases = []testCase{{Name: "nothing found", Class: s.Name}}
		}
		for _, c := range s.Cases {
			s.Tests++
			if c.Failure != nil {
				s.Failures++
			}
			if c.Skipped != nil {
				s.Skipped++
			}
		}
		a.Tests += s.Tests
		a.Failures += s.Failures
		a.Skipped += s.Skipped
	}
}

func describe(f *finding.Finding) testCase {
	c := testCase{Name: report.Printable(f.Where() + ": " + f.Subject), Class: f.Rule}
	if f.Span.IsValid() {
		c.File, c.Line = report.Printable(f.Span.File.Name), f.Span.Position().Line
	}
	return c
}

// fail returns the case of f, which fails where f fails the check and says
// what was found otherwise.
func fail(f *finding.Finding, r *report.Report) testCase {
	c := describe(f)
	text := report.Printable(fmt.Sprintf("%s: %s: %s: %s", f.Where(), f.Severity, f.Subject, f.Message))
	if !r.Fails(f) {
		c.Out = text
		return c
	}
	c.Failure = &failure{Type: f.Severity.String(), Message: report.Printable(f.Message), Text: text}
	return c
}
