package build

import (
	_ "embed"
	"path"
	"slices"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed unverified_download.txtar
var unverifiedDownloadDoc string

var unverifiedDownload = &rule.Rule{
	Name:     "unverified-download",
	Summary:  "a download is installed without comparing a checksum or a signature",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 4.11"},
	Doc:      unverifiedDownloadDoc,
	Build:    checkUnverifiedDownload,
}

func checkUnverifiedDownload(p *rule.Pass, b *model.Build) {
	for c := range commands(b, everyStage) {
		if !downloads(c.Command) || onlyNearby(c.Command) || verified(c.Script) {
			continue
		}
		if c.Pipe != nil && c.Pipe.Name != "" && unpacks(c.Pipe.Name) {
			p.Reportf(rule.At(c.Span), "%s unpacks what %s downloads without a check", c.Pipe.Name, c.Name)
		} else if user := userOf(c); user != "" {
			p.Reportf(rule.At(c.Span), "%s uses what %s downloads without a check", user, c.Name)
		}
	}
	for i := range instructions(b, everyStage, "ADD") {
		if len(i.Words) < 2 || flag(i, "checksum") != nil || verifiedAfter(i) {
			continue
		}
		for _, w := range i.Words[:len(i.Words)-1] {
			if w.Known() && isURL(w.Value) && !isGit(w.Value) && !nearby(host(w.Value)) {
				p.Report(w.Place(), "ADD does not check what it downloads")
			}
		}
	}
}

// verifiedAfter reports whether a later RUN of add's stage checks a checksum
// or a signature.
func verifiedAfter(add *model.Instruction) bool {
	for _, i := range add.Stage.Instructions {
		if i.Name == "RUN" && i.Span.Start > add.Span.Start && slices.ContainsFunc(i.Scripts, verified) {
			return true
		}
	}
	return false
}

func unpacks(name string) bool {
	switch name {
	case "tar", "bsdtar", "unzip", "7z", "cpio", "gunzip", "xz", "bunzip2":
		return true
	}
	return false
}

// userOf returns the name of the command of c's script that runs, unpacks or
// installs the file c downloads, or "".
func userOf(c step) string {
	file := output(c.Command)
	if file == "" || file == "-" || file == "/dev/null" {
		return ""
	}
	after := false
	for _, next := range c.Script.Commands {
		if next == c.Command {
			after = true
			continue
		}
		if !after {
			continue
		}
		if path.Base(next.Arg(0)) == path.Base(file) {
			return path.Base(file)
		}
		if !runsFiles(next) {
			continue
		}
		for i := 1; i < len(next.Words); i++ {
			if path.Base(next.Arg(i)) == path.Base(file) {
				return next.Name
			}
		}
	}
	return ""
}

// runsFiles reports whether c makes a file it names part of the system.
func runsFiles(c *model.Command) bool {
	switch c.Name {
	case "chmod", "dpkg", "rpm", "install", "apt", "apt-get", "yum", "dnf", "apk", "pip", "pip3", "java", "msiexec":
		return true
	}
	return isInterpreter(c.Name) || unpacks(c.Name)
}

// isGit reports whether BuildKit takes the source of ADD for a repository.
func isGit(v string) bool {
	address, _, _ := strings.Cut(v, "#")
	address, _, _ = strings.Cut(address, "?")
	return strings.HasPrefix(v, "git@") || strings.HasPrefix(v, "git://") || strings.HasPrefix(v, "ssh://") ||
		isURL(v) && strings.HasSuffix(address, ".git")
}
