package sensor

import "strings"

// ContainerOf returns the id of the container that the text of a process's
// /proc/PID/cgroup names, "" for a process of the host.
func ContainerOf(groups string) string {
	id := ""
	for line := range strings.Lines(groups) {
		if found := containerOf(strings.TrimSpace(line)); found != "" {
			id = found
		}
	}
	return id
}

// Reference splits the image into repository and tag; an image without a name
// has neither.
func (c *Container) Reference() (repository, tag string) { return c.reference() }
