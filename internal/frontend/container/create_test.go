package container

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	moby "github.com/moby/moby/api/types/container" //nolint:depguard // the engine's own types, to compare ours with
)

// decided is what of a request decides over the host, in one form for the
// engine's types and for ours.
type decided struct {
	Image                                          string
	Privileged, ReadOnly                           bool
	Binds, CapAdd, SecurityOpt, VolumesFrom, Rules []string
	Network, PID, IPC, UTS, User, Cgroup, Parent   string
	Runtime, VolumeDriver                          string
	Devices                                        []string
	Mounts                                         []string
	Masked, ReadonlyPaths                          []string
	MaskedGiven, ReadonlyGiven                     bool
	Annotations                                    map[string]string
	MountOptions                                   []map[string]string
}

func ofMoby(r moby.CreateRequest) decided {
	var d decided
	if r.Config != nil {
		d.Image = r.Image
	}
	h := r.HostConfig
	if h == nil {
		return d
	}
	d.Privileged, d.ReadOnly = h.Privileged, h.ReadonlyRootfs
	d.Binds, d.CapAdd, d.SecurityOpt, d.VolumesFrom, d.Rules = h.Binds, h.CapAdd, h.SecurityOpt, h.VolumesFrom, h.DeviceCgroupRules
	d.Network, d.PID, d.IPC, d.UTS = string(h.NetworkMode), string(h.PidMode), string(h.IpcMode), string(h.UTSMode)
	d.User, d.Cgroup, d.Parent = string(h.UsernsMode), string(h.CgroupnsMode), h.CgroupParent
	d.Runtime, d.VolumeDriver, d.Annotations = h.Runtime, h.VolumeDriver, h.Annotations
	for _, x := range h.Devices {
		d.Devices = append(d.Devices, x.PathOnHost)
	}
	for _, m := range h.Mounts {
		d.Mounts = append(d.Mounts, string(m.Type), m.Source, m.Target)
		if m.BindOptions != nil {
			d.Mounts = append(d.Mounts, string(m.BindOptions.Propagation))
		}
		if m.VolumeOptions != nil && m.VolumeOptions.DriverConfig != nil {
			d.Mounts = append(d.Mounts, m.VolumeOptions.DriverConfig.Name)
			d.MountOptions = append(d.MountOptions, m.VolumeOptions.DriverConfig.Options)
		}
	}
	d.Masked, d.MaskedGiven = h.MaskedPaths, h.MaskedPaths != nil
	d.ReadonlyPaths, d.ReadonlyGiven = h.ReadonlyPaths, h.ReadonlyPaths != nil
	return d
}

func ofOurs(image string, h *hostConfig) decided {
	d := decided{Image: image}
	if h == nil {
		return d
	}
	d.Privileged, d.ReadOnly = h.Privileged, h.ReadonlyRootfs
	d.Binds, d.CapAdd, d.SecurityOpt, d.VolumesFrom, d.Rules = h.Binds, h.CapAdd, h.SecurityOpt, h.VolumesFrom, h.DeviceCgroupRules
	d.Network, d.PID, d.IPC, d.UTS = h.NetworkMode, h.PidMode, h.IpcMode, h.UTSMode
	d.User, d.Cgroup, d.Parent = h.UsernsMode, h.CgroupnsMode, h.CgroupParent
	d.Runtime, d.VolumeDriver, d.Annotations = h.Runtime, h.VolumeDriver, h.Annotations
	for _, x := range h.Devices {
		d.Devices = append(d.Devices, x.PathOnHost)
	}
	for _, m := range h.Mounts {
		d.Mounts = append(d.Mounts, m.Type, m.Source, m.Target)
		if m.BindOptions != nil {
			d.Mounts = append(d.Mounts, m.BindOptions.Propagation)
		}
		if m.VolumeOptions != nil && m.VolumeOptions.DriverConfig != nil {
			d.Mounts = append(d.Mounts, m.VolumeOptions.DriverConfig.Name)
			d.MountOptions = append(d.MountOptions, m.VolumeOptions.DriverConfig.Options)
		}
	}
	if h.MaskedPaths != nil {
		d.Masked, d.MaskedGiven = *h.MaskedPaths, *h.MaskedPaths != nil
	}
	if h.ReadonlyPaths != nil {
		d.ReadonlyPaths, d.ReadonlyGiven = *h.ReadonlyPaths, *h.ReadonlyPaths != nil
	}
	return d
}

