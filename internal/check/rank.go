package check

import (
	"slices"
	"strconv"
	"strings"

	"bulkhead/internal/catalog"
	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/report"
)

// weight is how much a finding of each severity counts before anything else
// is known.
var weight = [...]float64{finding.Info: 1, finding.Low: 4, finding.Medium: 20, finding.High: 60, finding.Critical: 140}

// prize is how much more a finding counts for what it gives an attacker.
var prize = [...]float64{finding.Foothold: 1, finding.Secrets: 1.1, finding.Takeover: 1.4}

// rank orders findings by what an attacker gets: how bad it is, whether the
// workload can be reached from outside, whether it runs now, and of a flaw in a
// package whether it is loaded there, what the container may do, and whether it
// is being exploited. Equal ones keep their order, which is that of files and
// places. The vulnerabilities of one image are in the order of byUrgency.
func rank(findings []finding.Finding) {
	scores := make([]float64, len(findings))
	for i := range findings {
		scores[i] = score(&findings[i])
	}
	orderByScore(findings, scores)
	byUrgency(findings)
}

func score(f *finding.Finding) float64 {
	s := weight[f.Severity]
	if f.Likely {
		s *= 0.8
	}
	s *= prize[f.Prize]
	s *= danger(f)
	w := workload(f)
	if w == nil {
		return s
	}
	switch reach, _ := reached(w); reach {
	case outside:
		s *= 1.5
	case neighbour:
		s *= 1.2
	}
	if w.Inactive || w.Short || w.Stopped() {
		s *= 0.6
	}
	if w.Status == "running" || slices.ContainsFunc(f.Related, func(r finding.Related) bool { return strings.HasPrefix(r.Message, "also: running now") }) {
		s *= 1.1
	}
	return s
}

// danger is how much more, or less, a finding about a package counts for what is
// known of the flaw and of its use. What only builds and tests need does not
// run, and what no process has loaded may never be.
func danger(f *finding.Finding) float64 {
	v := f.Vulnerability
	if v == nil {
		return 1
	}
	d := 1 + v.EPSS/2
	if v.Exploited {
		d = 1.5
	}
	if v.Package.Dev {
		d *= 0.5
	}
	if f.Image == nil || f.Image.Running == nil {
		return d
	}
	switch model.InUse(f.Packages) {
	case model.Set:
		d *= 1.4
	case model.Unset:
		d *= 0.5
	}
	if w := workload(f); w != nil && w.Privileged.Known() && w.Privileged.Value {
		d *= 1.3
	}
	return d
}

// A distance says how far a workload is from the outside.
type distance uint8

const (
	far       distance = iota // nothing outside reaches it, as far as the artifacts tell
	neighbour                 // it shares a network with one that is reached
	outside                   // it is reached directly
)

// reached returns w's distance and the exposure, or the neighbour's, that
// makes it.
func reached(w *model.Workload) (distance, string) {
	for _, e := range w.Exposure {
		if e.Public {
			return outside, address(e)
		}
	}
	for _, a := range w.Attachments {
		if a.Network == nil {
			continue
		}
		for _, front := range a.Network.Fronts {
			if front != w {
				return neighbour, front.Name
			}
		}
	}
	return far, ""
}

func address(e model.Exposure) string {
	switch {
	case e.Via != "published port" && e.Via != "":
		return e.Via
	case e.Port == 0:
		return e.Address
	case strings.Contains(e.Address, ":"):
		return "[" + e.Address + "]:" + strconv.Itoa(e.Port)
	}
	return e.Address + ":" + strconv.Itoa(e.Port)
}

// stories returns the three findings to fix first as sentences. What is high
// comes first, one a rule and one a subject, so that one careless service does
// not fill the list; then what is left, so that something minor elsewhere does
// not stand for it.
func stories(findings []finding.Finding) []report.Story {
	var chosen []int
	choose := func(lowest finding.Severity, known func(a, b *finding.Finding) bool) {
		for i := range findings {
			told := slices.ContainsFunc(chosen, func(c int) bool { return c == i || known(&findings[c], &findings[i]) })
			if len(chosen) < maxStories && findings[i].Severity >= lowest && !told {
				chosen = append(chosen, i)
			}
		}
	}
	choose(finding.High, alike)
	choose(finding.Medium, oneCure)
	slices.Sort(chosen)
	var out []report.Story
	for _, i := range chosen {
		out = append(out, report.Story{Finding: &findings[i], Sentence: sentence(findings[i])})
	}
	return out
}

// maxStories is how many findings are told as sentences.
const maxStories = 3

// alike reports whether telling b after a says little new.
func alike(a, b *finding.Finding) bool { return a.Rule == b.Rule || a.Subject == b.Subject }

// oneCure reports whether who cures a looks at b as well: the same fault of
// the same subject, or another one at the same place.
func oneCure(a, b *finding.Finding) bool {
	if v, w := a.Vulnerability, b.Vulnerability; v != nil && w != nil {
		return a.Image == b.Image && softwareOf(v) == softwareOf(w)
	}
	return a.Subject == b.Subject && (a.Rule == b.Rule || a.Span.IsValid() && a.Span == b.Span)
}

// sentence tells f with the chain that leads to it: how the workload is
// reached, whom it runs as, and what that gives.
func sentence(f finding.Finding) string {
	gain := ""
	if f.Gain != "" {
		gain = ": an attacker can " + f.Gain
	}
	w := f.Workload
	if f.Image != nil && f.Image.Use == model.ContainerFiles {
		w = workload(&f)
	}
	if w == nil {
		return f.Subject + ": " + f.Message + gain
	}
	var chain []string
	switch reach, by := reached(w); reach {
	case outside:
		when := ""
		if w.Stopped() {
			when = " once it is started"
		}
		chain = append(chain, "is reachable from outside ("+by+")"+when)
	case neighbour:
		chain = append(chain, "shares a network with "+by+", which is reachable from outside")
	}
	if w.User.Known() && w.User.Value.Root() && f.Rule != "root-user" && !catalog.GivesUpRoot(w) {
		as := "runs as root"
		if w.User.Likely {
			as = "probably runs as root"
		}
		chain = append(chain, as)
	}
	if f.Vulnerability != nil && w.Privileged.Known() && w.Privileged.Value {
		chain = append(chain, "is privileged")
	}
	said := "; " + f.Message
	if is, ok := strings.CutPrefix(f.Message, "container "); ok {
		chain, said = append(chain, is), ""
	}
	if len(chain) == 0 {
		return f.Subject + ": " + f.Message + gain
	}
	if gain != "" {
		gain = ": an attacker in it can " + f.Gain
	}
	return f.Subject + " " + and(chain) + said + gain
}

// and joins phrases as English does.
func and(phrases []string) string {
	if len(phrases) < 2 {
		return strings.Join(phrases, "")
	}
	last := len(phrases) - 1
	return strings.Join(phrases[:last], ", ") + " and " + phrases[last]
}
