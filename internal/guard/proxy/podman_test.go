package proxy_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/internal/engine"
)

// podmanFront starts Podman's service with a store of the test's own, a proxy
// in front of it, and makes the image box:1 there. It is skipped where
// containers of Podman's do not run.
func podmanFront(t *testing.T) (f *front, direct string) {
	t.Helper()
	for _, tool := range []string{"podman", "runc", "docker"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no Podman: %s is not installed", tool)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("no Podman: its service is started as root")
	}
	dir, err := os.MkdirTemp("", "podman") //nolint:usetesting // a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for deadline := time.Now().Add(patience); used(dir) && time.Now().Before(deadline); {
			<-time.After(50 * time.Millisecond) // what tidies after a container is still at it
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove Podman's folder: %v", err)
		}
	})
	write(t, dir+"/containers.conf", `[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
`)
	direct = dir + "/podman.sock"
	service := exec.Command("podman", "--root", dir+"/root", "--runroot", dir+"/run", "--tmpdir", dir+"/tmp",
		"--storage-driver", "vfs", "system", "service", "--time", "0", "unix://"+direct)
	service.Env = append(os.Environ(), "CONTAINERS_CONF="+dir+"/containers.conf")
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = shell("DOCKER_HOST=unix://" + direct + " docker rm -f $(DOCKER_HOST=unix://" + direct + " docker ps -aq)") // there may be none
		late := time.AfterFunc(patience, func() { _ = service.Process.Kill() })                                           // it may have ended
		defer late.Stop()
		_ = service.Process.Signal(unix.SIGTERM) // as above
		_ = service.Wait()                       // it was told to end
	})
	write(t, dir+"/main.go", tool)
	line := "cd " + dir + " && CGO_ENABLED=0 GOFLAGS=-trimpath go build -o tool main.go && export DOCKER_HOST=unix://" + direct +
		" && until docker version >/dev/null 2>&1; do sleep 0.1; done && tar -c tool | docker import - box:1" +
		" && docker run --rm --network none box:1 /tool echo works"
	if out, err := shell(line); err != nil {
		t.Skipf("no Podman: its containers do not run here: %v\n%s", err, out)
	}
	e, err := engine.Open(t.Context(), engine.Options{Host: "unix://" + direct})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return newFront(t, e, direct, ""), direct
}

// used reports whether a process has dir on its command line.
func used(dir string) bool {
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	return err == nil && slices.ContainsFunc(lines, func(name string) bool {
		text, err := os.ReadFile(name)
		return err == nil && strings.Contains(string(text), dir)
	})
}

// podmanCalls are what clients ask of Podman: what has to pass, and what has
// to be denied, with a part of the reason. FRONT is the proxy's socket.
const podmanCalls = `
docker version
docker info
docker run --rm --network none box:1 /tool echo hi
docker run -d --name web --network none -v data:/data -v DIR:/src:ro box:1 /tool stay
docker ps -a
docker exec web /tool echo hi
docker logs web
docker cp web:/tool DIR/tool
docker inspect web
docker restart -t 0 web
docker volume ls
docker network ls
docker save -o DIR/box.tar box:1
docker load -i DIR/box.tar
docker tag box:1 box:2
docker rmi box:2
podman version
podman info
podman ps -a
podman images
podman inspect web
podman logs web
podman top web
podman exec web /tool echo hi
podman cp web:/tool DIR/tool2
podman stop -t 0 web
podman start web
podman restart -t 0 web
podman rename web shop
podman volume ls
podman network ls
podman save -o DIR/box2.tar box:1
podman load -i DIR/box2.tar
podman tag box:1 box:3
podman rmi box:3
podman rm -f -t 0 shop
docker run --privileged box:1 ! privileged:
docker run --pid host box:1 ! host-pid:
docker run -v /etc:/x box:1 ! sensitive-host-mount:
docker run --network ns:/proc/1/ns/net box:1 ! namespace:
docker run --security-opt unmask=ALL box:1 ! unmasked-paths:
docker exec old /tool echo no ! privileged:
docker start old-pid ! host-pid:
docker start old-ns ! namespace
podman exec old /tool echo no ! privileged:
podman exec --privileged fresh /tool echo no ! privileged:
podman start old-pid ! host-pid:
podman run --rm box:1 ! Podman's own format
podman run --privileged box:1 ! Podman's own format
podman create box:1 ! Podman's own format
podman pod create ! Podman's own format
podman volume create v ! Podman's own format
podman network create n ! Podman's own format
podman pull dir:/etc ! image source:
podman play kube DIR/pod.yaml ! Podman's own
podman secret create s DIR/pod.yaml ! Podman's own API
podman commit fresh x ! Podman's own format
podman container checkpoint fresh ! Podman's own format
`

// TestPodman: the proxy stands in front of Podman's service too.
func TestPodman(t *testing.T) {
	f, direct := podmanFront(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pod.yaml"), "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: 'box:1'}]}\n")
	before := "export DOCKER_HOST=unix://" + direct + ` && docker run -d --name old --privileged --network none box:1 /tool stay &&
		docker create --name old-pid --pid host --network none box:1 /tool stay &&
		docker run -d --name fresh --network none box:1 /tool stay &&
		podman --url unix://` + direct + ` create --name old-ns --network none --pid ns:/proc/$$/ns/pid box:1 /tool stay`
	if out, err := shell(before); err != nil {
		t.Fatalf("what was there before: %v\n%s", err, out)
	}
	passed, denied := 0, 0
	for call := range strings.Lines(strings.TrimSpace(podmanCalls)) {
		line, want, forbidden := strings.Cut(strings.TrimSpace(call), " ! ")
		line = strings.ReplaceAll(line, "DIR", dir)
		line = strings.Replace(line, "podman ", "podman --url unix://"+f.socket+" ", 1)
		out, err := f.line(t, line)
		switch {
		case forbidden && (err == nil || !strings.Contains(out, "denied by bulkhead") || !strings.Contains(out, want)):
			t.Errorf("%s: got %v\n%s\nwant it denied: %s", line, err, out, want)
		case forbidden:
			denied++
		case err != nil:
			t.Errorf("%s: %v\n%s", line, err, out)
		default:
			passed++
		}
	}
	t.Logf("%d calls passed, %d were denied", passed, denied)
}

// line runs a line of shell for which the front is the engine.
func (f *front) line(t *testing.T, line string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", fmt.Sprintf("DOCKER_HOST=unix://%s exec %s", f.socket, line))
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}
