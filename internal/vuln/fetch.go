package vuln

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Limits of a download.
const (
	attempts    = 4
	maxDownload = 8 << 30
	maxPause    = 30 * time.Second
	maxStall    = time.Minute // without a byte
)

// A fetcher brings files from a server or a folder.
type fetcher struct {
	client   *http.Client
	pause    time.Duration // before the second attempt; it doubles
	progress func(name string, done, total int64)
}

// A tag is how a server names one version of a file. It is kept beside the
// file, and beside a part of it that was downloaded.
type tag struct {
	URL      string `json:"url"`
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
}

// validator returns what an If-Range header may carry: a strong validator, or
// else parts of two files could be put together.
func (t tag) validator() string {
	if t.ETag != "" {
		if strings.HasPrefix(t.ETag, "W/") {
			return ""
		}
		return t.ETag
	}
	return t.Modified
}

// The names beside a file.
func partOf(path string) string { return path + ".part" }
func tagOf(path string) string  { return path + ".tag" }

// A statusError is an answer that is no file.
type statusError struct {
	code   int
	status string
	after  time.Duration // when to ask again, as the server has it
}

func (e *statusError) Error() string { return "the server says " + e.status }

// errRestart asks for the file from its beginning.
var errRestart = errors.New("the part does not fit")

// errStalled is the error for a server that stopped sending.
var errStalled = fmt.Errorf("nothing came for %v", maxStall)

// stalled returns errStalled where that is what ended the context.
func stalled(ctx context.Context) error {
	if errors.Is(context.Cause(ctx), errStalled) {
		return errStalled
	}
	return nil
}

// fetch brings the file at url to path, and reports whether it changed. Until
// it is whole and accepted, what is there stays; a part that was downloaded
// is kept for the next attempt.
func (f *fetcher) fetch(ctx context.Context, url, path string, accept func(path string) error) (changed bool, err error) {
	pause := f.pause
	for attempt := 1; ; attempt++ {
		changed, err = f.attempt(ctx, url, path, accept)
		if err == nil || attempt == attempts || ctx.Err() != nil || !again(err) {
			break
		}
		wait := pause
		var status *statusError
		if errors.As(err, &status) && status.after > wait {
			wait = min(status.after, maxPause)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		pause = min(2*pause, maxPause)
	}
	if err != nil {
		return false, fmt.Errorf("fetch %s: %w", url, err)
	}
	return changed, nil
}

// again reports whether another attempt may do better.
func again(err error) bool {
	var status *statusError
	var path *os.PathError
	switch {
	case errors.As(err, &status):
		return status.code >= 500 || status.code == http.StatusTooManyRequests || status.code == http.StatusRequestTimeout
	case errors.As(err, &path):
		return false // the disk is full, or not ours to write
	}
	return true
}

// attempt asks once.
func (f *fetcher) attempt(ctx context.Context, url, path string, accept func(string) error) (changed bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alive := time.AfterFunc(maxStall, func() { cancel(errStalled) })
	defer alive.Stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false, err
	}
	request.Header.Set("Accept-Encoding", "identity") // parts are parts of the file, not of a compressed form of it
	have := condition(request, url, path)
	response, err := f.client.Do(request)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	switch response.StatusCode {
	case http.StatusNotModified:
		return false, nil
	case http.StatusOK:
		have = 0
	case http.StatusPartialContent:
		if start, ok := rangeStart(response.Header.Get("Content-Range")); !ok || start != have || have == 0 {
			return false, errors.Join(errRestart, forget(path))
		}
	case http.StatusRequestedRangeNotSatisfiable:
		return false, errors.Join(errRestart, forget(path))
	default:
		after, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return false, &statusError{response.StatusCode, response.Status, time.Duration(after) * time.Second}
	}
	now := tag{url, response.Header.Get("ETag"), response.Header.Get("Last-Modified")}
	if err := f.download(response, transfer{path, now, have, alive}); err != nil {
		return false, cmp.Or(stalled(ctx), err)
	}
	if err := cmp.Or(checkSum(response.Header, partOf(path)), accept(partOf(path))); err != nil {
		return false, errors.Join(err, forget(path))
	}
	return true, settle(path, now)
}

// condition asks for the rest of a part that is there, or else for the file if
// it changed. It returns the length of the part.
func condition(request *http.Request, url, path string) (have int64) {
	if t, ok := readTag(tagOf(partOf(path))); ok && t.URL == url && t.validator() != "" {
		if info, err := os.Stat(partOf(path)); err == nil && info.Size() > 0 {
			request.Header.Set("Range", fmt.Sprintf("bytes=%d-", info.Size()))
			request.Header.Set("If-Range", t.validator())
			return info.Size()
		}
	}
	if t, ok := readTag(tagOf(path)); ok && t.URL == url {
		if _, err := os.Stat(path); err == nil {
			if t.ETag != "" {
				request.Header.Set("If-None-Match", t.ETag)
			}
			if t.Modified != "" {
				request.Header.Set("If-Modified-Since", t.Modified)
			}
		}
	}
	return 0
}

// rangeStart reads the first offset of "bytes 100-199/200".
func rangeStart(s string) (int64, bool) {
	s, ok := strings.CutPrefix(s, "bytes ")
	first, _, found := strings.Cut(s, "-")
	n, err := strconv.ParseInt(first, 10, 64)
	return n, ok && found && err == nil
}

// A transfer is where a body goes.
type transfer struct {
	path  string // of the file
	tag   tag
	have  int64       // how much of the part is there
	alive *time.Timer // to reset with every byte
}

// download writes the body behind what is there of the part.
func (f *fetcher) download(response *http.Response, t transfer) (err error) {
	if err := os.MkdirAll(filepath.Dir(t.path), 0o755); err != nil {
		return err
	}
	if err := writeTag(tagOf(partOf(t.path)), t.tag); err != nil {
		return err
	}
	part, err := os.OpenFile(partOf(t.path), os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, part.Close()) }()
	if err := part.Truncate(t.have); err != nil {
		return err
	}
	if _, err := part.Seek(t.have, io.SeekStart); err != nil {
		return err
	}
	total := int64(-1)
	if response.ContentLength >= 0 {
		total = t.have + response.ContentLength
	}
	n, err := io.Copy(part, &meter{io.LimitReader(response.Body, maxDownload-t.have), func(n int64) {
		t.alive.Reset(maxStall)
		f.progress(t.path, t.have+n, total)
	}, 0})
	if err != nil {
		return err
	}
	if total >= 0 && t.have+n != total {
		return io.ErrUnexpectedEOF
	}
	return part.Sync()
}

// A meter tells how much was read.
type meter struct {
	io.Reader
	tell func(n int64)
	n    int64
}

func (m *meter) Read(b []byte) (int, error) {
	n, err := m.Reader.Read(b)
	m.n += int64(n)
	m.tell(m.n)
	return n, err
}

// settle puts a whole file in its place. The tag goes first: without its file
// it asks for nothing, and with the old file it must not be believed.
func settle(path string, now tag) error {
	if err := remove(tagOf(path)); err != nil {
		return err
	}
	if err := os.Rename(partOf(path), path); err != nil {
		return err
	}
	return errors.Join(writeTag(tagOf(path), now), remove(tagOf(partOf(path))))
}

// forget removes what was downloaded of a file.
func forget(path string) error {
	return errors.Join(remove(partOf(path)), remove(tagOf(partOf(path))))
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func readTag(path string) (t tag, ok bool) {
	b, err := os.ReadFile(path)
	return t, err == nil && json.Unmarshal(b, &t) == nil
}

func writeTag(path string, t tag) error {
	b, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}
