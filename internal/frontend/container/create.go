package container

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"bulkhead/internal/frontend/internal/dockerjson"
	"bulkhead/internal/model"
)

// A Created is a request to create a container, read.
type Created struct {
	Workload    *model.Workload
	Args        []string // of the docker run line that asks for the same; nil where there is none
	VolumesFrom []string // containers whose mounts it takes, each with :ro or :rw as asked
	Networks    []string // that it joins, by name or id, besides its mode
	Beyond      []Beyond
}

// A Beyond is something a request asks for that the model has no word for.
type Beyond struct {
	Kind  string // in words: "volume driver"
	Value string
	Path  string // "request: HostConfig.VolumeDriver"
}

// CreateOptions are what the text of a request cannot tell.
type CreateOptions struct {
	Subject string // what is asked, as printed
	Name    string // the container's, "" where the engine chooses

	// Volume returns the driver and the driver's options of a volume that is
	// there already, and false where none is.
	Volume func(name string) (driver string, options map[string]string, ok bool)
}

// createBody is the body of a request to create a container. Engines up to 24
// also take the fields of HostConfig from the top level, where there is no
// HostConfig.
type createBody struct {
	HostConfig       *hostConfig
	NetworkingConfig *struct{ EndpointsConfig map[string]*endpoint }
}

// Create reads the JSON object body as the engine does: keys match whatever
// their case, and what is written twice is merged as package json merges it,
// because these structs have the engine's types.
func Create(body []byte, o CreateOptions) (*Created, error) {
	var top createBody
	var config dockerjson.Config
	if err := json.Unmarshal(body, &top); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(body, &config); err != nil {
		return nil, err
	}
	host := top.HostConfig
	if host == nil {
		host = &hostConfig{}
		if err := json.Unmarshal(body, host); err != nil {
			return nil, err
		}
	}
	in := &inspect{Name: o.Name, Config: &config, HostConfig: host}
	if top.NetworkingConfig != nil {
		in.NetworkSettings = &networkSettings{Networks: top.NetworkingConfig.EndpointsConfig}
	}
	return created(in, o), nil
}

// Update reads the body of a request to change a container's limits, which
// has the fields of HostConfig at its top level.
func Update(body []byte, o CreateOptions) (*Created, error) {
	in := &inspect{Name: o.Name, HostConfig: &hostConfig{}}
	if err := json.Unmarshal(body, in.HostConfig); err != nil {
		return nil, err
	}
	out := created(in, o)
	out.Args = nil
	return out, nil
}

// created returns what in asks for.
func created(in *inspect, o CreateOptions) *Created {
	h := in.HostConfig
	for i, opt := range h.SecurityOpt {
		if opt == "disable" { // the engine takes it for label=disable
			h.SecurityOpt[i] = "label=disable"
		}
	}
	r := reader{in: in, subject: o.Subject}
	out := &Created{VolumesFrom: h.VolumesFrom}
	in.Volumes = r.knownVolumes(o, out)
	w := r.workload()
	w.Surface, w.Image.Surface = model.Request, model.Request
	w.Container = w.Name
	if w.Name == "" {
		w.Name = o.Subject
	}
	r.host = h
	r.onHostNetwork(w)
	w.UnmaskedPaths = fact(r, "MaskedPaths", h.opened(), false)
	w.CapAdd.Items = append(w.CapAdd.Items, list(r, "Capabilities", capabilities(h.Capabilities)).Items...)
	for i, opt := range h.SecurityOpt {
		if name, value := splitOption(opt); name == "seccomp" && allowsAll(value) {
			w.Seccomp = model.Fact[string]{Value: "unconfined", State: model.Set, Path: r.at("HostConfig.SecurityOpt[seccomp]")}
			h.SecurityOpt[i] = "seccomp=unconfined" // what it comes to, and fits a line
		}
	}
	r.beyond(out)
	out.Beyond = append(out.Beyond, OddNamespaces(w)...)
	if in.NetworkSettings != nil {
		out.Networks = slices.Sorted(maps.Keys(in.NetworkSettings.Networks))
	}
	out.Workload = w
	out.Args = r.args()
	return out
}

// knownVolumes returns the options of the volumes the container uses that are
// there already, and notes those of other drivers.
func (r reader) knownVolumes(o CreateOptions, out *Created) map[string]map[string]string {
	all := map[string]map[string]string{}
	if o.Volume == nil {
		return all
	}
	for _, name := range r.in.HostConfig.volumeNames() {
		driver, options, ok := o.Volume(name)
		switch {
		case !ok:
		case driver != "" && driver != "local":
			out.Beyond = append(out.Beyond, Beyond{"volume driver", driver, r.at("volume " + name)})
		default:
			all[name] = options
			out.Beyond = append(out.Beyond, LocalVolume(options, r.at("volume "+name))...)
		}
	}
	return all
}

// volumeNames returns the names of the volumes that h uses.
func (h *hostConfig) volumeNames() []string {
	var out []string
	for _, b := range h.Binds {
		if name, _, ok := strings.Cut(b, ":"); ok && !strings.HasPrefix(name, "/") && !relative(name) {
			out = append(out, name)
		}
	}
	for _, m := range h.Mounts {
		if m.Type == "volume" && m.Source != "" && !relative(m.Source) {
			out = append(out, m.Source)
		}
	}
	return out
}

// onHostNetwork makes w's network the host's where an endpoint says so.
func (r reader) onHostNetwork(w *model.Workload) {
	if r.in.NetworkSettings == nil {
		return
	}
	if _, ok := r.in.NetworkSettings.Networks["host"]; ok {
		w.Network = model.Fact[model.Namespace]{
			Value: model.Namespace{Mode: "host"}, State: model.Set,
			Path: r.at("NetworkingConfig.EndpointsConfig[host]"),
		}
	}
}

// opened reports whether the lists of h leave out a file that the engine hides
// or makes read-only by default. A list that is given replaces the default.
func (h *hostConfig) opened() bool {
	if h.Privileged {
		return false
	}
	lacks := func(given *[]string, all ...string) bool {
		return given != nil && *given != nil && slices.ContainsFunc(all, func(p string) bool { return !slices.Contains(*given, p) })
	}
	// moby, oci/defaults.go, of 20.10; later engines hide more.
	unmasks := func(opt string) bool { name, _ := splitOption(opt); return name == "unmask" } // Podman's
	return slices.ContainsFunc(h.SecurityOpt, unmasks) || lacks(h.MaskedPaths, "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
		"/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware") ||
		lacks(h.ReadonlyPaths, "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
}

// allowsAll reports whether a seccomp profile given as JSON lets through every
// call it does not name.
func allowsAll(profile string) bool {
	if !strings.HasPrefix(strings.TrimSpace(profile), "{") {
		return false
	}
	var p struct {
		DefaultAction string `json:"defaultAction"`
	}
	if json.Unmarshal([]byte(profile), &p) != nil {
		return false // the engine refuses it
	}
	switch p.DefaultAction {
	case "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY":
		return true
	}
	return false
}

// LocalVolume returns what the options of a volume of the local driver mount
// that is no path of the host: the file system's type. Bind mounts are facts.
func LocalVolume(options map[string]string, path string) []Beyond {
	flags := strings.Split(options["o"], ",")
	switch {
	case slices.Contains(flags, "remount"):
		return []Beyond{{"volume option", "remount", path}}
	case slices.Contains(flags, "bind"), slices.Contains(flags, "rbind"), options["type"] == "":
		return nil
	}
	return []Beyond{{"volume type", options["type"], path}}
}
