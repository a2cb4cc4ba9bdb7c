package network

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed unencrypted_overlay.txtar
var unencryptedOverlayDoc string

var unencryptedOverlay = &rule.Rule{
	Name:     "unencrypted-overlay",
	Summary:  "traffic between hosts is not encrypted",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 7.3"},
	Doc:      unencryptedOverlayDoc,
	Network:  checkUnencryptedOverlay,
}

func checkUnencryptedOverlay(p *rule.Pass, n *model.Network) {
	if e := n.Encrypted; n.Driver.Known() && n.Driver.Value == "overlay" && e.Known() && !e.Value && !n.External {
		p.Report(e.Place(), "overlay network is not encrypted", rule.Set(e, true, "encrypt the network"))
	}
}
