package agreement

// testImage is what the scenarios run that do not care what it is.
const testImage = "bulkhead-test/agreement:1"

// base asks for nothing that any rule minds, so that every scenario differs
// from it by what its name says.
func base(name string) spec {
	return spec{
		name: name, image: testImage,
		user: "10001:10001", capDrop: []string{"ALL"}, noNewPrivs: true, readOnly: true,
		memory: 128, memorySwap: 128, cpus: 0.5, pids: 100,
		logOpts: []string{"max-size=10m", "max-file=3"}, restart: "on-failure:5",
		healthCmd: []string{"/app", "health"}, noToken: true, policy: true,
	}
}

// asPod is base without what Kubernetes cannot say.
func asPod(name string) spec {
	s := base(name)
	s.memorySwap, s.pids, s.logOpts, s.restart = 0, 0, nil, ""
	return s
}

// with returns s after change.
func with(s spec, change func(*spec)) spec {
	change(&s)
	return s
}

// scenarios differ from base, or from what a pod can say of it, by one thing.
func scenarios() []spec {
	changes := []struct {
		name   string
		change func(*spec)
	}{
		{"clean", func(*spec) {}},
		{"root", func(s *spec) { s.user = "0" }},
		{"root-name", func(s *spec) { s.user = "root" }},
		{"root-pair", func(s *spec) { s.user = "0:0" }},
		{"root-default", func(s *spec) { s.user = "" }},
		{"root-group", func(s *spec) { s.user = "10001:0" }},
		{"group-zero", func(s *spec) { s.groups = []string{"0"} }},
		{"privileged", func(s *spec) { s.privileged = true }},
		{"sys-admin", func(s *spec) { s.capAdd = []string{"SYS_ADMIN"} }},
		{"net-admin", func(s *spec) { s.capAdd = []string{"NET_ADMIN"} }},
		{"net-raw", func(s *spec) { s.capAdd = []string{"NET_RAW"} }},
		{"cap-all", func(s *spec) { s.capAdd = []string{"ALL"} }},
		{"bind-service", func(s *spec) { s.capAdd = []string{"NET_BIND_SERVICE"} }},
		{"no-drop", func(s *spec) { s.capDrop = nil }},
		{"escalation", func(s *spec) { s.noNewPrivs = false }},
		{"writable", func(s *spec) { s.readOnly = false }},
		{"tmpfs-unbounded", func(s *spec) { s.tmpfs, s.memory, s.memorySwap = []string{"/tmp"}, 0, 0 }},
		{"tmpfs-bounded", func(s *spec) { s.tmpfs = []string{"/tmp:size=16m"} }},
		{"tmpfs-exec", func(s *spec) { s.tmpfs = []string{"/tmp:exec,size=16m"} }},
		{"seccomp-off", func(s *spec) { s.seccomp = "unconfined" }},
		{"apparmor-off", func(s *spec) { s.appArmor = "unconfined" }},
		{"selinux-off", func(s *spec) { s.seLinux = "disable" }},
		{"unmasked", func(s *spec) { s.unmasked = true }},
		{"host-pid", func(s *spec) { s.hostPID = true }},
		{"host-ipc", func(s *spec) { s.hostIPC = true }},
		{"host-uts", func(s *spec) { s.hostUTS = true }},
		{"host-net", func(s *spec) { s.hostNet = true }},
		{"host-user", func(s *spec) { s.hostUser = true }},
		{"host-cgroup", func(s *spec) { s.cgroupHost = true }},
		{"cgroup-parent", func(s *spec) { s.parent = "/other" }},
		{"socket", func(s *spec) { s.mounts = []bind{{source: "/var/run/docker.sock", target: "/var/run/docker.sock"}} }},
		{"socket-ro", func(s *spec) { s.mounts = []bind{{source: "/var/run/docker.sock", target: "/s", readOnly: true}} }},
		{"socket-run", func(s *spec) { s.mounts = []bind{{source: "/run/docker.sock", target: "/s"}} }},
		{"socket-parent", func(s *spec) { s.mounts = []bind{{source: "/var/run", target: "/host/run"}} }},
		{"socket-dots", func(s *spec) { s.mounts = []bind{{source: "/var/lib/../run/docker.sock", target: "/s"}} }},
		{"mount-root", func(s *spec) { s.mounts = []bind{{source: "/", target: "/host"}} }},
		{"mount-root-ro", func(s *spec) { s.mounts = []bind{{source: "/", target: "/host", readOnly: true}} }},
		{"mount-etc", func(s *spec) { s.mounts = []bind{{source: "/etc", target: "/host/etc"}} }},
		{"mount-etc-ro", func(s *spec) { s.mounts = []bind{{source: "/etc", target: "/host/etc", readOnly: true}} }},
		{"mount-proc", func(s *spec) { s.mounts = []bind{{source: "/proc", target: "/host/proc"}} }},
		{"mount-sys", func(s *spec) { s.mounts = []bind{{source: "/sys", target: "/host/sys"}} }},
		{"mount-root-home", func(s *spec) { s.mounts = []bind{{source: "/root", target: "/data"}} }},
		{"mount-docker", func(s *spec) { s.mounts = []bind{{source: "/var/lib/docker", target: "/d"}} }},
		{"mount-data", func(s *spec) { s.mounts = []bind{{source: "/srv", target: "/data"}} }},
		{"mount-data-ro", func(s *spec) { s.mounts = []bind{{source: "/srv", target: "/data", readOnly: true}} }},
		{"volume", func(s *spec) { s.volumes = []string{"agreement-data:/data"} }},
		{"propagation", func(s *spec) {
			s.mounts = []bind{{source: "/srv", target: "/data", readOnly: true, propagation: "rshared"}}
		}},
		{"device", func(s *spec) { s.devices = []string{"/dev/fuse"} }},
		{"no-memory", func(s *spec) { s.memory, s.memorySwap = 0, 0 }},
		{"swap", func(s *spec) { s.memorySwap = 256 }},
		{"swap-unlimited", func(s *spec) { s.memorySwap = -1 }},
		{"swap-default", func(s *spec) { s.memorySwap = 0 }},
		{"no-cpu", func(s *spec) { s.cpus = 0 }},
		{"no-pids", func(s *spec) { s.pids = 0 }},
		{"pids-unlimited", func(s *spec) { s.pids = -1 }},
		{"nofile", func(s *spec) { s.ulimits = []string{"nofile=1024:2048"} }},
		{"oom-kill", func(s *spec) { s.oomKill = true }},
		{"log-none", func(s *spec) { s.logDriver, s.logOpts = "none", nil }},
		{"log-unbounded", func(s *spec) { s.logDriver, s.logOpts = "json-file", nil }},
		{"log-default", func(s *spec) { s.logOpts = nil }},
		{"restart-always", func(s *spec) { s.restart = "always" }},
		{"restart-on-failure", func(s *spec) { s.restart = "on-failure" }},
		{"restart-no", func(s *spec) { s.restart = "" }},
		{"no-health", func(s *spec) { s.healthCmd = nil }},
		{"health-off", func(s *spec) { s.healthCmd, s.noHealth = nil, true }},
		{"published", func(s *spec) { s.ports = []port{{host: 18080, container: 8080}} }},
		{"published-any", func(s *spec) { s.ports = []port{{ip: "0.0.0.0", host: 18080, container: 8080}} }},
		{"published-loopback", func(s *spec) { s.ports = []port{{ip: "127.0.0.1", host: 18080, container: 8080}} }},
		{"published-low", func(s *spec) { s.ports = []port{{host: 81, container: 8080}} }},
		{"published-ssh", func(s *spec) { s.ports = []port{{host: 2222, container: 22}} }},
		{"published-postgres", func(s *spec) { s.ports = []port{{host: 15432, container: 5432}} }},
		{"publish-all", func(s *spec) { s.publishAll = true }},
		{"secret-name", func(s *spec) { s.env = []string{"DB_PASSWORD=4cc3ss-th3-d4t4"} }},
		{"secret-shape", func(s *spec) { s.env = []string{"SETTING=ghp_16C7e42F292c6912E7710c838347Ae178B4a"} }},
		{"secret-url", func(s *spec) { s.env = []string{"DATABASE=postgres://shop:4cc3ss-th3-d4t4@db:5432/shop"} }},
		{"secret-file", func(s *spec) { s.env = []string{"DB_PASSWORD_FILE=/run/secrets/db"} }},
		{"secret-both", func(s *spec) {
			s.env = []string{"DB_PASSWORD=4cc3ss-th3-d4t4", "DB_PASSWORD_FILE=/run/secrets/db"}
		}},
		{"plain-env", func(s *spec) { s.env = []string{"AUTH_MODE=none", "TOKENIZERS_PARALLELISM=false"} }},
		{"docker-host", func(s *spec) { s.env = []string{"DOCKER_HOST=tcp://172.17.0.1:2375"} }},
		{"lying-label", func(s *spec) { s.labels = []string{"privileged=true"} }},
		{"sysctl", func(s *spec) { s.sysctls = []string{"net.ipv4.ip_forward=1"} }},
		{"stdin", func(s *spec) { s.stdin = true }},
		{"tty", func(s *spec) { s.tty = true }},
		{"bridge", func(s *spec) { s.bridge = true }},
		{"latest", func(s *spec) { s.image = "bulkhead-test/agreement:latest" }},
		{"untagged", func(s *spec) { s.image = "bulkhead-test/agreement" }},
		{"end-of-life", func(s *spec) { s.image = "node:16-alpine" }},
		{"end-of-life-os", func(s *spec) { s.image = "debian:10" }},
		{"data-store", func(s *spec) { s.image, s.ports = "postgres:17", []port{{host: 15433, container: 5432}} }},
		{"deprecated", func(s *spec) { s.image = "openjdk:17-slim" }},
	}
	var out []spec
	for _, c := range changes {
		for i, b := range []spec{base(c.name), asPod("pod-" + c.name)} {
			s := with(b, c.change)
			s.filesOnly = i > 0
			if _, ok := s.pod(); ok || i == 0 {
				out = append(out, s)
			}
		}
	}
	return out
}

