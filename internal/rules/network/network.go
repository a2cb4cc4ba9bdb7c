// Package network holds the rules about the networks of containers.
package network

import "bulkhead/internal/rule"

// All lists every rule of this package, by name.
var All = []*rule.Rule{
	dataStoreNetworkNotInternal,
	encryptedBridge,
	tiersNotSeparated,
	unencryptedOverlay,
}
