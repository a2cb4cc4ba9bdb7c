package container

import (
	"strings"

	"bulkhead/internal/model"
)

// resources reads limits.
func (r reader) resources(w *model.Workload) {
	h := r.host
	w.Memory = fact(r, "Memory", h.Memory, 0)
	w.MemorySwap = fact(r, "MemorySwap", h.swap(), 0)
	w.MemoryReservation = fact(r, "MemoryReservation", h.MemoryReservation, 0)
	w.CPUs = r.cpus()
	w.PIDs = fact(r, "PidsLimit", 0, int64(0))
	if h.PidsLimit != nil {
		w.PIDs = fact(r, "PidsLimit", *h.PidsLimit, 0)
	}
	w.OOMKillDisable = fact(r, "OomKillDisable", h.OomKillDisable != nil && *h.OomKillDisable, false)
	for _, u := range h.Ulimits {
		name := strings.ToLower(strings.TrimPrefix(u.Name, "RLIMIT_")) // Podman keeps the prefix
		path := r.at("HostConfig.Ulimits[" + name + "]")
		w.Ulimits = append(w.Ulimits, model.Ulimit{
			Name: name,
			Soft: model.Fact[int64]{Value: u.Soft, State: model.Set, Path: path},
			Hard: model.Fact[int64]{Value: u.Hard, State: model.Set, Path: path},
		})
	}
	r.devices(w)
}

// swap returns the limit of memory and swap together. The engine writes its
// default, twice the memory, out; without a memory limit there is nothing to
// say, and old engines write -1.
func (h *hostConfig) swap() int64 {
	if h.MemorySwap == 2*h.Memory || h.Memory == 0 && h.MemorySwap < 0 {
		return 0
	}
	return h.MemorySwap
}

// cpus returns the processors the container may use, from either spelling.
func (r reader) cpus() model.Fact[float64] {
	h := r.host
	if h.NanoCPUs != 0 || h.CPUQuota <= 0 {
		return fact(r, "NanoCpus", float64(h.NanoCPUs)/1e9, 0)
	}
	period := h.CPUPeriod
	if period <= 0 {
		period = 100_000 // the kernel's default, in microseconds
	}
	return fact(r, "CpuQuota", float64(h.CPUQuota)/float64(period), 0)
}

// devices reads devices of the host, by path and by name.
func (r reader) devices(w *model.Workload) {
	var all []string
	for _, d := range r.host.Devices {
		all = append(all, d.PathOnHost)
	}
	for _, q := range r.host.DeviceRequests {
		all = append(all, q.names()...)
	}
	w.Devices = list(r, "Devices", all)
}

// names returns what a device request asks for in CDI's form. The driver
// "cdi" carries such names; --gpus is NVIDIA's older form.
func (q deviceRequest) names() []string {
	if q.Driver == "cdi" {
		return q.DeviceIDs
	}
	class := "device"
	for _, all := range q.Capabilities {
		for _, c := range all {
			if c == "gpu" {
				class = "gpu"
			}
		}
	}
	vendor := q.Driver
	if vendor == "" {
		vendor = "nvidia"
	}
	if !strings.Contains(vendor, ".") {
		vendor += ".com"
	}
	if len(q.DeviceIDs) == 0 {
		return []string{vendor + "/" + class + "=all"}
	}
	var out []string
	for _, id := range q.DeviceIDs {
		out = append(out, vendor+"/"+class+"="+id)
	}
	return out
}

// running reads how the container is kept running.
func (r reader) running(w *model.Workload) {
	h := r.host
	driver := h.LogConfig.Type
	if driver == "" {
		driver = "json-file"
	}
	w.Log = model.Fact[model.LogConfig]{
		Value: model.LogConfig{Driver: driver, Options: h.LogConfig.Config},
		State: said(driver != "json-file" || len(h.LogConfig.Config) > 0),
		Path:  r.at("HostConfig.LogConfig"),
	}
	if r.asked == model.Unknown {
		w.Log.State = model.Unknown
	}
	policy := h.RestartPolicy.Name
	if policy == "" {
		policy = "no"
	}
	w.Restart = fact(r, "RestartPolicy",
		model.Restart{Policy: policy, Max: h.RestartPolicy.MaximumRetryCount}, model.Restart{Policy: "no"})
}
