package inventory

import (
	"path"
	"strings"

	"bulkhead/internal/oci"
)

// The parsers, by the evidence they read.
var (
	osRelease    = &parser{name: "os-release", read: readOSRelease}
	dpkgStatus   = &parser{name: "dpkg", database: true, read: readDpkg}
	dpkgStatusD  = &parser{name: "dpkg of distroless", read: readDpkg}
	dpkgList     = &parser{name: "dpkg files", read: readDpkgList}
	chisel       = &parser{name: "chisel", read: readChisel}
	apkInstalled = &parser{name: "apk", database: true, read: readAPK}
	rpmDatabase  = &parser{name: "rpm", database: true, read: readRPM}
	rpmLog       = &parser{name: "rpm log", read: readRPMLog}
	executable   = &parser{name: "executable", read: readExecutable}
	builtLibrary = &parser{name: "library", read: readBuilt}
	nodeModule   = &parser{name: "package.json", read: readPackageJSON}
	pythonMeta   = &parser{name: "Python metadata", read: readPythonMetadata}
	gemspec      = &parser{name: "gemspec", read: readGemspec}
	composerHas  = &parser{name: "composer installed", read: readComposer}
	dotnetDeps   = &parser{name: ".NET dependencies", read: readDotnetDeps}
	javaArchive  = &parser{name: "Java archive", read: readJava}

	npmLock      = &parser{name: "npm lock", lock: true, system: "npm", read: readNPMLock}
	yarnLock     = &parser{name: "yarn lock", lock: true, system: "npm", read: readYarnLock}
	pnpmLock     = &parser{name: "pnpm lock", lock: true, system: "npm", read: readPNPMLock}
	bunLock      = &parser{name: "bun lock", lock: true, system: "npm", read: readBunLock}
	requirements = &parser{name: "requirements", lock: true, system: "PyPI", read: readRequirements}
	pythonLock   = &parser{name: "Python lock", lock: true, system: "PyPI", read: readPythonLock}
	pipfileLock  = &parser{name: "Pipfile lock", lock: true, system: "PyPI", read: readPipfileLock}
	gemfileLock  = &parser{name: "Gemfile lock", lock: true, system: "RubyGems", read: readGemfileLock}
	cargoLock    = &parser{name: "Cargo lock", lock: true, system: "crates.io", read: readCargoLock}
	composerLock = &parser{name: "composer lock", lock: true, system: "Packagist", read: readComposer}
	nugetLock    = &parser{name: "NuGet lock", lock: true, system: "NuGet", read: readNuGetLock}
	gradleLock   = &parser{name: "gradle lock", lock: true, system: "Maven", read: readGradleLock}
	mavenPOM     = &parser{name: "pom.xml", lock: true, system: "Maven", read: readPOM}
	goMod        = &parser{name: "go.mod", lock: true, system: "Go", read: readGoMod}
)

// byPath are the files at fixed places.
var byPath = map[string]*parser{
	"etc/os-release":                        osRelease,
	"usr/lib/os-release":                    osRelease,
	"var/lib/dpkg/status":                   dpkgStatus,
	"var/lib/chisel/manifest.wall":          chisel,
	"lib/apk/db/installed":                  apkInstalled,
	"usr/lib/apk/db/installed":              apkInstalled,
	"var/lib/rpm/Packages":                  rpmDatabase,
	"var/lib/rpm/Packages.db":               rpmDatabase,
	"var/lib/rpm/rpmdb.sqlite":              rpmDatabase,
	"usr/lib/sysimage/rpm/Packages":         rpmDatabase,
	"usr/lib/sysimage/rpm/Packages.db":      rpmDatabase,
	"usr/lib/sysimage/rpm/rpmdb.sqlite":     rpmDatabase,
	"var/lib/rpm/rpmdb.sqlite-wal":          rpmLog,
	"usr/lib/sysimage/rpm/rpmdb.sqlite-wal": rpmLog,
	"usr/share/rpm/rpmdb.sqlite":            rpmDatabase,
}

// locks are lock files, by their names.
var locks = map[string]*parser{
	"package-lock.json":   npmLock,
	"npm-shrinkwrap.json": npmLock,
	"yarn.lock":           yarnLock,
	"pnpm-lock.yaml":      pnpmLock,
	"bun.lock":            bunLock,
	"requirements.txt":    requirements,
	"poetry.lock":         pythonLock,
	"uv.lock":             pythonLock,
	"pdm.lock":            pythonLock,
	"Pipfile.lock":        pipfileLock,
	"Gemfile.lock":        gemfileLock,
	"gems.locked":         gemfileLock,
	"Cargo.lock":          cargoLock,
	"composer.lock":       composerLock,
	"packages.lock.json":  nugetLock,
	"gradle.lockfile":     gradleLock,
	"go.mod":              goMod,
}

// parserOf returns the parser for a file, or nil. It is asked for every file of
// an image.
func parserOf(e *oci.Entry) *parser {
	if !e.Mode.IsRegular() {
		return nil
	}
	name := e.Name
	slash := strings.LastIndexByte(name, '/')
	base := name[slash+1:]
	if strings.HasPrefix(name, "var/lib/") || strings.HasPrefix(name, "etc/") || strings.HasPrefix(name, "usr/") || strings.HasPrefix(name, "lib/apk/") {
		if p := byPath[name]; p != nil {
			return p
		}
		if p := dpkgInfo(name, base); p != nil {
			return p
		}
	}
	if p := byName(name, base); p != nil {
		return p
	}
	switch {
	case e.Executable():
		return executable
	case builtName(base) != nil:
		return builtLibrary
	}
	return nil
}

// dpkgInfo tells the files beside dpkg's database.
func dpkgInfo(name, base string) *parser {
	switch {
	case strings.HasPrefix(name, "var/lib/dpkg/info/") && strings.HasSuffix(base, ".list"):
		return dpkgList
	case !strings.HasPrefix(name, "var/lib/dpkg/status.d/"):
		return nil
	case strings.HasSuffix(base, ".md5sums"):
		return dpkgList
	}
	return dpkgStatusD
}

// byName tells a file of a language by its name.
func byName(name, base string) *parser {
	if p := locks[base]; p != nil {
		if vendored(name) {
			return nil
		}
		return p
	}
	switch base {
	case "package.json":
		if isNodeModule(name) {
			return nodeModule
		}
		return nil
	case "METADATA", "PKG-INFO":
		if isPythonMetadata(name) {
			return pythonMeta
		}
		return nil
	case "installed.json":
		if strings.HasSuffix(name, "vendor/composer/installed.json") {
			return composerHas
		}
		return nil
	}
	switch path.Ext(base) {
	case ".egg-info":
		return pythonMeta
	case ".gemspec":
		if strings.Contains(name, "specifications/") {
			return gemspec
		}
	case ".json":
		if strings.HasSuffix(base, ".deps.json") {
			return dotnetDeps
		}
	case ".jar", ".war", ".ear", ".hpi", ".jpi":
		return javaArchive
	}
	return nil
}

// vendored reports whether name belongs to a dependency that was installed: its
// own lock files say what its authors used.
func vendored(name string) bool {
	for _, dir := range [...]string{"node_modules/", "site-packages/", "dist-packages/", "vendor/", "gems/", ".cargo/registry/", "pkg/mod/", "usr/share/doc/"} {
		if i := strings.Index(name, dir); i == 0 || i > 0 && (name[i-1] == '/' || dir[0] == '.') {
			return true
		}
	}
	return false
}