// FuzzCreate: what the engine's own types make of a body, ours make of it too,
// or they refuse it.
func FuzzCreate(f *testing.F) {
	for _, s := range []string{
		`{"Image":"a","HostConfig":{"Privileged":true,"CapAdd":["SYS_ADMIN"],"Binds":["/etc:/x"]}}`,
		`{"image":"a","hostconfig":{"PRIVILEGED":true},"HostConfig":{"privileged":null}}`,
		`{"HostConfig":{"Mounts":[{"Type":"bind","Source":"/etc","Target":"/x"},{"Type":"volume"}],"mounts":[{"Source":"/y"}]}}`,
		`{"HostConfig":{"MaskedPaths":[],"ReadonlyPaths":null,"maskedPaths":["/x"]}}`,
		`{"HostConfig":{"Devices":[{"PathOnHost":"/dev/sda"}],"devices":[{},{}],"PidMode":"host"}}`,
		`{"Ho\u017ftConfig":{"Binds":["a:/b"],"binds":null,"VolumesFrom":["x"]}}`,
		`{"HostConfig":{"Mounts":[{"VolumeOptions":{"DriverConfig":{"Options":{"o":"bind"}}}}],"MOUNTS":[{"VolumeOptions":{"DriverConfig":{"Options":{"device":"/"}}}}]}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var engine moby.CreateRequest
		if json.Unmarshal(body, &engine) != nil {
			return // the engine refuses it
		}
		var top createBody
		var config struct{ Image string }
		if json.Unmarshal(body, &top) != nil || json.Unmarshal(body, &config) != nil {
			return // we do
		}
		if diff := cmp.Diff(ofOurs(config.Image, top.HostConfig), ofMoby(engine), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-ours +the engine's):\n%s", body, diff)
		}
		if c, err := Create(body, CreateOptions{Subject: "request"}); err == nil && c.Workload.Privileged.Value != (engine.HostConfig != nil && engine.HostConfig.Privileged) && engine.HostConfig != nil {
			t.Errorf("%s: privileged is %v, want %v", body, c.Workload.Privileged.Value, engine.HostConfig.Privileged)
		}
	})
}

// TestCreateArgs: the docker run line of a request asks for the same.
func TestCreateArgs(t *testing.T) {
	c, err := Create([]byte(`{"Image":"app:1","Cmd":["a","b c"],"Entrypoint":["/e","f"],"User":"1000","Tty":true,"OpenStdin":true,"AttachStdout":true,
		"Env":["A=b","API_TOKEN=x9x9x9"],"Labels":{"k":"v"},"HostConfig":{"AutoRemove":true,"Binds":["/a:/b:ro"],"CapAdd":["NET_ADMIN"],
		"NetworkMode":"back","PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}],"53/udp":[{"HostPort":"53"}]},
		"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3},"Memory":67108864,"NanoCpus":500000000,
		"Mounts":[{"Type":"volume","Source":"v","Target":"/v","ReadOnly":true,"VolumeOptions":{"DriverConfig":{"Options":{"o":"a,b"}}}}]}}`),
		CreateOptions{Subject: "request", Name: "web"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"docker", "run", "--name", "web", "--rm", "-i", "-t", "--cap-add", "NET_ADMIN", "--network", "back", "--user", "1000",
		"-v", "/a:/b:ro", "--mount", `type=volume,source=v,target=/v,readonly,"volume-opt=o=a,b"`,
		"-p", "53:53/udp", "-p", "127.0.0.1:8080:80", "--memory", "67108864", "--cpus", "0.5", "--restart", "on-failure:3",
		"--label", "k=v", "-e", "A=b", "-e", "API_TOKEN", "--entrypoint", "/e", "app:1", "f", "a", "b c",
	}
	if diff := cmp.Diff(c.Args, want); diff != "" {
		t.Errorf("line (-got +want):\n%s", diff)
	}
}

// TestTopLevelHostConfig: engines up to 24 take the settings from the top
// level where there is no HostConfig.
func TestTopLevelHostConfig(t *testing.T) {
	for body, want := range map[string]bool{
		`{"Image":"a","Privileged":true}`:                                   true,
		`{"Image":"a","Privileged":true,"HostConfig":{}}`:                   false,
		`{"Image":"a","Privileged":true,"HostConfig":{},"HostConfig":null}`: true,
	} {
		c, err := Create([]byte(body), CreateOptions{Subject: "request"})
		if err != nil || c.Workload.Privileged.Value != want {
			t.Errorf("%s: got %v, %v, want %v", body, c.Workload.Privileged.Value, err, want)
		}
	}
}

// TestService: a task of a service is a container.
func TestService(t *testing.T) {
	c, err := Service([]byte(`{"Name":"s","TaskTemplate":{"ContainerSpec":{"Image":"a","CapabilityAdd":["SYS_TIME"],
		"Mounts":[{"Type":"bind","Source":"/etc","Target":"/x"}]},"Networks":[{"Target":"abc"}]}}`),
		CreateOptions{Subject: "request"}, func(name string) string { return map[string]string{"abc": "host"}[name] })
	if err != nil {
		t.Fatal(err)
	}
	w := c.Workload
	got := []string{w.Service, w.CapAdd.Items[0].Value, w.Mounts[0].Source.Value, w.Network.Value.Mode}
	if want := []string{"s", "SYS_TIME", "/etc", "host"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
