package runline

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// read returns the only workload of a script.
func read(t *testing.T, script string) *model.Workload {
	t.Helper()
	facts := Read(source.NewFile("run.sh", []byte(script)))
	if len(facts.Workloads) != 1 || len(facts.Faults) > 0 {
		t.Fatalf("%s: got %d workloads, notes %v and faults %v, want one workload", script, len(facts.Workloads), facts.Notes, facts.Faults)
	}
	return facts.Workloads[0]
}

// TestArity checks that flags take what Docker lets them take: the image is
// found behind all of them.
func TestArity(t *testing.T) {
	for _, line := range []string{
		"docker run IMAGE",
		"docker run -itd IMAGE",
		"docker run -it=false IMAGE",
		"docker run -dp80:80 IMAGE",
		"docker run -dp 80:80 IMAGE",
		"docker run -e=A=b IMAGE",
		"docker run -eA=b -m1g IMAGE",
		"docker run --rm --init --sig-proxy=false --oom-kill-disable --quiet IMAGE",
		"docker run --no-healthcheck --publish-all --read-only --privileged --disable-content-trust IMAGE",
		"docker run --cpus 2 --cpu-shares 5 -c 5 --cpuset-cpus 0 --gpus all --shm-size 1g IMAGE",
		"docker run --name x -h y --add-host a:b --dns 1.1.1.1 --ip 1.2.3.4 --mac-address m IMAGE",
		"docker run --platform linux/amd64 --pull always --runtime runsc --stop-signal TERM --isolation process IMAGE",
		"docker run --annotation a=b --label-file f --env-file e --cidfile c --storage-opt size=1 IMAGE",
		"docker run --health-cmd 'a b' --health-interval 1s --health-retries 3 --health-start-period 1s IMAGE",
		"docker run -- IMAGE --privileged",
		"docker -H tcp://x --tls -l debug container create IMAGE",
		"docker --context=prod run IMAGE",
		"podman run --pod new:p --replace --systemd=true --tz local --userns keep-id --secret s IMAGE",
		"sudo -u root -E env A=b docker run IMAGE",
		"exec /usr/bin/docker run IMAGE",
		"time docker run IMAGE | tee log",
		"x=$(docker run IMAGE)",
		"until docker run IMAGE; do sleep 1; done",
		"f() { docker run IMAGE & }",
		"sh -ec 'docker run IMAGE'",
		"[ -n x ] && docker run IMAGE || true",
		"DOCKER_HOST=x docker run IMAGE",
		"A=IMAGE\nB=$A\ndocker run ${B}",
		"OPTS='-it --name x'; docker run $OPTS IMAGE",
		"docker run --user \"$(id -u):$(id -g)\" IMAGE",
		"docker run \"${ARGS[@]}\" IMAGE",
		"docker run $@ IMAGE:1",
	} {
		w := read(t, strings.ReplaceAll(line, "IMAGE", "shop/web"))
		if got := w.Image.Ref; got.Value.Repository != "shop/web" || !got.Known() {
			t.Errorf("%s: got image %q (%s), want shop/web", line, got.Value.Raw, got.State)
		}
	}
}

// TestNot checks that what only looks like a docker run line is not one.
func TestNot(t *testing.T) {
	for _, script := range []string{
		"# docker run nginx",
		"echo docker run nginx",
		"echo 'docker run nginx'",
		"cat <<EOF\ndocker run nginx\nEOF",
		"docker build -t run .",
		"docker compose run web",
		"docker-compose run web",
		"docker run --help",
		"docker run",
		"docker exec web docker-run create",
		"docker volume create data",
		"docker run -d --no-such-flag nginx",
	} {
		if got := Read(source.NewFile("run.sh", []byte(script))); len(got.Workloads) > 0 {
			t.Errorf("%s: got workload %s, want none", script, got.Workloads[0].Name)
		}
	}
}

