package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

//go:embed package_cache_kept.txtar
var packageCacheKeptDoc string

var packageCacheKept = &rule.Rule{
	Name:     "package-cache-kept",
	Summary:  "what a package manager keeps for itself stays in the image",
	Severity: finding.Info,
	Refs:     []string{"hadolint DL3009", "hadolint DL3019", "hadolint DL3032", "hadolint DL3036", "hadolint DL3040", "hadolint DL3042", "hadolint DL3060", "trivy DS-0015", "trivy DS-0019", "trivy DS-0020", "trivy DS-0025", "trivy DS-0027", "kics apt_get_install_lists_were_not_deleted", "kics apk_add_using_local_cache_path", "kics pip_install_keeping_cached_packages", "kics yum_clean_all_missing", "kics missing_dnf_clean_all", "kics missing_zypper_clean", "dockle DKL-DI-0004", "dockle DKL-DI-0005"},
	Doc:      packageCacheKeptDoc,
	Build:    checkPackageCacheKept,
}

func checkPackageCacheKept(p *rule.Pass, b *model.Build) {
	for run := range instructions(b, shippedStage, "RUN") {
		for _, s := range run.Scripts {
			seen := ""
			for _, c := range s.Commands {
				k, ok := packageCall(step{c, run, s})
				if !ok {
					continue
				}
				message, fix := cacheKept(k)
				if message != "" && message != seen {
					p.Report(rule.At(c.Span), message, fix)
					seen = message
				}
			}
		}
	}
}

// cacheKept says what k leaves in the image, "" for nothing.
func cacheKept(k call) (string, finding.Fix) {
	switch k.tool {
	case "apt-get", "apt", "aptitude":
		if k.verb == "update" {
			return aptKept(k)
		}
	case "apk":
		if k.verb == "add" && !k.open && !k.has("--no-cache") && !mounted(k.Run, "/var/cache/apk", "/etc/apk/cache") && !cleaned(k, "apk", "/var/cache/apk") {
			return "apk leaves its package cache in the image", rule.Safe(insertFix(k, "--no-cache"))
		}
	case "pip":
		if k.verb == "install" && !k.open && !pipCacheOff(k) {
			return "pip leaves its package cache in the image", rule.Safe(insertFix(k, "--no-cache-dir"))
		}
	case "yum", "dnf", "microdnf", "tdnf":
		if rpmFetches(k) && !mounted(k.Run, "/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5") && !cleaned(k, k.tool, "/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5") {
			return k.tool + " leaves its package cache in the image", appendFix(k, k.tool+" clean all")
		}
	case "zypper":
		if k.installs() && !mounted(k.Run, "/var/cache/zypp") && !cleaned(k, "zypper", "/var/cache/zypp") {
			return "zypper leaves its package cache in the image", appendFix(k, "zypper clean --all")
		}
	case "yarn":
		if k.installs() && !mounted(k.Run, "/root/.cache/yarn", "/usr/local/share/.cache") && !cleaned(k, "yarn", ".cache/yarn") {
			return "yarn leaves its package cache in the image", appendFix(k, "yarn cache clean")
		}
	}
	return "", finding.Fix{}
}

// aptKept says what fetching package lists with k leaves in the image. Where
// the lists lie in a mount, packages stay if the hook that deletes them is gone.
func aptKept(k call) (string, finding.Fix) {
	switch lists := mounted(k.Run, "/var/lib/apt", "/var/lib/apt/lists"); {
	case !lists && !cleaned(k, "", "/var/lib/apt/lists"):
		return k.tool + " leaves its package lists in the image", appendFix(k, "rm -rf /var/lib/apt/lists/*")
	case lists && hookRemoved(k.Run) && !mounted(k.Run, "/var/cache/apt") && !cleaned(k, k.tool, "/var/cache/apt"):
		return k.tool + " leaves the packages it downloaded in the image", appendFix(k, k.tool+" clean")
	}
	return "", finding.Fix{}
}

// hookRemoved reports whether run, or a RUN before it in its stage, removes
// the hook by which official images delete packages once installed.
func hookRemoved(run *model.Instruction) bool {
	for _, i := range run.Stage.Instructions {
		if i.Name == "RUN" && strings.Contains(i.Span.Text(), "docker-clean") {
			return true
		}
		if i == run {
			break
		}
	}
	return false
}

// rpmFetches reports whether k downloads packages.
func rpmFetches(k call) bool {
	switch k.verb {
	case "update", "up", "upgrade", "upgrade-minimal", "up-min", "update-minimal", "distro-sync", "builddep":
		return true
	}
	return k.installs()
}

