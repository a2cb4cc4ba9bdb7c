# METADATA
# scope: package
# custom:
#   inputs: [dockerfile]
package main

# METADATA
# title: base images come from our registry
# custom:
#   severity: medium
deny_registry contains msg if {
	some instruction in input
	instruction.Cmd == "from"
	image := instruction.Value[0]
	not image in stages
	not startswith(image, "registry.example.com/")
	msg := sprintf("base image %s is not from registry.example.com", [image])
}

stages contains name if {
	some instruction in input
	instruction.Cmd == "from"
	lower(instruction.Value[1]) == "as"
	name := instruction.Value[2]
}
