package contents

import (
	"path"
	"strings"

	"bulkhead/internal/model"
)

// modules is the folder npm and its kin install packages in.
const modules = "node_modules/"

// attribute says of secrets that are not certain which package of npm the file
// came with. What packages record there is no file's digest, so that somebody
// may have put a secret into one: only those that are told by the words around
// them, such as the examples of a manual, are taken for the package's.
func attribute(secrets []model.Secret, inv *model.Inventory) {
	if len(secrets) == 0 {
		return
	}
	folders := map[string]*model.Package{}
	for _, p := range inv.Packages {
		if p.Ecosystem != "npm" {
			continue
		}
		for _, l := range p.Locations {
			folders[path.Dir(l)] = p
		}
	}
	for i := range secrets {
		if s := &secrets[i]; !s.Certain {
			if p := folders[moduleFolder(s.File)]; p != nil {
				s.Package = p.Name + " " + p.Version + " of npm"
			}
		}
	}
}

// moduleFolder returns the folder of the installed package that a file is in,
// empty where it is in none.
func moduleFolder(name string) string {
	at := strings.LastIndex("/"+name, "/"+modules)
	if at < 0 {
		return ""
	}
	rest := name[at+len(modules):]
	first, inside, _ := strings.Cut(rest, "/")
	if strings.HasPrefix(first, "@") {
		scoped, _, _ := strings.Cut(inside, "/")
		first += "/" + scoped
	}
	return name[:at+len(modules)] + first
}
