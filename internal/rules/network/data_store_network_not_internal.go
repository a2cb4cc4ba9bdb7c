package network

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed data_store_network_not_internal.txtar
var dataStoreNetworkNotInternalDoc string

var dataStoreNetworkNotInternal = &rule.Rule{
	Name:     "data-store-network-not-internal",
	Summary:  "the network of data stores has a way out",
	Severity: finding.Low,
	Gain:     "send data out from the network of the data stores",
	Doc:      dataStoreNetworkNotInternalDoc,
	Network:  checkDataStoreNetworkNotInternal,
}

func checkDataStoreNetworkNotInternal(p *rule.Pass, n *model.Network) {
	if n.Default || n.External || !n.Internal.Known() || n.Internal.Value || !storesOnly(n) {
		return
	}
	p.Report(n.Internal.Place(), "network of data stores is not internal", rule.Set(n.Internal, true, "cut the network off from outside"))
}

// storesOnly reports whether n has data stores among its members, and the
// others have another network for what they need from outside. A store that is
// published needs the way out.
func storesOnly(n *model.Network) bool {
	stores := 0
	for _, w := range n.Members {
		switch {
		case w.Role.Stores() && len(w.Ports) == 0:
			stores++
		case len(w.Attachments) < 2:
			return false
		}
	}
	return stores > 0
}
