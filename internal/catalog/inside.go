package catalog

import (
	"slices"
	"time"

	"bulkhead/internal/model"
)

// distribution returns the title in the table of a distribution, told by the ID of
// its os-release, or "".
func distribution(r model.OSRelease) string {
	switch r.ID {
	case "almalinux":
		return "AlmaLinux OS"
	case "alpine":
		return "Alpine Linux"
	case "amzn":
		return "Amazon Linux"
	case "centos":
		if r.Name == "CentOS Stream "+r.VersionID {
			return "CentOS Stream"
		}
		return "CentOS"
	case "debian":
		return "Debian"
	case "fedora":
		return "Fedora Linux"
	case "ol":
		return "Oracle Linux"
	case "opensuse-leap":
		return "openSUSE"
	case "photon":
		return "VMware Photon"
	case "rhel":
		return "Red Hat Enterprise Linux"
	case "rocky":
		return "Rocky Linux"
	case "ubuntu":
		return "Ubuntu"
	}
	return ""
}

// runtime returns the title of the product that p is a build of. What a
// distribution ships is fixed by it, whatever the product's own project says.
func runtime(p *model.Package) (title string, compiled bool) {
	if p.Owner != "" || p.Dev {
		return "", false
	}
	if p.Ecosystem == "Go" && p.Name == "stdlib" {
		return "Go", true
	}
	if p.Ecosystem != "" {
		return "", false
	}
	switch p.Name {
	case "haproxy":
		title = "HAProxy"
	case "httpd":
		title = "Apache HTTP Server"
	case "mariadb":
		title = "MariaDB"
	case "nginx":
		title = "nginx"
	case "node":
		title = "Node.js"
	case "php":
		title = "PHP"
	case "postgresql":
		title = "PostgreSQL"
	case "python":
		title = "Python"
	case "redis":
		title = "Redis"
	case "ruby":
		title = "Ruby"
	}
	return title, false
}

// Inside returns the lifecycles of the distribution and of the runtimes that
// inv found, the oldest of several, but for the products that known tells of
// already. Latest of each is what was supported at now.
func Inside(inv *model.Inventory, known []*model.Lifecycle, now time.Time) []*model.Lifecycle {
	f := finder{t: lifecycles(), now: now, found: slices.Clone(known)}
	f.version(f.t.products[distribution(inv.OS)], inv.OS.VersionID)
	f.locate(len(known), "etc/os-release", false)
	for _, p := range inv.Packages {
		title, compiled := runtime(p)
		if title == "" || slices.ContainsFunc(known, func(l *model.Lifecycle) bool { return l.Product == title }) {
			continue
		}
		one := finder{t: f.t, now: now}
		one.version(f.t.products[title], p.Version)
		where := p.Name
		if len(p.Locations) > 0 {
			where = p.Locations[0]
		}
		one.locate(0, where, compiled)
		f.older(one.found)
	}
	return f.found[len(known):]
}

// locate says of the lifecycles from the nth on which file tells of them.
func (f *finder) locate(n int, file string, compiled bool) {
	for _, l := range f.found[n:] {
		l.File, l.Compiled = file, compiled
	}
}

// older adds lifecycles, each unless the same product's is there with an older
// release.
func (f *finder) older(more []*model.Lifecycle) {
	for _, l := range more {
		i := slices.IndexFunc(f.found, func(x *model.Lifecycle) bool { return x.Product == l.Product })
		switch {
		case i < 0:
			f.found = append(f.found, l)
		case f.t.products[l.Product].age(l.Cycle) > f.t.products[l.Product].age(f.found[i].Cycle):
			f.found[i] = l
		}
	}
}

// age returns how many cycles of p are newer than the one called name.
func (p *product) age(name string) int {
	return slices.IndexFunc(p.cycles, func(c cycle) bool { return c.name == name })
}
