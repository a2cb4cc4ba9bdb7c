package workload

import (
	_ "embed"

	"bulkhead/internal/catalog"
	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed root_user.txtar
var rootUserDoc string

var rootUser = &rule.Rule{
	Name:     "root-user",
	Summary:  "the container runs as root",
	Severity: finding.High,
	Refs: []string{
		"trivy DS-0002",
		"kics missing_user_instruction",
		"kics containers_running_as_root",
		"checkov CKV_DOCKER_3",
		"checkov CKV_K8S_23",
		"dockle CIS-DI-0001",
		"kube-linter run-as-non-root",
		"CIS-Docker 4.1",
		"hadolint DL3002",
		"trivy KSV-0012",
		"trivy KSV-0105",
		"kics last_user_is_root",
		"checkov CKV_DOCKER_8",
		"kics root_containers_admitted",
		"PSS restricted",
	},
	Gain:     "act as root on whatever it can reach",
	Doc:      rootUserDoc,
	Workload: checkRootUser,
}

func checkRootUser(p *rule.Pass, w *model.Workload) {
	u := w.User
	if !u.Known() || !u.Value.Root() || w.NonRoot.Known() && w.NonRoot.Value || windows(w) {
		return
	}
	message := "container runs as root"
	down := catalog.GivesUpRoot(w)
	if down {
		message = "container starts as root, and its entrypoint becomes another user"
	}
	f := p.Report(u.Place(), message, rule.Set(u, otherUser(), "run as user 10001"))
	switch {
	case down:
		f.Severity = finding.Low
	case u.Likely || remapped(w):
		f.Severity = finding.Medium
	}
}

// windows reports whether w is a Windows container, where there are no uids,
// capabilities, seccomp filters or read-only root file systems.
func windows(w *model.Workload) bool {
	return w.OS == "windows" || w.Build != nil && w.Build.Windows ||
		w.Image != nil && w.Image.Config != nil && w.Image.Config.OS == "windows"
}

// remapped reports whether uid 0 of w is known not to be uid 0 of the host.
func remapped(w *model.Workload) bool {
	if w.Kernel != nil {
		return w.Kernel.UIDMapped
	}
	return w.Surface == model.Kube && w.UserNS.State == model.Set && w.UserNS.Value.Mode != "host"
}

// otherUser returns the user that fixes put in place of root: one that no
// distribution gives to an account.
func otherUser() model.User {
	return model.User{Name: "10001:10001", UID: 10001, GID: 10001}
}
