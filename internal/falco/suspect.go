package falco

import (
	"slices"
	"strings"
)

// suspect reports conditions that load and do not do what they say.
func (l *loader) suspect(d *ruleDef, n *node, t typeSet) {
	if l.dead(n, t) {
		l.warn(NeverMatches, d.condition.place(0).span(), d.item(), "no event can make the condition true")
	}
	if e, errs := l.parse(d.condition); len(errs) == 0 {
		l.suspectText(d, e)
	}
}

// dead reports whether n is false for every type of event. A condition that is
// switched off by evt.num=0, as upstream's never_true does, is not meant.
func (l *loader) dead(n *node, t typeSet) bool {
	f := &folder{symbols: l.symbols, byKey: map[string]*folded{}, numbered: true}
	for i := range l.symbols.types.names {
		if !t.neutral && !t.has[i] {
			continue
		}
		f.in, f.done = situation{kind: EventType(i)}, map[*node]*folded{}
		if f.fold(n).kind != nodeFalse {
			return false
		}
	}
	return true
}

// suspectText looks at a condition as written, macros not put in: what is in
// them is the business of who wrote them.
func (l *loader) suspectText(d *ruleDef, e *expr) {
	l.typechar(d, e, 0)
	for _, c := range checksOf(e) {
		if c.op != opIn && c.op != opIntersects && c.op != opPmatch {
			continue
		}
		for _, v := range c.values {
			if !v.quoted && looksLikeList(v.s) {
				l.warn(UnknownList, v.at.span(), d.item(), "'"+v.s+"' is compared as a word: no list of that name is defined"+upstreamList(v.s))
			}
		}
	}
}

// typechar reports "not fd.typechar=4" and the like: 4 is IPv4, so a rule
// about connections that leaves it out leaves out nearly all of them.
func (l *loader) typechar(d *ruleDef, e *expr, negations int) {
	if e.kind == exprNot {
		negations++
	}
	for _, k := range e.kids {
		l.typechar(d, k, negations)
	}
	c := e.check
	if c == nil || c.left.kind != operandField || c.left.name != "fd.typechar" && c.left.name != "fd.type" {
		return
	}
	four := slices.ContainsFunc(c.values, func(v value) bool { return v.s == "4" || v.s == "ipv4" })
	excluded := (negations%2 == 1) != (c.op == opNe)
	if four && excluded && (c.op == opEq || c.op == opNe || c.op == opIn) {
		kinds := "fd.typechar is 4 for IPv4, 6 for IPv6, u for unix"
		if c.left.name == "fd.type" {
			kinds = "fd.type is ipv4, ipv6 or unix"
		}
		l.warn(ExcludesIPv4, c.at.span(), d.item(), "leaves out every IPv4 socket: "+kinds+". To leave out unix sockets, write fd.type in (ipv4, ipv6)")
	}
}

// looksLikeList reports whether a word is the name of a list rather than that
// of a program, a path or an event.
func looksLikeList(s string) bool {
	if lexIdentifier(s) != len(s) {
		return false
	}
	for _, end := range []string{"_binaries", "_list", "_procs", "_programs", "_dirs", "_directories", "_files", "_images", "_ips", "_ports", "_syscalls"} {
		if strings.HasSuffix(s, end) {
			return true
		}
	}
	return false
}

// upstreamList says where a list of upstream's is to be had.
func upstreamList(name string) string {
	if slices.Contains(strings.Fields(upstreamLists), name) {
		return "; upstream's rules define it: load them first"
	}
	return ""
}

// upstreamMacro returns the macro of upstream's that name is, or the longest
// that it starts with, or "".
func upstreamMacro(name string) string {
	best := ""
	for m := range strings.FieldsSeq(upstreamMacros) {
		if name == m {
			return m
		}
		if strings.HasPrefix(name, m+"_") && len(m) > len(best) {
			best = m
		}
	}
	return best
}

// upstreamMacros are the macros that rules written for upstream's take for
// granted.
const upstreamMacros = `open_write open_read open_directory open_file_failed never_true proc_name_exists spawned_process
	create_symlink create_hardlink kernel_module_load dup etc_dir shell_procs server_procs run_by_package_mgmt_binaries
	sensitive_files proc_is_new container container_started container_entrypoint interactive rename mkdir remove modify
	chmod bin_dir root_dir package_mgmt_procs package_mgmt_ancestor_procs system_procs inbound outbound inbound_outbound
	user_ssh_directory directory_traversal k8s_containers k8s_api_server network_tool_procs remote_file_copy_procs
	network_local_subnet private_key_or_password protected_shell_spawner curl_download`

// upstreamLists are the lists that they do.
const upstreamLists = `bpf_profiled_binaries coreutils_binaries cron_binaries db_server_binaries deb_binaries dev_creation_binaries
	dhcp_binaries docker_binaries gitlab_binaries grep_binaries hids_binaries http_proxy_binaries
	http_server_binaries ingress_remote_file_copy_binaries interpreted_binaries k8s_binaries k8s_client_binaries
	login_binaries lxd_binaries mail_binaries mail_config_binaries mesos_shell_binaries miner_binaries
	ms_oms_binaries needrestart_binaries network_plugin_binaries network_tool_binaries nomachine_binaries
	nosql_server_binaries openscap_rpm_binaries package_mgmt_binaries passwd_binaries plesk_binaries
	postgres_mgmt_binaries protected_shell_spawning_binaries read_sensitive_file_binaries recon_binaries
	remote_file_copy_binaries rpm_binaries shadowutils_binaries shell_binaries shell_mgmt_binaries ssh_binaries
	sshkit_script_binaries ssl_mgmt_binaries sysdigcloud_binaries user_mgmt_binaries userexec_binaries
	veritas_binaries vpn_binaries web_server_binaries`
