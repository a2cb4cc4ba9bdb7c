package agreement

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulkhead/internal/check"
	"bulkhead/internal/engine"
	"bulkhead/internal/enginetest"
	"bulkhead/internal/model"
	"bulkhead/internal/report"
	"bulkhead/internal/rules"
	"bulkhead/internal/ruletest"
)

// A lie is a setting that says one thing while another is in force.
type lie struct {
	name string
	args []string // of docker run
	rule string
	says []string    // what was asked and what is in force
	when func() bool // whether this machine shows it
}

func lies() []lie {
	return []lie{
		{
			name: "apparmor", args: []string{"--security-opt", "apparmor=docker-default"},
			rule: "apparmor-not-in-force", says: []string{"docker-default", "AppArmor"},
			when: func() bool { return !exists("/sys/module/apparmor") },
		},
		{
			name: "label", args: []string{"--label", "privileged=true", "--label", "read-only=true"},
			rule: "lying-label", says: []string{"label read-only says true", "is not read-only"},
		},
		{
			name: "label-privileged", args: []string{"--label", "privileged=true"},
			rule: "lying-label", says: []string{"label privileged says true", "is not privileged"},
		},
		{
			name: "socket-ro", args: []string{"-v", "/var/run/docker.sock:/var/run/docker.sock:ro"},
			rule: "engine-socket", says: []string{"/run/docker.sock", "read-only does not limit"},
		},
		{
			name: "root-inside",
			rule: "root-process", says: []string{"app", "root"},
		},
		{
			name: "userns", args: []string{"--userns", "host"},
			rule: "host-userns", says: []string{"remapping is off"},
		},
		{
			name: "memory", args: []string{"--memory", "64m"},
			rule: "swap-limit-not-in-force", says: []string{"64", "swap"},
			when: func() bool { return cgroupV1() && !exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes") },
		},
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestLies plants every lie in a container and finds it through the engine and
// the kernel, as bulkhead does when it is given the container's name.
func TestLies(t *testing.T) {
	host := enginetest.Engine(t)
	const image = "bulkhead-test/lies:1"
	enginetest.Image(t, image)
	for _, l := range lies() {
		t.Run(l.name, func(t *testing.T) {
			if l.when != nil && !l.when() {
				t.Skipf("the kernel of this machine keeps what %s promises; the rule's archive has a recorded one that does not", strings.Join(l.args, " "))
			}
			name := "bulkhead-lie-" + l.name
			enginetest.Run(t, append(append([]string{"--name", name}, l.args...), image)...)
			if l.rule == "root-process" {
				enginetest.Docker(t, "exec", "-d", "-u", "0", name, "/app")
			}
			found(t, run(t, host, name), l.rule, l.says)
		})
	}
}

// TestLyingFiles plants the lies that files tell.
func TestLyingFiles(t *testing.T) {
	for name, tt := range map[string]struct {
		text, rule string
		says       []string
	}{
		"encrypted": {
			"services:\n  web: {image: 'nginx:1.31', networks: [n]}\nnetworks:\n  n: {driver: bridge, driver_opts: {encrypted: 'true'}}\n",
			"encrypted-bridge",
			[]string{"encrypted", "bridge", "nothing"},
		},
		"expose": {
			"services:\n  web: {image: 'nginx:1.31', expose: ['80']}\n",
			"exposed-not-published",
			[]string{"80", "published"},
		},
		"userns": {
			"services:\n  web: {image: 'nginx:1.31', userns_mode: host}\n",
			"host-userns",
			[]string{"remapping is off"},
		},
		"socket": {
			"services:\n  web: {image: 'nginx:1.31', volumes: ['/run/docker.sock:/s:ro']}\n",
			"engine-socket",
			[]string{"read-only does not limit"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "compose.yaml")
			if err := os.WriteFile(path, []byte(tt.text), 0o644); err != nil {
				t.Fatal(err)
			}
			found(t, run(t, "", path), tt.rule, tt.says)
		})
	}
}

// run checks target as the command line does.
func run(t *testing.T, host, target string) *report.Report {
	t.Helper()
	o := check.Options{Paths: []string{target}, Rules: rules.All(), Now: ruletest.Now}
	if host != "" {
		o.Live = func(ctx context.Context) (*model.Facts, error) {
			e, err := engine.Open(ctx, engine.Options{Host: host})
			if err != nil {
				return nil, err
			}
			defer e.Close()
			return e.Facts(ctx)
		}
	}
	r, err := check.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// found fails unless rule found something that says all of says.
func found(t *testing.T, r *report.Report, rule string, says []string) {
	t.Helper()
	var all []string
	for _, f := range r.Findings {
		all = append(all, f.Rule+": "+f.Message)
		missing := false
		for _, s := range says {
			missing = missing || !strings.Contains(f.Message, s)
		}
		if f.Rule == rule && !missing {
			t.Logf("%s: %s: %s", f.Where(), f.Severity, f.Message)
			return
		}
	}
	t.Errorf("no finding of %s says %q; found:\n%s", rule, says, strings.Join(all, "\n"))
}
