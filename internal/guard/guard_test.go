package guard

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/engine"
	"bulkhead/internal/rules"
	"bulkhead/internal/source"
)

// A shelf is an engine that holds the JSON it is given, by kind and name.
type shelf map[string]string

func (s shelf) Object(_ context.Context, kind engine.Kind, name string) (*source.File, error) {
	text, ok := s[string(kind)+"/"+name]
	if !ok {
		return nil, engine.ErrNotFound
	}
	return source.NewFile(name, []byte(text)), nil
}

func (s shelf) Info(context.Context) (*source.File, error) {
	return source.NewFile("info", []byte(`{"ServerVersion":"20.10.24","DockerRootDir":"/srv/engine"}`)), nil
}

// newGuard returns a guard with the policy in text over the engine e. What it
// writes into its journal goes to the returned builder.
func newGuard(t testing.TB, text string, e Engine) (*Guard, *strings.Builder) {
	t.Helper()
	p, err := ParsePolicy([]byte(text), rules.All())
	if err != nil {
		t.Fatalf("policy: %v", err)
	}
	var journal strings.Builder
	g := &Guard{
		Engine: e, State: &State{Dir: t.TempDir()}, Journal: NewJournal(&journal),
		Protect: []string{"/var/lib/bulkhead/guard"}, Timeout: 10 * time.Second,
	}
	g.SetPolicy(p)
	if err := g.State.Open(); err != nil {
		t.Fatal(err)
	}
	return g, &journal
}

// post returns a POST of a JSON body.
func post(uri, body string) Request {
	return Request{
		Method: "POST", URI: uri, Body: []byte(body),
		Headers: map[string]string{"Content-Type": "application/json"},
	}
}

// create returns a request for a container with that HostConfig.
func create(host string) Request {
	return post("/v1.41/containers/create", `{"Image":"app:1","HostConfig":`+host+`}`)
}

func TestMessage(t *testing.T) {
	for _, tt := range []struct{ host, want string }{
		{`{"Privileged":true}`, `
  privileged: container is privileged. An attacker in it can take over the host: every device and capability is open to it.
  you asked    --privileged
  use instead  docker run -d app:1
  why          bulkhead explain privileged      allow once: bulkhead guard allow ID`},
		{`{"PidMode":"host","CapAdd":["sys_admin","NET_ADMIN"]}`, `
  dangerous-capability: container is given capability SYS_ADMIN, by which it can mount file systems and change kernel settings. An attacker in it can get out of the container and at the host.
  you asked    --cap-add sys_admin
  host-pid: container shares the host's PID namespace. An attacker in it can see the host's processes and, as root, their files and secrets.
  you asked    --pid host
  use instead  docker run -d --cap-add NET_ADMIN app:1
  why          bulkhead explain dangerous-capability      allow once: bulkhead guard allow ID`},
		{`{"Binds":["/srv:/d"],"Runtime":"odd","DeviceCgroupRules":["b *:* rwm"]}`, `
  sensitive-host-mount: container mounts host path /srv, by which it reaches /srv/engine. An attacker in it can read or change files that decide over the host.
  you asked    -v /srv:/d
  runtime: runtime odd is not among those that the policy allows.
  you asked    odd
  device rule: device rule b *:* rwm is not among those that the policy allows.
  you asked    b *:* rwm
  use instead  docker run -d app:1
  why          bulkhead explain sensitive-host-mount      allow once: bulkhead guard allow ID`},
	} {
		g, _ := newGuard(t, "", shelf{})
		d := g.Decide(t.Context(), create(tt.host))
		if d.Allow {
			t.Errorf("%s: allowed", tt.host)
			continue
		}
		if got := strings.ReplaceAll(d.Message(), d.ID, "ID"); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.host, got, tt.want)
		}
	}
}

