// Package cluster holds the rules about what Kubernetes roles allow.
package cluster

import "bulkhead/internal/rule"

// All lists every rule of this package, by name.
var All = []*rule.Rule{
	clusterAdminBinding,
	escalationGrant,
	execGrant,
	secretsGrant,
	wildcardGrant,
}
