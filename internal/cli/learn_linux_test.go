package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulkhead/internal/enginetest"
	"bulkhead/internal/sensor"
)

// TestLearn learns about a Compose service, writes what was learned into its file,
// starts it under that with the engine's own client, and finds nothing new.
func TestLearn(t *testing.T) {
	for _, p := range sensor.Probes() {
		if (p.Name == "BTF" || p.Name == "tp_btf") && p.Status != sensor.Works {
			t.Skipf("no recorder: %s: %s", p.Name, p.Detail)
		}
	}
	host := enginetest.Engine(t)
	const tag = "bulkhead-cli-test/learn:1"
	enginetest.Image(t, tag)
	service := fmt.Sprintf("learned-%d", os.Getpid())
	enginetest.Create(t, "--label", "com.docker.compose.service="+service, "--cap-add", "NET_ADMIN", tag)
	dir := t.TempDir()
	file, saved := filepath.Join(dir, "compose.yaml"), filepath.Join(dir, "learned")
	compose := "services:\n  " + service + ":\n    image: " + tag + " # ours\n    cap_add: [NET_ADMIN]\n"
	if err := os.WriteFile(file, []byte(compose), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(want int, args ...string) string {
		t.Helper()
		var out, said bytes.Buffer
		args = append([]string{"learn", service, "--host", host, "--runs", "1"}, args...)
		if got := Main(t.Context(), args, strings.NewReader(""), &out, &said); got != want {
			t.Fatalf("%v: got exit code %d, want %d\n%s%s", args, got, want, &out, &said)
		}
		return out.String()
	}
	report := run(0, "--file", file, "--apply", "--save", saved)
	for _, want := range []string{"no test was given", "capabilities", "verified"} {
		if !strings.Contains(report, want) {
			t.Errorf("got\n%s\nwant %q in it", report, want)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	profile := service + ".seccomp.json"
	want := "services:\n  " + service + ":\n    image: " + tag + " # ours\n    read_only: true\n    security_opt:\n" +
		"      - no-new-privileges:true\n      - seccomp:./" + profile + "\n    cap_drop:\n      - ALL\n"
	if got := string(text); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	enginetest.Run(t, "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
		"--security-opt", "seccomp="+filepath.Join(dir, profile), tag)
	if got := run(0, "--check", filepath.Join(saved, service+".learned.json")); !strings.HasPrefix(got, "nothing new in "+tag) {
		t.Errorf("got %q, want nothing new", got)
	}
	if left := enginetest.Docker(t, "ps", "-aq", "--filter", fmt.Sprintf("name=bulkhead-learn-%d-", os.Getpid())); left != "" {
		t.Errorf("copies left behind: %s", left)
	}
}
