package sensor

import (
	"os"
	"strconv"
	"strings"
)

// users knows the names of this machine's users and groups.
type users struct{ users, groups map[uint32]string }

func readUsers() *users { return &users{readNames("/etc/passwd"), readNames("/etc/group")} }

func readNames(file string) map[uint32]string {
	names := map[uint32]string{}
	text, _ := os.ReadFile(file) // a machine without the file has no names
	for line := range strings.Lines(string(text)) {
		f := strings.Split(line, ":")
		if len(f) < 3 {
			continue
		}
		if n, err := strconv.ParseUint(f[2], 10, 32); err == nil && names[uint32(n)] == "" {
			names[uint32(n)] = f[0]
		}
	}
	return names
}

// user returns the name of a user, "" where it is unknown. A container has names
// of its own: only root is root everywhere.
func (u *users) user(id uint32, container string) string {
	if container != "" {
		return rootOnly(id)
	}
	return u.users[id]
}

func (u *users) group(id uint32, container string) string {
	if container != "" {
		return rootOnly(id)
	}
	return u.groups[id]
}

func rootOnly(id uint32) string {
	if id == 0 {
		return "root"
	}
	return ""
}
