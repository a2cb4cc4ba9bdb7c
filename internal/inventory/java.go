package inventory

import (
	"bytes"
	"errors"
	"io"
	"path"
	"regexp"
	"strings"
)

// Bounds of what is read inside of Java archives: how deep they are nested, how
// large one that has to be inflated first may be, and how much of that there
// may be in all.
const (
	maxNested     = 6
	maxNestedSize = 16 << 20
	maxNestedLive = 32 << 20 // at a time
	maxNestedAll  = 512 << 20
	maxJavaFile   = 1 << 20
)

// readJava reads a jar, war or ear and what is nested in it.
func readJava(f *file) Evidence {
	at, err := f.content.ReaderAt()
	if err != nil {
		return failed(err)
	}
	j := &javaReader{}
	err = j.read(at, f.content.Size, f.name, 0)
	return Evidence{packages: j.packages, err: errors.Join(append(j.errs, err)...)}
}

// A javaReader reads nested archives.
type javaReader struct {
	packages []*item
	errs     []error // one at most: a broken file has thousands
	inflated int64
	live     int64
}

// read reads the archive at location.
func (j *javaReader) read(at io.ReaderAt, size int64, location string, depth int) error {
	var manifest map[string]string
	var poms []*item
	err := readZip(at, size, func(f zipFile) error {
		switch {
		case f.name == "META-INF/MANIFEST.MF":
			if text, err := f.read(at, maxJavaFile); err == nil {
				manifest = javaManifest(text)
			}
		case strings.HasPrefix(f.name, "META-INF/maven/") && strings.HasSuffix(f.name, "/pom.properties"):
			if text, err := f.read(at, maxJavaFile); err == nil {
				if i := pomProperties(text); i != nil {
					poms = append(poms, i)
				}
			}
		case isJavaArchive(f.name):
			if err := j.nested(at, f, location, depth); err != nil && len(j.errs) == 0 {
				j.errs = append(j.errs, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(poms) == 0 {
		if i := fromManifest(manifest, location); i != nil {
			poms = append(poms, i)
		}
	}
	for _, i := range poms {
		i.Locations = []string{location}
	}
	j.packages = append(j.packages, poms...)
	return nil
}

// nested reads an archive in an archive.
func (j *javaReader) nested(at io.ReaderAt, f zipFile, location string, depth int) error {
	inner := location + "!" + f.name
	if depth >= maxNested {
		return errors.New("archives are nested deeper than " + inner)
	}
	part, r, err := f.open(at)
	if err != nil {
		return err
	}
	if part != nil {
		return j.read(part, part.Size(), inner, depth+1)
	}
	text, err := io.ReadAll(io.LimitReader(r, maxNestedSize+1))
	if err != nil {
		return err
	}
	j.inflated += int64(len(text))
	j.live += int64(len(text))
	defer func() { j.live -= int64(len(text)) }()
	if len(text) > maxNestedSize || j.live > maxNestedLive || j.inflated > maxNestedAll {
		return errors.New("archives in it are too large, such as " + inner)
	}
	return j.read(bytes.NewReader(text), int64(len(text)), inner, depth+1)
}

func isJavaArchive(name string) bool {
	switch path.Ext(name) {
	case ".jar", ".war", ".ear", ".hpi", ".jpi":
		return true
	}
	return false
}

// pomProperties reads what Maven puts into an archive.
func pomProperties(text []byte) *item {
	values := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			values[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	if values["groupId"] == "" || values["artifactId"] == "" || values["version"] == "" || strings.Contains(values["version"], "${") {
		return nil
	}
	return language("Maven", values["groupId"]+":"+values["artifactId"], values["version"])
}

// javaManifest reads the main section of a manifest: JAR specification, "Manifest
// and signature specification".
func javaManifest(text []byte) map[string]string {
	values, last := map[string]string{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		if line[0] == ' ' {
			if len(values[last]) < maxField {
				values[last] += line[1:]
			}
			continue
		}
		if key, value, ok := strings.Cut(line, ":"); ok && len(values) < 200 {
			last = key
			values[key] = strings.TrimSpace(value)
		}
	}
	return values
}

// jarName is a file's name with a version: "guice-4.2.1-no_aop.jar".
var jarName = regexp.MustCompile(`^(.+?)-(\d[\w.]*(?:[-.](?:RELEASE|Final|GA|jre|android|SNAPSHOT|M\d+|RC\d+|alpha\w*|beta\w*|rc\w*|incubating))*)$`)

// fromManifest names an archive without Maven's word by its manifest and its
// file name. Only where the group is told too is it a package advisories know.
func fromManifest(m map[string]string, location string) *item {
	base := strings.TrimSuffix(path.Base(location), path.Ext(location))
	name, version := base, ""
	if parts := jarName.FindStringSubmatch(base); parts != nil {
		name, version = parts[1], parts[2]
	}
	for _, key := range [...]string{"Implementation-Version", "Bundle-Version", "Specification-Version"} {
		if version == "" && m[key] != "" && !strings.ContainsAny(m[key], " $") {
			version = m[key]
		}
	}
	if version == "" {
		return nil
	}
	group := m["Implementation-Vendor-Id"]
	if group == "" {
		symbolic, _, _ := strings.Cut(m["Bundle-SymbolicName"], ";")
		if before, after, ok := lastCut(symbolic, "."); ok && (after == name || strings.HasSuffix(name, "-"+after)) {
			group = before
		}
	}
	if group == "" || strings.ContainsAny(group, " :/") {
		i := language("Maven", name, version)
		i.Ecosystem = ""
		return i
	}
	return language("Maven", group+":"+name, version)
}