// builds are scenarios whose verdict depends on the Dockerfile.
func builds() []spec {
	from := "FROM " + testImage + "\n"
	dockerfiles := []struct{ name, text string }{
		{"build-inherited-user", from},
		{"build-root", from + "USER root\n"},
		{"build-zero", from + "USER 0:0\n"},
		{"build-name", from + "USER app\n"},
		{"build-number", from + "USER 10001:10001\n"},
		{"build-root-group", from + "USER 10001:0\n"},
		{"build-arg-user", "ARG WHO=root\n" + from + "ARG WHO=root\nUSER $WHO\n"},
		{"build-stage-user", from + "USER root\nFROM " + testImage + "\nUSER 10001\n"},
		{"build-health", from + "HEALTHCHECK CMD [\"/app\", \"health\"]\n"},
		{"build-health-none", from + "HEALTHCHECK NONE\n"},
		{"build-secret", from + "ENV API_KEY=9f86d081884c7d659a2feaa0c55ad015\n"},
		{"build-secret-url", from + "ENV DATABASE=postgres://shop:4cc3ss-th3-d4t4@db/shop\n"},
		{"build-no-secret", from + "ENV AUTH_MODE=none PASSWORD_FILE=/run/secrets/p\n"},
		{"build-expose-ssh", from + "EXPOSE 22\n"},
	}
	var out []spec
	for _, d := range dockerfiles {
		s := asPod(d.name)
		s.user, s.healthCmd = "", nil
		s.dockerfile, s.tag = d.text, "bulkhead-test/"+d.name+":1"
		out = append(out, s)
	}
	return out
}
