package image

import (
	_ "embed"
	"fmt"
	"path"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed setuid_file.txtar
var setuidFileDoc string

var setuidFile = &rule.Rule{
	Name:     "setuid-file",
	Summary:  "programs in the image run with more rights than who starts them",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 4.8", "dockle CIS-DI-0008"},
	Gain:     "become root by a flaw of a program with the setuid bit",
	Doc:      setuidFileDoc,
	Image:    checkSetuidFile,
}

// distributed are the programs with more rights that distributions ship.
var distributed = strings.Fields(`bbsuid chage chfn chsh crontab dbus-daemon-launch-helper expiry fusermount fusermount3 gpasswd
	mount mount.nfs newgidmap newgrp newuidmap pam_extrausers_chkpwd pam_timestamp_check passwd ping ping6 pkexec
	polkit-agent-helper-1 ssh-agent ssh-keysign su sudo umount unix_chkpwd userhelper usernetctl utempter wall write`)

func checkSetuidFile(p *rule.Pass, i *model.Image) {
	if i.Contents == nil {
		return
	}
	var usual []string
	first := ""
	for _, f := range i.Contents.Privileged {
		if usualProgram(f) {
			if first == "" {
				first = f.Name
			}
			usual = append(usual, path.Base(f.Name))
			continue
		}
		trace(p.Report(fileIn(i, f.Name), "/"+f.Name+" "+rights(f)+by(i, f.Layer)), i, f.Layer)
	}
	if len(usual) > 0 {
		p.Report(fileIn(i, first), "the distribution's setuid and setgid programs are there: "+few(usual)).Severity = finding.Low
	}
}

// usualProgram reports whether f is where and what distributions ship.
func usualProgram(f model.File) bool {
	dir := strings.TrimPrefix(path.Dir(f.Name), "usr/")
	switch top, _, _ := strings.Cut(dir, "/"); top {
	case "bin", "sbin", "lib", "libexec", "lib64":
	default:
		return false
	}
	for _, name := range distributed {
		if path.Base(f.Name) == name {
			return true
		}
	}
	return false
}

// rights says what f gives to who starts it.
func rights(f model.File) string {
	var parts []string
	if f.Setuid() {
		parts = append(parts, fmt.Sprintf("runs as uid %d (setuid)", f.UID))
	}
	if f.Setgid() {
		parts = append(parts, fmt.Sprintf("runs with group %d (setgid)", f.GID))
	}
	if len(f.Capabilities) > 0 {
		parts = append(parts, "has the capabilities "+strings.Join(f.Capabilities, ", "))
	}
	return strings.Join(parts, ", ") + ", whoever starts it"
}
