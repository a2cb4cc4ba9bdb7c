package network

import (
	_ "embed"
	"slices"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed tiers_not_separated.txtar
var tiersNotSeparatedDoc string

var tiersNotSeparated = &rule.Rule{
	Name:     "tiers-not-separated",
	Summary:  "what the world reaches and a data store share a network",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 5.30"},
	Gain:     "reach the data store from the proxy directly",
	Doc:      tiersNotSeparatedDoc,
	Network:  checkTiersNotSeparated,
}

func checkTiersNotSeparated(p *rule.Pass, n *model.Network) {
	var front, back *model.Workload
	middle := false
	for _, w := range n.Members {
		switch {
		case w.Role == model.ProxyRole && published(w):
			front = w
		case w.Role.Stores():
			back = w
		case w.Role == model.UnknownRole && !w.Short:
			middle = true
		}
	}
	if front != nil && back != nil && middle {
		p.Reportf(joins(front, n), "proxy %s and %s %s share network %s", front.Name, back.Role, back.Name, n.Name)
	}
}

// joins returns the place where w joins n.
func joins(w *model.Workload, n *model.Network) model.Place {
	for _, a := range w.Attachments {
		if a.Network == n {
			return a.Place
		}
	}
	return n.Place
}

// published reports whether w can be reached from outside.
func published(w *model.Workload) bool {
	return slices.ContainsFunc(w.Exposure, func(e model.Exposure) bool { return e.Public })
}
