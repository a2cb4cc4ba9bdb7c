// Package suppress takes findings out of a report that somebody decided to
// live with, and makes sure the decision is a good one: it has a reason, it
// silences something, it ends when it said it would.
package suppress

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bulkhead/internal/config"
	"bulkhead/internal/finding"
	"bulkhead/internal/nearest"
	"bulkhead/internal/report"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
	"bulkhead/internal/vex"
)

// A Request is what Apply works on.
type Request struct {
	Findings []finding.Finding // theirs is the space that Result.Kept has afterwards
	Files    []*source.File    // every file that was read; their comments count
	Config   *config.Config    // nil where there is none
	Now      time.Time
	All      []*rule.Rule // all there are, to know their names
	Ran      []*rule.Rule // those that ran; a suppression of another is not called unused

	Statements vex.Result // VEX statements that are of no use
}

// A Result is what Apply makes of a Request.
type Result struct {
	Kept       []finding.Finding // what is left, in the order it came
	Extra      []finding.Finding // findings about the suppressions, of the rules that Rules returns; they have no fingerprint yet
	Suppressed []report.Suppression
}

// Apply suppresses.
func Apply(r Request) Result {
	a := &applier{request: r}
	for _, f := range r.Files {
		a.comments = append(a.comments, comments(f)...)
	}
	a.resolveIDs()
	if r.Config != nil {
		a.entries = r.Config.Suppress
	}
	a.entryUsed = make([]bool, len(a.entries))
	a.result.Kept = r.Findings[:0] // not a second slice: findings are large and many
	for i := range r.Findings {
		f := &r.Findings[i]
		if v := f.Vulnerability; v != nil && v.Excuse != nil {
			a.result.Suppressed = append(a.result.Suppressed, excused(f, v.Excuse))
		} else if s, ok := a.suppression(f); ok {
			s.Finding = *f
			a.result.Suppressed = append(a.result.Suppressed, s)
		} else {
			a.result.Kept = append(a.result.Kept, *f) // at i or before it
		}
	}
	a.judgeComments()
	a.judgeEntries()
	a.judgeStatements()
	a.result.Extra = weigh(a.result.Extra, r.Config)
	return a.result
}

// weigh gives findings the severity that c chose for their rule, and leaves
// out those of rules it switches off.
func weigh(findings []finding.Finding, c *config.Config) []finding.Finding {
	if c == nil {
		return findings
	}
	var kept []finding.Finding
	for _, f := range findings {
		if choice, ok := c.Rules[f.Rule]; ok {
			f.Severity = choice.Value.Severity
			if choice.Value.Off {
				continue
			}
		}
		kept = append(kept, f)
	}
	return kept
}

// An applier carries out one request.
type applier struct {
	request   Request
	comments  []*comment
	rules     map[string][]*rule.Rule // by id as written
	byRule    map[ruleFile][]*comment
	entries   []config.Suppression
	entryUsed []bool
	result    Result

	suggestions int // made so far
}

// maxSuggestions bounds the time spent on names that nobody typed by mistake.
const maxSuggestions = 100

// A ruleFile is a rule and a file in which comments name it.
type ruleFile struct {
	rule string
	file *source.File
}

// resolveIDs finds the rules that the comments name.
func (a *applier) resolveIDs() {
	a.rules, a.byRule = map[string][]*rule.Rule{}, map[ruleFile][]*comment{}
	if len(a.comments) == 0 {
		return
	}
	index := rule.NewIndex(a.request.All)
	for _, c := range a.comments {
		for _, id := range c.ids {
			rules, ok := a.rules[id]
			if !ok {
				rules = index.Lookup(id)
				a.rules[id] = rules
			}
			for _, r := range rules {
				key := ruleFile{r.Name, c.span.File}
				a.byRule[key] = append(a.byRule[key], c)
			}
		}
	}
}

// suppression returns what suppresses f: a comment in force at any of f's
// places, which share one cause, or an entry of the configuration.
func (a *applier) suppression(f *finding.Finding) (report.Suppression, bool) {
	var out report.Suppression
	found := false
	spans := []source.Span{f.Span}
	for _, r := range f.Related {
		spans = append(spans, r.Span)
	}
	for _, span := range spans {
		candidates := a.byRule[ruleFile{f.Rule, span.File}]
		if len(candidates) == 0 {
			continue // most findings; their line need not be worked out
		}
		line := span.Position().Line
		for _, c := range candidates {
			if !c.covers(line) {
				continue
			}
			a.use(c, f.Rule)
			if !found && a.holds(c) {
				out, found = report.Suppression{Reason: c.reason, Until: c.until, Where: c.span.Position().String()}, true
			}
		}
	}
	for i := range a.entries {
		e := &a.entries[i]
		if !e.Covers(f) {
			continue
		}
		a.entryUsed[i] = true
		if !found && !expired(e.Until, a.request.Now) {
			out, found = report.Suppression{Reason: e.Reason, Until: e.Until, Where: e.Span.Position().String()}, true
		}
	}
	return out, found
}

