package vuln

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// export makes a zip of one npm record, and of noise to make it long.
func export(t *testing.T, id string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	noise := make([]byte, 300_000)
	r := rand.New(rand.NewPCG(uint64(len(id)), 7))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	for name, content := range map[string]string{id + ".json": strings.ReplaceAll(one, "A-1", id), "noise": string(noise)} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A mirror serves one export, and fails as it is told.
type mirror struct {
	*httptest.Server
	mu    sync.Mutex
	file  []byte // at /npm/all.zip
	etag  string
	fail  func(w http.ResponseWriter, r *http.Request, file []byte) bool // may answer in place of the file
	asked []string                                                       // path, and the conditions
}

func newMirror(t *testing.T) *mirror {
	m := &mirror{}
	m.Server = httptest.NewServer(m)
	t.Cleanup(m.Close)
	return m
}

func (m *mirror) put(etag string, content []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.file, m.etag = content, etag
}

func (m *mirror) failing(fail func(http.ResponseWriter, *http.Request, []byte) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail, m.asked = fail, nil
}

func (m *mirror) requests() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.asked)
}

func (m *mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	file, etag, fail := m.file, m.etag, m.fail
	asked := r.URL.Path
	for _, h := range []string{"If-None-Match", "If-Range", "Range"} {
		if v := r.Header.Get(h); v != "" {
			asked += " " + h + " " + v
		}
	}
	m.asked = append(m.asked, asked)
	m.mu.Unlock()
	if r.URL.Path != "/npm/all.zip" {
		http.NotFound(w, r)
		return
	}
	if etag != "" {
		w.Header().Set("ETag", etag)
	}
	w.Header().Set("X-Goog-Hash", crcHeader(file)) // of the whole file, also with a part of it
	if fail == nil || !fail(w, r, file) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file))
	}
}

// crcHeader returns the header x-goog-hash of a file.
func crcHeader(content []byte) string {
	return "crc32c=" + base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.Checksum(content, castagnoli())))
}

// half sends the first half of a file and hangs up.
func half(w http.ResponseWriter, _ *http.Request, file []byte) bool {
	w.Header().Set("Content-Length", strconv.Itoa(len(file)))
	_, _ = w.Write(file[:len(file)/2]) // the client may be gone
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	panic(http.ErrAbortHandler)
}

// first fails the first n requests.
func first(n int, fail func(http.ResponseWriter, *http.Request, []byte) bool) func(http.ResponseWriter, *http.Request, []byte) bool {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request, file []byte) bool {
		mu.Lock()
		n--
		over := n < 0
		mu.Unlock()
		return !over && fail(w, r, file)
	}
}

func status(code int) func(http.ResponseWriter, *http.Request, []byte) bool {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		w.WriteHeader(code)
		return true
	}
}

// request returns an update of npm from the mirror to a folder.
func request(url, dir string) UpdateRequest {
	return UpdateRequest{
		URL: url, Ecosystems: []string{"npm"}, Now: day, Pause: time.Nanosecond,
		Folder: filepath.Join(dir, "exports"), Out: filepath.Join(dir, "advisories.db"),
	}
}

// updated runs an update that works and returns what was fetched, and the
// advisories for npm's package a.
func updated(t *testing.T, r UpdateRequest) (changes string, advisories []string) {
	t.Helper()
	list, _, err := Update(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		changes += fmt.Sprintf("%s %v ", f.Name, f.Changed)
	}
	return strings.TrimSpace(changes), found(t, open(t, r.Out), "npm a 1")
}

func TestUpdate(t *testing.T) {
	m, dir := newMirror(t), t.TempDir()
	m.put(`"1"`, export(t, "A-1"))
	r := request(m.URL+"/", dir)
	check := func(wantChanges, wantID string, wantAsked ...string) {
		t.Helper()
		m.failing(nil)
		changes, got := updated(t, r)
		if changes != wantChanges || !slices.Equal(got, []string{wantID}) {
			t.Errorf("got %q with %q, want %q with %s", changes, got, wantChanges, wantID)
		}
		if diff := cmp.Diff(m.requests(), wantAsked); diff != "" {
			t.Errorf("asked: got -, want +:\n%s", diff)
		}
	}
	check("npm true", "A-1", "/npm/all.zip")
	check("npm false", "A-1", `/npm/all.zip If-None-Match "1"`)
	m.put(`"2"`, export(t, "A-22"))
	check("npm true", "A-22", `/npm/all.zip If-None-Match "1"`)
	r.Ecosystems = nil // those that are kept
	check("npm false", "A-22", `/npm/all.zip If-None-Match "2"`)
	r.Ecosystems = []string{"npm", "Debian", "npm"}
	if _, stats, err := Update(t.Context(), r); err == nil || stats.Advisories() != 1 {
		t.Errorf("one of two is missing: got %v and %d advisories, want an error and 1", err, stats.Advisories())
	}
	r.Ecosystems = []string{"nmp"}
	if _, _, err := Update(t.Context(), r); err == nil {
		t.Error("unknown ecosystem: got no error, want one")
	}
}