// mounted reports whether one of paths lies outside the image while run runs.
func mounted(run *model.Instruction, paths ...string) bool {
	for _, m := range run.Mounts {
		if m.Type != "cache" && m.Type != "tmpfs" {
			continue
		}
		target := strings.TrimSuffix(m.Target, "/")
		for _, path := range paths {
			if target == path || strings.HasPrefix(path, target+"/") || strings.HasPrefix(target, path+"/") {
				return true
			}
		}
	}
	return false
}

// cleaned reports whether a later command of k's script has tool clean its
// cache, or removes one of dirs.
func cleaned(k call, tool string, dirs ...string) bool {
	after := false
	for _, c := range k.Script.Commands {
		if c == k.Command {
			after = true
			continue
		}
		if !after {
			continue
		}
		if tool != "" && c.Name == tool && (c.Flag("clean", "cc", "purge") > 0) {
			return true
		}
		if c.Name != "rm" && c.Name != "find" {
			continue
		}
		for i := 1; i < len(c.Words); i++ {
			for _, dir := range dirs {
				v := strings.TrimRight(c.Arg(i), "/*")
				if strings.Contains(c.Arg(i), dir) || v != "" && strings.HasPrefix(dir, v+"/") && v[0] == '/' {
					return true
				}
			}
		}
	}
	return false
}

// pipCacheOff reports whether pip k keeps no cache, or keeps it elsewhere.
func pipCacheOff(k call) bool {
	if k.has("--no-cache-dir", "--cache-dir") || mounted(k.Run, "/root/.cache/pip", "/root/.cache") || cleaned(k, "pip", ".cache") {
		return true
	}
	on := func(v string) bool {
		switch strings.ToLower(v) {
		case "", "0", "no", "off", "false":
			return false
		}
		return true
	}
	for _, a := range k.Assigns {
		if a.Name == "PIP_NO_CACHE_DIR" {
			return on(a.Value.Value)
		}
	}
	for _, c := range k.Script.Commands {
		for _, a := range c.Assigns {
			if c.Name == "export" && a.Name == "PIP_NO_CACHE_DIR" {
				return on(a.Value.Value)
			}
		}
	}
	for _, v := range k.Run.Stage.Env {
		if v.Name == "PIP_NO_CACHE_DIR" {
			return !v.Value.Known() || on(v.Value.Value)
		}
	}
	return false
}

// insertFix returns the fix that gives k's command the flag.
func insertFix(k call, flag string) finding.Fix {
	return finding.Fix{Message: "pass " + flag, Edits: k.insert(flag)}
}

// appendFix returns the fix that has command run after all of k's script.
// There is none where the script's end is not where a command can follow: a
// list in the background, a comment, a here-document.
func appendFix(k call, command string) finding.Fix {
	fix := finding.Fix{Message: "run " + command + " in the same layer"}
	text := k.Script.Span.Text()
	if !k.Script.Parsed || k.Script.Shell == "" || len(k.Run.Heredocs) > 0 || strings.Contains(text, "#") || strings.Contains(text, "<<") {
		return fix
	}
	text = strings.TrimRight(text, " \t\r\n")
	if text == "" || strings.ContainsAny(text[len(text)-1:], "&;|\\`") || k.verb == "update" && !installsToo(k) {
		return fix
	}
	end := k.Script.Span.Start + len(text)
	fix.Edits = []source.Edit{{Span: k.Script.Span.File.Span(end, end), New: continuation(text) + "&& " + command, Key: command}}
	return fix
}

// continuation returns what sets off one more command from a script: a line
// like the last one that begins with &&, else like the last one, or a blank
// where there is one line only.
func continuation(script string) string {
	i := strings.LastIndexByte(script, '\n')
	if i < 0 {
		return " "
	}
	before, newline := strings.TrimRight(script[:i], " \t\r"), "\n"
	if script[i-1] == '\r' {
		newline = "\r\n"
	}
	indent := indentOf(script[i+1:])
	for line := range strings.Lines(script) {
		if strings.HasPrefix(strings.TrimLeft(line, " \t"), "&&") {
			indent = indentOf(line)
		}
	}
	return " " + before[len(before)-1:] + newline + indent
}

func indentOf(line string) string {
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

// installsToo reports whether a command of k's script after k installs
// packages, so that the lists are used up.
func installsToo(k call) bool {
	after := false
	for _, c := range k.Script.Commands {
		other, ok := packageCall(step{c, k.Run, k.Script})
		if after && ok && other.installs() && other.family() == k.family() {
			return true
		}
		after = after || c == k.Command
	}
	return false
}
