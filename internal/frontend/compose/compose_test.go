package compose

import (
	"testing"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

func read(t *testing.T, text string) *model.Facts {
	t.Helper()
	f := Read([]*source.File{source.NewFile("compose.yaml", []byte(text))}, Options{Name: "p", Dir: "/p"})
	for _, fault := range f.Faults {
		t.Fatalf("%s: %s", fault.Place.Span.Position(), fault.Message)
	}
	return f
}

// TestEdits makes one edit to one service and compares the file.
func TestEdits(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		edit       func(w *model.Workload) []source.Edit
		want       string
	}{
		{
			"no-new-privileges", "services:\n  a:\n    image: b # c\n", func(w *model.Workload) []source.Edit { return w.NoNewPrivileges.Edit(true) },
			"services:\n  a:\n    image: b # c\n    security_opt:\n      - no-new-privileges:true\n",
		},
		{
			"no-new-privileges beside another", "services:\n  a:\n    security_opt: ['label:disable']\n", func(w *model.Workload) []source.Edit { return w.NoNewPrivileges.Edit(true) },
			"services:\n  a:\n    security_opt: ['label:disable', \"no-new-privileges:true\"]\n",
		},
		{
			"no-new-privileges turned off", "services:\n  a:\n    security_opt:\n      - no-new-privileges=false # c\n", func(w *model.Workload) []source.Edit { return w.NoNewPrivileges.Edit(true) },
			"services:\n  a:\n    security_opt:\n      - no-new-privileges=true # c\n",
		},
		{
			"seccomp", "services:\n  a:\n    image: b\n    security_opt:\n      - seccomp:unconfined\n", func(w *model.Workload) []source.Edit { return w.Seccomp.Delete() },
			"services:\n  a:\n    image: b\n",
		},
		{
			"apparmor of another service", "services:\n  a:\n    extends: b\n  b:\n    image: b\n    security_opt: [apparmor:unconfined]\n",
			func(w *model.Workload) []source.Edit { return w.AppArmor.Edit("default") },
			"services:\n  a:\n    extends: b\n    security_opt:\n      - apparmor:docker-default\n  b:\n    image: b\n    security_opt: [apparmor:unconfined]\n",
		},
		{
			"seccomp of another service", "services:\n  a:\n    extends: b\n  b:\n    image: b\n    security_opt: [seccomp:unconfined]\n",
			func(w *model.Workload) []source.Edit { return w.Seccomp.Edit("default") },
			"services:\n  a:\n    extends: b\n  b:\n    image: b\n    security_opt: [seccomp:unconfined]\n",
		},
		{
			"cap_drop", "services:\n  a:\n    image: b\n", func(w *model.Workload) []source.Edit { return w.CapDrop.Add("ALL") },
			"services:\n  a:\n    image: b\n    cap_drop:\n      - ALL\n",
		},
		{
			"memory", "services:\n  a:\n    image: b\n", func(w *model.Workload) []source.Edit { return w.Memory.Edit(512 << 20) },
			"services:\n  a:\n    image: b\n    mem_limit: 512m\n",
		},
		{
			"memory under deploy", "services:\n  a:\n    deploy:\n      resources:\n        limits:\n          cpus: '0.5'\n", func(w *model.Workload) []source.Edit { return w.Memory.Edit(512 << 20) },
			"services:\n  a:\n    deploy:\n      resources:\n        limits:\n          cpus: '0.5'\n          memory: 512m\n",
		},
		{
			"memory at both", "services:\n  a:\n    mem_limit: 1g\n    deploy: {resources: {limits: {memory: 1G}}}\n", func(w *model.Workload) []source.Edit { return w.Memory.Edit(512 << 20) },
			"services:\n  a:\n    mem_limit: 512m\n    deploy: {resources: {limits: {memory: 512m}}}\n",
		},
		{
			"cpus under deploy", "services:\n  a:\n    deploy:\n      resources:\n        limits: {memory: 1g}\n", func(w *model.Workload) []source.Edit { return w.CPUs.Edit(1.5) },
			"services:\n  a:\n    deploy:\n      resources:\n        limits: {memory: 1g, cpus: \"1.5\"}\n",
		},
		{
			"port", "services:\n  a:\n    ports:\n      - \"80:80\" # c\n", func(w *model.Workload) []source.Edit { return w.Ports[0].HostIP.Edit("127.0.0.1") },
			"services:\n  a:\n    ports:\n      - \"127.0.0.1:80:80\" # c\n",
		},
		{
			"port not quoted", "services:\n  a:\n    ports:\n      - 80:80\n", func(w *model.Workload) []source.Edit { return w.Ports[0].HostIP.Edit("127.0.0.1") },
			"services:\n  a:\n    ports:\n      - 127.0.0.1:80:80\n",
		},
		{
			"port without a host port", "services:\n  a:\n    ports: [8080]\n", func(w *model.Workload) []source.Edit { return w.Ports[0].HostIP.Edit("127.0.0.1") },
			"services:\n  a:\n    ports: [\"127.0.0.1::8080\"]\n",
		},
		{
			"port with an address", "services:\n  a:\n    ports:\n      - '[::]:80:80/udp'\n", func(w *model.Workload) []source.Edit { return w.Ports[0].HostIP.Edit("::1") },
			"services:\n  a:\n    ports:\n      - '[::1]:80:80/udp'\n",
		},
		{
			"port with a variable", "services:\n  a:\n    ports:\n      - ${PORT:-80}:80\n", func(w *model.Workload) []source.Edit { return w.Ports[0].HostIP.Edit("127.0.0.1") },
			"services:\n  a:\n    ports:\n      - 127.0.0.1:${PORT:-80}:80\n",
		},
		{
			"port long", "services:\n  a:\n    ports:\n      - target: 80\n        published: 80\n", func(w *model.Workload) []source.Edit { return w.Ports[0].HostIP.Edit("127.0.0.1") },
			"services:\n  a:\n    ports:\n      - target: 80\n        published: 80\n        host_ip: 127.0.0.1\n",
		},
		{
			"mount", "services:\n  a:\n    volumes:\n      - ./x:/y\n", func(w *model.Workload) []source.Edit { return w.Mounts[0].ReadOnly.Edit(true) },
			"services:\n  a:\n    volumes:\n      - ./x:/y:ro\n",
		},
		{
			"mount with options", "services:\n  a:\n    volumes:\n      - ./x:/y:rw,z\n", func(w *model.Workload) []source.Edit { return w.Mounts[0].ReadOnly.Edit(true) },
			"services:\n  a:\n    volumes:\n      - ./x:/y:z,ro\n",
		},
		{
			"mount long", "services:\n  a:\n    volumes:\n      - type: bind\n        source: /x\n        target: /y\n", func(w *model.Workload) []source.Edit { return w.Mounts[0].ReadOnly.Edit(true) },
			"services:\n  a:\n    volumes:\n      - type: bind\n        source: /x\n        target: /y\n        read_only: true\n",
		},
		{
			"mount taken out", "services:\n  a:\n    image: b\n    volumes:\n      - /x:/y\n", func(w *model.Workload) []source.Edit { return w.Mounts[0].Delete() },
			"services:\n  a:\n    image: b\n",
		},
		{"log", "services:\n  a:\n    image: b\n", func(w *model.Workload) []source.Edit {
			return w.Log.Edit(model.LogConfig{Driver: "json-file", Options: map[string]string{"max-size": "10m", "max-file": "3"}})
		}, "services:\n  a:\n    image: b\n    logging:\n      driver: json-file\n      options:\n        max-file: \"3\"\n        max-size: 10m\n"},
		{"log with a driver", "services:\n  a:\n    logging:\n      driver: local\n", func(w *model.Workload) []source.Edit {
			return w.Log.Edit(model.LogConfig{Driver: "local", Options: map[string]string{"max-size": "10m"}})
		}, "services:\n  a:\n    logging:\n      driver: local\n      options:\n        max-size: 10m\n"},
		{"restart", "services:\n  a:\n    restart: always\n", func(w *model.Workload) []source.Edit {
			return w.Restart.Edit(model.Restart{Policy: "on-failure", Max: 5})
		}, "services:\n  a:\n    restart: on-failure:5\n"},
		{"restart under deploy", "services:\n  a:\n    deploy:\n      restart_policy:\n        condition: any\n", func(w *model.Workload) []source.Edit {
			return w.Restart.Edit(model.Restart{Policy: "on-failure", Max: 5})
		}, "services:\n  a:\n    deploy:\n      restart_policy:\n        condition: on-failure\n        max_attempts: 5\n"},
		{
			"merged", "x-a: &a\n  privileged: true\nservices:\n  a:\n    <<: *a\n    image: b\n", func(w *model.Workload) []source.Edit { return w.Privileged.Edit(false) },
			"x-a: &a\n  privileged: true\nservices:\n  a:\n    <<: *a\n    image: b\n    privileged: false\n",
		},
		{
			"extended", "services:\n  a:\n    extends: b\n    image: b\n  b:\n    image: c\n    privileged: true\n", func(w *model.Workload) []source.Edit { return w.Privileged.Edit(false) },
			"services:\n  a:\n    extends: b\n    image: b\n    privileged: false\n  b:\n    image: c\n    privileged: true\n",
		},
		{
			"option of an extended service", "services:\n  a:\n    extends: b\n  b:\n    security_opt: [no-new-privileges:false]\n", func(w *model.Workload) []source.Edit { return w.NoNewPrivileges.Edit(true) },
			"services:\n  a:\n    extends: b\n    security_opt:\n      - no-new-privileges:true\n  b:\n    security_opt: [no-new-privileges:false]\n",
		},
		{
			"the engine's socket", "services:\n  a:\n    image: b\n    use_api_socket: true\n", func(w *model.Workload) []source.Edit { return w.Mounts[0].Delete() },
			"services:\n  a:\n    image: b\n",
		},
		{
			"limits of an extended service", "services:\n  a:\n    extends: b\n  b:\n    deploy: {resources: {limits: {cpus: '1'}}}\n", func(w *model.Workload) []source.Edit { return w.Memory.Edit(1 << 30) },
			"services:\n  a:\n    extends: b\n    deploy:\n      resources:\n        limits:\n          memory: 1g\n  b:\n    deploy: {resources: {limits: {cpus: '1'}}}\n",
		},
		{
			"only key", "services:\n  a:\n    privileged: true\n", func(w *model.Workload) []source.Edit { return w.Privileged.Delete() },
			"services:\n  a: {}\n",
		},
		{
			"user", "services:\n  a:\n    image: b\n", func(w *model.Workload) []source.Edit { return w.User.Edit(model.User{UID: 1000, GID: 1000}) },
			"services:\n  a:\n    image: b\n    user: \"1000:1000\"\n",
		},
		{
			"image", "services:\n  a:\n    image: 'nginx' # c\n", func(w *model.Workload) []source.Edit { return w.Image.Ref.Edit(model.Reference{Raw: "nginx:1.27"}) },
			"services:\n  a:\n    image: 'nginx:1.27' # c\n",
		},
		{
			"tmpfs", "services:\n  a:\n    tmpfs: /run:exec,size=1m\n", func(w *model.Workload) []source.Edit { return w.Mounts[0].Tmpfs.NoExec.Edit(true) },
			"services:\n  a:\n    tmpfs: /run:noexec,size=1m\n",
		},
		{
			"internal default network", "services:\n  a:\n    image: b\n", func(w *model.Workload) []source.Edit { return w.Attachments[0].Network.Internal.Edit(true) },
			"services:\n  a:\n    image: b\nnetworks:\n  default:\n    internal: true\n",
		},
		{
			"internal network", "services:\n  a:\n    networks: [n]\nnetworks:\n  n:\n", func(w *model.Workload) []source.Edit { return w.Attachments[0].Network.Internal.Edit(true) },
			"services:\n  a:\n    networks: [n]\nnetworks:\n  n:\n    internal: true\n",
		},
	} {
		w := read(t, tt.text).Workloads[0]
		edits := tt.edit(w)
		got, err := source.Apply(w.Place.Span.File, edits)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: got\n%s(%v), want\n%s", tt.name, got, err, tt.want)
		}
	}
}

// TestEmptyMappings checks that two keys are added to an empty mapping in one
// go: each alone would replace it.
func TestEmptyMappings(t *testing.T) {
	f := source.NewFile("compose.yaml", []byte("services:\n  a:\n    logging: {}\n    deploy: {restart_policy: {}}\n"))
	w := Read([]*source.File{f}, Options{}).Workloads[0]
	edits := w.Log.Edit(model.LogConfig{Driver: "local", Options: map[string]string{"max-file": "3", "max-size": "10m"}})
	got, err := source.Apply(f, append(edits, w.Restart.Edit(model.Restart{Policy: "on-failure", Max: 5})...))
	want := "services:\n  a:\n    logging:\n      driver: local\n      options:\n        max-file: \"3\"\n        max-size: 10m\n    deploy: {restart_policy: {condition: on-failure, max_attempts: 5}}\n"
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}
