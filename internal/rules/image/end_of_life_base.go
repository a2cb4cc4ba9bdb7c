package image

import (
	_ "embed"
	"fmt"
	"time"

	"bulkhead/internal/catalog"
	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed end_of_life_base.txtar
var endOfLifeBaseDoc string

var endOfLifeBase = &rule.Rule{
	Name:     "end-of-life-base",
	Summary:  "an image holds a release that gets no security fixes any more",
	Severity: finding.High,
	Gain:     "use flaws that will never be fixed",
	Doc:      endOfLifeBaseDoc,
	Image:    checkEndOfLifeBase,
}

func checkEndOfLifeBase(p *rule.Pass, i *model.Image) {
	for _, l := range i.Lifecycles {
		if !ended(l, p.Site.Now) || i.Built && l.File == "" {
			continue
		}
		at := i.Ref.Place()
		if l.File != "" {
			at = fileIn(i, l.File)
		}
		fix := finding.Fix{}
		if l.File == "" && pulled(i) {
			if u, ok := catalog.Supported(i.Ref.Value, p.Site.Now); ok {
				fix = use(i, u)
			}
		}
		f := p.Report(at, endMessage(l, p.Site.Now), fix)
		switch extended := l.Extended.After(p.Site.Now); {
		case !shipped(i), extended && l.Free:
			f.Severity = finding.Low
		case extended, l.Compiled: // a program uses a small part of what it is built with
			f.Severity = finding.Medium
		}
	}
}

func ended(l *model.Lifecycle, now time.Time) bool {
	return l.Ended || !l.End.IsZero() && !now.Before(l.End.AddDate(0, 0, 1))
}

// endMessage says what ended when. Extended support that still runs is named,
// because some get it.
func endMessage(l *model.Lifecycle, now time.Time) string {
	s := fmt.Sprintf("%s %s is past its end of life", l.Product, l.Cycle)
	if !l.End.IsZero() {
		s = fmt.Sprintf("%s %s reached its end of life on %s", l.Product, l.Cycle, l.End.Format(time.DateOnly))
	}
	switch {
	case l.Extended.After(now):
		s += ", extended support ends on " + l.Extended.Format(time.DateOnly)
	case !l.Extended.IsZero():
		s += ", extended support on " + l.Extended.Format(time.DateOnly)
	}
	if l.Latest != "" && l.Latest != l.Cycle {
		s += "; the newest release is " + l.Latest
	}
	return s
}
