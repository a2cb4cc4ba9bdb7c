package compose

import (
	"fmt"
	"path"
	"sort"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"bulkhead/internal/model"
)

// expect writes what the reference loader says of s into want, in the form of
// describe. What docker compose makes of it when it creates the container,
// such as the precedence of deploy, is done here as it is done there.
func expect(s types.ServiceConfig, p *types.Project, want map[string]string) {
	n := s.Name + "."
	want[n+"image"] = s.Image
	want[n+"user"] = s.User
	want[n+"privileged"] = strconv.FormatBool(s.Privileged)
	want[n+"read_only"] = strconv.FormatBool(s.ReadOnly)
	caps := func(list []string) string {
		var out []string
		for _, c := range list {
			out = append(out, capability(c))
		}
		return strings.Join(out, " ")
	}
	want[n+"cap_add"], want[n+"cap_drop"] = caps(s.CapAdd), caps(s.CapDrop)
	var devices []string
	for _, d := range s.Devices {
		devices = append(devices, d.Source)
	}
	want[n+"devices"] = strings.Join(devices, " ")
	want[n+"groups"] = strings.Join(s.GroupAdd, " ")
	want[n+"links"] = strings.Join(s.Links, " ")
	expectOptions(s, want)
	private := func(mode string) string {
		if mode == "private" {
			return ""
		}
		return mode
	}
	want[n+"pid"], want[n+"ipc"], want[n+"uts"] = s.Pid, private(s.Ipc), s.Uts
	want[n+"userns"], want[n+"cgroupns"], want[n+"network_mode"] = s.UserNSMode, private(s.Cgroup), s.NetworkMode
	want[n+"cgroup_parent"] = s.CgroupParent
	expectLimits(s, want)
	want[n+"oom"] = strconv.FormatBool(s.OomKillDisable)
	want[n+"stdin"], want[n+"tty"] = strconv.FormatBool(s.StdinOpen), strconv.FormatBool(s.Tty)
	want[n+"workdir"] = s.WorkingDir
	want[n+"command"] = fmt.Sprintf("%q", []string(s.Command))
	want[n+"entrypoint"] = fmt.Sprintf("%q", []string(s.Entrypoint))
	expectMore(s, p, want)
}

func expectOptions(s types.ServiceConfig, want map[string]string) {
	n := s.Name + "."
	want[n+"nnp"], want[n+"seccomp"], want[n+"apparmor"], want[n+"unmasked"] = "false", "default", "default", "false"
	for _, o := range s.SecurityOpt {
		k, v, ok := strings.Cut(o, "=")
		if !ok {
			k, v, _ = strings.Cut(o, ":")
		}
		switch k {
		case "no-new-privileges":
			want[n+"nnp"] = strconv.FormatBool(v != "false")
		case "seccomp", "apparmor":
			want[n+k] = v
		case "systempaths":
			want[n+"unmasked"] = strconv.FormatBool(v == "unconfined")
		}
	}
}

// expectLimits follows getDeployResources of docker compose.
func expectLimits(s types.ServiceConfig, want map[string]string) {
	n := s.Name + "."
	memory, reservation, cpus, pids := int64(s.MemLimit), int64(s.MemReservation), float64(s.CPUS), s.PidsLimit
	if s.Deploy != nil {
		if l := s.Deploy.Resources.Limits; l != nil {
			if l.MemoryBytes != 0 {
				memory = int64(l.MemoryBytes)
			}
			if l.NanoCPUs != 0 {
				cpus = float64(l.NanoCPUs)
			}
			if l.Pids > 0 {
				pids = l.Pids
			}
		}
		if r := s.Deploy.Resources.Reservations; r != nil && r.MemoryBytes != 0 {
			reservation = int64(r.MemoryBytes)
		}
	}
	if cpus == 0 && s.CPUQuota > 0 {
		period := s.CPUPeriod
		if period == 0 {
			period = 100_000
		}
		cpus = float64(s.CPUQuota) / float64(period)
	}
	want[n+"memory"], want[n+"reservation"] = fmt.Sprint(memory), fmt.Sprint(reservation)
	want[n+"swap"] = fmt.Sprint(int64(s.MemSwapLimit))
	want[n+"cpus"] = strconv.FormatFloat(cpus, 'f', 3, 64)
	want[n+"pids"] = fmt.Sprint(pids)
}

