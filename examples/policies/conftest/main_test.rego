package main

dockerfile(image) := [
	{"Cmd": "from", "Value": [image, "AS", "build"]},
	{"Cmd": "from", "Value": ["build"]},
]

test_elsewhere if {
	deny_registry == {"base image alpine is not from registry.example.com"} with input as dockerfile("alpine")
}

test_ours if {
	count(deny_registry) == 0 with input as dockerfile("registry.example.com/base/alpine:3")
}