// TestPurpose: a line that is no longer privileged still does what its image is
// for, where that is known, and where none does the denial says what to do.
func TestPurpose(t *testing.T) {
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		t.Skipf("no tunnels: %v", err)
	}
	for _, tt := range []struct{ image, more, want string }{
		{"linuxserver/wireguard:latest", "", "use instead  docker run --cap-add NET_ADMIN --device /dev/net/tun --sysctl net.ipv4.conf.all.src_valid_mark=1 -d linuxserver/wireguard:latest\n"},
		{"kylemanna/openvpn", "", "use instead  docker run --cap-add NET_ADMIN --device /dev/net/tun -d kylemanna/openvpn\n"},
		{"app:1", `,"Cmd":["serve","--port=/dev/net/tun"]`, "use instead  docker run --device /dev/net/tun -d app:1 serve --port=/dev/net/tun\n"},
		{"app:1", `,"Cmd":["/dev/mem","/dev/ttyUSB99"]`, "use instead  docker run -d app:1 /dev/mem /dev/ttyUSB99\n"},
		{"docker:27-dind", "", "instead      give it the socket of bulkhead guard proxy"},
		{"docker:27-cli", "", "use instead  docker run -d docker:27-cli\n"},
		{"moby/buildkit:latest", "", "instead      give it the socket of bulkhead guard proxy"},
		{"rclone/rclone", `,"Cmd":["mount","a:","/x"]`, "instead      mount it on the host"},
		{"rclone/rclone", `,"Cmd":["copy","a:","/x"]`, "use instead  docker run -d rclone/rclone copy a: /x\n"},
	} {
		g, _ := newGuard(t, "", shelf{})
		d := g.Decide(t.Context(), post("/v1.41/containers/create", `{"Image":"`+tt.image+`"`+tt.more+`,"HostConfig":{"Privileged":true}}`))
		if got := d.Message(); d.Allow || !strings.Contains(got, tt.want) {
			t.Errorf("%s%s: got%s\nwant %s", tt.image, tt.more, got, tt.want)
		}
	}
}

// TestModes: what a policy says changes what is done, and the last exception
// that fits wins.
func TestModes(t *testing.T) {
	pulled := `{"Id":"sha256:11","RepoTags":["app:1"],"Config":{},"RepoDigests":["registry.example.com/ops/agent@sha256:22"]}`
	e := shelf{"images/app:1": pulled, "images/user:1": `{"Id":"sha256:33","RepoTags":["user:1"],"Config":{"User":"1000"}}`}
	privileged := create(`{"Privileged":true}`)
	labelled := post("/v1.41/containers/create", `{"Image":"other","Labels":{"team":"ops"},"HostConfig":{"Privileged":true}}`)
	named := privileged
	named.User = "alice"
	for _, tt := range []struct {
		policy string
		r      Request
		allow  bool
		how    string
	}{
		{"", privileged, false, ""},
		{"mode: audit", privileged, true, "audit"},
		{"rules: {privileged: {mode: audit}}", privileged, true, "audit"},
		{"rules: {privileged: {mode: off}}", privileged, true, ""},
		{"rules: {CIS-Docker 5.5: {mode: off}}", privileged, true, ""},
		{"rules: {root-user: {mode: deny, from: low}}", create(`{}`), false, ""},
		{"rules: {root-user: {mode: deny, from: low}}", labelled, false, ""},
		{"rules: {root-user: {mode: deny, from: low}}", post("/v1.41/containers/create", `{"Image":"user:1"}`), true, ""},
		{"rules: {root-user: {mode: deny, from: low}}", post("/v1.41/containers/create", `{"Image":"not-here"}`), true, ""}, // it has to be pulled, and asked for again
		{"rules: {no-memory-limit: {}}", create(`{}`), false, ""},
		{"exceptions: [{image: registry.example.com/ops/*, mode: off, reason: x}]", privileged, true, ""},
		{"exceptions: [{image: registry.example.com/*, mode: off, reason: x}]", privileged, false, ""},
		{"exceptions: [{image: 'sha256:11', mode: off, reason: x}]", privileged, true, ""},
		{"exceptions: [{image: 'app:1', mode: off, reason: x}]", privileged, false, ""}, // a tag anybody can give
		{"exceptions: [{label: team=ops, mode: audit, reason: x}]", labelled, true, "audit"},
		{"exceptions: [{label: team=dev, mode: audit, reason: x}]", labelled, false, ""},
		{"exceptions: [{user: alice, rules: [privileged], mode: off, reason: x}]", named, true, ""},
		{"exceptions: [{user: alice, rules: [host-pid], mode: off, reason: x}]", named, false, ""},
		{"exceptions: [{user: alice, mode: off, reason: x, until: 2020-01-01}]", named, false, ""},
		{"exceptions: [{user: alice, mode: off, reason: x}, {user: alice, mode: deny, reason: y}]", named, false, ""},
		{"mode: audit\nexceptions: [{user: alice, mode: deny, reason: x}]", named, false, ""},
	} {
		g, _ := newGuard(t, tt.policy, e)
		d := g.Decide(t.Context(), tt.r)
		if d.Allow != tt.allow || d.Granted != tt.how {
			t.Errorf("%s: got allow %v %q, want %v %q", tt.policy, d.Allow, d.Granted, tt.allow, tt.how)
		}
	}
}

