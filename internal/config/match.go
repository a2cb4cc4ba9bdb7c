package config

import (
	"path"
	"strings"
)

// maxPattern is the longest pattern Match looks at, in bytes.
const maxPattern = 1024

// Match reports whether pattern matches name or a directory above it, as in
// a .gitignore: "*" and "?" stay within one directory and "**" does not, a
// pattern with a slash in front or in the middle starts at the top, and any
// other matches at every depth.
func Match(pattern, name string) bool {
	if len(pattern) > maxPattern {
		return false
	}
	anchored := strings.Contains(strings.TrimSuffix(pattern, "/"), "/")
	pattern = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSuffix(pattern, "/"), "./"), "/")
	segments := strings.Split(pattern, "/")
	if !anchored {
		segments = append([]string{"**"}, segments...)
	}
	return matchSegments(segments, strings.Split(strings.TrimPrefix(name, "./"), "/"))
}

// matchSegments reports whether the names begin with what pattern says. It
// keeps the set of places in names reached so far, so that patterns with many
// "**" take no more than len(pattern) × len(names) steps.
func matchSegments(pattern, names []string) bool {
	reached := make([]bool, len(names)+1)
	reached[0] = true
	for i, p := range pattern {
		next := make([]bool, len(names)+1)
		for at := range reached {
			if !reached[at] {
				continue
			}
			if p == "**" {
				last := i == len(pattern)-1
				for to := at; to <= len(names); to++ {
					next[to] = !last || to > at || next[to]
				}
				continue
			}
			if at < len(names) {
				if ok, err := path.Match(p, names[at]); ok && err == nil {
					next[at+1] = true
				}
			}
		}
		reached = next
	}
	for _, ok := range reached[1:] {
		if ok {
			return true
		}
	}
	return false
}
