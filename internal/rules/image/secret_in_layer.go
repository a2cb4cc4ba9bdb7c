package image

import (
	_ "embed"
	"fmt"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed secret_in_layer.txtar
var secretInLayerDoc string

var secretInLayer = &rule.Rule{
	Name:     "secret-in-layer",
	Summary:  "a file in a layer of the image holds a secret",
	Severity: finding.Critical,
	Refs:     []string{"dockle CIS-DI-0010", "CIS-Docker 4.10"},
	Gain:     "use a secret that everybody who pulls the image can read",
	Prize:    finding.Secrets,
	Doc:      secretInLayerDoc,
	Image:    checkSecretInLayer,
}

func checkSecretInLayer(p *rule.Pass, i *model.Image) {
	if i.Use == model.ProjectFiles {
		return // secret-in-file judges it
	}
	for _, s := range i.Secrets {
		message := fmt.Sprintf("%s holds %s (%s)", s.File, s.Kind, s.Shown)
		if s.Deleted {
			message += "; a later layer deletes it, which takes nothing out of the image"
		}
		if s.Package != "" {
			message += "; it came with " + s.Package
		}
		message += by(i, s.Layer)
		where := s.File
		if s.Line > 0 {
			where = fmt.Sprintf("%s:%d", s.File, s.Line)
		}
		f := p.Report(model.Place{Path: i.Called() + ": " + where}, message)
		f.Likely = !s.Certain
		trace(f, i, s.Layer)
		switch {
		case s.Package != "": // it opens something of those who published the package, if anything
			f.Severity = finding.Low
		case !s.Certain:
			f.Severity = finding.High
		}
	}
}

// madeBy returns the step that made a layer, cut to what tells it from others.
func madeBy(i *model.Image, layer int) string {
	if i.Inventory == nil || layer < 0 || layer >= len(i.Inventory.Layers) {
		return ""
	}
	if i.Inventory.Layers[layer].Above {
		return "the container while it ran"
	}
	step := strings.Join(strings.Fields(i.Inventory.Layers[layer].History), " ")
	step = strings.TrimPrefix(step, "/bin/sh -c #(nop) ")
	if r := []rune(step); len(r) > 60 {
		step = string(r[:60]) + "…"
	}
	if step == "" {
		return fmt.Sprintf("layer %d", layer+1)
	}
	return fmt.Sprintf("layer %d (%s)", layer+1, strings.TrimSpace(step))
}
