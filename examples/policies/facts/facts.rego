package shop

import data.bulkhead.facts

# METADATA
# title: data stores are reached through their service alone
# custom:
#   severity: critical
deny_published_store contains msg if {
	facts.workload.role in {"database", "cache", "queue", "search"}
	some exposure in facts.workload.exposure
	exposure.public
	msg := sprintf("%s publishes a %s", [facts.workload.name, facts.workload.role])
}