// TestDefaults checks Docker's defaults.
func TestDefaults(t *testing.T) {
	w := read(t, "docker run -d nginx")
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"user", w.User.Value.UID, int64(0)},
		{"user likely", w.User.Likely, true},
		{"seccomp", w.Seccomp.Value, "default"},
		{"AppArmor", w.AppArmor.Value, "default"},
		{"SELinux", w.SELinux.Value, "default"},
		{"network", w.Network.Value.Mode, "bridge"},
		{"restart", w.Restart.Value.Policy, "no"},
		{"unset", w.Privileged.State, model.Unset},
		{"runAsNonRoot", w.NonRoot.State, model.Unknown},
		{"service account", w.ServiceAccountToken.State, model.Unknown},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
}

// TestValues checks values that are written in more ways than one.
func TestValues(t *testing.T) {
	for _, c := range []struct {
		flags string
		got   func(w *model.Workload) any
		want  any
	}{
		{"--memory 512m", func(w *model.Workload) any { return w.Memory.Value }, int64(512 << 20)},
		{"-m 1g --memory-swap=-1", func(w *model.Workload) any { return w.MemorySwap.Value }, int64(-1)},
		{"--cpu-quota 50000", func(w *model.Workload) any { return w.CPUs.Value }, 0.5},
		{"--cpu-quota 50000 --cpu-period 25000", func(w *model.Workload) any { return w.CPUs.Value }, 2.0},
		{"--cpus=$N", func(w *model.Workload) any { return w.CPUs.State }, model.Unknown},
		{"--cpus=${N:-1.5}", func(w *model.Workload) any { return w.CPUs.Value }, 1.5},
		{"--cpus=${N:-1.5}", func(w *model.Workload) any { return w.CPUs.Likely }, true},
		{"--privileged=false", func(w *model.Workload) any { return w.Privileged.Value }, false},
		{"--privileged --privileged=false", func(w *model.Workload) any { return w.Privileged.Value }, false},
		{"--user 0:0", func(w *model.Workload) any { return w.User.Value }, model.User{Name: "0:0"}},
		{"--user root", func(w *model.Workload) any { return w.User.Value }, model.User{Name: "root"}},
		{"-u app", func(w *model.Workload) any { return w.User.Value }, model.User{Name: "app", UID: -1, GID: -1}},
		{"-u 10:20", func(w *model.Workload) any { return w.User.Value }, model.User{Name: "10:20", UID: 10, GID: 20}},
		{"--security-opt no-new-privileges", func(w *model.Workload) any { return w.NoNewPrivileges.Value }, true},
		{"--security-opt=no-new-privileges=false", func(w *model.Workload) any { return w.NoNewPrivileges.Value }, false},
		{"--security-opt $X", func(w *model.Workload) any { return w.NoNewPrivileges.State }, model.Unknown},
		{"--security-opt seccomp:unconfined", func(w *model.Workload) any { return w.Seccomp.Value }, "unconfined"},
		{"--security-opt apparmor=docker-default", func(w *model.Workload) any { return w.AppArmor.Value }, "default"},
		{"--security-opt label:disable", func(w *model.Workload) any { return w.SELinux.Value }, "disable"},
		{"--security-opt label=type:a --security-opt label=level:b", func(w *model.Workload) any { return w.SELinux.Value }, "type:a,level:b"},
		{"--security-opt systempaths=unconfined", func(w *model.Workload) any { return w.UnmaskedPaths.Value }, true},
		{"--cap-add=cap_net_raw", func(w *model.Workload) any { return w.CapAdd.Items[0].Value }, "NET_RAW"},
		{"--net=container:db", func(w *model.Workload) any { return w.Network.Value }, model.Namespace{Mode: "container", Target: "db"}},
		{"--network name=back,alias=x", func(w *model.Workload) any { return w.Attachments[0].Aliases[0] }, "x"},
		{"--network none", func(w *model.Workload) any { return len(w.Attachments) }, 0},
		{"--ipc private", func(w *model.Workload) any { return w.IPC.Value.Mode }, ""},
		{"--userns=host", func(w *model.Workload) any { return w.UserNS.Value.Mode }, "host"},
		{"--cgroupns host", func(w *model.Workload) any { return w.CgroupNS.Value.Mode }, "host"},
		{"--restart on-failure:5", func(w *model.Workload) any { return w.Restart.Value }, model.Restart{Policy: "on-failure", Max: 5}},
		{"--restart=sometimes", func(w *model.Workload) any { return w.Restart.State }, model.Unknown},
		{"--no-healthcheck", func(w *model.Workload) any { return w.Health.Value.Kind }, model.DisabledHealth},
		{"--health-cmd 'curl x'", func(w *model.Workload) any { return w.Health.Value.Test[0] }, "curl x"},
		{"--log-driver none", func(w *model.Workload) any { return w.Log.Value.Driver }, "none"},
		{"--log-opt max-size=1m", func(w *model.Workload) any { return w.Log.Value.Options["max-size"] }, "1m"},
		{"--ulimit nofile=1:2", func(w *model.Workload) any { return w.Ulimits[0].Hard.Value }, int64(2)},
		{"--device /dev/sda:/dev/x:r", func(w *model.Workload) any { return w.Devices.Items[0].Value }, "/dev/sda"},
		{"--gpus all", func(w *model.Workload) any { return w.Devices.Items[0].Value }, "nvidia.com/gpu=all"},
		{"--volumes-from db", func(w *model.Workload) any { return w.MountsAll }, model.Unknown},
		{"-P", func(w *model.Workload) any { return w.PublishAll.Value }, true},
		{"--expose 80-81/udp", func(w *model.Workload) any { return w.Exposed[0].Last }, 81},
		{"--sysctl net.a=1", func(w *model.Workload) any { return w.Sysctls[0].Name }, "net.a"},
		{"-e A", func(w *model.Workload) any { return w.Env[0].From }, model.FromShell},
		{"-e A=", func(w *model.Workload) any { return w.Env[0].Value.State }, model.Set},
		{"-l a=b", func(w *model.Workload) any { return w.Labels[0].Value.Value }, "b"},
		{"--entrypoint sh", func(w *model.Workload) any { return w.Entrypoint.Value.Args[0] }, "sh"},
		{"--group-add docker", func(w *model.Workload) any { return w.Groups.Items[0].Value }, "docker"},
		{"--platform windows/amd64", func(w *model.Workload) any { return w.OS }, "windows"},
		{"--platform linux/arm64", func(w *model.Workload) any { return w.OS }, ""},
		{"--link db:db", func(w *model.Workload) any { return w.Links.Items[0].Value }, "db:db"},
	} {
		if diff := cmp.Diff(c.got(read(t, "docker run "+c.flags+" nginx")), c.want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", c.flags, diff)
		}
	}
}

