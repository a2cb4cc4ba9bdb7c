package agreement

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A spec is one container, described once. Every field that is not its zero
// value asks for something; the renderings say it in their own words.
type spec struct {
	filesOnly bool // the same container is made for another scenario

	name string

	// Image: either a reference, or a Dockerfile that makes it.
	image      string
	dockerfile string
	tag        string // of the image built from dockerfile

	user       string
	privileged bool
	capAdd     []string
	capDrop    []string
	noNewPrivs bool
	readOnly   bool
	seccomp    string // "unconfined"
	appArmor   string // "unconfined"
	seLinux    string // "disable"
	unmasked   bool
	hostPID    bool
	hostIPC    bool
	hostUTS    bool
	hostNet    bool
	hostUser   bool
	cgroupHost bool
	parent     string
	mounts     []bind
	volumes    []string // name:target
	tmpfs      []string // target or target:options
	devices    []string
	memory     int // MiB
	memorySwap int // MiB, -1 is no limit
	cpus       float64
	pids       int
	ulimits    []string
	oomKill    bool // the killer is off
	logDriver  string
	logOpts    []string
	restart    string
	healthCmd  []string
	noHealth   bool // health check switched off
	ports      []port
	publishAll bool
	env        []string
	labels     []string
	sysctls    []string
	stdin, tty bool
	groups     []string
	bridge     bool // on the default bridge instead of a network of its own
	noToken    bool // Kubernetes: no service account token
	policy     bool // Kubernetes: a NetworkPolicy selects the pod
}

// network is the network every container of a scenario is on.
const network = "bulkhead-agreement"

type bind struct {
	source, target string
	readOnly       bool
	propagation    string
}

type port struct {
	ip              string
	host, container int
}

func (p port) String() string {
	s := strconv.Itoa(p.host) + ":" + strconv.Itoa(p.container)
	if p.ip != "" {
		s = p.ip + ":" + s
	}
	return s
}

// mode returns the options a bind mount has behind its target.
func (b bind) mode() string {
	var o []string
	if b.readOnly {
		o = append(o, "ro")
	}
	if b.propagation != "" {
		o = append(o, b.propagation)
	}
	if len(o) == 0 {
		return ""
	}
	return ":" + strings.Join(o, ",")
}

// runArgs returns the arguments of docker run that make s, the image last.
func (s spec) runArgs() []string {
	a := []string{"--name", s.name}
	flag := func(on bool, words ...string) {
		if on {
			a = append(a, words...)
		}
	}
	each := func(name string, values []string) {
		for _, v := range values {
			a = append(a, name, v)
		}
	}
	flag(s.user != "", "--user", s.user)
	flag(s.privileged, "--privileged")
	each("--cap-add", s.capAdd)
	each("--cap-drop", s.capDrop)
	flag(s.noNewPrivs, "--security-opt", "no-new-privileges:true")
	flag(s.seccomp != "", "--security-opt", "seccomp="+s.seccomp)
	flag(s.appArmor != "", "--security-opt", "apparmor="+s.appArmor)
	flag(s.seLinux != "", "--security-opt", "label="+s.seLinux)
	flag(s.unmasked, "--security-opt", "systempaths=unconfined")
	flag(s.readOnly, "--read-only")
	flag(s.hostPID, "--pid", "host")
	flag(s.hostIPC, "--ipc", "host")
	flag(s.hostUTS, "--uts", "host")
	flag(s.hostNet, "--network", "host")
	flag(s.hostUser, "--userns", "host")
	flag(s.cgroupHost, "--cgroupns", "host")
	flag(s.parent != "", "--cgroup-parent", s.parent)
	flag(!s.hostNet && !s.bridge, "--network", network)
	for _, m := range s.mounts {
		a = append(a, "-v", m.source+":"+m.target+m.mode())
	}
	each("-v", s.volumes)
	each("--tmpfs", s.tmpfs)
	each("--device", s.devices)
	flag(s.memory != 0, "--memory", strconv.Itoa(s.memory)+"m")
	flag(s.memorySwap > 0, "--memory-swap", strconv.Itoa(s.memorySwap)+"m")
	flag(s.memorySwap < 0, "--memory-swap", "-1")
	flag(s.cpus != 0, "--cpus", fmt.Sprint(s.cpus))
	flag(s.pids != 0, "--pids-limit", strconv.Itoa(s.pids))
	each("--ulimit", s.ulimits)
	flag(s.oomKill, "--oom-kill-disable")
	flag(s.logDriver != "", "--log-driver", s.logDriver)
	each("--log-opt", s.logOpts)
	flag(s.restart != "", "--restart", s.restart)
	flag(len(s.healthCmd) > 0, "--health-cmd", strings.Join(s.healthCmd, " "))
	flag(s.noHealth, "--no-healthcheck")
	for _, p := range s.ports {
		a = append(a, "-p", p.String())
	}
	flag(s.publishAll, "-P")
	each("-e", s.env)
	each("--label", s.labels)
	each("--sysctl", s.sysctls)
	flag(s.stdin, "-i")
	flag(s.tty, "-t")
	each("--group-add", s.groups)
	return append(a, s.ref())
}

