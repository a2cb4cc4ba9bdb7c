package image

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed world_writable_file.txtar
var worldWritableFileDoc string

var worldWritableFile = &rule.Rule{
	Name:     "world-writable-file",
	Summary:  "everybody in the container may change files of the image",
	Severity: finding.Medium,
	Gain:     "replace files that other users of the container read and run",
	Doc:      worldWritableFileDoc,
	Image:    checkWorldWritableFile,
}

func checkWorldWritableFile(p *rule.Pass, i *model.Image) {
	if i.Contents == nil {
		return
	}
	for _, f := range i.Contents.Writable {
		message := "/" + f.Name + " can be changed by every user"
		switch {
		case f.Folder:
			message = "every user can put and replace files in /" + f.Name
			if f.Beneath > 0 {
				message += fmt.Sprintf(", and change %d files and folders beneath", f.Beneath)
			}
		case f.Beneath > 0:
			message = fmt.Sprintf("/%s and %d more in its folder can be changed by every user", f.Name, f.Beneath)
		}
		trace(p.Report(fileIn(i, f.Name), message+by(i, f.Layer)), i, f.Layer)
	}
}