// TestMounts checks every way to mount something.
func TestMounts(t *testing.T) {
	for _, c := range []struct{ flags, want string }{
		{"-v /a:/b", "bind /a /b rw"},
		{"-v /a:/b:ro,z", "bind /a /b ro"},
		{"-v data:/b:rw,rshared", "volume data /b rw rshared"},
		{"-v /b", "volume  /b rw"},
		{"-v ~/.ssh:/k", "bind ~/.ssh /k rw"},
		{"-v $HOME/.ssh:/k", "bind ~/.ssh /k rw"},
		{"-v `pwd`:/k", "bind . /k rw"},
		{"-v C:\\\\x:/b:ro", `bind C:\x /b ro`},
		{"--mount type=bind,source=/a,target=/b,readonly", "bind /a /b ro"},
		{"--mount type=bind,src=/a,dst=/b,ro=false,bind-propagation=slave", "bind /a /b rw slave"},
		{"--mount source=data,target=/b", "volume data /b rw"},
		{"--mount type=volume,dst=/b,volume-opt=type=none,volume-opt=device=/etc,volume-opt=o=bind", "bind /etc /b rw"},
		{`--mount 'type=bind,"source=/a,b",target=/b'`, "bind /a,b /b rw"},
		{"--mount type=tmpfs,target=/t,tmpfs-size=1m", "tmpfs  /t rw noexec nosuid nodev 1048576"},
		{"--tmpfs /t", "tmpfs  /t rw noexec nosuid nodev 0"},
		{"--tmpfs /t:exec,suid,dev,size=1k,ro", "tmpfs  /t ro 1024"},
	} {
		w := read(t, "docker run "+c.flags+" nginx")
		if len(w.Mounts) != 1 {
			t.Errorf("%s: got %d mounts, want one", c.flags, len(w.Mounts))
			continue
		}
		if got := mountText(w.Mounts[0]); got != c.want {
			t.Errorf("%s: got %q, want %q", c.flags, got, c.want)
		}
	}
}

