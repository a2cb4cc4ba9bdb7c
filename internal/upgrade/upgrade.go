// Package upgrade says what to type to bring software to a version, in the
// words of the package manager that brought it.
package upgrade

import (
	"path"
	"slices"
	"strings"

	"bulkhead/internal/model"
)

// A Step is one thing to do.
type Step struct {
	Do       string           // a command, or a line to write: "npm install left-pad@1.0.1"
	Instead  string           // where Do does not reach: what to write, as a sentence; empty where it does
	Where    string           // the file of the image or folder that says which version it is; empty for a distribution's packages
	Upgrades []*model.Upgrade // what it does
}

// Steps returns what to do for all upgrades: one step for all packages of a
// distribution, which are upgraded together, and one for each package of a
// language and each way it came. Their order is that of the first upgrade of each.
func Steps(upgrades []*model.Upgrade) []Step {
	var out []Step
	at := map[[3]string]int{}
	named := map[int][]string{}
	for _, u := range upgrades {
		for _, p := range u.Packages {
			m := managerOf(p)
			where := ""
			if len(p.Locations) > 0 && !m.system {
				where = p.Locations[0]
			}
			key := [3]string{m.name, p.Name, u.Version}
			if m.system {
				key = [3]string{m.name}
			}
			i, ok := at[key]
			if !ok {
				i = len(out)
				at[key] = i
				out = append(out, Step{Where: where})
			}
			if s := &out[i]; !slices.Contains(s.Upgrades, u) {
				s.Upgrades = append(s.Upgrades, u)
			}
			if m.system {
				if !slices.Contains(named[i], p.Name) {
					named[i] = append(named[i], p.Name)
				}
				out[i].Do = m.do(strings.Join(named[i], " "), "")
				continue
			}
			if out[i].Do == "" {
				out[i].Do = m.do(p.Name, u.Version)
				if m.instead != nil {
					out[i].Instead = m.instead(p, u.Version)
				}
			}
		}
	}
	return out
}

// A manager is a way software comes to an image.
type manager struct {
	name    string
	system  bool // one command upgrades many packages
	do      func(name, version string) string
	instead func(p *model.Package, version string) string
}

// A system is the package manager of a distribution. It takes the newest
// version there is and not the one named: a distribution keeps no other, so that
// naming it fails a build on the day the next comes out.
type system struct {
	some string // upgrades the packages named behind it
	all  string // upgrades all
}

// maxNamed is how many packages a command names. Above that, it upgrades all.
const maxNamed = 12

// systemOf returns the package manager of a distribution, by the ecosystem
// without its release.
func systemOf(base string) (system, bool) {
	switch base {
	case "Debian", "Ubuntu":
		return system{"apt-get update && apt-get install -y --only-upgrade ", "apt-get update && apt-get upgrade -y"}, true
	case "Alpine", "Alpaquita", "BellSoft Hardened Containers", "Chainguard", "MinimOS", "Wolfi":
		return system{"apk add --no-cache --upgrade ", "apk upgrade --no-cache"}, true
	case "AlmaLinux", "Mageia", "Red Hat", "Rocky Linux", "openEuler":
		return system{"dnf upgrade -y ", "dnf upgrade -y"}, true
	case "SUSE", "openSUSE":
		return system{"zypper --non-interactive update ", "zypper --non-interactive update"}, true
	case "Azure Linux", "Photon OS":
		return system{"tdnf update -y ", "tdnf update -y"}, true
	}
	return system{}, false
}

func managerOf(p *model.Package) manager {
	base, _, _ := strings.Cut(p.Ecosystem, ":")
	if s, ok := systemOf(base); ok {
		return manager{name: base, system: true, do: func(names, _ string) string {
			if strings.Count(names, " ") >= maxNamed {
				return s.all
			}
			return s.some + names
		}}
	}
	file := ""
	if len(p.Locations) > 0 {
		file = p.Locations[0]
	}
	switch base {
	case "npm":
		return node(file)
	case "PyPI":
		return python(path.Base(file))
	case "RubyGems":
		if path.Base(file) == "Gemfile.lock" {
			return manager{name: "bundler", do: func(n, v string) string { return "bundle update --conservative " + n }, instead: atLeast("Gemfile")}
		}
		return typed("gem", "gem install NAME -v VERSION")
	case "crates.io":
		return typed("cargo", "cargo update -p NAME --precise VERSION")
	case "Packagist":
		return typed("composer", "composer update NAME:^VERSION --with-all-dependencies")
	case "Go":
		return golang(p)
	case "Maven":
		return java(path.Base(file))
	case "NuGet":
		return typed("nuget", "dotnet add package NAME --version VERSION")
	case "Pub":
		return typed("pub", "dart pub upgrade NAME")
	case "Hex":
		return typed("mix", "mix deps.update NAME")
	}
	return typed(base, "install NAME VERSION or newer")
}

