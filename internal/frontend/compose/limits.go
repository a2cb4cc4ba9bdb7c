package compose

import (
	"strconv"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// limits fills in what bounds the container's use of the machine. Each limit
// can be written at two places; the one under deploy wins, as in Compose, which
// moreover refuses a file where a limit stands at both with different values, or
// at the short place beside deploy.resources.limits.
func (s *service) limits(w *model.Workload) {
	w.Memory = limit(s, sizeForm(), []string{"mem_limit"}, "limits", "memory")
	w.CPUs = limit(s, floatForm(), []string{"cpus"}, "limits", "cpus")
	w.PIDs = limit(s, intForm(), []string{"pids_limit"}, "limits", "pids")
	w.MemoryReservation = limit(s, sizeForm(), []string{"mem_reservation"}, "reservations", "memory")
	w.CPUReservation = fact(s, floatForm(), 0, "deploy", "resources", "reservations", "cpus")
	w.MemorySwap = fact(s, sizeForm(), 0, "memswap_limit")
	w.OOMKillDisable = fact(s, boolForm(), false, "oom_kill_disable")
	s.quota(w)
	w.Ulimits = s.ulimits()
}

// limit reads one limit, which stands at short or under deploy.resources.
func limit[T int64 | float64](s *service, fm form[T], short []string, group, name string) model.Fact[T] {
	long := []string{"deploy", "resources", group, name}
	at := fact(s, fm, 0, short...)
	deploy := fact(s, quotedForm(fm, name), 0, long...)
	switch {
	case deploy.State == model.Unset && s.at("deploy", "resources", group).isNull(),
		deploy.State == model.Unset && at.State != model.Unset,
		s.res.partial && s.at(long...).isNull():
		return at
	case at.State == model.Unset || s.at(short...).isNull():
		return deploy
	}
	both := deploy
	both.Edit = func(x T) []source.Edit { return join2(at.Edit(x), deploy.Edit(x)) }
	both.Delete = nil
	if at.Delete != nil && deploy.Delete != nil {
		both.Delete = func() []source.Edit { return join2(at.Delete(), deploy.Delete()) }
	}
	return both
}

// join2 returns all of a and b, or nothing where one of them is missing.
func join2(a, b []source.Edit) []source.Edit {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	return append(a, b...)
}

// quotedForm returns fm as limits are written under deploy: cpus is a string
// there.
func quotedForm[T int64 | float64](fm form[T], name string) form[T] {
	if name == "cpus" {
		fm.lit = func(x T) yamltext.Lit { return yamltext.Str(strconv.FormatFloat(float64(x), 'f', -1, 64)) }
	}
	return fm
}

// quota works out the CPU limit where it is given as a share of a period.
func (s *service) quota(w *model.Workload) {
	quota := fact(s, intForm(), 0, "cpu_quota")
	if w.CPUs.State != model.Unset || quota.State != model.Set || quota.Value <= 0 {
		return
	}
	period := fact(s, intForm(), 100_000, "cpu_period")
	if period.State == model.Unknown || period.Value <= 0 {
		w.CPUs.State = model.Unknown
		return
	}
	w.CPUs = model.Fact[float64]{
		Value: float64(quota.Value) / float64(period.Value), State: model.Set, Span: quota.Span,
		Edit: func(x float64) []source.Edit { return quota.Edit(int64(x * float64(period.Value))) }, Delete: quota.Delete,
	}
}

// maxUlimits bounds the resource limits of a service; the kernel knows 16.
const maxUlimits = 1000

// ulimits reads the resource limits of the processes.
func (s *service) ulimits() []model.Ulimit {
	v := s.at("ulimits")
	if v.isNull() {
		return nil
	}
	var out []model.Ulimit
	for i, e := range v.entries {
		if i == maxUlimits {
			s.r.fault(e.at, "too many ulimits")
			break
		}
		u := model.Ulimit{Name: e.key}
		if e.val.kind == yamltext.Mapping {
			u.Soft = fact(s, intForm(), 0, "ulimits", e.key, "soft")
			u.Hard = fact(s, intForm(), 0, "ulimits", e.key, "hard")
		} else {
			u.Soft = fact(s, intForm(), 0, "ulimits", e.key)
			u.Hard = u.Soft
		}
		out = append(out, u)
	}
	return out
}
