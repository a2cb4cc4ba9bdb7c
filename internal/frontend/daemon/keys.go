package daemon

import (
	"maps"
	"slices"
	"strconv"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// known are the keys dockerd accepts, of every version since 1.12: it does not
// start with a file that has another.
var known = [...]string{
	"add-runtime", "allow-direct-routing", "allow-nondistributable-artifacts", "api-cors-header", "api-enable-cors",
	"authorization-plugins", "bip", "bip6", "bridge", "bridge-accept-fwmark", "builder", "cdi-spec-dirs",
	"cgroup-parent", "cluster-advertise", "cluster-store", "cluster-store-opts", "containerd",
	"containerd-namespace", "containerd-plugin-namespace", "containerd-plugins-namespace", "cpu-rt-period",
	"cpu-rt-runtime", "cri-containerd", "data-root", "debug", "default-address-pools", "default-cgroupns-mode",
	"default-gateway", "default-gateway-v6", "default-ipc-mode", "default-network-opts", "default-runtime",
	"default-shm-size", "default-ulimit", "default-ulimits", "deprecated-key-path", "disable-legacy-registry",
	"dns", "dns-opts", "dns-search", "exec-opts", "exec-root", "experimental", "features", "firewall-backend",
	"fixed-cidr", "fixed-cidr-v6", "graph", "group", "host-gateway-ip", "host-gateway-ips", "hosts",
	"http-proxy", "https-proxy", "icc", "init", "init-path", "insecure-registries", "ip", "ip-forward",
	"ip-forward-no-drop", "ip-masq", "ip6tables", "iptables", "ipv6", "labels", "live-restore", "log-driver",
	"log-format", "log-level", "log-opts", "max-concurrent-downloads", "max-concurrent-uploads",
	"max-download-attempts", "metrics-addr", "min-api-version", "mtu", "network-control-plane-mtu",
	"network-diagnostic-port", "no-new-privileges", "no-proxy", "node-generic-resources", "nri-opts",
	"oom-score-adjust", "pidfile", "proxies", "raw-logs", "registry-mirrors", "rootless", "runtimes",
	"seccomp-profile", "selinux-enabled", "shutdown-timeout", "storage-driver", "storage-opts",
	"swarm-default-advertise-addr", "swarm-raft-election-tick", "swarm-raft-heartbeat-tick", "tls", "tlscacert",
	"tlscert", "tlskey", "tlsverify", "userland-proxy", "userland-proxy-path", "userns-remap", "validate",
}

// unknownKeys reports the keys dockerd does not know.
func (r *reader) unknownKeys() {
	for _, v := range r.doc.Pairs() {
		if !slices.Contains(known[:], v.Key()) {
			r.fault(v.KeySpan(), "key "+key(v.Key())+" is not one dockerd knows, so it does not start")
		}
	}
}

// key returns a key as printed.
func key(k string) string { return strconv.Quote(k) }

// setOptions returns the edits that give opts, a mapping that may be absent,
// each of want.
func setOptions(opts yamltext.Value, want map[string]string) []source.Edit {
	names := slices.Sorted(maps.Keys(want))
	if len(opts.Pairs()) == 0 {
		var entries []yamltext.Entry
		for _, k := range names {
			entries = append(entries, yamltext.Entry{Key: k, Value: yamltext.Str(want[k])})
		}
		if len(entries) == 0 {
			return nil
		}
		return opts.Set(yamltext.Map(entries...))
	}
	var edits []source.Edit
	for _, k := range names {
		if v := opts.Get(k); v.Kind() != yamltext.String || v.Text() != want[k] {
			edits = append(edits, v.Set(yamltext.Str(want[k]))...)
		}
	}
	return edits
}

// state returns Set where said holds.
func state(said bool) model.State {
	if said {
		return model.Set
	}
	return model.Unset
}