// typed returns a manager whose command has the name and the version in it.
func typed(name, command string) manager {
	return manager{name: name, do: func(n, v string) string {
		return strings.NewReplacer("NAME", n, "VERSION", v).Replace(command)
	}}
}

// atLeast says that a file has to allow the version.
func atLeast(file string) func(*model.Package, string) string {
	return func(p *model.Package, v string) string {
		return file + " has to allow " + p.Name + " " + v
	}
}

// node returns npm or its like, by the lock file, or by the folder of a
// package that is installed.
func node(file string) manager {
	override := func(key string) func(*model.Package, string) string {
		return func(p *model.Package, v string) string {
			return "where another package asks for it, package.json needs " + key + `: {"` + p.Name + `": "` + v + `"}`
		}
	}
	switch path.Base(file) {
	case "yarn.lock":
		m := typed("yarn", "yarn upgrade NAME@VERSION")
		m.instead = override(`"resolutions"`)
		return m
	case "pnpm-lock.yaml":
		m := typed("pnpm", "pnpm update NAME@VERSION")
		m.instead = func(p *model.Package, v string) string { return override(`"pnpm": {"overrides"`)(p, v) + "}" }
		return m
	case "bun.lock", "bun.lockb":
		m := typed("bun", "bun update NAME@VERSION")
		m.instead = override(`"overrides"`)
		return m
	}
	if owner := bundledIn(file); owner != "" {
		return manager{name: "npm -g " + owner, do: func(n, v string) string {
			if owner == n {
				return "npm install -g " + n + "@" + v
			}
			return "npm install -g " + owner + "@latest"
		}, instead: func(p *model.Package, _ string) string {
			if owner == p.Name {
				return ""
			}
			return p.Name + " comes inside " + owner + ": take a newer one, or remove it where the image only runs a program"
		}}
	}
	m := typed("npm", "npm install NAME@VERSION")
	m.instead = override(`"overrides"`)
	return m
}

// bundledIn returns the package that was installed for the whole system and
// holds the file, or "".
func bundledIn(file string) string {
	for _, root := range []string{"usr/lib/node_modules/", "usr/local/lib/node_modules/"} {
		rest, ok := strings.CutPrefix(file, root)
		if !ok {
			continue
		}
		parts := strings.SplitN(rest, "/", 3)
		if strings.HasPrefix(parts[0], "@") && len(parts) > 1 {
			return parts[0] + "/" + parts[1]
		}
		return parts[0]
	}
	return ""
}

func python(file string) manager {
	switch file {
	case "poetry.lock":
		return typed("poetry", "poetry add 'NAME>=VERSION'")
	case "uv.lock":
		return typed("uv", "uv lock --upgrade-package 'NAME>=VERSION'")
	case "Pipfile.lock":
		return typed("pipenv", "pipenv upgrade 'NAME>=VERSION'")
	case "pdm.lock":
		return typed("pdm", "pdm update NAME")
	}
	if strings.HasPrefix(file, "requirements") { // pip reads it and never writes it
		return typed("requirements", "write NAME==VERSION into "+file)
	}
	m := typed("pip", "pip install 'NAME>=VERSION'")
	m.instead = atLeast("the list of requirements")
	return m
}

// golang tells modules from the standard library, which a newer Go brings, and
// from the program itself, which is installed and not required. A program has to
// be built anew.
func golang(p *model.Package) manager {
	if p.Name == "stdlib" || p.Name == "go" || p.Name == "toolchain" {
		return typed("go toolchain", "build with Go VERSION or newer")
	}
	if len(p.Locations) > 0 && path.Base(p.Locations[0]) == program(p.Name) {
		return typed("go program", "install NAME VERSION or newer")
	}
	return manager{name: "go", do: func(n, v string) string {
		return "go get " + n + "@v" + strings.TrimPrefix(v, "v") + " && go mod tidy"
	}}
}

// program returns what go install calls the program in the folder of a module:
// the last part of its path that is not its major version.
func program(module string) string {
	dir, last := path.Split(module)
	if digits, ok := strings.CutPrefix(last, "v"); ok && dir != "" && digits != "" && strings.Trim(digits, "0123456789") == "" {
		return path.Base(dir)
	}
	return last
}

func java(file string) manager {
	coordinates := func(n, v string) string { return n + ":" + v }
	if strings.Contains(file, "gradle") {
		return manager{name: "gradle", do: func(n, v string) string { return `constraints { implementation("` + coordinates(n, v) + `") }` }}
	}
	return manager{name: "maven", do: func(n, v string) string {
		return "mvn versions:use-dep-version -Dincludes=" + n + " -DdepVersion=" + v
	}, instead: func(p *model.Package, v string) string {
		return "where another package asks for it, <dependencyManagement> needs " + coordinates(p.Name, v)
	}}
}
