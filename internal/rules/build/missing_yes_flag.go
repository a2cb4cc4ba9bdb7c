package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed missing_yes_flag.txtar
var missingYesFlagDoc string

var missingYesFlag = &rule.Rule{
	Name:     "missing-yes-flag",
	Summary:  "a package manager waits for an answer nobody gives",
	Severity: finding.Low,
	Refs:     []string{"hadolint DL3014", "hadolint DL3030", "hadolint DL3034", "hadolint DL3038", "trivy DS-0021", "kics apt_get_missing_flags_to_avoid_manual_input", "kics yum_install_allows_manual_input", "kics missing_flag_from_dnf_install", "kics missing_zypper_non_interactive_switch"},
	Doc:      missingYesFlagDoc,
	Build:    checkMissingYesFlag,
}

func checkMissingYesFlag(p *rule.Pass, b *model.Build) {
	for c := range commands(b, everyStage) {
		k, ok := packageCall(c)
		if !ok || !asks(k) || k.open || answered(k) {
			continue
		}
		p.Report(c.Words[k.at].Place(), k.tool+" "+k.verb+" asks for confirmation",
			rule.Safe(finding.Fix{Message: "answer yes", Edits: k.insert("-y")}))
	}
}

// asks reports whether k asks before it does its work.
func asks(k call) bool {
	switch k.family() {
	case "apt":
		switch k.verb {
		case "upgrade", "dist-upgrade", "full-upgrade", "remove", "purge", "autoremove", "build-dep":
			return true
		}
		return k.installs() && len(k.operands) > 0
	case "rpm":
		switch k.verb {
		case "update", "upgrade", "remove", "erase", "autoremove":
			return k.tool != "microdnf"
		}
		return k.installs()
	case "zypper":
		switch k.verb {
		case "update", "up", "dist-upgrade", "dup", "remove", "rm", "patch":
			return true
		}
		return k.installs()
	}
	return false
}

// answered reports whether k is told to go on without asking.
func answered(k call) bool {
	for _, c := range k.Script.Commands {
		if c.Name == "yes" && c.Pipe == k.Command {
			return true
		}
	}
	switch k.family() {
	case "apt":
		return k.has("-y", "--yes", "--assume-yes", "-s", "--simulate", "--dry-run", "--print-uris", "--force-yes", "--trivial-only") ||
			quiet(k) > 1 || strings.Contains(k.Run.Span.Text(), "Assume-Yes") || k.tool == "aptitude" && k.has("-q")
	case "rpm":
		return k.has("-y", "--assumeyes", "--assumeno", "--setopt=assumeyes")
	}
	return k.has("-n", "--non-interactive", "-y", "--no-confirm", "--dry-run")
}

// quiet returns how quiet apt is told to be; from 2 on it no longer asks.
func quiet(k call) int {
	n := 0
	for i := 1; i < len(k.Words); i++ {
		switch v := k.Arg(i); {
		case v == "--quiet":
			n++
		case v == "-q=2" || v == "--quiet=2" || v == "-q=3":
			n += 2
		case len(v) > 1 && v[0] == '-' && letters(v[1:]):
			n += strings.Count(v, "q")
		}
	}
	return n
}
