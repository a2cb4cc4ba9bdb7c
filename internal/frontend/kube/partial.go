package kube

import "bulkhead/internal/model"

// partial marks as unknown what w leaves out: a container without an image is
// not all there is of it, but a patch of one.
func partial(w *model.Workload) {
	for _, s := range []*model.State{
		&w.User.State, &w.NonRoot.State, &w.Groups.State, &w.Privileged.State, &w.CapAdd.State, &w.CapDrop.State,
		&w.NoNewPrivileges.State, &w.ReadOnlyRoot.State, &w.Seccomp.State, &w.AppArmor.State, &w.SELinux.State, &w.UnmaskedPaths.State,
		&w.PID.State, &w.IPC.State, &w.UserNS.State, &w.Network.State, &w.Memory.State, &w.MemoryReservation.State,
		&w.CPUs.State, &w.CPUReservation.State, &w.Entrypoint.State, &w.Command.State, &w.WorkingDir.State,
		&w.Health.State, &w.Stdin.State, &w.TTY.State, &w.ServiceAccount.State, &w.ServiceAccountToken.State, &w.HostProcess.State,
		&w.PullPolicy.State,
	} {
		if *s == model.Unset {
			*s = model.Unknown
		}
	}
}