// use records that the ids of c that mean the rule called name are of use.
func (a *applier) use(c *comment, name string) {
	for _, id := range c.ids {
		for _, r := range a.rules[id] {
			if r.Name == name {
				c.used[id] = true
			}
		}
	}
}

// holds reports whether c suppresses what it covers.
func (a *applier) holds(c *comment) bool {
	return c.reason != "" && c.badDate == "" && !expired(c.until, a.request.Now)
}

// expired reports whether the day until is over; the zero day never is.
func expired(until, now time.Time) bool {
	return !until.IsZero() && !now.Before(until.AddDate(0, 0, 1))
}

// judgeComments reports the comments that are of no use.
func (a *applier) judgeComments() {
	for _, c := range a.comments {
		switch {
		case c.foreign: // whether it is of use is the other tool's business
		case len(c.ids) == 0:
			a.comment(unused, c, "suppression names no rule")
		case c.reason == "":
			a.comment(withoutReason, c, "suppression has no reason")
		case c.badDate != "":
			a.comment(unused, c, fmt.Sprintf("suppression ends on %q, which is no date such as 2027-01-31", c.badDate))
		default:
			a.judgeIDs(c)
		}
	}
}

// judgeIDs reports the rules of c that do not exist or are not broken, and
// those that are while c is in force no more.
func (a *applier) judgeIDs(c *comment) {
	for _, id := range c.ids {
		switch rules := a.rules[id]; {
		case len(rules) == 0:
			a.comment(unused, c, "suppression names "+a.unknownRule(id))
		case !c.used[id] && a.ran(rules):
			a.comment(unused, c, "suppression of "+id+" silences nothing")
		case c.used[id] && expired(c.until, a.request.Now):
			a.comment(unused, c, "suppression of "+id+" expired on "+c.until.Format(time.DateOnly))
		}
	}
}

func (a *applier) unknownRule(id string) string {
	var names []string
	for _, r := range a.request.All {
		names = append(names, r.Name)
	}
	if a.suggestions++; a.suggestions <= maxSuggestions {
		if near := nearest.Of(id, names); near != "" {
			return fmt.Sprintf("unknown rule %q, did you mean %q?", id, near)
		}
	}
	return fmt.Sprintf("unknown rule %q", id)
}

// ran reports whether all of rules ran, so that their silence means something.
func (a *applier) ran(rules []*rule.Rule) bool {
	for _, r := range rules {
		if !a.ranRule(r.Name) {
			return false
		}
	}
	return true
}

func (a *applier) ranRule(name string) bool {
	return slices.ContainsFunc(a.request.Ran, func(r *rule.Rule) bool { return r.Name == name })
}

// judgeEntries reports the entries of the configuration that are of no use.
// One without a path may be about something this run did not look at, such as
// a running container, so it is never called unused.
func (a *applier) judgeEntries() {
	for i := range a.entries {
		e := &a.entries[i]
		rules := strings.Join(e.Rules, ", ")
		switch {
		case a.entryUsed[i] && expired(e.Until, a.request.Now):
			a.add(unused, e.Span, "suppression of "+rules+" expired on "+e.Until.Format(time.DateOnly))
		case !a.entryUsed[i] && e.Path != "" && a.looked(e):
			a.add(unused, e.Span, "suppression of "+rules+" silences nothing")
		}
	}
}

// looked reports whether this run would have found what e is about.
func (a *applier) looked(e *config.Suppression) bool {
	for _, name := range e.Rules {
		if !a.ranRule(name) {
			return false
		}
	}
	return slices.ContainsFunc(a.request.Files, func(f *source.File) bool { return e.CoversFile(f.Name) })
}

// comment reports a finding about c, with the fix that takes c away where
// nothing of it is of use.
func (a *applier) comment(r *rule.Rule, c *comment, message string) {
	f := a.add(r, c.span, message)
	if r == unused && len(c.ids) <= 1 && len(c.used) == 0 {
		f.Fixes = []finding.Fix{{Message: "take the suppression away", Safe: true, Edits: []source.Edit{{Span: removal(c.span)}}}}
	}
}

func (a *applier) add(r *rule.Rule, at source.Span, message string) *finding.Finding {
	f := finding.Finding{Rule: r.Name, Severity: r.Severity, Subject: at.File.Name, Message: message, Span: at}
	a.result.Extra = append(a.result.Extra, f)
	return &a.result.Extra[len(a.result.Extra)-1]
}

// removal returns what goes with the comment at span: its whole line where
// nothing else is on it, else the blanks before it.
func removal(span source.Span) source.Span {
	f := span.File
	number := span.Position().Line
	start := f.LineStart(number)
	before := span.Start
	for before > start && (f.Text[before-1] == ' ' || f.Text[before-1] == '\t') {
		before--
	}
	if before == start {
		return f.Span(start, f.LineStart(number+1))
	}
	return f.Span(before, start+len(f.Line(number)))
}