func TestPolicyErrors(t *testing.T) {
	for text, want := range map[string]string{
		"modee: deny":                            "line 1: field modee not found",
		"mode: loud":                             `mode is "loud", not deny or audit`,
		"rules: {privilegedd: {}}":               `rule "privilegedd" is not known`,
		"rules: {privileged: {from: worst}}":     `severity "worst" is none of`,
		"rules: {privileged: {mode: on}}":        `mode is "on"`,
		"routes: {POST /swarm: allow}":           `route "POST /swarm" is not known`,
		"routes: {POST /swarm/init: yes please}": `is "yes please", not allow or deny`,
		"allow: {colour: [red]}":                 `"colour" is no kind of thing`,
		"exceptions: [{mode: off, reason: x}]":   "names no image, label or user",
		"exceptions: [{user: a, mode: off}]":     "has no reason",
		"exceptions: [{user: a, reason: x}]":     `mode is ""`,
		"buildkit: perhaps":                      `buildkit is "perhaps"`,
		"[":                                      "line 1",
	} {
		if _, err := ParsePolicy([]byte(text), rules.All()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q in it", text, err, want)
		}
	}
}

// TestDefaults: every rule of the list of defaults exists.
func TestDefaults(t *testing.T) {
	if got, want := len(DefaultPolicy(rules.All()).rules), len(defaults); got != want {
		t.Errorf("%d rules judge by default, want %d", got, want)
	}
}

// TestAllowOnce: an exception holds for the same request alone, once, and the
// container it makes may be started.
func TestAllowOnce(t *testing.T) {
	id := strings.Repeat("ab", 32)
	e := shelf{"containers/" + id: `{"Id":"` + id + `","Name":"/web","Config":{"Image":"app:1"},"HostConfig":{"Privileged":true}}`}
	g, journal := newGuard(t, "", e)
	r := create(`{"Privileged":true}`)
	d := g.Decide(t.Context(), r)
	if _, err := g.State.Allow(d.ID[:3], time.Now().Add(time.Hour), "", ""); !errors.Is(err, ErrNoDenial) {
		t.Errorf("three digits: got %v, want %v", err, ErrNoDenial)
	}
	if _, err := g.State.Allow(d.ID, time.Now().Add(time.Hour), "ticket 12", "root"); err != nil {
		t.Fatal(err)
	}
	other := create(`{"Privileged":true,"PidMode":"host"}`)
	if g.Decide(t.Context(), other).Allow {
		t.Error("the exception let another request through")
	}
	start := post("/v1.41/containers/"+id+"/start", "")
	if g.Decide(t.Context(), start).Allow {
		t.Error("the container was started before it was allowed")
	}
	if d := g.Decide(t.Context(), r); !d.Allow || d.Granted != "exception" {
		t.Errorf("got allow %v %q, want an exception", d.Allow, d.Granted)
	}
	if err := g.State.free(id); err != nil {
		t.Fatal(err)
	}
	if d := g.Decide(t.Context(), start); !d.Allow {
		t.Errorf("start of the allowed container: %s", d.Message())
	}
	if g.Decide(t.Context(), r).Allow {
		t.Error("the exception held twice")
	}
	if !strings.Contains(journal.String(), `"decision":"exception"`) {
		t.Errorf("the journal does not tell of the exception:\n%s", journal)
	}
}

// TestExpired: an exception that was not used in time is worth nothing.
func TestExpired(t *testing.T) {
	g, _ := newGuard(t, "", shelf{})
	r := create(`{"Privileged":true}`)
	if _, err := g.State.Allow(g.Decide(t.Context(), r).ID, time.Now().Add(-time.Second), "", ""); err != nil {
		t.Fatal(err)
	}
	if g.Decide(t.Context(), r).Allow {
		t.Error("an expired exception let a request through")
	}
}

// TestAllowedReasons: an exception is for what the denial named. A request that
// has come to ask for more, such as by a link that leads elsewhere, is denied,
// and the exception stays for the one that was seen.
func TestAllowedReasons(t *testing.T) {
	g, _ := newGuard(t, "", shelf{})
	dir := t.TempDir()
	link := filepath.Join(dir, "data")
	if err := os.Mkdir(link, 0o700); err != nil {
		t.Fatal(err)
	}
	r := create(`{"PidMode":"host","Binds":["` + link + `:/data"]}`)
	if _, err := g.State.Allow(g.Decide(t.Context(), r).ID, time.Now().Add(time.Hour), "", ""); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(link), os.Symlink("/etc", link)); err != nil {
		t.Fatal(err)
	}
	if d := g.Decide(t.Context(), r); d.Allow || !strings.Contains(d.Message(), "sensitive-host-mount") {
		t.Errorf("the exception for host-pid let a mount of /etc through:%s", d.Message())
	}
	if err := errors.Join(os.Remove(link), os.Mkdir(link, 0o700)); err != nil {
		t.Fatal(err)
	}
	if d := g.Decide(t.Context(), r); !d.Allow {
		t.Errorf("the request that was allowed is denied:%s", d.Message())
	}
}

