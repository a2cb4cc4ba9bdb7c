package check

import (
	"bytes"
	"path"
	"strings"
)

// A kind is what a file is read as.
type kind uint8

const (
	other kind = iota
	dockerfileKind
	composeKind
	kubeKind
	runKind // a script, Makefile or CI file that may hold docker run lines
	containerKind
	imageKind
	daemonKind
)

// candidate reports whether a file of this name may be an artifact, so that
// its text is worth reading. Names decide first because most files of a
// project are none of ours.
func candidate(name string) bool {
	base := strings.ToLower(path.Base(name))
	switch path.Ext(base) {
	case ".yaml", ".yml", ".sh", ".bash", ".mk", ".dockerfile", ".containerfile":
		return true
	case ".json":
		return true
	}
	return dockerfileName(base) || makefileName(base)
}

func dockerfileName(base string) bool {
	for _, stem := range []string{"dockerfile", "containerfile"} {
		if base == stem || strings.HasPrefix(base, stem+".") || strings.HasPrefix(base, stem+"-") || strings.HasSuffix(base, "."+stem) {
			return !strings.HasSuffix(base, ".dockerignore") && !strings.HasSuffix(base, ".md")
		}
	}
	return false
}

func makefileName(base string) bool {
	return base == "makefile" || base == "gnumakefile" || base == "justfile" || strings.HasSuffix(base, ".mk")
}

// classify tells what a file is from its name and, where the name leaves it
// open, from a look at its text that is cheaper than parsing it.
func classify(name string, text []byte) kind {
	base := strings.ToLower(path.Base(name))
	if dockerfileName(base) && path.Ext(base) != ".yaml" && path.Ext(base) != ".yml" {
		return dockerfileKind
	}
	switch path.Ext(base) {
	case ".json":
		return classifyJSON(base, text)
	case ".yaml", ".yml":
		return classifyYAML(base, text)
	case ".sh", ".bash", ".mk":
		return runnable(text)
	}
	switch {
	case makefileName(base), bytes.HasPrefix(text, []byte("#!")):
		return runnable(text)
	case len(text) > 0 && text[0] == '{' || bytes.HasPrefix(text, []byte("[")):
		return classifyJSON(base, text)
	}
	return other
}

func classifyYAML(base string, text []byte) kind {
	switch {
	case hasKey(text, "apiVersion") && hasKey(text, "kind"):
		return kubeKind
	case hasKey(text, "services") && !listed(text, "services") || composeName(base):
		return composeKind // a GitLab pipeline lists its services
	}
	return runnable(text)
}

// composeName reports whether base is one of the names Compose looks for.
func composeName(base string) bool {
	stem := strings.TrimSuffix(strings.TrimSuffix(base, ".yml"), ".yaml")
	return stem == "compose" || stem == "docker-compose" || strings.HasPrefix(stem, "compose.") || strings.HasPrefix(stem, "docker-compose.")
}

func classifyJSON(base string, text []byte) kind {
	has := func(key string) bool { return bytes.Contains(text, []byte(`"`+key+`"`)) }
	switch {
	case base == "daemon.json":
		return daemonKind
	case has("HostConfig"):
		return containerKind
	case has("RootFS") && has("Config"):
		return imageKind
	case has("ServerVersion") && has("DockerRootDir"):
		return daemonKind
	case has("apiVersion") && has("kind"):
		return kubeKind
	}
	return other
}

// runnable returns runKind where text mentions a container run at all.
func runnable(text []byte) kind {
	for _, tool := range []string{"docker", "podman"} {
		if bytes.Contains(text, []byte(tool)) {
			return runKind
		}
	}
	return other
}

// hasKey reports whether key is a key of the top mapping of text: at the start of
// a line, behind a byte order mark, or anywhere in a text in flow style, where
// telling the levels apart would mean parsing it.
func hasKey(text []byte, key string) bool {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	flow := len(bytes.TrimLeft(text, " \t\r\n")) > 0 && bytes.TrimLeft(text, " \t\r\n")[0] == '{'
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte(key))
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(key)
		at = end
		if after := bytes.TrimLeft(text[end:], "\"' "); len(after) == 0 || after[0] != ':' {
			continue
		}
		before := bytes.TrimRight(text[:start], "\"'")
		if flow || len(before) == 0 || before[len(before)-1] == '\n' {
			return true
		}
	}
}

// listed reports whether the value of key of the top mapping is a list.
func listed(text []byte, key string) bool {
	_, rest, ok := bytes.Cut(append([]byte("\n"), text...), []byte("\n"+key+":"))
	if !ok {
		return false
	}
	for line := range bytes.Lines(rest) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			return line[0] == '-' || line[0] == '['
		}
	}
	return false
}
