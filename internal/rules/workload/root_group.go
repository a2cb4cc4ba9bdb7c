package workload

import (
	_ "embed"
	"fmt"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed root_group.txtar
var rootGroupDoc string

var rootGroup = &rule.Rule{
	Name:     "root-group",
	Summary:  "the container belongs to a group with rights on the host",
	Severity: finding.Low,
	Refs:     []string{"trivy KSV-0116"},
	Gain:     "use what belongs to group root",
	Doc:      rootGroupDoc,
	Workload: checkRootGroup,
}

func checkRootGroup(p *rule.Pass, w *model.Workload) {
	if u := w.User; u.Known() && u.Value.GID == 0 && !u.Value.Root() {
		p.Report(u.Place(), "container runs with group root", rootGroupFixes(u)...)
	}
	for _, g := range w.Groups.Items {
		switch name := strings.ToLower(g.Value); {
		case !g.Known():
		case name == "0" || name == "root":
			p.Report(g.Place(), "container has supplementary group root", rule.Delete(g, "leave group root"))
		case name == "docker":
			p.Report(g.Place(), "container has supplementary group docker, which may control the engine",
				rule.Delete(g, "leave group docker")).Severity = finding.Medium
		}
	}
}

// rootGroupFixes returns the fix that gives u a group like its uid: none where
// the user is a name, because there may be no group called so.
func rootGroupFixes(u model.Fact[model.User]) []finding.Fix {
	if u.Value.UID <= 0 || !numeric(u.Value.Name) {
		return nil
	}
	v := u.Value
	v.GID = v.UID
	v.Name = fmt.Sprintf("%d:%d", v.UID, v.GID)
	return []finding.Fix{rule.Set(u, v, fmt.Sprintf("run with group %d", v.GID))}
}
