package main

deny contains msg if {
	some cmd in input
	cmd.Cmd == "from"
	endswith(cmd.Value[0], ":latest")
	msg := sprintf("base image %s is not pinned", [cmd.Value[0]])
}

warn_owner contains msg if {
	input.kind == "Deployment"
	not input.metadata.labels.owner
	msg := "a deployment names its owner"
}
