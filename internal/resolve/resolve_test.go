package resolve

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"bulkhead/internal/frontend/compose"
	"bulkhead/internal/frontend/container"
	"bulkhead/internal/frontend/daemon"
	"bulkhead/internal/frontend/image"
	"bulkhead/internal/frontend/kube"
	"bulkhead/internal/frontend/runline"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// system joins what archive holds. Every Compose file is a project of its own
// that is called shop.
func system(archive string, in Input) *model.System {
	for _, a := range txtar.Parse([]byte(archive)).Files {
		f := source.NewFile(a.Name, a.Data)
		switch kind, _, _ := strings.Cut(path.Base(a.Name), "."); kind {
		case "Dockerfile":
			in.Dockerfiles = append(in.Dockerfiles, f)
		case "compose":
			in.Facts = append(in.Facts, compose.Read([]*source.File{f}, compose.Options{Name: "shop", Dir: path.Dir(a.Name)}))
		default:
			in.Facts = append(in.Facts, map[string]func(*source.File) *model.Facts{
				"container": container.Read, "daemon": daemon.Read, "image": image.Read, "pod": kube.Read, "run": runline.Read,
			}[kind](f))
		}
	}
	return System(in)
}

// user says whom w runs as.
func user(w *model.Workload) string {
	u := w.User.Value
	return fmt.Sprintf("%s %d%s", strings.TrimSpace(u.Name+" is"), u.UID, map[bool]string{true: ", likely"}[w.User.Likely])
}

func logs(w *model.Workload) string {
	var options []string
	for _, k := range slices.Sorted(maps.Keys(w.Log.Value.Options)) {
		options = append(options, k+"="+w.Log.Value.Options[k])
	}
	return w.Log.Value.Driver + " " + strings.Join(options, " ")
}

func process(w *model.Workload) string {
	return fmt.Sprintf("%q %q", w.Entrypoint.Value.Args, w.Command.Value.Args)
}

func declared(w *model.Workload) string {
	if w.Declared == nil {
		return "nothing"
	}
	return w.Declared.Name + " of " + fileOf(w.Declared)
}

func hosts(w *model.Workload) string {
	var out []string
	for _, k := range []struct {
		name string
		ns   model.Fact[model.Namespace]
	}{{"pid", w.PID}, {"ipc", w.IPC}, {"network", w.Network}} {
		if k.ns.Value.Host {
			out = append(out, k.name)
		}
	}
	return strings.Join(out, " ")
}

func exposure(w *model.Workload) string {
	var out []string
	for _, e := range w.Exposure {
		at := e.Via + " " + e.Address + " " + strconv.Itoa(e.Port)
		if !e.Public {
			at += " to itself"
		}
		out = append(out, at)
	}
	return strings.Join(out, ", ")
}

func hostPaths(w *model.Workload) string {
	var out []string
	for _, m := range w.Mounts {
		out = append(out, strings.Join(m.Host, " and "))
	}
	return strings.Join(out, ", ")
}

func stored(w *model.Workload) string {
	if w.Image.Stored == nil {
		return "not here"
	}
	return w.Image.Stored.Config.ID
}

// links stand for the symbolic links of a machine.
func links(p string) string {
	switch p {
	case "/srv/sock":
		return "/run/docker.sock"
	case "/home/me/shop/etc":
		return "/etc"
	}
	return p
}

