package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bulkhead/internal/frontend/compose"
	"bulkhead/internal/source"
)

// Labels that Compose puts on a container.
const (
	labelFiles   = "com.docker.compose.project.config_files"
	labelFolder  = "com.docker.compose.project.working_dir"
	labelProject = "com.docker.compose.project"
	labelService = "com.docker.compose.service"
)

// maxCompose bounds a Compose file, and how many a project has.
const (
	maxCompose      = 8 << 20
	maxComposeFiles = 32
)

// Declared makes an alert where a container is not as the Compose file that it
// was started from says: it was changed since, or the file was. What the file
// leaves to variables that are not known is not compared.
func (d *Drift) Declared(details *Details) {
	if details == nil {
		return // forgotten meanwhile
	}
	c := details.Container
	names := strings.Split(c.Labels[labelFiles], ",")
	if details.Workload == nil || c.Labels[labelService] == "" || len(names) > maxComposeFiles {
		return
	}
	var files []*source.File
	for i, name := range names {
		if !filepath.IsAbs(name) { // as the first generation of Compose has it
			name = filepath.Join(c.Labels[labelFolder], name)
			names[i] = name
		}
		f, err := readCompose(name)
		if err != nil {
			return // it is gone, or on another machine
		}
		files = append(files, f)
	}
	facts := compose.Read(files, compose.Options{
		Name: c.Labels[labelProject], Dir: c.Labels[labelFolder], Load: readCompose, Profiles: []string{"*"},
	})
	for _, w := range facts.Workloads {
		if w.Service != c.Labels[labelService] {
			continue
		}
		if found := differences(w, details.Workload); len(found) > 0 {
			d.tellDeclared(details, names[0], found)
		}
		return
	}
}

func readCompose(name string) (*source.File, error) {
	if !filepath.IsAbs(name) {
		return nil, os.ErrNotExist
	}
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxCompose {
		return nil, os.ErrNotExist
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read Compose file: %w", err)
	}
	return source.NewFile(name, text), nil
}

func (d *Drift) tellDeclared(details *Details, file string, found []difference) {
	c := details.Container
	a := made(ruleDeclared, "docker", time.Now())
	a.Tags = []string{"drift"}
	a.Output = "container is not as its Compose file says"
	a.Container = c
	for _, f := range found {
		a.add(f.key, fmt.Sprintf("%s, declared %s", f.has, f.declared))
		a.Subject.Target += f.key + "=" + f.has + " "
	}
	a.add("file", file)
	a.add("sha256", hashOf(file))
	a.add("actor", "unknown: the container or the file may have been changed before this watch")
	a.addContainer(c.ID, c.Name, c.Image)
	a.Subject.Image = c.ID // each container is one of its own
	d.Take(&a)
}
