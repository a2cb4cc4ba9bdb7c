package shop

import data.bulkhead.facts

# METADATA
# title: a service is privileged
# custom:
#   severity: critical
deny_privileged contains msg if {
	facts.workload.privileged
	msg := sprintf("%s is privileged", [facts.workload.name])
}