func TestSystem(t *testing.T) {
	const images = `
-- image.json --
[{"Id": "sha256:aaa", "RepoTags": ["nginx:1.27"], "RepoDigests": ["nginx@sha256:5e1f1e0000000000000000000000000000000000000000000000000000000000"], "RootFS": {},
  "Config": {"User": "web", "Entrypoint": ["/entry"], "Cmd": ["serve"], "ExposedPorts": {"80/tcp": {}}}},
 {"Id": "bbb", "RepoTags": ["docker.io/library/redis:7", "localhost/shop-web:latest"], "RootFS": {}, "Config": {"User": "999"}}]
`
	for name, tt := range map[string]struct {
		archive string
		say     func(*model.Workload) string
		want    map[string]string // by the workload's name
	}{
		"a service wins over its Dockerfile": {
			"-- compose.yaml --\nservices: {a: {build: .}, b: {build: ., user: \"0\"}, c: {build: ., user: \"\"}}\n-- Dockerfile --\nFROM scratch\nUSER app\n",
			user,
			map[string]string{"a": "app is -1", "b": "0 is 0", "c": "app is -1"},
		},
		"a service is built from the stage it names": {
			"-- compose.yaml --\nservices: {a: {build: .}, b: {build: {context: ., target: dev}}}\n-- Dockerfile --\nFROM scratch AS dev\nUSER root\nFROM dev\nUSER 10\n",
			user,
			map[string]string{"a": "10 is 10", "b": "root is 0"},
		},
		"a service is built from a stage that is not known": {
			"-- compose.yaml --\nservices: {a: {build: {context: ., target: \"${STAGE}\"}}}\n-- Dockerfile --\nFROM scratch AS dev\nUSER root\nFROM dev\nUSER 10\n",
			user,
			map[string]string{"a": "is 0, likely", "Dockerfile": "10 is 10"},
		},
		"two Dockerfiles inside one Compose file": {
			"-- compose.yaml --\nservices:\n  a: {build: {dockerfile_inline: \"FROM scratch\\nUSER 1\\n\"}}\n  b: {build: {dockerfile_inline: \"FROM scratch\\nUSER 2\\n\"}}\n",
			user,
			map[string]string{"a": "1 is 1", "b": "2 is 2"},
		},
		"a run line wins over its image": {
			"-- run.sh --\ndocker run --name a nginx:1.27\ndocker run --name b --user root nginx:1.27\ndocker run --name c --user= nginx:1.27\ndocker run --name d nginx@sha256:5e1f1e0000000000000000000000000000000000000000000000000000000000\ndocker run --name e shop/none\n" + images,
			user,
			map[string]string{"a": "web is -1", "b": "root is 0", "c": "web is -1", "d": "web is -1", "e": "is 0, likely"},
		},
		"images as Podman names them": {
			"-- compose.yaml --\nservices: {a: {image: redis:7}, b: {image: docker.io/library/redis:7}, c: {image: shop-web}, d: {image: redis}}\n" + images,
			stored,
			map[string]string{"a": "bbb", "b": "bbb", "c": "bbb", "d": "not here"},
		},
		"a container keeps the image whose tag was moved": {
			`-- container.json --
[{"Id": "c1", "Name": "/same", "Image": "sha256:aaa", "Config": {"Image": "nginx:1.27"}, "HostConfig": {}},
 {"Id": "c2", "Name": "/moved", "Image": "sha256:ddd", "Config": {"Image": "nginx:1.27"}, "HostConfig": {}}]
` + images,
			stored,
			map[string]string{"same": "sha256:aaa", "moved": "not here"},
		},
		"an entrypoint drops the command of the image": {
			"-- compose.yaml --\nservices: {a: {image: nginx:1.27}, b: {image: nginx:1.27, entrypoint: [x]}, c: {image: nginx:1.27, command: [y]}}\n" + images,
			process,
			map[string]string{"a": `["/entry"] ["serve"]`, "b": `["x"] []`, "c": `["/entry"] ["y"]`},
		},
		"logs are the engine's where a service says nothing": {
			`-- compose.yaml --
services:
  a: {image: x}
  b: {image: x, logging: {options: {max-file: "2"}}}
  c: {image: x, logging: {driver: json-file}}
  d: {image: x, logging: {driver: syslog}}
  e: {image: x, logging: {driver: json-file, options: {max-size: 1m}}}
-- daemon.json --
{"log-driver": "json-file", "log-opts": {"max-size": "10m"}}
`,
			logs,
			map[string]string{"a": "json-file max-size=10m", "b": "json-file max-file=2 max-size=10m", "c": "json-file max-size=10m", "d": "syslog ", "e": "json-file max-size=1m"},
		},
		"no-new-privileges is the engine's where a service says nothing": {
			"-- compose.yaml --\nservices: {a: {image: x}, b: {image: x, security_opt: [\"no-new-privileges:false\"]}}\n-- daemon.json --\n{\"no-new-privileges\": true}\n",
			func(w *model.Workload) string { return strconv.FormatBool(w.NoNewPrivileges.Value) },
			map[string]string{"a": "true", "b": "false"},
		},
		"containers of a service, of a run line and of nobody": {
			`-- compose.yaml --
services: {web: {image: x}, nginx: {image: x}, db: {image: x, container_name: store}}
-- run.sh --
docker run nginx
docker run --name cache redis
-- container.json --
[{"Id": "c1", "Name": "/shop-web-1", "Config": {"Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}}},
 {"Id": "c2", "Name": "/other-web-1", "Config": {"Labels": {"com.docker.compose.project": "other", "com.docker.compose.service": "web"}}},
 {"Id": "c3", "Name": "/nginx", "Config": {}},
 {"Id": "c4", "Name": "/cache", "Config": {}},
 {"Id": "c5", "Name": "/store", "Config": {}}]
`,
			declared,
			map[string]string{
				"shop-web-1": "web of compose.yaml", "other-web-1": "nothing", "nginx": "nothing",
				"cache": "cache of run.sh", "store": "db of compose.yaml",
			},
		},
		"projects of one name in two folders": {
			`-- a/compose.yaml --
services: {web: {image: x}}
-- b/compose.yaml --
services: {web: {image: x}}
-- container.json --
[{"Id": "c1", "Name": "/first", "Config": {"Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "web", "com.docker.compose.project.config_files": "/home/me/shop/a/compose.yaml"}}},
 {"Id": "c2", "Name": "/second", "Config": {"Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "web", "com.docker.compose.project.config_files": "/home/me/shop/b/compose.yaml"}}},
 {"Id": "c3", "Name": "/either", "Config": {"Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}}}]
`,
			declared,
			map[string]string{"first": "web of a/compose.yaml", "second": "web of b/compose.yaml", "either": "nothing"},
		},
		"an image built for a service": {
			`-- compose.yaml --
services: {web: {build: .}, api: {build: ., image: acme/api}}
-- image.json --
[{"Id": "1", "RepoTags": ["shop-web:latest"], "RootFS": {}, "Config": {}},
 {"Id": "2", "RepoTags": ["acme/api:latest"], "RootFS": {}, "Config": {}},
 {"Id": "3", "RepoTags": ["acme/api:old"], "RootFS": {}, "Config": {}}]
`,
			declared,
			map[string]string{"shop-web:latest": "web of compose.yaml", "acme/api:latest": "api of compose.yaml", "acme/api:old": "nothing"},
		},
		"namespaces through others": {
			`-- compose.yaml --
services:
  a: {image: x, pid: "service:b", network_mode: "container:shop-c-1"}
  b: {image: x, pid: "container:kept", ipc: host}
  c: {image: x, container_name: kept, pid: host, network_mode: host}
  d: {image: x, pid: "container:c", ipc: "service:b"}
  e: {image: x, ipc: "service:f"}
  f: {image: x, ipc: "service:e"}
-- container.json --
[{"Id": "0123456789abcdef", "Name": "/one", "HostConfig": {"PidMode": "host"}},
 {"Id": "fedcba9876543210", "Name": "/two", "HostConfig": {"PidMode": "container:0123456789abcdef"}},
 {"Id": "aaaaaaaaaaaaaaaa", "Name": "/three", "HostConfig": {"PidMode": "container:two"}},
 {"Id": "bbbbbbbbbbbbbbbb", "Name": "/four", "HostConfig": {"PidMode": "container:0123456789abcdff"}}]
`,
			hosts,
			map[string]string{"a": "pid", "b": "pid ipc", "c": "pid network", "d": "ipc", "e": "", "f": "", "two": "pid", "three": "pid", "four": ""},
		},
		"what is reached from outside": {
			`-- compose.yaml --
services:
  a: {image: x, ports: ["80:80", "127.0.0.1:81:81"]}
  b: {image: x, network_mode: "service:a"}
  c: {image: x, network_mode: "service:b"}
  d: {image: x, network_mode: none, ports: ["82:82"]}
  e: {image: x, networks: [inside], ports: ["83:83"]}
  f: {image: x, networks: [inside, default], ports: ["84:84"]}
  g: {image: nginx:1.27, network_mode: host}
networks: {inside: {internal: true}}
-- run.sh --
docker run --name h -P nginx:1.27
docker run --name i nginx:1.27
` + images,
			exposure,
			map[string]string{
				"a": "published port 0.0.0.0 80, published port 127.0.0.1 81 to itself",
				"b": "published port 0.0.0.0 80, published port 127.0.0.1 81 to itself",
				"c": "published port 0.0.0.0 80, published port 127.0.0.1 81 to itself",
				"d": "", "e": "", "f": "published port 0.0.0.0 84",
				"g": "host network 0.0.0.0 80",
				"h": "published port 0.0.0.0 0", "i": "",
			},
		},
		"pods behind services": {
			`-- pod.yaml --
{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {app: a}}, spec: {containers: [{name: m, image: x}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: other, labels: {app: a}}, spec: {containers: [{name: m, image: x}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: c, labels: {app: c}}, spec: {containers: [{name: m, image: x}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: d, labels: {app: d}}, spec: {containers: [{name: m, image: x}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: s, namespace: default}, spec: {type: NodePort, selector: {app: a}, ports: [{port: 80, nodePort: 30080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: t}, spec: {selector: {app: c}, ports: [{port: 80}]}}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i}, spec: {defaultBackend: {service: {name: t}}}}
---
{apiVersion: v1, kind: Service, metadata: {name: u}, spec: {selector: {app: d}, ports: [{port: 80}]}}
`,
			exposure,
			map[string]string{"a/m": "Service s (NodePort) NodePort 30080", "b/m": "", "c/m": "Ingress i Ingress 0", "d/m": ""},
		},
		"mounts by the paths they mean": {
			`-- compose.yaml --
services:
  a: {image: x, volumes: ["/var/run/docker.sock:/s", "/srv/sock:/t", "/srv/../run/x:/u", "./etc:/v", "./data:/w", "named:/x"]}
volumes: {named: {}}
`,
			hostPaths,
			map[string]string{"a": "/run/docker.sock, /srv/sock and /run/docker.sock, /run/x, etc and /etc, data, "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			sys := system(tt.archive, Input{
				Canonical: links,
				Absolute:  func(name string) string { return path.Join("/home/me/shop", name) },
			})
			said := map[string]string{}
			for _, w := range sys.Workloads {
				said[w.Name] = tt.say(w)
			}
			for name, want := range tt.want {
				if got, ok := said[name]; !ok || got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}

// TestResolveUser looks names up where the image's passwd is known.
func TestResolveUser(t *testing.T) {
	passwd := map[string]model.User{"app": {UID: 10, GID: 20}, "toor": {UID: 0}}
	for name, want := range map[string]model.User{
		"app":       {Name: "app", UID: 10, GID: 20},
		"toor":      {Name: "toor", UID: 0, GID: 0},
		"app:staff": {Name: "app:staff", UID: 10, GID: 20},
		"ghost":     {Name: "ghost", UID: -1, GID: -1},
	} {
		w := &model.Workload{Image: &model.Image{Config: &model.ImageConfig{Passwd: passwd}}}
		w.User.Value = model.User{Name: name, UID: -1, GID: -1}
		if resolveUser(w); w.User.Value != want {
			t.Errorf("%s: got %+v, want %+v", name, w.User.Value, want)
		}
	}
}

// TestNamespaceChains checks that many workloads in chains and circles cost
// time by their number, not by the lengths of the chains.
func TestNamespaceChains(t *testing.T) {
	const n = 20_000
	facts := &model.Facts{}
	for i := range n {
		w := &model.Workload{Name: "c" + strconv.Itoa(i), Container: "c" + strconv.Itoa(i), Surface: model.RunLine}
		w.PID.Value = model.Namespace{Mode: "container", Target: "c" + strconv.Itoa((i+1)%n)}
		w.IPC.Value = model.Namespace{Mode: "container", Target: "c" + strconv.Itoa(i+1)}
		facts.Workloads = append(facts.Workloads, w)
	}
	facts.Workloads[n-1].IPC.Value = model.Namespace{Mode: "host"}
	start := time.Now()
	System(Input{Facts: []*model.Facts{facts}})
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v for %d workloads", took, n)
	}
	first := facts.Workloads[0]
	if first.PID.Value.Host || !first.IPC.Value.Host {
		t.Errorf("got pid %v, ipc %v, want false, true", first.PID.Value.Host, first.IPC.Value.Host)
	}
}
