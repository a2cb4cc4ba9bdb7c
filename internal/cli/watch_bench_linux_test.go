package cli

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"bulkhead/internal/enginetest"
)

const benchImage = "bulkhead-watch-bench:1"

// watchProcess runs bulkhead watch with upstream's rules as a process of its own,
// and returns it when it watches.
func watchProcess(b *testing.B) *exec.Cmd {
	b.Helper()
	rules := filepath.Dir(stableRules)
	if _, err := os.Stat(rules); err != nil {
		b.Skipf("upstream's rules are not here: %v", err)
	}
	program := filepath.Join(b.TempDir(), "bulkhead")
	if out, err := exec.Command("go", "build", "-trimpath", "-o", program, "bulkhead/cmd/bulkhead").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	cmd := exec.Command(program, "watch", "--rules", rules)
	said, err := cmd.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "watching") {
		b.Log(lines.Text())
	}
	go func() {
		for lines.Scan() { // a writer without a reader would wait for ever
			continue
		}
	}()
	return cmd
}

// endWatch interrupts it and waits until it has detached.
func endWatch(b *testing.B, cmd *exec.Cmd) {
	b.Helper()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		b.Fatal(err)
	}
	_ = cmd.Wait() // alerts or not, it has ended
}

// BenchmarkWatchMemory is what bulkhead watch with all of upstream's enabled
// rules takes while fifty containers run.
func BenchmarkWatchMemory(b *testing.B) {
	needsSensor(b)
	enginetest.Engine(b)
	enginetest.Image(b, benchImage)
	const containers = 50
	for b.Loop() {
		cmd := watchProcess(b)
		for range containers {
			enginetest.Run(b, "--network", "none", benchImage)
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
		if err != nil {
			b.Fatal(err)
		}
		for name, unit := range map[string]string{"VmRSS": "MB", "VmHWM": "MB-most"} {
			_, rest, _ := strings.Cut(string(status), name+":")
			kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(kilobytes)/1024, unit)
		}
		endWatch(b, cmd)
	}
}

// BenchmarkWatchCompile is what watching adds to a compiler in a container, by the
// time it spends computing.
func BenchmarkWatchCompile(b *testing.B) {
	needsSensor(b)
	enginetest.Engine(b)
	program, err := os.ReadFile(cachedProgram(b, "testdata/step.go.txt"))
	if err != nil {
		b.Fatal(err)
	}
	enginetest.Image(b, benchImage, enginetest.File{Name: "step", Text: string(program), Mode: 0o755}, enginetest.File{Name: "tmp/.keep"})
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		b.Fatal(err)
	}
	compile := func() float64 {
		cmd := exec.Command("docker", "run", "--rm", "--network", "none", "--user", "0", "-v", strings.TrimSpace(string(root))+":/goroot:ro",
			"-e", "ACT=time /goroot/bin/go build -p 1 sort", benchImage, "/step", "x")
		out, err := cmd.CombinedOutput()
		if err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		seconds, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
		if err != nil {
			b.Fatal(err)
		}
		return seconds
	}
	for b.Loop() {
		var before, watched float64
		const rounds = 2
		for range rounds { // in turn, because others keep the machine busy
			before += compile()
			cmd := watchProcess(b)
			watched += compile()
			endWatch(b, cmd)
		}
		b.ReportMetric(before/rounds, "s-before")
		b.ReportMetric(watched/rounds, "s-watched")
		b.ReportMetric(watched/before, "ratio")
	}
}
