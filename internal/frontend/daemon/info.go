package daemon

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"bulkhead/internal/frontend/internal/dockerjson"
	"bulkhead/internal/model"
)

// info is the part of docker info that the facts are made of.
type info struct {
	Name               string
	ServerVersion      string
	Driver             string
	LoggingDriver      string
	CgroupVersion      string
	SwapLimit          *bool
	Debug              bool
	ExperimentalBuild  *bool
	LiveRestoreEnabled *bool
	SecurityOptions    []string
	Plugins            struct{ Authorization []string }
	RegistryConfig     *struct {
		InsecureRegistryCIDRs []string
		IndexConfigs          map[string]struct{ Secure bool }
	}
	FirewallBackend *struct{ Driver string }
	OSType          string

	// Live facts that are not the engine's word; see readInfo.
	ICC        *bool
	SocketMode *int
	LSM        []string
	Listen     []string
}

// subject is what places in docker info begin with.
const subject = "daemon"

// readInfo reads docker info. The object may have keys no engine writes, facts
// of the machine at the time of the snapshot: ICC, the option of the default
// bridge; SocketMode, the permission bits of the engine's socket; LSM, the
// active security modules; Listen, where the engine listens.
//
// What docker info does not say is unknown, not the default.
func readInfo(facts *model.Facts, text []byte) {
	var in info
	if fault, bad := dockerjson.TypeFault(subject, model.Daemon, json.Unmarshal(text, &in)); bad {
		facts.Faults = append(facts.Faults, fault)
	}
	name := in.Name
	if name == "" {
		name = subject
	}
	h := &model.Host{
		Name:          name,
		Surface:       model.Daemon,
		Live:          true,
		Version:       said("ServerVersion", in.ServerVersion, in.ServerVersion != ""),
		StorageDriver: said("Driver", in.Driver, in.Driver != ""),

		ICC:           optional("icc", in.ICC),
		SwapLimit:     optional("SwapLimit", in.SwapLimit),
		LiveRestore:   optional("LiveRestoreEnabled", in.LiveRestoreEnabled),
		Experimental:  optional("ExperimentalBuild", in.ExperimentalBuild),
		SocketMode:    optional("SocketMode", in.SocketMode),
		LogLevel:      said("Debug", "debug", in.Debug),
		IPTables:      said("FirewallBackend", true, in.FirewallBackend != nil),
		TLSVerify:     said("", false, false),
		Ulimits:       said("", false, false),
		UserlandProxy: said("", false, false),

		Authorization:      in.list("Plugins.Authorization", in.Plugins.Authorization),
		Listen:             in.list("Listen", in.Listen),
		InsecureRegistries: in.insecure(),
		LSM:                in.LSM,
	}
	if in.Listen == nil {
		h.Listen.State = model.Unknown
	}
	version, err := strconv.Atoi(in.CgroupVersion)
	h.CgroupVersion = said("CgroupVersion", version, err == nil)
	// The options of the log driver are not said, so only a driver that keeps
	// nothing or bounds itself is known.
	h.Log = said("LoggingDriver", model.LogConfig{Driver: in.LoggingDriver},
		in.LoggingDriver != "" && in.LoggingDriver != "json-file")
	in.security(h)
	facts.Hosts = append(facts.Hosts, h)
}

// said returns the fact at field, Unknown where docker info does not say it.
func said[T any](field string, v T, known bool) model.Fact[T] {
	fact := model.Fact[T]{Value: v, State: model.Set, Path: subject}
	if field != "" {
		fact.Path = dockerjson.Path(subject, field)
	}
	if !known {
		var none T
		fact.Value, fact.State = none, model.Unknown
	}
	return fact
}

// optional returns the fact at field, Unknown where v is nil.
func optional[T any](field string, v *T) model.Fact[T] {
	var value T
	if v != nil {
		value = *v
	}
	return said(field, value, v != nil)
}

func (in *info) list(field string, values []string) model.List[string] {
	out := model.List[string]{State: state(len(values) > 0), Path: dockerjson.Path(subject, field)}
	for _, v := range values {
		out.Items = append(out.Items, model.Fact[string]{Value: v, State: model.Set, Path: out.Path + "[" + v + "]"})
	}
	return out
}

// insecure returns the registries that are used without TLS, but for the
// loopback, which every engine has.
func (in *info) insecure() model.List[string] {
	if in.RegistryConfig == nil {
		return model.List[string]{State: model.Unknown, Path: dockerjson.Path(subject, "RegistryConfig")}
	}
	var all []string
	for _, cidr := range in.RegistryConfig.InsecureRegistryCIDRs {
		if cidr != "127.0.0.0/8" && cidr != "::1/128" {
			all = append(all, cidr)
		}
	}
	for name, index := range in.RegistryConfig.IndexConfigs {
		if !index.Secure {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return in.list("RegistryConfig", all)
}

// security reads SecurityOptions: "name=seccomp,profile=default", or before
// API 1.25 "seccomp".
func (in *info) security(h *model.Host) {
	options := map[string]string{}
	for _, o := range in.SecurityOptions {
		name, rest, _ := strings.Cut(strings.TrimPrefix(o, "name="), ",")
		options[name] = strings.TrimPrefix(rest, "profile=")
	}
	has := func(name string) bool { _, ok := options[name]; return ok }
	h.Rootless = said("SecurityOptions", has("rootless"), true)
	h.UserNSRemap = model.Fact[string]{Path: dockerjson.Path(subject, "SecurityOptions")}
	if has("userns") {
		h.UserNSRemap.Value, h.UserNSRemap.State = "default", model.Set
	}
	// An engine below 23 does not say whether it is the default.
	major, _, _ := strings.Cut(in.ServerVersion, ".")
	n, err := strconv.Atoi(major)
	h.NoNewPrivileges = said("SecurityOptions", has("no-new-privileges"), has("no-new-privileges") || err == nil && n >= 23)
	h.Seccomp = in.seccomp(options["seccomp"], has("seccomp"))
}

// seccomp returns the profile containers get by default.
func (in *info) seccomp(profile string, enabled bool) model.Fact[string] {
	fact := said("SecurityOptions", profile, true)
	switch {
	case !enabled:
		fact.Value = "unconfined"
	case profile == "" || profile == "default" || profile == "builtin":
		fact.Value, fact.State = "default", model.Unset
	}
	return fact
}