func expectMore(s types.ServiceConfig, p *types.Project, want map[string]string) {
	n := s.Name + "."
	want[n+"restart"] = fmt.Sprint(expectRestart(s))
	want[n+"log"] = "[]"
	if s.Logging != nil {
		want[n+"log"] = s.Logging.Driver + fmt.Sprint(sorted(s.Logging.Options))
	}
	want[n+"health"] = expectHealth(s.HealthCheck)
	for k, v := range s.Environment {
		want[n+"env "+k] = ""
		if v != nil {
			want[n+"env "+k] = *v
		}
	}
	for k, v := range s.Labels {
		want[n+"label "+k] = v
	}
	for k, v := range s.Sysctls {
		want[n+"sysctl "+k] = v
	}
	for k, u := range s.Ulimits {
		soft, hard := u.Soft, u.Hard
		if u.Single != 0 {
			soft, hard = u.Single, u.Single
		}
		want[n+"ulimit soft "+k], want[n+"ulimit hard "+k] = strconv.Itoa(soft), strconv.Itoa(hard)
	}
	var ports []string
	for _, x := range s.Ports {
		ports = append(ports, fmt.Sprintf("%s:%s:%d/%s", x.HostIP, x.Published, x.Target, x.Protocol))
	}
	sort.Strings(ports)
	want[n+"ports"] = fmt.Sprint(ports)
	want[n+"expose"] = fmt.Sprint([]string(s.Expose))
	expectMounts(s, p, want)
	var nets []string
	for name, c := range s.Networks {
		var aliases []string
		if c != nil {
			aliases = c.Aliases
		}
		nets = append(nets, name+fmt.Sprint(aliases))
	}
	sort.Strings(nets)
	want[n+"networks"] = fmt.Sprint(nets)
	var secrets []string
	for _, x := range s.Secrets {
		target := x.Target
		if target == "" {
			target = x.Source
		}
		secrets = append(secrets, x.Source+":"+join("/run/secrets", target))
	}
	want[n+"secrets"] = fmt.Sprint(secrets)
	if b := s.Build; b != nil {
		file := b.Dockerfile
		if b.DockerfileInline != "" {
			file = b.DockerfileInline
		}
		want[n+"build"] = b.Context + " " + file + " " + b.Target
		for k, v := range b.Args {
			if v != nil {
				want[n+"arg "+k] = *v
			}
		}
	}
}

func expectRestart(s types.ServiceConfig) model.Restart {
	r := model.Restart{Policy: "no"}
	if s.Restart != "" {
		name, num, _ := strings.Cut(s.Restart, ":")
		r.Policy = policy(name)
		r.Max, _ = strconv.Atoi(num)
	}
	if s.Deploy != nil && s.Deploy.RestartPolicy != nil {
		rp := s.Deploy.RestartPolicy
		r = model.Restart{Policy: policy(rp.Condition)}
		if rp.Condition == "" {
			r.Policy = "always" // the engine's own default for a swarm task; docker compose sends ""
		}
		if rp.MaxAttempts != nil {
			r.Max = int(*rp.MaxAttempts)
		}
	}
	return r
}

func expectHealth(h *types.HealthCheckConfig) string {
	switch {
	case h == nil:
		return fmt.Sprintf("%s %q", model.NoHealth, []string(nil))
	case h.Disable, len(h.Test) > 0 && h.Test[0] == "NONE":
		return fmt.Sprintf("%s %q", model.DisabledHealth, []string(nil))
	case len(h.Test) == 0:
		return fmt.Sprintf("%s %q", model.NoHealth, []string(nil))
	}
	test := []string(h.Test)
	if test[0] == "CMD" || test[0] == "CMD-SHELL" {
		test = test[1:]
	}
	return fmt.Sprintf("%s %q", model.CommandHealth, test)
}

func expectMounts(s types.ServiceConfig, p *types.Project, want map[string]string) {
	var mounts []string
	seen := map[string]bool{}
	for _, v := range s.Volumes {
		if v.Type != "bind" && v.Type != "volume" && v.Type != "tmpfs" {
			continue
		}
		seen[v.Target] = true
		src, propagation := v.Source, ""
		if decl, ok := p.Volumes[v.Source]; ok && v.Type == "volume" && len(decl.DriverOpts) > 0 {
			src = "declared"
		}
		if v.Bind != nil {
			propagation = v.Bind.Propagation
		}
		line := fmt.Sprintf("%s %s %s %v %s", v.Type, src, v.Target, v.ReadOnly, propagation)
		if v.Type == "tmpfs" {
			size := int64(0)
			if v.Tmpfs != nil {
				size = int64(v.Tmpfs.Size)
			}
			line += fmt.Sprintf(" size=%d", size)
		}
		mounts = append(mounts, line)
	}
	for _, v := range s.Tmpfs {
		target, options, _ := strings.Cut(v, ":")
		size, ro := int64(0), false
		for o := range strings.SplitSeq(options, ",") {
			if o == "ro" {
				ro = true
			}
			if text, ok := strings.CutPrefix(o, "size="); ok {
				size, _ = parseSize(text)
			}
		}
		mounts = append(mounts, fmt.Sprintf("tmpfs  %s %v  size=%d", path.Clean(target), ro, size))
	}
	sort.Strings(mounts)
	want[s.Name+".mounts"] = strings.Join(mounts, "\n")
}

// expectNetworks compares the networks of the project.
func expectNetworks(p *types.Project, facts *model.Facts, got, want map[string]string) {
	for key, n := range p.Networks {
		name := n.Name
		if name == p.Name+"_"+key {
			name = key
		}
		if n.External {
			want["network "+name] = "external"
			continue
		}
		driver := n.Driver
		if driver == "" {
			driver = "bridge"
		}
		var subnets []string
		for _, c := range n.Ipam.Config {
			subnets = append(subnets, c.Subnet)
		}
		want["network "+name] = fmt.Sprint(driver, n.Internal, n.Attachable, subnets, sorted(n.DriverOpts))
	}
	for _, n := range facts.Networks {
		if n.External {
			got["network "+n.Name] = "external"
			continue
		}
		var subnets []string
		for _, s := range n.Subnets {
			subnets = append(subnets, s.Value)
		}
		options := map[string]string{}
		for _, o := range n.Options {
			options[o.Name] = o.Value.Value
		}
		got["network "+n.Name] = fmt.Sprint(n.Driver.Value, n.Internal.Value, n.Attachable.Value, subnets, sorted(options))
	}
}
