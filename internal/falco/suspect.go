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
	if e, err := l.parse(d.condition); err == nil {
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
		f.kind, f.done = EventType(i), map[*node]*folded{}
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
		l.warn(ExcludesIPv4, c.at.span(), d.item(), "leaves out every IPv4 socket: "+c.left.name+" is 4 for IPv4, 6 for IPv6, u for unix. "+
			"To leave out unix sockets, write fd.type in (ipv4, ipv6) or not fd.typechar = u")
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
	switch name {
	case "http_server_binaries", "db_server_binaries", "nosql_server_binaries", "web_server_binaries",
		"docker_binaries", "shell_binaries", "protected_shell_spawning_binaries", "shell_mgmt_binaries",
		"coreutils_binaries", "login_binaries", "passwd_binaries", "package_mgmt_binaries", "rpm_binaries",
		"deb_binaries", "sensitive_file_names", "network_tool_binaries", "ssl_mgmt_binaries", "dhcp_binaries",
		"userexec_binaries", "user_mgmt_binaries", "hids_binaries", "vpn_binaries", "mail_binaries":
		return "; upstream's rules define it: load them first"
	}
	return ""
}

// upstreamMacro returns the macro of upstream's that name is, or that it
// starts with, or "".
func upstreamMacro(name string) string {
	best := ""
	for _, m := range strings.Fields(upstreamMacros) {
		if name == m || strings.HasPrefix(name, m+"_") || strings.HasPrefix(m, name+"_") && len(name) > 5 {
			if name == m || len(m) > len(best) {
				best = m
			}
			if name == m {
				return m
			}
		}
	}
	return best
}

// upstreamMacros are the macros that rules written for upstream's take for
// granted.
const upstreamMacros = `open_write open_read open_directory open_file_failed never_true always_true rename mkdir remove modify
	spawned_process create_symlink create_hardlink kernel_module_load dup etc_dir root_dir bin_dir bin_dir_mkdir
	bin_dir_rename container container_started inbound outbound inbound_outbound interactive run_by_package_mgmt_binaries
	ssh_port system_procs proc_name_exists sensitive_files sensitive_mount shell_procs network_local_subnet
	consider_all_outbound_conns k8s_containers protected_shell_spawner user_known_shell_spawn_activities
	node_app_frontend somebody_becoming_themselves parent_java_running_zookeeper network_tool_procs`