func mountText(m model.Mount) string {
	words := []string{string(m.Kind), m.Source.Value, m.Target.Value, "rw"}
	if m.ReadOnly.Value {
		words[3] = "ro"
	}
	if m.Propagation.Value != "" {
		words = append(words, m.Propagation.Value)
	}
	if t := m.Tmpfs; t != nil {
		for _, o := range []struct {
			name string
			on   bool
		}{{"noexec", t.NoExec.Value}, {"nosuid", t.NoSUID.Value}, {"nodev", t.NoDev.Value}} {
			if o.on {
				words = append(words, o.name)
			}
		}
		words = append(words, strconv.FormatInt(t.Size.Value, 10))
	}
	return strings.Join(words, " ")
}

// TestPorts checks every way to publish a port, and its binding to loopback.
func TestPorts(t *testing.T) {
	for _, c := range []struct{ flag, want, loopback string }{
		{"80", ":0 80-80 tcp", "127.0.0.1::80"},
		{"8080:80", ":8080 80-80 tcp", "127.0.0.1:8080:80"},
		{"8080:80/UDP", ":8080 80-80 udp", "127.0.0.1:8080:80/UDP"},
		{"8000-8010:80-90", ":8000 80-90 tcp", "127.0.0.1:8000-8010:80-90"},
		{"0.0.0.0:8080:80", "0.0.0.0:8080 80-80 tcp", "127.0.0.1:8080:80"},
		{"0.0.0.0::80", "0.0.0.0:0 80-80 tcp", "127.0.0.1::80"},
		{"[::]:8080:80", ":::8080 80-80 tcp", "127.0.0.1:8080:80"},
		{"127.0.0.1:1:2", "127.0.0.1:1 2-2 tcp", "127.0.0.1:1:2"},
		{"$P:80", "unknown", "$P:80"},
		{"8080:$P", "unknown", "127.0.0.1:8080:$P"},
	} {
		script := "docker run -p " + c.flag + " nginx"
		p := read(t, script).Ports[0]
		got := fmt.Sprintf("%s:%d %d-%d %s", p.HostIP.Value, p.HostFirst, p.First, p.Last, p.Protocol)
		if p.State == model.Unknown {
			got = "unknown"
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.flag, got, c.want)
		}
		text, err := source.Apply(p.Place.Span.File, p.HostIP.Edit("127.0.0.1"))
		if want := "docker run -p " + c.loopback + " nginx"; err != nil || string(text) != want {
			t.Errorf("%s: got %q and error %v, want %q", c.flag, text, err, want)
		}
	}
}

// TestArgs checks command lines given as arguments.
func TestArgs(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string // name of the workload, and the text
	}{
		{[]string{"docker", "run", "-e", "A=b c", "nginx", "sh", "-c", "echo '$x'"}, `nginx: docker run -e 'A=b c' nginx sh -c 'echo '\''$x'\'''`},
		{[]string{"run", "--name", "web", "nginx"}, "web: docker run --name web nginx"},
		{[]string{"sudo", "podman", "create", "redis:7"}, "redis: sudo podman create redis:7"},
	} {
		facts := Args(c.args)
		if len(facts.Workloads) != 1 {
			t.Errorf("%q: got %d workloads, want one", c.args, len(facts.Workloads))
			continue
		}
		w := facts.Workloads[0]
		if got := w.Name + ": " + string(w.Place.Span.File.Text); got != c.want {
			t.Errorf("%q: got %s, want %s", c.args, got, c.want)
		}
		if got := w.Place.Span.File.Name; got != "command line" {
			t.Errorf("%q: got file %q, want %q", c.args, got, "command line")
		}
	}
	for _, args := range [][]string{nil, {"docker", "ps"}, {"ls", "-l"}} {
		if got := Args(args); len(got.Faults) != 1 || len(got.Workloads) != 0 {
			t.Errorf("%q: got %d workloads and faults %v, want one fault", args, len(got.Workloads), got.Faults)
		}
	}
}

