package resolve

import (
	"bulkhead/internal/model"
)

// project adds, for every build and every stored image that no workload runs
// or that is to be judged on its own, the workload that running it would make:
// what the image decides is known, everything a command line decides is not.
func (r *resolver) project() {
	run := map[*model.ImageConfig]bool{}
	built := map[*model.Build]bool{}
	for _, w := range r.sys.Workloads {
		built[w.Build] = true
		if w.Source != nil || w.Image == nil {
			continue
		}
		if i := r.held(w.Image); i != nil {
			run[i.Config] = true
		}
	}
	for _, b := range r.sys.Builds {
		if !built[b] && b.Target != nil && b.Target.Config != nil {
			w := fromImage(b.Name, model.Dockerfile, b.Target.Config)
			w.Build = b
			w.Place = b.Target.Base.Place()
			r.sys.Workloads = append(r.sys.Workloads, w)
		}
	}
	for _, i := range r.sys.Images {
		if i.Use == model.StoredImage && i.Config != nil && (!run[i.Config] || r.in.Judged != nil && r.in.Judged(i)) {
			w := fromImage(i.Name, model.ImageStore, i.Config)
			w.Image = i
			w.Place = i.Ref.Place()
			r.sys.Workloads = append(r.sys.Workloads, w)
		}
	}
}

// fromImage returns the workload that running an image with configuration c
// makes, as far as c decides it.
func fromImage(name string, s model.Surface, c *model.ImageConfig) *model.Workload {
	w := unknownWorkload()
	w.Name, w.Surface, w.Kind = name, s, "image"
	w.Image = &model.Image{Name: name, Surface: s, Use: model.RunImage, Config: c}
	w.User, w.Health = c.User, c.Health
	w.Entrypoint, w.Command, w.WorkingDir = c.Entrypoint, c.Command, c.WorkingDir
	w.Env, w.Labels, w.Exposed = c.Env, c.Labels, c.Exposed
	return w
}

func unknown[T any]() model.Fact[T] { return model.Fact[T]{State: model.Unknown} }

func unknownList() model.List[string] { return model.List[string]{State: model.Unknown} }

// unknownWorkload returns a workload of which nothing is known.
func unknownWorkload() *model.Workload {
	return &model.Workload{
		User: unknown[model.User](), NonRoot: unknown[bool](), Groups: unknownList(),
		Entrypoint: unknown[model.Argv](), Command: unknown[model.Argv](), WorkingDir: unknown[string](),
		Privileged: unknown[bool](), CapAdd: unknownList(), CapDrop: unknownList(),
		NoNewPrivileges: unknown[bool](), ReadOnlyRoot: unknown[bool](),
		Seccomp: unknown[string](), AppArmor: unknown[string](), SELinux: unknown[string](), UnmaskedPaths: unknown[bool](),
		PID: unknown[model.Namespace](), IPC: unknown[model.Namespace](), UTS: unknown[model.Namespace](),
		UserNS: unknown[model.Namespace](), CgroupNS: unknown[model.Namespace](), Network: unknown[model.Namespace](),
		CgroupParent: unknown[string](), Devices: unknownList(), MountsAll: model.Unknown,
		Memory: unknown[int64](), MemorySwap: unknown[int64](), MemoryReservation: unknown[int64](),
		CPUs: unknown[float64](), CPUReservation: unknown[float64](), PIDs: unknown[int64](), OOMKillDisable: unknown[bool](),
		Log: unknown[model.LogConfig](), Restart: unknown[model.Restart](), Health: unknown[model.Health](),
		Stdin: unknown[bool](), TTY: unknown[bool](), PublishAll: unknown[bool](), Links: unknownList(),
		ServiceAccount: unknown[string](), ServiceAccountToken: unknown[bool](), HostProcess: unknown[bool](),
		PullPolicy: unknown[string](), NetworkPolicy: unknown[bool](),
	}
}
