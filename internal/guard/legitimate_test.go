package guard_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/enginetest"
)

// calls are what people and tools do with an engine all day, one docker
// command line each. $DIR is a folder of the test's.
const calls = `
version
info
system df
images
ps -a
pull --help
run -d --name web --label tier=front -p 127.0.0.1:0:80 box:1
run --rm box:1 /tool echo hi
run --rm -e A=b --env-file $DIR/env -w /tmp -u 1000:1000 box:1 /tool echo hi
run --rm --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges box:1 /tool echo hi
run --rm --cap-add NET_BIND_SERVICE --cap-add NET_ADMIN box:1 /tool echo hi
run --rm --memory 64m --cpus 0.5 --pids-limit 50 --ulimit nofile=1024 box:1 /tool echo hi
run --rm -v $DIR/project:/src -v $DIR/project:/ro:ro box:1 /tool cat /src/file
run --rm -v data:/data --mount type=volume,source=more,target=/more --mount type=tmpfs,target=/t box:1 /tool echo hi
run --rm --mount type=bind,source=$DIR/project,target=/src,readonly box:1 /tool cat /src/file
run --rm -v /etc/localtime:/etc/localtime:ro -v /etc/hosts:/h:ro box:1 /tool echo hi
run --rm --network none --hostname h --add-host a:127.0.0.1 --dns 127.0.0.1 box:1 /tool echo hi
run --rm --network container:web --pid container:web box:1 /tool echo hi
run --rm --network container:/web box:1 /tool echo hi
run --rm --volumes-from web box:1 /tool echo hi
run --rm --init --stop-signal SIGINT --shm-size 32m --log-driver json-file --log-opt max-size=1m box:1 /tool echo hi
run --rm --device /dev/null --device /dev/net/tun:/dev/net/tun box:1 /tool echo hi
run --rm --sysctl net.ipv4.ip_unprivileged_port_start=0 box:1 /tool echo hi
create --security-opt seccomp=$DIR/seccomp.json box:1
run --rm -i -t=false --entrypoint /tool box:1 echo hi
run --rm --runtime runc --restart no --health-cmd true box:1 /tool echo hi
create --name made --restart on-failure:3 box:1 /tool sleep 60
start made
inspect made
top made
stats --no-stream made
port web
diff web
logs web
logs --tail 1 -t web
exec web /tool echo hi
exec -t web /tool echo hi
exec -u 1000 -w /tmp -e A=b web /tool echo hi
exec -d web /tool echo hi
cp web:/etc/passwd $DIR/passwd
cp $DIR/project/file web:/tmp/file
cp web:/etc - 
update --memory 96m --memory-swap 96m --restart no made
rename made renamed
pause renamed
unpause renamed
restart -t 0 renamed
stop -t 0 renamed
wait renamed
kill web
start web
commit -m snapshot -c "CMD [\"/app\"]" web snap:1
tag snap:1 snap:2
history snap:1
image inspect snap:1
save -o $DIR/snap.tar snap:1
export -o $DIR/web.tar web
rmi snap:1 snap:2
load -i $DIR/snap.tar
import $DIR/web.tar imported:1
build -t built:1 $DIR/project
build -t built:2 --no-cache --build-arg A=b --target base --network none --label x=y $DIR/project
run --rm built:1
network create --internal --subnet 10.123.0.0/24 back
network create -d bridge --label x=y front
network ls
network inspect back
network connect back web
network disconnect back web
run --rm --network back --network-alias a box:1 /tool echo hi
volume create v1
volume create -o type=tmpfs -o device=tmpfs -o o=size=1m v2
volume create -o type=none -o o=bind -o device=$DIR/project v3
run --rm -v v2:/a -v v3:/b box:1 /tool cat /b/file
volume inspect v1
volume ls
rm -f web renamed
network rm back front
volume rm v1 v2 v3
container prune -f
image prune -f
volume prune -f
network prune -f
system prune -f
events --since 1m --until 0s
node ls --help
plugin ls
search --help
`