// ref returns the reference of the image s runs.
func (s spec) ref() string {
	if s.dockerfile != "" {
		return s.tag
	}
	return s.image
}

// compose returns a Compose file whose only service is s.
func (s spec) compose() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	list := func(key string, values []string) {
		if len(values) == 0 {
			return
		}
		line("    %s:", key)
		for _, v := range values {
			line("      - %q", v)
		}
	}
	yes := func(on bool, format string, args ...any) {
		if on {
			line("    "+format, args...)
		}
	}
	line("services:")
	line("  %s:", s.name)
	if s.dockerfile != "" {
		line("    build: .")
	}
	line("    image: %s", s.ref())
	yes(s.user != "", "user: %q", s.user)
	yes(s.privileged, "privileged: true")
	list("cap_add", s.capAdd)
	list("cap_drop", s.capDrop)
	list("security_opt", s.securityOpts())
	yes(s.readOnly, "read_only: true")
	yes(s.hostPID, "pid: host")
	yes(s.hostIPC, "ipc: host")
	yes(s.hostUTS, "uts: host")
	yes(s.hostNet, "network_mode: host")
	yes(s.bridge, "network_mode: bridge")
	if !s.hostNet && !s.bridge {
		list("networks", []string{network})
	}
	yes(s.hostUser, "userns_mode: host")
	yes(s.cgroupHost, "cgroup: host")
	yes(s.parent != "", "cgroup_parent: %s", s.parent)
	var volumes []string
	for _, m := range s.mounts {
		volumes = append(volumes, m.source+":"+m.target+m.mode())
	}
	list("volumes", append(volumes, s.volumes...))
	list("tmpfs", s.tmpfs)
	list("devices", s.devices)
	yes(s.memory != 0, "mem_limit: %dm", s.memory)
	yes(s.memorySwap > 0, "memswap_limit: %dm", s.memorySwap)
	yes(s.memorySwap < 0, "memswap_limit: -1")
	yes(s.cpus != 0, "cpus: %v", s.cpus)
	yes(s.pids != 0, "pids_limit: %d", s.pids)
	s.composeUlimits(line)
	yes(s.oomKill, "oom_kill_disable: true")
	s.composeLog(line)
	yes(s.restart != "", "restart: %q", s.restart)
	yes(s.noHealth, "healthcheck: {disable: true}")
	yes(len(s.healthCmd) > 0, "healthcheck: {test: %q}", strings.Join(s.healthCmd, " "))
	var ports []string
	for _, p := range s.ports {
		ports = append(ports, p.String())
	}
	list("ports", ports)
	list("environment", s.env)
	list("labels", s.labels)
	list("sysctls", s.sysctls)
	yes(s.stdin, "stdin_open: true")
	yes(s.tty, "tty: true")
	list("group_add", s.groups)
	line("networks:\n  %s: {external: true}", network)
	if len(s.volumes) > 0 {
		line("volumes:")
		for _, v := range s.volumes {
			name, _, _ := strings.Cut(v, ":")
			line("  %s: {}", name)
		}
	}
	return b.String()
}

