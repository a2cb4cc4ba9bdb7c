package image

import (
	_ "embed"
	"fmt"
	"slices"
	"time"

	"bulkhead/internal/catalog"
	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/rule"
)

//go:embed stale_base.txtar
var staleBaseDoc string

var staleBase = &rule.Rule{
	Name:     "stale-base",
	Summary:  "a newer release of the base image is known",
	Severity: finding.Low,
	Refs:     []string{"CIS-Docker 4.4"},
	Gain:     "use flaws that a newer base has cured",
	Doc:      staleBaseDoc,
	Image:    checkStaleBase,
}

func checkStaleBase(p *rule.Pass, i *model.Image) {
	if i.Use == model.StoredImage {
		checkStaleBaseInside(p, i)
		return
	}
	ref := i.Ref.Value
	u, ok := catalog.Patch(ref)
	if !pulled(i) || !ok {
		return
	}
	f := p.Report(i.Ref.Place(), fmt.Sprintf("%s:%s is not the newest %s: %s is known, %s", ref.Familiar(), ref.Tag, u.Cycle, u.Tag, source()), use(i, u))
	if !shipped(i) {
		f.Severity = finding.Info
	}
}

// checkStaleBaseInside judges what an image that was looked into is built on.
func checkStaleBaseInside(p *rule.Pass, i *model.Image) {
	if i.Base == nil || i.Base.Name == "" || i.Base.Confidence == model.Guess {
		return
	}
	ref, err := oci.ParseReference(i.Base.Name)
	if err != nil {
		return
	}
	better := ref
	message := ""
	if u, ok := catalog.Patch(ref); ok {
		better.Tag = u.Tag
		message = fmt.Sprintf("it is built on %s:%s, which is not the newest %s: %s is known", ref.Familiar(), ref.Tag, u.Cycle, u.Tag)
	} else if u, ok := catalog.Supported(ref, p.Site.Now); ok && slices.ContainsFunc(catalog.EndOfLife(ref, nil, p.Site.Now), func(l *model.Lifecycle) bool { return ended(l, p.Site.Now) }) {
		better.Tag = u.Tag
		message = fmt.Sprintf("it is built on %s:%s, which has reached an end of life; there is %s", ref.Familiar(), ref.Tag, instead(ref, u))
	}
	if message == "" {
		return
	}
	f := p.Report(model.Place{Path: "image " + i.Name + ": base"}, message+", "+source()+difference(p, i, better))
	f.Likely = i.Base.Confidence != model.Certain
	trace(f, i, 0)
}

// use returns the fix that takes u in place of what i names.
func use(i *model.Image, u catalog.Upgrade) finding.Fix {
	ref := i.Ref.Value
	message := instead(ref, u) + ", " + source()
	ref.Tag = u.Tag
	ref.Raw = ref.Familiar() + ":" + u.Tag
	return rule.Set(i.Ref, ref, "use "+message)
}

// instead describes the image that u takes in place of ref.
func instead(ref model.Reference, u catalog.Upgrade) string {
	s := ref.Familiar() + ":" + u.Tag
	if u.Moved != "" {
		s += " (" + u.Moved + ")"
	}
	if !u.Until.IsZero() {
		s += ", supported until " + u.Until.Format(time.DateOnly)
	}
	return s
}

// source says where the knowledge of tags is from.
func source() string {
	return "by the official tags of " + catalog.TagsAsOf().Format(time.DateOnly)
}

// difference counts what a better base has against i's own, where both were
// looked into.
func difference(p *rule.Pass, i *model.Image, better model.Reference) string {
	base, _, ok := i.Shares()
	if !ok {
		return ""
	}
	for _, o := range p.System.Images {
		if o.Inventory == nil || o.Config == nil || !slices.Contains(o.Config.Tags, better.Tagged()) {
			continue
		}
		s := fmt.Sprintf("; packages in it: %d, in this base: %d", len(o.Inventory.Packages), base.Packages)
		if n := len(o.Vulnerabilities); n+base.Vulnerabilities > 0 {
			s += fmt.Sprintf("; known vulnerabilities: %d and %d", n, base.Vulnerabilities)
		}
		return s
	}
	return ""
}