// TestEmergency: the switch lets everything through, says so, and ends by
// itself.
func TestEmergency(t *testing.T) {
	g, journal := newGuard(t, "", shelf{})
	r := create(`{"Privileged":true}`)
	for _, tt := range []struct {
		until time.Time
		allow bool
	}{{time.Now().Add(time.Hour), true}, {time.Now().Add(-time.Hour), false}} {
		if err := g.State.Throw(Switch{Until: tt.until, Reason: "drill"}); err != nil {
			t.Fatal(err)
		}
		if d := g.Decide(t.Context(), r); d.Allow != tt.allow {
			t.Errorf("until %s: got allow %v, want %v", tt.until, d.Allow, tt.allow)
		}
	}
	if !strings.Contains(journal.String(), `"decision":"emergency"`) {
		t.Errorf("the journal does not tell of the emergency:\n%s", journal)
	}
}

// TestSecrets: values of credentials are in neither the journal nor the
// denial, which the engine logs.
func TestSecrets(t *testing.T) {
	const token = "Xk29qLw0Zr7Tn4Vb"
	g, journal := newGuard(t, "", shelf{})
	const create = "/v1.41/containers/create"
	for _, r := range []Request{
		post(create, `{"Image":"app:1","Env":["DB_PASSWORD=hunter2hunter2","PLAIN=yes"],"HostConfig":{"Privileged":true}}`),
		post(create, `{"Image":"app:1","Cmd":["connect","postgres://app:`+token+`@db/shop"],"HostConfig":{"Privileged":true}}`),
		post("/v1.41/build?remote=https%3A%2F%2Fci%3A"+token+"%40git.example.com%2Fshop.git", ""),
		post("/v1.41/images/create?fromSrc=https%3A%2F%2Ffiles.example.com%2Fa.tar%3Fsignature%3D"+token, ""),
	} {
		d := g.Decide(t.Context(), r)
		if d.Allow {
			t.Errorf("%s is allowed", r.URI)
		}
		for name, text := range map[string]string{"denial": d.Message(), "journal": journal.String()} {
			if strings.Contains(text, "hunter2") || strings.Contains(text, token) {
				t.Errorf("the %s holds a credential:\n%s", name, text)
			}
		}
	}
}

// A silent engine knows its objects and says nothing of itself.
type silent struct{ shelf }

func (silent) Info(context.Context) (*source.File, error) { return nil, errors.New("no answer") }

// TestUnknownRoot: while nobody knows where the engine's own files are, no path
// of the host is mounted; whatever has none is judged as ever.
func TestUnknownRoot(t *testing.T) {
	g, _ := newGuard(t, "", silent{})
	if d := g.Decide(t.Context(), create(`{"Binds":["/srv/app:/app"]}`)); d.Allow || !strings.Contains(d.Message(), "where its own files are") {
		t.Errorf("a folder of the host: got allow %v%s, want it denied", d.Allow, d.Message())
	}
	if d := g.Decide(t.Context(), create(`{"Binds":["data:/data"]}`)); !d.Allow {
		t.Errorf("a volume: got%s, want it allowed", d.Message())
	}
	g.Engine = shelf{}
	if d := g.Decide(t.Context(), create(`{"Binds":["/srv/app:/app"]}`)); !d.Allow {
		t.Errorf("once it is known: got%s, want it allowed", d.Message())
	}
}

// TestRetag: an exception for an image holds for the image, not for its name: a
// container that was made of another one under that name does not start.
func TestRetag(t *testing.T) {
	const id = "5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592"
	made := `{"Id":"` + id + `","Name":"/web","Image":"sha256:33","Config":{"Image":"app:1"},"HostConfig":{"PidMode":"host"},"State":{"Status":"created"}}`
	e := shelf{
		"images/app:1":     `{"Id":"sha256:11","Config":{},"RepoDigests":["registry.example.com/ops/agent@sha256:22"]}`,
		"images/sha256:11": `{"Id":"sha256:11","Config":{},"RepoDigests":["registry.example.com/ops/agent@sha256:22"]}`,
		"images/sha256:33": `{"Id":"sha256:33","Config":{},"RepoTags":["app:1"]}`,
		"containers/web":   made,
	}
	g, _ := newGuard(t, "exceptions: [{image: 'registry.example.com/ops/*', mode: off, reason: monitoring}]", e)
	if d := g.Decide(t.Context(), create(`{"PidMode":"host"}`)); !d.Allow {
		t.Errorf("the image of the exception: got%s, want it allowed", d.Message())
	}
	start := Request{Method: "POST", URI: "/v1.41/containers/web/start"}
	if d := g.Decide(t.Context(), start); d.Allow {
		t.Error("another image under its name: got allowed, want it denied")
	}
	e["containers/web"] = strings.ReplaceAll(made, "sha256:33", "sha256:11")
	if d := g.Decide(t.Context(), start); !d.Allow {
		t.Errorf("a container of the image: got%s, want it allowed", d.Message())
	}
}