// TestNetworks checks what a script makes networks of and joins to them.
func TestNetworks(t *testing.T) {
	facts := Read(source.NewFile("net.sh", []byte(`
docker network create --internal --opt com.docker.network.bridge.enable_icc=false --opt encrypted back
docker network create -d overlay --attachable front
docker run --name db --network back postgres
docker network connect --alias data front db
`)))
	if len(facts.Networks) != 2 || len(facts.Workloads) != 1 {
		t.Fatalf("got %d networks and %d workloads, want 2 and 1", len(facts.Networks), len(facts.Workloads))
	}
	back, front := facts.Networks[0], facts.Networks[1]
	if !back.Internal.Value || back.ICC.Value || !back.Encrypted.Value || back.Driver.Value != "bridge" {
		t.Errorf("got internal %t, icc %t, encrypted %t, driver %s, want true, false, true, bridge",
			back.Internal.Value, back.ICC.Value, back.Encrypted.Value, back.Driver.Value)
	}
	if front.Driver.Value != "overlay" || !front.Attachable.Value || front.Internal.Value {
		t.Errorf("got driver %s, attachable %t, internal %t, want overlay, true, false", front.Driver.Value, front.Attachable.Value, front.Internal.Value)
	}
	db := facts.Workloads[0]
	if len(db.Attachments) != 2 || db.Attachments[0].Network != back || db.Attachments[1].Network != front {
		t.Errorf("got attachments %v, want both networks", db.Attachments)
	}
}

// TestBroken checks that one construct the shell parser refuses does not hide
// the lines beside it.
func TestBroken(t *testing.T) {
	w := read(t, "if [ x ; then (((\ndocker run --name web \\\n  --privileged nginx\n")
	if w.Name != "web" || !w.Privileged.Value {
		t.Errorf("got %s privileged %t, want web privileged", w.Name, w.Privileged.Value)
	}
	if got := w.Privileged.Span.Position().String(); got != "run.sh:3:3" {
		t.Errorf("got place %s, want run.sh:3:3", got)
	}
}

// TestDeep checks that nesting without end is refused, not followed.
func TestDeep(t *testing.T) {
	for _, c := range []struct{ open, shut string }{
		{"$(", ")"},
		{"(", ")"},
		{"{ ", "; }"},
		{"if ", "; then x; fi"},
		{"`", "`"},
		{"${x:-", "}"},
		{"$((", "))"},
		{"\"$(", ")\""},
		{"! ", ""},
		{"while ", "; do x; done"},
		{"f() ", ""},
		{"x && ", ""},
		{"<(", ")"},
		{"$x[", "]"},
		{"[[ ! ", ""},
		{"a=(", ")"},
		{"case x in y) ", ";; esac"},
		{"$(( -", "))"},
		{"time ", ""},
		{"coproc ", ""},
		{"(( ~", "))"},
		{"[[ (", ")"},
	} {
		const n = 200_000
		script := "docker run --name web nginx\n" + strings.Repeat(c.open, n) + "x" + strings.Repeat(c.shut, n) + "\n"
		facts := Read(source.NewFile("run.sh", []byte(script)))
		if len(facts.Workloads) != 1 || facts.Workloads[0].Name != "web" {
			t.Errorf("%q: got %d workloads, want web", c.open, len(facts.Workloads))
		}
	}
}
