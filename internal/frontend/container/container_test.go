package container

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/frontend/internal/facttest"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// TestRead compares the facts of each archive's container.json with its
// section facts.
func TestRead(t *testing.T) {
	facttest.Pairs(t, func(name string, data []byte) *model.Facts { return Read(source.NewFile(name, data)) })
}

// read returns the workload of a container with the given HostConfig.
func read(t *testing.T, hostConfig string) *model.Workload {
	t.Helper()
	facts := Read(source.NewFile("c.json", []byte(`{"Name":"/web","HostConfig":`+hostConfig+`,"Config":{}}`)))
	if len(facts.Faults) > 0 || len(facts.Workloads) != 1 {
		t.Fatalf("%s: faults %+v, %d workloads, want none and 1", hostConfig, facts.Faults, len(facts.Workloads))
	}
	return facts.Workloads[0]
}

func TestSecurityOpt(t *testing.T) {
	for _, tt := range []struct{ opts, seccomp, appArmor, selinux, noNew string }{
		{``, "default unset", "default unset", "default unset", "false unset"},
		{`"no-new-privileges"`, "default unset", "default unset", "default unset", "true set"},
		{`"no-new-privileges:true"`, "default unset", "default unset", "default unset", "true set"},
		{`"no-new-privileges=true"`, "default unset", "default unset", "default unset", "true set"},
		{`"no-new-privileges:false"`, "default unset", "default unset", "default unset", "false set"},
		{`"seccomp:unconfined"`, "unconfined set", "default unset", "default unset", "false unset"},
		{`"seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}"`, "custom set", "default unset", "default unset", "false unset"},
		{`"seccomp=builtin"`, "default set", "default unset", "default unset", "false unset"},
		{`"apparmor=web", "label=type:spc_t", "label=level:s0"`, "default unset", "web set", "type:spc_t,level:s0 set", "false unset"},
		{`"label:disable"`, "default unset", "default unset", "disable set", "false unset"},
	} {
		w := read(t, `{"SecurityOpt":[`+tt.opts+`]}`)
		got := []string{
			w.Seccomp.Value + " " + w.Seccomp.State.String(),
			w.AppArmor.Value + " " + w.AppArmor.State.String(),
			w.SELinux.Value + " " + w.SELinux.State.String(),
			map[bool]string{true: "true ", false: "false "}[w.NoNewPrivileges.Value] + w.NoNewPrivileges.State.String(),
		}
		if diff := cmp.Diff(got, []string{tt.seccomp, tt.appArmor, tt.selinux, tt.noNew}); diff != "" {
			t.Errorf("%s (-got +want):\n%s", tt.opts, diff)
		}
	}
}

// TestEngineAddsLabelDisable: the engine writes label=disable into containers
// that are privileged or share the host's PID or IPC namespace.
func TestEngineAddsLabelDisable(t *testing.T) {
	for _, host := range []string{`"Privileged":true`, `"PidMode":"host"`, `"IpcMode":"host"`} {
		w := read(t, `{`+host+`,"SecurityOpt":["label=disable"]}`)
		if w.SELinux.State != model.Unset || w.SELinux.Value != "default" {
			t.Errorf("%s: SELinux %q (%s), want default (unset)", host, w.SELinux.Value, w.SELinux.State)
		}
	}
}

