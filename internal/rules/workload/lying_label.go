package workload

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed lying_label.txtar
var lyingLabelDoc string

var lyingLabel = &rule.Rule{
	Name:     "lying-label",
	Summary:  "a label says otherwise than what is configured",
	Severity: finding.Medium,
	Doc:      lyingLabelDoc,
	Workload: checkLyingLabel,
}

func checkLyingLabel(p *rule.Pass, w *model.Workload) {
	for _, l := range w.Labels {
		says, err := strconv.ParseBool(strings.ToLower(l.Value.Value))
		if err != nil || !l.Value.Known() {
			continue
		}
		c, ok := claimed(w, l.Name)
		if !ok || c.holds == says {
			continue
		}
		truth := strconv.FormatBool(c.holds)
		f := p.Report(l.Value.Place(), fmt.Sprintf("label %s says %t, but %s", l.Name, says, c.truth),
			rule.Set(l.Value, truth, "make the label say "+truth))
		if c.harmless {
			f.Severity = finding.Low
		}
	}
}

// A claim is what a label's name says about a container, with the truth.
type claim struct {
	holds    bool
	harmless bool // the container is safer than the label says
	truth    string
}

// claimed returns the claim of the label called name, whose last part names a
// property.
func claimed(w *model.Workload, name string) (claim, bool) {
	switch strings.ToLower(name[strings.LastIndexAny(name, "./")+1:]) {
	case "privileged":
		v := w.Privileged
		return claim{v.Value, !v.Value, "the container is " + not(v.Value) + "privileged"}, v.Known()
	case "read-only", "readonly", "read_only":
		v := w.ReadOnlyRoot
		return claim{v.Value, v.Value, "the root file system is " + not(v.Value) + "read-only"}, v.Known()
	case "non-root", "nonroot", "non_root":
		v := !w.User.Value.Root()
		return claim{v, v, "the container runs as " + otherThan(v) + "root"}, w.User.Known() && !w.User.Likely
	}
	return claim{}, false
}

// otherThan returns what makes root somebody else.
func otherThan(holds bool) string {
	if holds {
		return "other than "
	}
	return ""
}

// not returns what makes a sentence's statement hold or not.
func not(holds bool) string {
	if holds {
		return ""
	}
	return "not "
}
