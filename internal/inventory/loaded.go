package inventory

import (
	"path"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// A Use is what processes use of the files in which an inventory was found. Paths
// have no leading slash.
type Use struct {
	Mapped  map[string]bool // mapped into memory, or executed
	Open    map[string]bool // held open
	Partial bool            // of some processes it is not known what they use
}

// MarkLoaded tells of every package of inv, which Of made of w, whether a
// process uses it:
//
//   - a distribution's package, where one of its files is mapped, executed or
//     held open; not, where it has programs and libraries and none is, and no
//     interpreter runs that could have read its scripts;
//   - the modules of a program, where it is executed;
//   - a Java archive, where it is held open, as the virtual machine does; of
//     archives within archives it cannot be told;
//   - packages of interpreters, where one of their native libraries is mapped;
//     not, where no process runs the interpreter. Scripts are read and closed, so
//     of the others it cannot be told.
func MarkLoaded(w *oci.Walk[Evidence], inv *model.Inventory, u Use) {
	m := &marker{Use: u, runs: interpreters(u.Mapped), code: map[string]code{}, loaded: map[string]bool{}}
	used := make(map[uint64]bool, len(u.Mapped)+len(u.Open))
	for _, set := range [...]map[string]bool{u.Mapped, u.Open} {
		for name := range set {
			used[ownedHash([]byte(name))] = true
		}
	}
	for _, f := range w.Found {
		if f.Entry.Hidden {
			continue
		}
		for _, o := range f.Value.owned {
			m.code[o.owner] |= o.code
			for _, h := range o.files {
				if used[h] {
					m.loaded[o.owner] = true
					break
				}
			}
		}
	}
	for _, p := range inv.Packages {
		if p.Loaded = m.state(p); p.Loaded == model.Unset && u.Partial {
			p.Loaded = model.Unknown
		}
	}
}

// A marker tells which packages are loaded.
type marker struct {
	Use
	runs   code            // the interpreters that run
	code   map[string]code // by distribution package
	loaded map[string]bool // distribution packages
}

// A code is a set of the kinds of code that files hold.
type code uint8

const (
	native code = 1 << iota
	python
	perl
	ruby
	javaScript
	php
	java
	dotnet
)

// codeOf tells from its name what kind of code a file holds, 0 for none that is
// known.
func codeOf(name string) code {
	dir, base := path.Split(name)
	switch path.Ext(base) {
	case ".so":
		return native
	case ".py", ".pyc":
		return python
	case ".pm", ".pl":
		return perl
	case ".rb":
		return ruby
	case ".js", ".mjs", ".cjs":
		return javaScript
	case ".php", ".phar":
		return php
	case ".jar":
		return java
	case ".dll":
		return dotnet
	}
	if strings.Contains(base, ".so.") {
		return native
	}
	for _, folder := range [...]string{"bin/", "sbin/", "libexec/", "games/"} {
		if strings.HasSuffix(dir, folder) {
			return native
		}
	}
	return 0
}

// interpreters returns whose programs or libraries are among files.
func interpreters(files map[string]bool) code {
	var out code
	for name := range files {
		base := path.Base(name)
		for _, x := range [...]struct {
			prefix string
			code   code
		}{
			{"python", python},
			{"pypy", python},
			{"libpython", python},
			{"perl", perl},
			{"libperl", perl},
			{"ruby", ruby},
			{"libruby", ruby},
			{"node", javaScript},
			{"libnode", javaScript},
			{"deno", javaScript},
			{"bun", javaScript},
			{"php", php},
			{"libphp", php},
			{"java", java},
			{"libjvm", java},
			{"dotnet", dotnet},
			{"libcoreclr", dotnet},
		} {
			if rest, ok := strings.CutPrefix(base, x.prefix); ok && variant(rest) {
				out |= x.code
			}
		}
	}
	return out
}

// variant reports whether an interpreter's program or library may have a name
// that ends so: "3.11", "-fpm8.2", ".so.108", but not "_exporter".
func variant(ending string) bool {
	letters := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, ending)
	switch letters {
	case "", "so", "js", "fpm", "cgi", "m", "d", "t", "dbg":
		return true
	}
	return false
}

// state returns whether p is loaded.
func (m *marker) state(p *model.Package) model.State {
	kind, _, _ := strings.Cut(strings.TrimPrefix(p.PURL, "pkg:"), "/")
	switch kind {
	case "deb", "apk", "rpm":
		return m.distribution(p.Name)
	case "golang", "cargo", "generic":
		return m.program(p)
	case "maven":
		return m.archive(p)
	case "pypi":
		return m.script(p, python)
	case "npm":
		return m.script(p, javaScript)
	case "gem":
		return m.script(p, ruby)
	case "composer":
		return m.script(p, php)
	case "nuget":
		return m.script(p, dotnet)
	}
	return model.Unknown
}

// distribution tells of a distribution's package.
func (m *marker) distribution(name string) model.State {
	has := m.code[name]
	switch {
	case m.loaded[name]:
		return model.Set
	case has == 0, has&m.runs&^native != 0: // data, or scripts that may have been read
		return model.Unknown
	}
	return model.Unset
}

// program tells of what is compiled into a program.
func (m *marker) program(p *model.Package) model.State {
	state := model.Unset
	for _, l := range p.Locations {
		switch {
		case m.Mapped[l]:
			return model.Set
		case locks[path.Base(l)] != nil:
			state = model.Unknown // it says what a program was built of, not which
		}
	}
	return state
}

// archive tells of a Java archive.
func (m *marker) archive(p *model.Package) model.State {
	state := model.Unset
	for _, l := range p.Locations {
		outer, _, nested := strings.Cut(l, "!")
		switch {
		case !m.Open[outer] && !m.Mapped[outer]:
			if locks[path.Base(outer)] != nil && m.runs&java != 0 {
				state = model.Unknown
			}
		case nested:
			state = model.Unknown
		default:
			return model.Set
		}
	}
	return state
}

// script tells of a package whose code an interpreter reads.
func (m *marker) script(p *model.Package, by code) model.State {
	if m.runs&by == 0 {
		return model.Unset
	}
	for _, l := range p.Locations {
		for name := range m.Mapped {
			if belongs(name, l, p.Name) {
				return model.Set
			}
		}
	}
	return model.Unknown
}

// belongs reports whether a mapped file is of the package called name, which
// the file location describes: in its folder or, for Python, in that named like
// it beside its metadata.
func belongs(file, location, name string) bool {
	dir := path.Dir(location)
	switch path.Base(location) {
	case "package.json":
	case "METADATA", "PKG-INFO":
		dir = path.Join(path.Dir(dir), strings.ReplaceAll(strings.ToLower(name), "-", "_"))
		rest, ok := strings.CutPrefix(strings.ToLower(file), strings.ToLower(dir))
		return ok && (strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, "."))
	default:
		return false
	}
	rest, ok := strings.CutPrefix(file, dir+"/")
	return ok && !strings.Contains(rest, "node_modules/")
}
