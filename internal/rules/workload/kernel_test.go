package workload

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

// running returns the messages of r about a running container that asked for
// what ask says while the kernel says k.
func running(r *rule.Rule, k model.Kernel, ask func(*model.Workload)) []string {
	w := &model.Workload{Name: "web", Surface: model.Container, Kernel: &k}
	ask(w)
	var out []string
	for _, f := range rule.Run(r, &model.System{Workloads: []*model.Workload{w}}) {
		out = append(out, f.Message)
	}
	return out
}

func set[T any](v T) model.Fact[T] { return model.Fact[T]{Value: v, State: model.Set} }

func TestInForce(t *testing.T) {
	nothing := func(*model.Workload) {}
	appArmor := func(profile string) func(*model.Workload) {
		return func(w *model.Workload) { w.AppArmor = set(profile) }
	}
	memory := func(limit, swap int64) func(*model.Workload) {
		return func(w *model.Workload) { w.Memory, w.MemorySwap = set(limit), set(swap) }
	}
	const mib = 1 << 20
	for _, tt := range []struct {
		name   string
		rule   *rule.Rule
		kernel model.Kernel
		ask    func(*model.Workload)
		want   []string
	}{
		{"nobody asked and the kernel has none", apparmorNotInForce, model.Kernel{}, nothing, nil},
		{"unconfined was asked for", apparmorNotInForce, model.Kernel{AppArmor: "unconfined"}, appArmor("unconfined"), nil},
		{"another profile", apparmorNotInForce, model.Kernel{AppArmor: "docker-default (enforce)"}, appArmor("shop"), []string{"container is to run under AppArmor profile shop, but docker-default is in force"}},
		{"complain mode", apparmorNotInForce, model.Kernel{AppArmor: "shop (complain)"}, appArmor("shop"), []string{"container is to run under AppArmor profile shop, but in complain mode, which stops nothing"}},
		{"the default is missing", apparmorNotInForce, model.Kernel{AppArmor: "unconfined"}, func(w *model.Workload) { w.AppArmor.Value = "default" }, []string{"container is to run under AppArmor profile default, but is unconfined"}},
		{"engines without root apply none", apparmorNotInForce, model.Kernel{AppArmor: "unconfined", UIDMapped: true}, func(w *model.Workload) { w.AppArmor.Value = "default" }, nil},
		{"privileged containers have none", apparmorNotInForce, model.Kernel{AppArmor: "unconfined"}, func(w *model.Workload) { w.AppArmor.Value, w.Privileged = "default", set(true) }, nil},

		{"privileged containers have no filter", seccompNotInForce, model.Kernel{}, func(w *model.Workload) { w.Privileged = set(true) }, nil},
		{"strict mode is a filter", seccompNotInForce, model.Kernel{Seccomp: 1}, nothing, nil},

		{"rounded to a page", memoryLimitNotInForce, model.Kernel{MemoryMax: 256*mib + 4096}, memory(256*mib+1, 0), nil},
		{"twice the limit", memoryLimitNotInForce, model.Kernel{MemoryMax: 512 * mib}, memory(256*mib, 0), []string{"container is limited to 256MiB of memory, but 512MiB is in force"}},
		{"the limit could not be read", memoryLimitNotInForce, model.Kernel{MemoryMax: -1}, memory(256*mib, 0), nil},
		{"no limit was asked for", memoryLimitNotInForce, model.Kernel{}, nothing, nil},

		{"swap is counted and open", swapLimitNotInForce, model.Kernel{MemoryMax: 256 * mib, SwapAccounting: true}, memory(256*mib, 256*mib), []string{"container is limited to 256MiB of memory, but swap is not limited"}},
		{"unlimited swap was asked for", swapLimitNotInForce, model.Kernel{MemoryMax: 256 * mib}, memory(256*mib, -1), nil},
		{"the memory limit is not in force either", swapLimitNotInForce, model.Kernel{}, memory(256*mib, 256*mib), nil},

		{"root inside is somebody else outside", rootProcess, model.Kernel{Tasks: []model.Task{{UID: 100000, UIDIn: 0, Command: "cron"}, {UID: 100000, UIDIn: 0, Command: "cron"}}}, func(w *model.Workload) { w.User = set(model.User{Name: "app", UID: -1}) }, []string{"container runs process cron as root, although its user is app"}},
		{"only the host's id is known", rootProcess, model.Kernel{Tasks: []model.Task{{UID: 0, UIDIn: -1, Command: "sh"}}}, func(w *model.Workload) { w.User = set(model.User{Name: "app", UID: 1000}) }, []string{"container runs process sh as root, although its user is app"}},
		{"the user is root, which another rule says", rootProcess, model.Kernel{Tasks: []model.Task{{Command: "sh"}}}, func(w *model.Workload) { w.User = set(model.User{Name: "root"}) }, nil},
	} {
		if diff := cmp.Diff(running(tt.rule, tt.kernel, tt.ask), tt.want); diff != "" {
			t.Errorf("%s: %s (-got +want):\n%s", tt.rule.Name, tt.name, diff)
		}
	}
}
