package build

import (
	"path"
	"slices"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A call is one call of a package manager.
type call struct {
	step
	tool     string // "apt-get", "apt", "aptitude", "apk", "yum", "dnf", "microdnf", "tdnf", "zypper", "pip", "pipx", "npm", "yarn", "pnpm", "gem", "go"
	verb     string
	at       int   // index of the verb in Words
	operands []int // indexes of the words after the verb that are neither flags nor their values
	open     bool  // a word that is not known may hold flags
}

// packageCall returns the call of a package manager c is.
func packageCall(c step) (call, bool) {
	tool, first := toolOf(c.Command)
	if tool == "" {
		return call{}, false
	}
	k := call{step: c, tool: tool}
	values := valueFlags(tool)
	for i := first; i < len(c.Words); i++ {
		w := c.Words[i]
		switch v := w.Value; {
		case !w.Known():
			if k.verb == "" {
				return call{}, false
			}
			k.open = k.open || mayHoldFlags(w)
			k.operands = append(k.operands, i)
		case v == "--" && tool == "gem":
			return k, k.verb != ""
		case len(v) > 1 && v[0] == '-':
			if slices.Contains(values, v) {
				i++
			}
		case k.verb == "" && v == "module" && family(tool) == "rpm":
			// dnf module install
		case k.verb == "":
			k.verb, k.at = v, i
		case v != "":
			k.operands = append(k.operands, i)
		}
	}
	return k, k.verb != ""
}

// toolOf returns the package manager c calls and the index of the word after
// its name.
func toolOf(c *model.Command) (string, int) {
	switch c.Name {
	case "apt-get", "apt", "aptitude", "apk", "yum", "dnf", "microdnf", "tdnf", "zypper",
		"pip", "pipx", "npm", "yarn", "pnpm", "gem", "go":
		return c.Name, 1
	case "dnf5":
		return "dnf", 1
	}
	switch {
	case strings.HasPrefix(c.Name, "pip") && versioned(c.Name[len("pip"):]):
		return "pip", 1
	case strings.HasPrefix(c.Name, "python") && versioned(c.Name[len("python"):]) &&
		c.Arg(1) == "-m" && c.Arg(2) == "pip":
		return "pip", 3
	}
	return "", 0
}

// versioned reports whether suffix is empty or a version such as 3 or 3.12.
func versioned(suffix string) bool { return strings.Trim(suffix, "0123456789.") == "" }

// mayHoldFlags reports whether a word whose value is not known may hold flags:
// a variable called so, or all the arguments. Variables are far more often
// lists of packages.
func mayHoldFlags(w model.Word) bool {
	text := strings.ToLower(w.Span.Text())
	return strings.Contains(text, "opt") || strings.Contains(text, "flag") ||
		strings.Contains(text, "arg") || strings.Contains(text, "$@") || strings.Contains(text, "$*")
}

// valueFlags lists the flags of tool that take the next word as their value.
func valueFlags(tool string) []string {
	switch tool {
	case "apt-get", "apt", "aptitude":
		return []string{"-o", "--option", "-c", "--config-file", "-t", "--target-release", "--default-release", "-a", "--host-architecture"}
	case "apk":
		return []string{"-t", "--virtual", "-X", "--repository", "-p", "--root", "--repositories-file", "--keys-dir", "--cache-dir", "--cache-max-age", "--arch", "--wait", "--progress-fd"}
	case "yum", "dnf", "microdnf", "tdnf":
		return []string{"-c", "--config", "-R", "--randomwait", "-d", "--debuglevel", "-e", "--errorlevel", "-x", "--exclude", "--enablerepo", "--disablerepo", "--repo", "--repoid", "--installroot", "--releasever", "--setopt", "--forcearch"}
	case "zypper":
		return []string{"-R", "--root", "--installroot", "-r", "--repo", "--from", "-t", "--type", "-D", "--reposd-dir", "-C", "--cache-dir", "-p", "--plus-repo"}
	case "pip", "pipx":
		return []string{
			"-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-i", "--index-url", "--extra-index-url", "-f", "--find-links",
			"-t", "--target", "--prefix", "--root", "--trusted-host", "--platform", "--python-version", "--python", "--proxy", "--timeout", "--retries",
			"--cache-dir", "--cert", "--client-cert", "--log", "--upgrade-strategy", "--progress-bar", "--no-binary", "--only-binary",
			"--global-option", "--install-option", "--build-option", "-C", "--config-settings", "--src", "-b", "--build", "--implementation",
			"--abi", "--exists-action", "--root-user-action", "--report", "--keyring-provider", "--use-feature", "--pip-args",
		}
	case "npm", "yarn", "pnpm":
		return []string{"--registry", "--prefix", "--loglevel", "--cache", "--userconfig", "--tag", "--omit", "--include", "-w", "--workspace", "--cwd", "--modules-folder", "--cache-folder", "--network-timeout", "--mutex", "-C", "--dir", "--filter", "--only"}
	case "gem":
		return []string{"-v", "--version", "-i", "--install-dir", "-n", "--bindir", "-s", "--source", "--platform", "-P", "--trust-policy", "--document", "-g", "--file", "-p", "--http-proxy", "--target-rbconfig"}
	case "go":
		return []string{"-C", "-ldflags", "-gcflags", "-asmflags", "-tags", "-mod", "-modfile", "-o", "-p", "-buildmode", "-overlay", "-pkgdir", "-toolexec"}
	}
	return nil
}

// installs reports whether k installs packages.
func (k call) installs() bool {
	switch k.tool {
	case "apk":
		return k.verb == "add"
	case "zypper", "dnf", "yum", "microdnf", "tdnf":
		return k.verb == "install" || k.verb == "in" || k.verb == "localinstall" || k.verb == "groupinstall" || k.verb == "reinstall" || k.verb == "rei"
	case "gem":
		return k.verb == "install" || k.verb == "i"
	case "npm":
		return k.verb == "install" || k.verb == "i" || k.verb == "add"
	case "yarn":
		return k.verb == "add" || k.verb == "install"
	case "pnpm":
		return k.verb == "add" || k.verb == "install" || k.verb == "i"
	}
	return k.verb == "install"
}

// removes reports whether k removes packages.
func (k call) removes() bool {
	switch k.verb {
	case "remove", "purge", "del", "erase", "autoremove", "rm", "uninstall":
		return true
	}
	return false
}

// family names the tools that manage the same packages as k's.
func (k call) family() string { return family(k.tool) }

func family(tool string) string {
	switch tool {
	case "apt-get", "apt", "aptitude":
		return "apt"
	case "dnf", "microdnf", "tdnf", "yum":
		return "rpm"
	}
	return tool
}

// has reports whether one of names is given as a flag, long ones also as
// --name=value, short ones also among others as in -yq.
func (k call) has(names ...string) bool {
	for i := 1; i < len(k.Words); i++ {
		v := k.Arg(i)
		if len(v) < 2 || v[0] != '-' {
			continue
		}
		for _, n := range names {
			if v == n || strings.HasPrefix(v, n+"=") || len(n) == 2 && v[1] != '-' && letters(v[1:]) && strings.Contains(v[1:], n[1:]) {
				return true
			}
		}
	}
	return false
}

func letters(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// insert returns the edits that put word after k's verb.
func (k call) insert(word string) []source.Edit {
	if k.Insert == nil {
		return nil
	}
	return k.Insert(k.at, word)
}

// removedLater reports whether a later command of the same script removes the
// package called name, or the virtual package k installs it as.
func (k call) removedLater(name string) bool {
	seen := false
	for _, c := range k.Script.Commands {
		if c == k.Command {
			seen = true
			continue
		}
		if !seen {
			continue
		}
		r, ok := packageCall(step{c, k.Run, k.Script})
		if !ok || !r.removes() || r.family() != k.family() {
			continue
		}
		for _, i := range r.operands {
			w := r.Words[i]
			if !w.Known() || bareName(w.Value) == name || k.virtual() == w.Value {
				return true
			}
		}
	}
	return false
}

// virtual returns the name apk add --virtual installs under, "-" for none.
func (k call) virtual() string {
	if k.tool == "apk" {
		for i := 1; i < len(k.Words); i++ {
			v := k.Arg(i)
			if v == "-t" || v == "--virtual" {
				return k.Arg(i + 1)
			}
			if name, ok := strings.CutPrefix(v, "--virtual="); ok {
				return name
			}
			if len(v) > 2 && v[0] == '-' && v[1] != '-' && v[len(v)-1] == 't' {
				return k.Arg(i + 1)
			}
		}
	}
	return "-"
}

// bareName returns the package's name without its version, architecture or
// release.
func bareName(operand string) string {
	if i := strings.IndexAny(operand, "=<>~:/@"); i > 0 {
		return operand[:i]
	}
	return operand
}

// localPackage reports whether operand names a file or an address, not a
// package of a repository.
func localPackage(operand string) bool {
	switch path.Ext(operand) {
	case ".deb", ".rpm", ".apk", ".whl", ".gz", ".tgz", ".tar", ".zip", ".bz2", ".xz", ".gem":
		return true
	}
	return strings.HasPrefix(operand, ".") || strings.HasPrefix(operand, "/") || strings.HasPrefix(operand, "~") ||
		strings.Contains(operand, "://") && !strings.HasPrefix(operand, "git")
}

// list joins names for a message, at most four of them.
func list(names []string) string {
	if len(names) > 4 {
		names = append(slices.Clone(names[:4]), "…")
	}
	return strings.Join(names, ", ")
}