func TestUpdateResumes(t *testing.T) {
	older, newer := export(t, "A-1"), export(t, "A-22")
	middle := strconv.Itoa(len(older) / 2)
	for _, c := range []struct {
		name, etag string
		fail       func(m *mirror) func(http.ResponseWriter, *http.Request, []byte) bool
		want       string
		asked      []string
	}{
		{
			"cut off", `"1"`,
			func(*mirror) func(http.ResponseWriter, *http.Request, []byte) bool { return first(1, half) }, "A-1",
			[]string{"/npm/all.zip", `/npm/all.zip If-Range "1" Range bytes=` + middle + "-"},
		},
		{
			"changed while it was cut off", `"1"`,
			func(m *mirror) func(http.ResponseWriter, *http.Request, []byte) bool {
				return first(1, func(w http.ResponseWriter, r *http.Request, file []byte) bool {
					m.put(`"2"`, newer)
					return half(w, r, file)
				})
			}, "A-22",
			[]string{"/npm/all.zip", `/npm/all.zip If-Range "1" Range bytes=` + middle + "-"},
		},
		{
			"a weak tag", `W/"1"`,
			func(*mirror) func(http.ResponseWriter, *http.Request, []byte) bool { return first(1, half) }, "A-1",
			[]string{"/npm/all.zip", "/npm/all.zip"},
		},
		{
			"no tag", "",
			func(*mirror) func(http.ResponseWriter, *http.Request, []byte) bool { return first(1, half) }, "A-1",
			[]string{"/npm/all.zip", "/npm/all.zip"},
		},
		{
			"another part than was asked for", `"1"`,
			func(*mirror) func(http.ResponseWriter, *http.Request, []byte) bool {
				return first(2, func(w http.ResponseWriter, r *http.Request, file []byte) bool {
					if r.Header.Get("Range") == "" {
						return half(w, r, file)
					}
					w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(file)-1, len(file)))
					w.WriteHeader(http.StatusPartialContent)
					_, _ = w.Write(file)
					return true
				})
			}, "A-1",
			[]string{"/npm/all.zip", `/npm/all.zip If-Range "1" Range bytes=` + middle + "-", "/npm/all.zip"},
		},
		{
			"no such part", `"1"`,
			func(*mirror) func(http.ResponseWriter, *http.Request, []byte) bool {
				return first(2, func(w http.ResponseWriter, r *http.Request, file []byte) bool {
					if r.Header.Get("Range") == "" {
						return half(w, r, file)
					}
					return status(http.StatusRequestedRangeNotSatisfiable)(w, r, file)
				})
			}, "A-1",
			[]string{"/npm/all.zip", `/npm/all.zip If-Range "1" Range bytes=` + middle + "-", "/npm/all.zip"},
		},
		{
			"busy", `"1"`,
			func(*mirror) func(http.ResponseWriter, *http.Request, []byte) bool {
				return first(3, status(http.StatusServiceUnavailable))
			}, "A-1",
			[]string{"/npm/all.zip", "/npm/all.zip", "/npm/all.zip", "/npm/all.zip"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMirror(t)
			m.put(c.etag, older)
			m.failing(c.fail(m))
			dir := t.TempDir()
			changes, got := updated(t, request(m.URL, dir))
			if changes != "npm true" || !slices.Equal(got, []string{c.want}) {
				t.Errorf("got %q with %q, want npm true with %s", changes, got, c.want)
			}
			if diff := cmp.Diff(m.requests(), c.asked); diff != "" {
				t.Errorf("asked: got -, want +:\n%s", diff)
			}
			kept, err := os.ReadFile(filepath.Join(dir, "exports/npm/all.zip"))
			if err != nil || !bytes.Equal(kept, older) && !bytes.Equal(kept, newer) {
				t.Errorf("the export is neither the older nor the newer one: %d bytes, %v", len(kept), err)
			}
			if _, err := os.Stat(filepath.Join(dir, "exports/npm/all.zip.part")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the part: got %v, want it gone", err)
			}
		})
	}
}

