package watch

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/frontend/compose"
	"bulkhead/internal/frontend/container"
	"bulkhead/internal/source"
)

const declaredCompose = `services:
  web:
    image: shop/web:1.4
    user: "33"
    cap_drop: [ALL]
    ports: ["127.0.0.1:8080:80", "443", "9000-9001:9000-9001/udp", "7000-7010:70"]
    volumes:
      - ./data:/data
      - ./conf:/etc/web:ro
      - cache:/var/cache/web
      - host:/srv/host
      - /scratch
    tmpfs: /run
    configs: [settings]
    secrets: [password, {source: key, target: /etc/key}]
  open:
    image: "shop/web:${TAG:-1.4}"
    user: "${WHO:-33}"
    read_only: ${RO:-false}
    ports: ["${PORT:-8080}:80"]
    volumes: ["${DATA:-./data}:/data"]
  built:
    build: .
    network_mode: host
    ports: ["80:80"]
volumes:
  cache:
  host: {driver_opts: {type: none, o: bind, device: /srv}}
configs: {settings: {file: ./settings}}
secrets: {password: {file: ./password}, key: {file: ./key}}
`

// asDeclared returns the engine's description of a container that is as the
// service web declares, in folder dir.
func asDeclared(dir string) map[string]any {
	type object = map[string]any
	type array = []any
	bind := func(from, to string, writable bool) object {
		return object{"Type": "bind", "Source": filepath.Join(dir, from), "Destination": to, "RW": writable, "Propagation": "rprivate"}
	}
	volume := func(name, to string) object {
		return object{"Type": "volume", "Name": name, "Source": "/var/lib/docker/volumes/" + name, "Destination": to, "RW": true}
	}
	at := func(ip, port string) array { return array{object{"HostIp": ip, "HostPort": port}} }
	const anonymous = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	ports := object{
		"80/tcp": at("127.0.0.1", "8080"), "443/tcp": at("", "49153"), "9000/udp": at("0.0.0.0", "9000"), "9001/udp": at("0.0.0.0", "9001"), "70/tcp": at("", "7003"),
	}
	return object{
		"Id": "c0ffee", "Name": "/shop-web-1", "Image": "sha256:" + anonymous,
		"State":  object{"Running": true, "Status": "running"},
		"Config": object{"Image": "shop/web:1.4", "User": "33"},
		"HostConfig": object{
			"CapDrop": array{"ALL"}, "NetworkMode": "shop_default", "Tmpfs": object{"/run": ""}, "PortBindings": ports,
		},
		"Mounts": array{
			bind("data", "/data", true), bind("conf", "/etc/web", false), volume("shop_cache", "/var/cache/web"), volume("shop_host", "/srv/host"),
			volume(anonymous, "/scratch"), bind("settings", "/settings", false), bind("password", "/run/secrets/password", false),
			bind("key", "/etc/key", false), volume(anonymous, "/of/the/image"),
		},
		"NetworkSettings": object{"Ports": ports},
	}
}

// TestDifferences: a container that Compose made is as declared, each change of it
// is found, and nothing is said of what variables decide.
func TestDifferences(t *testing.T) {
	type object = map[string]any
	type array = []any
	dir := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "real"), 0o700), os.Symlink("real", filepath.Join(dir, "data"))); err != nil {
		t.Fatal(err)
	}
	host := func(o object) object { return o["HostConfig"].(object) }
	mount := func(o object, n int) object { return o["Mounts"].(array)[n].(object) }
	for name, c := range map[string]struct {
		service string
		change  func(o object)
		want    []difference
	}{
		"as declared": {"web", func(object) {}, nil},
		"stopped":     {"web", func(o object) { delete(o, "NetworkSettings") }, nil},
		"other tag": {"web", func(o object) { o["Config"].(object)["Image"] = "shop/web:1.5" }, []difference{
			{"image", "shop/web:1.4", "shop/web:1.5"},
		}},
		"image without a name": {"web", func(o object) { o["Config"].(object)["Image"] = "sha256:0123456789ab" }, nil},
		"other user":           {"web", func(o object) { o["Config"].(object)["User"] = "0" }, []difference{{"user", "33", "0"}}},
		"every address": {"web", func(o object) {
			for _, ports := range []object{host(o)["PortBindings"].(object), o["NetworkSettings"].(object)["Ports"].(object)} {
				ports["80/tcp"] = array{object{"HostIp": "0.0.0.0", "HostPort": "8080"}}
			}
		}, []difference{{
			"ports", "[127.0.0.1:8080:80/tcp, 443/tcp, 7000-7010:70/tcp, 9000-9001:9000-9001/udp]",
			"[49153:443/tcp, 7003:70/tcp, 8080:80/tcp, 9000-9001:9000-9001/udp]",
		}}},
		"one port more": {"web", func(o object) {
			for _, ports := range []object{host(o)["PortBindings"].(object), o["NetworkSettings"].(object)["Ports"].(object)} {
				ports["22/tcp"] = array{object{"HostIp": "", "HostPort": "2222"}}
			}
		}, []difference{{
			"ports", "[127.0.0.1:8080:80/tcp, 443/tcp, 7000-7010:70/tcp, 9000-9001:9000-9001/udp]",
			"[127.0.0.1:8080:80/tcp, 2222:22/tcp, 49153:443/tcp, 7003:70/tcp, 9000-9001:9000-9001/udp]",
		}}},
		"writable mount": {"web", func(o object) { mount(o, 1)["RW"] = true }, []difference{
			{"mounts", "[" + dir + "/conf:/etc/web:ro]", "[" + dir + "/conf:/etc/web]"},
		}},
		"other folder": {"web", func(o object) { mount(o, 0)["Source"] = "/etc" }, []difference{
			{"mounts", "[" + dir + "/data:/data]", "[/etc:/data]"},
		}},
		"the same folder by another name": {"web", func(o object) { mount(o, 0)["Source"] = filepath.Join(dir, "real") }, nil},
		"the engine's socket too": {"web", func(o object) {
			o["Mounts"] = append(o["Mounts"].(array), object{"Type": "bind", "Source": "/var/run/docker.sock", "Destination": "/var/run/docker.sock", "RW": true})
		}, []difference{{"mounts", "[]", "[/var/run/docker.sock:/var/run/docker.sock]"}}},
		"one mount less": {"web", func(o object) { delete(host(o), "Tmpfs") }, []difference{{"mounts", "[/run:tmpfs]", "[]"}}},
		"variables": {"open", func(o object) {
			o["Config"] = object{"Image": "other:2", "User": "0"}
			delete(host(o), "CapDrop")
		}, nil},
		"built, and on the machine's network": {"built", func(o object) {
			o["HostConfig"], o["Mounts"], o["NetworkSettings"] = object{"NetworkMode": "host"}, array{}, object{}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := asDeclared(dir)
			c.change(o)
			text, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			has := container.Read(source.NewFile("container web", text))
			facts := compose.Read([]*source.File{source.NewFile(filepath.Join(dir, "compose.yaml"), []byte(declaredCompose))}, compose.Options{Name: "shop", Dir: dir})
			var got []difference
			for _, w := range facts.Workloads {
				if w.Service == c.service {
					got = append(got, differences(w, has.Workloads[0])...)
				}
			}
			if diff := cmp.Diff(got, c.want, cmp.AllowUnexported(difference{})); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
}
