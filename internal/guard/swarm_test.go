package guard_test

import (
	"strings"
	"testing"
)

// swarmCalls are what people do with services, and what of it has to be denied,
// with a part of the reason.
const swarmCalls = `
docker service create -d --no-resolve-image --name web --env A=b --limit-memory 64m --label tier=front box:1 /tool sleep
docker service create -d --no-resolve-image --name data --mount type=volume,source=data,target=/data --read-only --user 1000 --cap-drop ALL box:1 /tool sleep
docker service create -d --no-resolve-image --name bound --mount type=bind,source=$DIR/project,target=/src,readonly box:1 /tool sleep
docker service ls
docker service inspect web
docker service ps web
docker service scale -d web=2
docker service update -d --no-resolve-image --env-add C=d web
docker service rollback -d web
docker node ls
docker node inspect self
docker secret create s $DIR/project/file
docker config create c $DIR/project/file
docker service create -d --no-resolve-image --name both --secret s --config c box:1 /tool sleep
docker service create -d --no-resolve-image --name no --mount type=bind,source=/etc,target=/x box:1 ! sensitive-host-mount:
docker service create -d --no-resolve-image --name no --mount type=bind,source=/run/docker.sock,target=/x box:1 ! engine-socket:
docker service create -d --no-resolve-image --name no --mount type=volume,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/etc,target=/x box:1 ! sensitive-host-mount:
docker service create -d --no-resolve-image --name no --cap-add SYS_ADMIN box:1 ! dangerous-capability:
docker service create -d --no-resolve-image --name no --network host box:1 ! host-network:
docker service update -d --no-resolve-image --cap-add SYS_ADMIN web ! dangerous-capability:
docker service update -d --no-resolve-image --mount-add type=bind,source=/,target=/x web ! sensitive-host-mount:
docker node update --label-add a=b $(docker node ls -q) ! route:
docker swarm join-token worker ! route:
docker swarm leave --force ! route:
docker service rm web data bound both
docker secret rm s
docker config rm c
`

// TestSwarm: on a manager of a swarm, services are judged as containers are.
func TestSwarm(t *testing.T) {
	l := newLive(t)
	l.prepare(t)
	if out, err := shell(t, "docker swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:0"); err != nil {
		t.Skipf("no swarm: %v\n%s", err, out)
	}
	t.Cleanup(func() { // before the engine goes, when the guard has gone
		if out, err := shellAlways("docker swarm leave --force"); err != nil {
			t.Errorf("leave the swarm: %v\n%s", err, out)
		}
	})
	stop := l.serve(t, "")
	defer stop()
	l.enable(t)
	for call := range strings.Lines(strings.TrimSpace(swarmCalls)) {
		line, want, forbidden := strings.Cut(strings.TrimSpace(call), " ! ")
		out, err := shell(t, strings.ReplaceAll(line, "$DIR", l.dir))
		switch {
		case forbidden && (err == nil || !strings.Contains(string(out), "plugin bulkhead") || !strings.Contains(string(out), want)):
			t.Errorf("%s: got %v\n%s\nwant it denied: %s", line, err, out, want)
		case !forbidden && err != nil:
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
}