// TestUpdateFails fails after one update that worked: its export and the
// database stay as they were, and are used.
func TestUpdateFails(t *testing.T) {
	for _, c := range []struct {
		name  string
		fail  func(http.ResponseWriter, *http.Request, []byte) bool
		asked int
	}{
		{"not found", status(http.StatusNotFound), 1},
		{"forbidden", status(http.StatusForbidden), 1},
		{"broken", status(http.StatusInternalServerError), attempts},
		{"too many requests", status(http.StatusTooManyRequests), attempts},
		{"cut off each time", half, attempts},
		{"another file than promised", func(w http.ResponseWriter, _ *http.Request, file []byte) bool {
			broken := bytes.Clone(file)
			broken[len(broken)/2] ^= 1
			_, _ = w.Write(broken)
			return true
		}, attempts},
		{"another digest than promised", func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
			w.Header().Set("Repr-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(make([]byte, 32))+":")
			return false
		}, attempts},
		{"no zip", func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
			_, _ = w.Write([]byte("<html>log in to the network</html>"))
			return true
		}, attempts},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, dir := newMirror(t), t.TempDir()
			r := request(m.URL, dir)
			m.put(`"1"`, export(t, "A-1"))
			updated(t, r)
			before, err := os.ReadFile(filepath.Join(dir, "exports/npm/all.zip"))
			if err != nil {
				t.Fatal(err)
			}
			m.put(`"2"`, export(t, "A-22"))
			m.failing(c.fail)
			list, _, err := Update(t.Context(), r)
			if err == nil || len(list) != 1 || list[0].Err == nil || list[0].Changed {
				t.Errorf("got %v, %v, want an error about npm", list, err)
			}
			if got := len(m.requests()); got != c.asked {
				t.Errorf("asked %d times, want %d", got, c.asked)
			}
			after, err := os.ReadFile(filepath.Join(dir, "exports/npm/all.zip"))
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("the export changed: %d bytes, %v", len(after), err)
			}
			if got := found(t, open(t, r.Out), "npm a 1"); !slices.Equal(got, []string{"A-1"}) {
				t.Errorf("got %q, want A-1", got)
			}
			m.failing(nil)
			if changes, got := updated(t, r); changes != "npm true" || !slices.Equal(got, []string{"A-22"}) {
				t.Errorf("afterwards: got %q with %q, want npm true with A-22", changes, got)
			}
		})
	}
}

// TestUpdateInterrupted ends the context in the middle of a download, and goes
// on with what there is the next time.
func TestUpdateInterrupted(t *testing.T) {
	m, dir := newMirror(t), t.TempDir()
	file := export(t, "A-1")
	m.put(`"1"`, file)
	ctx, cancel := context.WithCancel(t.Context())
	r := request(m.URL, dir)
	r.Progress = func(_ string, done, total int64) {
		if total != int64(len(file)) {
			t.Errorf("got a total of %d, want %d", total, len(file))
		}
		if done > total/3 {
			cancel()
		}
	}
	m.failing(func(w http.ResponseWriter, r *http.Request, file []byte) bool {
		w.Header().Set("Content-Length", strconv.Itoa(len(file)))
		_, _ = w.Write(file[:len(file)/2])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	})
	if _, _, err := Update(ctx, r); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	for _, name := range []string{"exports/npm/all.zip", "advisories.db"} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %v, want it not there", name, err)
		}
	}
	m.failing(nil)
	r.Progress = nil
	if changes, got := updated(t, r); changes != "npm true" || !slices.Equal(got, []string{"A-1"}) {
		t.Errorf("afterwards: got %q with %q, want npm true with A-1", changes, got)
	}
	if asked := m.requests(); len(asked) != 1 || !strings.Contains(asked[0], "Range bytes=") {
		t.Errorf("afterwards: asked %q, want the rest", asked)
	}
}