func TestUnmasked(t *testing.T) {
	for host, want := range map[string]bool{
		`{}`:                                    false, // API below 1.38
		`{"MaskedPaths":null}`:                  false,
		`{"MaskedPaths":[],"ReadonlyPaths":[]}`: true,
		`{"MaskedPaths":["/proc/kcore"],"ReadonlyPaths":[]}`:            true,
		`{"Privileged":true,"MaskedPaths":null,"ReadonlyPaths":null}`:   false,
		`{"Privileged":true,"MaskedPaths":[],"ReadonlyPaths":[]}`:       false,
		`{"MaskedPaths":["/proc/kcore"],"ReadonlyPaths":["/proc/sys"]}`: false,
	} {
		if got := read(t, host).UnmaskedPaths.Value; got != want {
			t.Errorf("%s: unmasked %v, want %v", host, got, want)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		host       string
		swap, pids int64
		cpus       float64
	}{
		{`{}`, 0, 0, 0},
		{`{"Memory":64,"MemorySwap":128,"PidsLimit":null}`, 0, 0, 0},
		{`{"Memory":64,"MemorySwap":64,"PidsLimit":0}`, 64, 0, 0},
		{`{"Memory":64,"MemorySwap":-1,"PidsLimit":-1}`, -1, -1, 0},
		{`{"Memory":0,"MemorySwap":-1,"PidsLimit":100}`, 0, 100, 0},
		{`{"NanoCpus":500000000}`, 0, 0, 0.5},
		{`{"CpuQuota":150000}`, 0, 0, 1.5},
		{`{"CpuQuota":50000,"CpuPeriod":25000}`, 0, 0, 2},
		{`{"CpuQuota":-1}`, 0, 0, 0},
	} {
		w := read(t, tt.host)
		if w.MemorySwap.Value != tt.swap || w.PIDs.Value != tt.pids || w.CPUs.Value != tt.cpus {
			t.Errorf("%s: got swap %d, pids %d, cpus %v, want %d, %d, %v",
				tt.host, w.MemorySwap.Value, w.PIDs.Value, w.CPUs.Value, tt.swap, tt.pids, tt.cpus)
		}
	}
}

func TestNetworkMode(t *testing.T) {
	for mode, want := range map[string]model.Namespace{
		"":             {Mode: "bridge"},
		"default":      {Mode: "bridge"},
		"bridge":       {Mode: "bridge"},
		"host":         {Mode: "host"},
		"none":         {Mode: "none"},
		"container:db": {Mode: "container", Target: "db"},
		"shop_back":    {Mode: "shop_back"},
		"slirp4netns":  {Mode: "slirp4netns"},
	} {
		if got := read(t, `{"NetworkMode":"`+mode+`"}`).Network.Value; got != want {
			t.Errorf("%q: got %+v, want %+v", mode, got, want)
		}
	}
}

func TestStatus(t *testing.T) {
	for state, want := range map[string]string{
		`{"Status":"created"}`:                 "created",
		`{"Status":"running","Running":true}`:  "running",
		`{"Status":"paused","Running":true}`:   "paused",
		`{"Status":"exited"}`:                  "exited",
		`{"Status":"configured"}`:              "created",
		`{"Status":"stopped"}`:                 "exited",
		`{"Running":true,"Paused":true}`:       "paused",
		`{"Running":true}`:                     "running",
		`{"StartedAt":"0001-01-01T00:00:00Z"}`: "created",
		`{"StartedAt":"2026-01-01T00:00:00Z"}`: "exited",
	} {
		facts := Read(source.NewFile("c.json", []byte(`[{"State":`+state+`,"Config":{}}]`)))
		if got := facts.Workloads[0].Status; got != want {
			t.Errorf("%s: got %s, want %s", state, got, want)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct{ text, place, message string }{
		{`[{"Name":"/web",]`, "c.json:1:17", "not valid JSON"},
		{``, "c.json:1:1", "not valid JSON"},
		{`[{"Name":"/web","Config":{},"HostConfig":{"Memory":"1g"}}]`, "container web: HostConfig.Memory", "holds a string"},
		{`[{"Name":"/web"}]`, "container web", "neither Config nor HostConfig"},
		{`[1]`, "container ", "holds a number"},
	} {
		facts := Read(source.NewFile("c.json", []byte(tt.text)))
		if len(facts.Faults) == 0 {
			t.Errorf("%s: no fault, want %q", tt.text, tt.message)
			continue
		}
		f := facts.Faults[0]
		place := f.Place.Path
		if f.Place.Span.IsValid() {
			place = f.Place.Span.Position().String()
		}
		if place != tt.place || !strings.Contains(f.Message, tt.message) {
			t.Errorf("%s: got %q at %q, want %q at %q", tt.text, f.Message, place, tt.message, tt.place)
		}
	}
}

// TestAskedMounts: JSON without Mounts says what was asked.
func TestAskedMounts(t *testing.T) {
	for host, want := range map[string]string{
		`{"Binds":["/etc:/e:ro,rshared"]}`: "bind /etc /e true rshared",
		`{"Binds":["data:/d"]}`:            "volume data /d false ",
		`{"Mounts":[{"Type":"bind","Source":"/etc","Target":"/e","ReadOnly":true,"BindOptions":{"Propagation":"rslave"}}]}`: "bind /etc /e true rslave",
		`{"Mounts":[{"Type":"volume","Source":"data","Target":"/d"}]}`:                                                      "volume data /d false ",
		`{"Mounts":[{"Type":"tmpfs","Target":"/t"}]}`:                                                                       "tmpfs  /t false ",
	} {
		w := read(t, host)
		if len(w.Mounts) != 1 {
			t.Errorf("%s: %d mounts, want 1", host, len(w.Mounts))
			continue
		}
		m := w.Mounts[0]
		got := fmt.Sprintf("%s %s %s %v %s", m.Kind, m.Source.Value, m.Target.Value, m.ReadOnly.Value, m.Propagation.Value)
		if got != want {
			t.Errorf("%s: got %q, want %q", host, got, want)
		}
	}
}

// TestVolume: a volume whose device is a path of the host is a bind mount.
func TestVolume(t *testing.T) {
	const mounts = `"Mounts":[{"Type":"volume","Name":"data","Source":"/var/lib/docker/volumes/data/_data","Destination":"/d","RW":true}]`
	for volumes, want := range map[string]string{
		`{}`: "volume data",
		`{"data":{"type":"none","o":"bind","device":"/etc"}}`:          "bind /etc",
		`{"data":{"type":"none","o":"ro,rbind","device":"/etc"}}`:      "bind /etc",
		`{"data":{"type":"nfs","o":"addr=10.0.0.1","device":":/srv"}}`: "volume data",
		`{"other":{"type":"none","o":"bind","device":"/etc"}}`:         "volume data",
	} {
		facts := Read(source.NewFile("c.json", []byte(`{"Name":"/web","HostConfig":{},`+mounts+`,"Volumes":`+volumes+`}`)))
		m := facts.Workloads[0].Mounts[0]
		if got := string(m.Kind) + " " + m.Source.Value; got != want {
			t.Errorf("%s: got %q, want %q", volumes, got, want)
		}
	}
}

// TestWithoutHostConfig: what is not in the JSON is not known.
func TestWithoutHostConfig(t *testing.T) {
	facts := Read(source.NewFile("c.json", []byte(`{"Name":"/web","Config":{"User":"app"}}`)))
	w := facts.Workloads[0]
	for name, known := range map[string]bool{
		"Privileged": w.Privileged.Known(), "CapAdd": w.CapAdd.Known(), "Memory": w.Memory.Known(),
		"Seccomp": w.Seccomp.Known(), "Network": w.Network.Known(), "Log": w.Log.Known(), "Restart": w.Restart.Known(),
	} {
		if known {
			t.Errorf("%s is known, want unknown", name)
		}
	}
	if got, want := w.User.Value, (model.User{Name: "app", UID: -1, GID: -1}); got != want {
		t.Errorf("user %+v, want %+v", got, want)
	}
}

func FuzzRead(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data)
	}
	f.Add([]byte(`[{"HostConfig":{"SecurityOpt":["="],"Tmpfs":{"":""},"Links":[":/"],"PortBindings":{"":null}},"Config":{}}]`))
	f.Add([]byte(`{"Config":{"Entrypoint":"x"},"Mounts":[{}],"NetworkSettings":{"Networks":{"a":null}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, w := range Read(source.NewFile("c.json", text)).Workloads {
			if w.Image == nil || w.Place.Path == "" || w.Surface != model.Container {
				t.Errorf("workload %q is not whole", w.Name)
			}
		}
	})
}
