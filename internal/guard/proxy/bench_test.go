package proxy_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkSave compares the proxy with the engine's own socket, in turns.
func BenchmarkSave(b *testing.B) {
	f, _ := liveFront(b, "bench", "")
	image := big(b, "benchbig")
	direct, _ := strings.CutPrefix(os.Getenv("DOCKER_HOST"), "unix://")
	save(b, direct, image, io.Discard) // into the cache
	took := map[string]time.Duration{}
	var size int64
	for b.Loop() {
		for _, path := range []string{direct, f.socket, f.socket, direct} {
			start := time.Now()
			_, size = save(b, path, image, io.Discard)
			took[path] += time.Since(start)
		}
	}
	b.SetBytes(4 * size)
	b.ReportMetric(float64(took[direct])/float64(took[f.socket]), "of-direct")
}

// BenchmarkLoad does so with an image on its way to the engine, in chunks as
// docker load sends it.
func BenchmarkLoad(b *testing.B) {
	f, _ := liveFront(b, "benchload", "")
	image := big(b, "benchload-big")
	direct, _ := strings.CutPrefix(os.Getenv("DOCKER_HOST"), "unix://")
	file, err := os.Create(filepath.Join(b.TempDir(), "image.tar"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = file.Close() }() // it has been read
	_, size := save(b, direct, image, file)
	load(b, direct, file) // into the cache
	took := map[string]time.Duration{}
	for b.Loop() {
		for _, path := range []string{direct, f.socket, f.socket, direct} {
			start := time.Now()
			load(b, path, file)
			took[path] += time.Since(start)
		}
	}
	b.SetBytes(4 * size)
	b.ReportMetric(float64(took[direct])/float64(took[f.socket]), "of-direct")
}

// load sends file to the socket at path.
func load(b *testing.B, path string, file *os.File) {
	b.Helper()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		b.Fatal(err)
	}
	resp, err := client(path).Post("http://docker/v1.41/images/load?quiet=1", "application/x-tar", io.NopCloser(file))
	if err != nil {
		b.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close() // it has been read
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Fatalf("load: %v, %d %s", err, resp.StatusCode, text)
	}
}
