package cli

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bulkhead/internal/enginetest"
)

// cachedProgram builds a Go program once and keeps it for the next time.
func cachedProgram(t testing.TB, source string) string {
	t.Helper()
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	dir := filepath.Join(cache, "bulkhead-test", "programs")
	out := filepath.Join(dir, hex.EncodeToString(sum[:]))
	if _, err := os.Stat(out); err == nil {
		return out
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // others may use it
		t.Fatal(err)
	}
	main, part := filepath.Join(t.TempDir(), "main.go"), fmt.Sprintf("%s.%d", out, os.Getpid())
	if err := os.WriteFile(main, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", part, main)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", source, err, said)
	}
	if err := os.Rename(part, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// stepPrograms are the names the steps run the program by.
func stepPrograms(cases []*ruleCase) []string {
	names := []string{"sh", "whoami", "tar", "app"}
	for _, c := range cases {
		for _, s := range []step{c.bad, c.good} {
			for word := range strings.FieldsSeq(s.script) {
				if name, ok := strings.CutPrefix(word, "/bin/"); ok && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// importRules makes the image of the steps.
func importRules(t *testing.T, program string, cases []*ruleCase) []byte {
	t.Helper()
	binary, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	add := func(name, text string, mode int64) {
		h := &tar.Header{Name: name, Mode: mode, Size: int64(len(text)), Typeflag: tar.TypeReg}
		if strings.HasSuffix(name, "/") {
			h.Typeflag, h.Size = tar.TypeDir, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"bin", "usr/bin", "usr/lib", "etc/cron.d", "etc/apt/sources.list.d", "root/.ssh", "root/.cache", "var/log", "var/lib/rpm", "srv/data", "mnt", "host"} {
		add(dir+"/", "", 0o755)
	}
	add("tmp/", "", 0o1777)
	add("step", string(binary), 0o755)
	add("steps", stepLines(cases), 0o644)
	for name, text := range map[string]string{
		"etc/passwd": "root:x:0:0::/root:/bin/sh\nbin:x:2:2::/bin:/bin/sh\napp:x:1000:1000::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n",
		"etc/group":  "root:x:0:\nbin:x:2:\n", "etc/shadow": "root:*:1::::::\n", "etc/motd": "hello\n", "etc/profile": "\n",
		"root/.ssh/id_rsa": "key\n", "srv/data/x": "x\n", "srv/data/y": "y\n", "srv/data/old": "old\n", "srv/file": "file\n", "usr/bin/old": "old\n",
		"var/log/auth.log": "\n", "usr/lib/liblzma.so.5.6.0": "\n", "usr/lib/liblzma.so.5.4.0": "\n",
	} {
		add(name, text, 0o644)
	}
	for _, name := range stepPrograms(cases) {
		if err := w.WriteHeader(&tar.Header{Name: "bin/" + name, Linkname: "/step", Typeflag: tar.TypeSymlink, Mode: 0o777}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	enginetest.Import(t, rulesImage, layer.Bytes())
	return layer.Bytes()
}

func stepLines(cases []*ruleCase) string {
	var lines strings.Builder
	for _, c := range cases {
		for _, s := range []step{c.bad, c.good} {
			if s.script != "" {
				fmt.Fprintf(&lines, "%s\t%s\t%s\n", s.place, s.id, s.script)
			}
		}
	}
	return lines.String()
}