func (s spec) composeUlimits(line func(string, ...any)) {
	if len(s.ulimits) == 0 {
		return
	}
	line("    ulimits:")
	for _, u := range s.ulimits {
		name, v, _ := strings.Cut(u, "=")
		soft, hard, ok := strings.Cut(v, ":")
		if !ok {
			hard = soft
		}
		line("      %s: {soft: %s, hard: %s}", name, soft, hard)
	}
}

func (s spec) composeLog(line func(string, ...any)) {
	if s.logDriver == "" && len(s.logOpts) == 0 {
		return
	}
	line("    logging:")
	if s.logDriver != "" {
		line("      driver: %s", s.logDriver)
	}
	if len(s.logOpts) > 0 {
		line("      options:")
	}
	for _, o := range s.logOpts {
		k, v, _ := strings.Cut(o, "=")
		line("        %s: %q", k, v)
	}
}

func (s spec) securityOpts() []string {
	var out []string
	if s.noNewPrivs {
		out = append(out, "no-new-privileges:true")
	}
	for _, o := range []struct{ key, value string }{{"seccomp", s.seccomp}, {"apparmor", s.appArmor}, {"label", s.seLinux}} {
		if o.value != "" {
			out = append(out, o.key+":"+o.value)
		}
	}
	if s.unmasked {
		out = append(out, "systempaths=unconfined")
	}
	return out
}

