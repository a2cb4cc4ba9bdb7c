package workload

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed apparmor_not_in_force.txtar
var apparmorNotInForceDoc string

var apparmorNotInForce = &rule.Rule{
	Name:     "apparmor-not-in-force",
	Summary:  "the AppArmor profile that was asked for does not confine the container",
	Severity: finding.High,
	Refs:     []string{"CIS-Docker 5.2"},
	Gain:     "do what the AppArmor profile was meant to forbid",
	Doc:      apparmorNotInForceDoc,
	Workload: checkApparmorNotInForce,
}

func checkApparmorNotInForce(p *rule.Pass, w *model.Workload) {
	k, a := w.Kernel, w.AppArmor
	if k == nil || !a.Known() || a.Value == "unconfined" || w.Privileged.Value {
		return
	}
	profile, mode, _ := strings.Cut(k.AppArmor, " ")
	asked := a.State == model.Set
	switch {
	case k.AppArmor == "" && asked:
		p.Reportf(a.Place(), "container is to run under AppArmor profile %s, but the kernel has no AppArmor", a.Value)
	case k.AppArmor == "":
	case profile == "unconfined" && !asked && k.UIDMapped: // engines without root cannot apply a profile
	case profile == "unconfined":
		f := p.Reportf(a.Place(), "container is to run under AppArmor profile %s, but is unconfined", a.Value)
		if !asked {
			f.Severity = finding.Medium
		}
	case mode == "(complain)":
		p.Reportf(a.Place(), "container is to run under AppArmor profile %s, but in complain mode, which stops nothing", profile)
	case asked && a.Value != "default" && a.Value != profile:
		p.Reportf(a.Place(), "container is to run under AppArmor profile %s, but %s is in force", a.Value, profile)
	}
}
