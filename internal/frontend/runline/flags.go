package runline

import (
	"strings"

	"bulkhead/internal/nearest"
)

// An arity says what a flag takes.
type arity byte

const (
	unknownFlag arity = iota
	boolean           // nothing, or =true or =false
	valued
)

// A flagSet is the flags of one command.
type flagSet struct {
	boolean, valued string            // long names, each between blanks
	short           map[byte]string   // short name to long name
	alias           map[string]string // long name to the long name it means
}

// look returns what the flag called name takes.
func (s *flagSet) look(name string) arity {
	name = " " + name + " "
	switch {
	case strings.Contains(s.boolean, name):
		return boolean
	case strings.Contains(s.valued, name):
		return valued
	}
	return unknownFlag
}

// misspelt returns the long flag that name is most likely a misspelling of, or "".
func (s *flagSet) misspelt(name string) string {
	if strings.Contains(name, hole) {
		return ""
	}
	return nearest.Misspelt(name, append(strings.Fields(s.boolean), strings.Fields(s.valued)...))
}

// canonical returns the name facts are read by.
func (s *flagSet) canonical(name string) string {
	if to, ok := s.alias[name]; ok {
		return to
	}
	return name
}

// globalFlags are the flags of docker and podman before the subcommand.
func globalFlags() *flagSet {
	return &flagSet{
		boolean: " debug tls tlsverify help version remote syslog noout trace transient-store ",
		valued: " config context host log-level tlscacert tlscert tlskey cgroup-manager conmon connection " +
			"default-mounts-file events-backend hooks-dir identity imagestore module namespace network-cmd-path " +
			"network-config-dir out pull-option root runroot runtime runtime-flag ssh storage-driver storage-opt " +
			"tmpdir url volumepath cdi-spec-dir ",
		short: map[byte]string{'D': "debug", 'H': "host", 'c': "context", 'l': "log-level", 'v': "version", 'r': "remote"},
	}
}

// runFlags are the flags of run and create: Docker's, then Podman's own.
func runFlags() *flagSet {
	return &flagSet{
		boolean: " detach disable-content-trust help init interactive no-healthcheck oom-kill-disable privileged " +
			"publish-all quiet read-only rm sig-proxy tty use-api-socket " +
			"env-host http-proxy no-hosts no-hostname passwd read-only-tmpfs replace rmi rootfs tls-verify " +
			"unsetenv-all env-merge-all ",
		valued: " add-host annotation attach blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns " +
			"cidfile cpu-count cpu-percent cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares cpus " +
			"cpuset-cpus cpuset-mems detach-keys device device-cgroup-rule device-read-bps device-read-iops " +
			"device-write-bps device-write-iops dns dns-opt dns-option dns-search domainname entrypoint env env-file " +
			"expose gpus group-add health-cmd health-interval health-retries health-start-interval " +
			"health-start-period health-timeout hostname io-maxbandwidth io-maxiops ip ip6 ipc isolation " +
			"kernel-memory label label-file link link-local-ip log-driver log-opt mac-address memory " +
			"memory-reservation memory-swap memory-swappiness mount name net net-alias network network-alias " +
			"oom-score-adj pid pids-limit platform publish pull restart runtime security-opt shm-size stop-signal " +
			"stop-timeout storage-opt sysctl tmpfs ulimit user userns uts volume volume-driver volumes-from workdir " +
			"arch authfile cert-dir cgroup-conf cgroups chrootdirs conmon-pidfile creds decryption-key env-merge " +
			"gidmap gpu group-entry health-log-destination health-max-log-count health-max-log-size " +
			"health-on-failure health-startup-cmd health-startup-interval health-startup-retries " +
			"health-startup-success health-startup-timeout hooks-dir hosts-file image-volume init-ctr init-path " +
			"intel-rdt-clos label-add os passwd-entry personality pidfile pod pod-id-file preserve-fd preserve-fds " +
			"rdt-class requires retry retry-delay sdnotify seccomp-policy secret shm-size-systemd subgidname " +
			"subuidname systemd timeout tz uidmap umask unsetenv variant ",
		short: map[byte]string{
			'a': "attach", 'c': "cpu-shares", 'd': "detach", 'e': "env", 'h': "hostname", 'i': "interactive",
			'l': "label", 'm': "memory", 'p': "publish", 'P': "publish-all", 'q': "quiet", 't': "tty", 'u': "user",
			'v': "volume", 'w': "workdir",
		},
		alias: map[string]string{"net": "network", "net-alias": "network-alias", "dns-opt": "dns-option"},
	}
}

// networkFlags are the flags of network create. --encrypted is none of
// Docker's: people write it for --opt encrypted.
func networkFlags() *flagSet {
	return &flagSet{
		boolean: " attachable config-only encrypted help ingress internal ipv4 ipv6 disable-dns ignore ",
		valued: " aux-address config-from driver gateway ip-range ipam-driver ipam-opt label opt scope subnet " +
			"dns interface-name route ",
		short: map[byte]string{'d': "driver", 'o': "opt"},
	}
}

// connectFlags are the flags of network connect.
func connectFlags() *flagSet {
	return &flagSet{
		boolean: " help ",
		valued:  " alias driver-opt gw-priority ip ip6 link link-local-ip mac-address ",
	}
}
