package image

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed program_writable_by_user.txtar
var programWritableByUserDoc string

var programWritableByUser = &rule.Rule{
	Name:     "program-writable-by-user",
	Summary:  "the user the image runs as may change the program it runs",
	Severity: finding.Medium,
	Gain:     "replace the program for good",
	Doc:      programWritableByUserDoc,
	Image:    checkProgramWritableByUser,
}

func checkProgramWritableByUser(p *rule.Pass, i *model.Image) {
	if i.Contents == nil {
		return
	}
	u, ok := runsAs(i)
	s := i.Contents.Start
	if !ok || u.Root() || s == nil || s.File == nil {
		return
	}
	if s.File.WritableBy(u) {
		trace(p.Reportf(fileIn(i, s.File.Name), "uid %d, which runs /%s, can change it%s", u.UID, s.File.Name, by(i, s.File.Layer)), i, s.File.Layer)
		return
	}
	if c := s.Code; c != nil && c.WritableBy(u) {
		f := p.Reportf(fileIn(i, c.Name), "uid %d, which runs /%s, can change it%s", u.UID, c.Name, by(i, c.Layer))
		f.Severity = finding.Low // what an interpreter runs is often left to the user, and a read-only root helps
		trace(f, i, c.Layer)
		return
	}
	if d := s.Folder; d != nil && d.Mode&0o1000 == 0 && d.WritableBy(u) {
		f := p.Reportf(fileIn(i, d.Name), "uid %d, which runs /%s, can replace it: it may write the folder%s", u.UID, s.File.Name, by(i, d.Layer))
		f.Severity = finding.Low
		trace(f, i, d.Layer)
	}
}
