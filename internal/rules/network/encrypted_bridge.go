package network

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed encrypted_bridge.txtar
var encryptedBridgeDoc string

var encryptedBridge = &rule.Rule{
	Name:     "encrypted-bridge",
	Summary:  "the network is believed to be encrypted and is not",
	Severity: finding.Medium,
	Doc:      encryptedBridgeDoc,
	Network:  checkEncryptedBridge,
}

func checkEncryptedBridge(p *rule.Pass, n *model.Network) {
	if e := n.Encrypted; e.Known() && e.Value && n.Driver.Known() && n.Driver.Value != "overlay" {
		p.Report(e.Place(), fmt.Sprintf("option encrypted does nothing on a %s network", n.Driver.Value),
			rule.Safe(rule.Delete(e, "take the option out")))
	}
}