// prepare writes what the calls use.
func (l *live) prepare(t *testing.T) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(l.dir, "project"), 0o755); err != nil {
		t.Fatal(err)
	}
	l.write(t, "env", "C=d\n")
	l.write(t, "project/file", "content\n")
	l.write(t, "project/Dockerfile", "FROM box:1 AS base\nARG A\nRUN [\"/tool\", \"echo\", \"building\"]\nFROM base\nCOPY file /file\nCMD [\"/tool\", \"cat\", \"/file\"]\n")
	l.write(t, "seccomp.json", `{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_AARCH64"],"syscalls":[]}`)
	l.write(t, "tool.go", `package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

func main() {
	switch os.Args[1] {
	case "echo":
		fmt.Println(strings.Join(os.Args[2:], " "))
	case "cat":
		text, err := os.ReadFile(os.Args[2])
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Stdout.Write(text)
	case "sleep":
		time.Sleep(time.Minute)
	}
}
`)
	tool := filepath.Join(l.dir, "tool")
	build := "CGO_ENABLED=0 GOFLAGS=-trimpath go build -ldflags='-s -w' -o " + tool + " " + filepath.Join(l.dir, "tool.go")
	if out, err := shell(t, build); err != nil {
		t.Fatalf("build the image's tool: %v\n%s", err, out)
	}
	text, err := os.ReadFile(tool)
	if err != nil {
		t.Fatal(err)
	}
	enginetest.Image(t, "box:1",
		enginetest.File{Name: "tool", Text: string(text), Mode: 0o755}, enginetest.File{Name: "tmp/keep", Text: ""})
	t.Cleanup(func() {
		if all := strings.Fields(enginetest.Docker(t, "ps", "-aq")); len(all) > 0 {
			enginetest.Docker(t, append([]string{"rm", "-f"}, all...)...)
		}
		enginetest.Docker(t, "image", "prune", "-a", "-f") // children of the image
	})
}

// clients returns the docker commands that are installed.
func clients() []string {
	var out []string
	for _, c := range []string{"/usr/bin/docker", "/usr/local/bin/docker"} {
		if _, err := os.Stat(c); err == nil {
			out = append(out, c)
		}
	}
	return out
}

// TestLegitimate: nothing people do all day is refused.
func TestLegitimate(t *testing.T) {
	l := newLive(t)
	l.prepare(t)
	stop := l.serve(t, "")
	defer stop()
	l.enable(t)
	done := 0
	for _, client := range clients() {
		for call := range strings.Lines(strings.TrimSpace(calls)) {
			line := client + " " + strings.ReplaceAll(strings.TrimSpace(call), "$DIR", l.dir)
			out, err := shell(t, line)
			if err != nil {
				t.Errorf("%s: %v\n%s", line, err, last(out))
			}
			done++
		}
	}
	for _, s := range composeCalls() {
		if got := l.send(t, s.method, []byte(s.text)); got.Code == 403 || got.Code >= 500 || got.Code == 0 {
			t.Errorf("%s: got %d %s, want it to pass", s.name, got.Code, got.Text)
		}
		done++
	}
	l.streams(t)
	if done < 60 {
		t.Errorf("%d calls, want at least 60", done)
	}
	t.Logf("%d calls", done)
}

func last(text []byte) string { return string(text[max(0, len(text)-600):]) }