// pod returns a manifest of s, and false where Kubernetes cannot say all of it.
func (s spec) pod() (string, bool) {
	if s.hostUTS || s.cgroupHost || s.parent != "" || len(s.devices) > 0 || s.memorySwap != 0 || s.pids != 0 ||
		len(s.ulimits) > 0 || s.oomKill || s.logDriver != "" || len(s.logOpts) > 0 || s.publishAll ||
		s.noHealth || s.bridge || s.seLinux != "" || s.restart != "" && s.restart != "always" {
		return "", false
	}
	if s.user != "" && !numeric(s.user) {
		return "", false
	}
	if strings.Contains(s.dockerfile, "HEALTHCHECK") || slices.ContainsFunc(s.tmpfs, func(t string) bool { return strings.Contains(t, "exec") }) {
		return "", false // a cluster runs no image's health check; an emptyDir has no mount options
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	yes := func(on bool, format string, args ...any) {
		if on {
			line(format, args...)
		}
	}
	line("apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s", s.name)
	if len(s.labels) > 0 || s.policy {
		line("  labels:")
		yes(s.policy, "    app: %s", s.name)
		for _, l := range s.labels {
			k, v, _ := strings.Cut(l, "=")
			line("    %s: %q", k, v)
		}
	}
	line("spec:")
	yes(s.noToken, "  automountServiceAccountToken: false")
	yes(s.hostPID, "  hostPID: true")
	yes(s.hostIPC, "  hostIPC: true")
	yes(s.hostNet, "  hostNetwork: true")
	yes(s.hostUser, "  hostUsers: true")
	s.podSecurity(line)
	line("  containers:")
	line("    - name: %s", s.name)
	line("      image: %s", s.ref())
	yes(s.stdin, "      stdin: true")
	yes(s.tty, "      tty: true")
	yes(len(s.healthCmd) > 0, "      livenessProbe: {exec: {command: [%s]}}", strings.Join(s.healthCmd, ", "))
	s.containerSecurity(line)
	s.podPorts(line)
	if len(s.env) > 0 {
		line("      env:")
		for _, e := range s.env {
			k, v, _ := strings.Cut(e, "=")
			line("        - {name: %s, value: %q}", k, v)
		}
	}
	if s.memory != 0 || s.cpus != 0 {
		line("      resources:\n        limits:")
		yes(s.memory != 0, "          memory: %dMi", s.memory)
		yes(s.cpus != 0, "          cpu: %q", fmt.Sprint(s.cpus))
	}
	s.podMounts(line)
	if s.policy {
		line("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: %s}\nspec:\n  podSelector: {matchLabels: {app: %s}}\n  policyTypes: [Ingress, Egress]", s.name, s.name)
	}
	return b.String(), true
}

func numeric(user string) bool {
	return strings.Trim(user, "0123456789:") == ""
}

func (s spec) podSecurity(line func(string, ...any)) {
	if len(s.groups) == 0 && len(s.sysctls) == 0 {
		return
	}
	line("  securityContext:")
	if len(s.groups) > 0 {
		line("    supplementalGroups: [%s]", strings.Join(s.groups, ", "))
	}
	if len(s.sysctls) > 0 {
		line("    sysctls:")
	}
	for _, c := range s.sysctls {
		k, v, _ := strings.Cut(c, "=")
		line("      - {name: %s, value: %q}", k, v)
	}
}

func (s spec) containerSecurity(line func(string, ...any)) {
	line("      securityContext:")
	line("        privileged: %v", s.privileged)
	line("        allowPrivilegeEscalation: %v", !s.noNewPrivs)
	line("        readOnlyRootFilesystem: %v", s.readOnly)
	if u, g, ok := strings.Cut(s.user, ":"); u != "" {
		line("        runAsUser: %s", u)
		if ok {
			line("        runAsGroup: %s", g)
		}
	}
	if s.seccomp == "unconfined" {
		line("        seccompProfile: {type: Unconfined}")
	} else {
		line("        seccompProfile: {type: RuntimeDefault}") // Docker's own default
	}
	if s.appArmor == "unconfined" {
		line("        appArmorProfile: {type: Unconfined}")
	}
	if s.unmasked {
		line("        procMount: Unmasked")
	}
	if len(s.capAdd)+len(s.capDrop) > 0 {
		line("        capabilities:")
		line("          add: [%s]", strings.Join(s.capAdd, ", "))
		line("          drop: [%s]", strings.Join(s.capDrop, ", "))
	}
}

func (s spec) podPorts(line func(string, ...any)) {
	if len(s.ports) == 0 {
		return
	}
	line("      ports:")
	for _, p := range s.ports {
		if p.ip != "" {
			line("        - {containerPort: %d, hostPort: %d, hostIP: %q}", p.container, p.host, p.ip)
		} else {
			line("        - {containerPort: %d, hostPort: %d}", p.container, p.host)
		}
	}
}

func (s spec) podMounts(line func(string, ...any)) {
	if len(s.mounts)+len(s.volumes)+len(s.tmpfs) == 0 {
		return
	}
	var volumes []string
	line("      volumeMounts:")
	for i, m := range s.mounts {
		line("        - name: bind-%d\n          mountPath: %s\n          readOnly: %v", i, m.target, m.readOnly)
		if m.propagation == "shared" || m.propagation == "rshared" {
			line("          mountPropagation: Bidirectional")
		}
		volumes = append(volumes, fmt.Sprintf("    - {name: bind-%d, hostPath: {path: %s}}", i, m.source))
	}
	for _, v := range s.volumes {
		name, target, _ := strings.Cut(v, ":")
		line("        - {name: %s, mountPath: %s}", name, target)
		volumes = append(volumes, fmt.Sprintf("    - {name: %s, persistentVolumeClaim: {claimName: %s}}", name, name))
	}
	for i, t := range s.tmpfs {
		target, options, _ := strings.Cut(t, ":")
		line("        - {name: tmpfs-%d, mountPath: %s}", i, path.Clean(target))
		size := ""
		if _, v, ok := strings.Cut(options, "size="); ok {
			v, _, _ = strings.Cut(v, ",")
			size = ", sizeLimit: " + strings.ToUpper(strings.TrimSuffix(v, "m")) + "Mi"
		}
		volumes = append(volumes, fmt.Sprintf("    - {name: tmpfs-%d, emptyDir: {medium: Memory%s}}", i, size))
	}
	line("  volumes:\n%s", strings.Join(volumes, "\n"))
}