// composeCalls are what Compose sends, in its own words.
func composeCalls() []spelling {
	const container = `{"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":true,"AttachStderr":true,` +
		`"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":["A=b"],"Cmd":null,"Image":"box:1","Volumes":null,"WorkingDir":"",` +
		`"Entrypoint":null,"OnBuild":null,"Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"web"},` +
		`"HostConfig":{"Binds":["shop_data:/data:rw"],"ContainerIDFile":"","LogConfig":{"Type":"","Config":null},"NetworkMode":"shop_default",` +
		`"PortBindings":{},"RestartPolicy":{"Name":"always","MaximumRetryCount":0},"AutoRemove":false,"VolumeDriver":"","VolumesFrom":null,` +
		`"ConsoleSize":[0,0],"CapAdd":null,"CapDrop":null,"CgroupnsMode":"","Dns":null,"DnsOptions":null,"DnsSearch":null,"ExtraHosts":[],` +
		`"GroupAdd":null,"IpcMode":"","Cgroup":"","Links":null,"OomScoreAdj":0,"PidMode":"","Privileged":false,"PublishAllPorts":false,` +
		`"ReadonlyRootfs":false,"SecurityOpt":null,"UTSMode":"","UsernsMode":"","ShmSize":0,"Isolation":"","CpuShares":0,"Memory":0,` +
		`"NanoCpus":0,"CgroupParent":"","BlkioWeight":0,"Devices":null,"DeviceCgroupRules":null,"DeviceRequests":null,"MemorySwap":0,` +
		`"PidsLimit":null,"Ulimits":null,"Mounts":[{"Type":"volume","Source":"shop_more","Target":"/more","VolumeOptions":{}}],` +
		`"MaskedPaths":null,"ReadonlyPaths":null,"Init":true},` +
		`"NetworkingConfig":{"EndpointsConfig":{"shop_default":{"IPAMConfig":null,"Links":null,"Aliases":["web","shop-web-1"],"NetworkID":""}}}}`
	var out []spelling
	for _, c := range [][3]string{
		{"HEAD", "/_ping", ""},
		{"GET", "/v1.41/version", ""},
		{"GET", `/v1.41/containers/json?all=1&filters=%7B%22label%22%3A%7B%22com.docker.compose.project%3Dshop%22%3Atrue%7D%7D`, ""},
		{"GET", "/v1.41/networks/shop_default", ""},
		{"POST", "/v1.41/networks/create", `{"CheckDuplicate":true,"Driver":"bridge","Scope":"","EnableIPv6":false,"IPAM":null,"Internal":false,"Attachable":false,"Ingress":false,"ConfigOnly":false,"ConfigFrom":null,"Options":null,"Labels":{"com.docker.compose.network":"default"},"Name":"shop_default"}`},
		{"POST", "/v1.41/volumes/create", `{"Driver":"","DriverOpts":null,"Labels":{"com.docker.compose.volume":"data"},"Name":"shop_data"}`},
		{"GET", "/v1.41/images/box:1/json", ""},
		{"POST", "/v1.41/containers/create?name=shop-web-1", container},
		{"POST", "/v1.41/containers/shop-web-1/start", ""},
		{"GET", "/v1.41/containers/shop-web-1/json", ""},
		{"GET", "/v1.41/containers/shop-web-1/logs?stdout=1&stderr=1", ""},
		{"POST", "/v1.41/containers/shop-web-1/exec", `{"AttachStdout":true,"Cmd":["/tool","echo","hi"]}`},
		{"POST", "/v1.41/containers/shop-web-1/resize?h=24&w=80", ""},
		{"POST", "/v1.41/containers/shop-web-1/stop?t=0", ""},
		{"POST", "/v1.41/containers/shop-web-1/wait?condition=not-running", ""},
		{"DELETE", "/v1.41/containers/shop-web-1?force=1&v=1", ""},
		{"DELETE", "/v1.41/networks/shop_default", ""},
		{"DELETE", "/v1.41/volumes/shop_data", ""},
		{"GET", "/v1.24/info", ""},
	} {
		out = append(out, spelling{name: c[0] + " " + c[1], method: c[0], text: string(request(c[0], c[1], c[2]))})
	}
	return out
}

// streams holds connections open that carry bytes both ways: attach, logs -f,
// events and exec.
func (l *live) streams(t *testing.T) {
	t.Helper()
	docker := enginetest.Docker
	docker(t, "run", "-d", "--name", "streamed", "box:1")
	for _, client := range clients() {
		for _, call := range []string{"logs -f streamed", "attach --sig-proxy=false streamed", "events --filter container=streamed"} {
			l.stays(t, client, call)
		}
	}
}

// stays runs a docker command line that does not end by itself until the engine
// has granted it.
func (l *live) stays(t *testing.T, client, call string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, client, strings.Fields(call)...)
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(call, "logs") {
		first := make([]byte, 6)
		if _, err := io.ReadFull(out, first); err != nil || string(first) != "ready\n" {
			t.Errorf("%s %s: got %q, %v, want ready", client, call, first, err)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		t.Errorf("%s %s ended by itself: %v", client, call, err)
	case <-time.After(500 * time.Millisecond): // it is still open, so it was not refused
		cancel()
		if err := <-ended; err == nil {
			t.Errorf("%s %s had ended by itself", client, call)
		}
	}
}
