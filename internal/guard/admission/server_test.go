package admission

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkhead/internal/frontend/admission"
)

// files writes an authority and returns where it is.
func files(t *testing.T, dir string, now time.Time) *Authority {
	t.Helper()
	a, err := NewAuthority(now)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"ca.crt": a.Certificate, "ca.key": a.Key} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// pool returns who trusts a.
func pool(t *testing.T, a *Authority) *x509.CertPool {
	t.Helper()
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(a.Certificate) {
		t.Fatal("the authority's certificate cannot be read")
	}
	return p
}

// start serves s over TLS and returns its address and a client that trusts it.
func start(t *testing.T, s *Server) (string, *http.Client) {
	t.Helper()
	dir := t.TempDir()
	a := files(t, dir, time.Now())
	certs := &Certificates{Certificate: filepath.Join(dir, "ca.crt"), Key: filepath.Join(dir, "ca.key"), Host: "bulkhead.bulkhead.svc"}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.Handler(), TLSConfig: &tls.Config{GetCertificate: certs.Get, MinVersion: tls.VersionTLS12}, ReadHeaderTimeout: time.Second}
	done := make(chan error, 1)
	go func() { done <- server.ServeTLS(l, "", "") }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool(t, a), ServerName: certs.Host, MinVersion: tls.VersionTLS12}}}
	t.Cleanup(client.CloseIdleConnections)
	return "https://" + l.Addr().String(), client
}

func shut(t *testing.T, res *http.Response) {
	t.Helper()
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
}

// post sends body and returns the status and what is answered.
func post(t *testing.T, c *http.Client, url string, body []byte) (int, *Response) {
	t.Helper()
	res, err := c.Post(url+"/validate?timeout=3s", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, res)
	out := &Response{}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode == http.StatusOK {
		if err := json.Unmarshal(text, out); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return res.StatusCode, out
}

func review(object string) []byte {
	return []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"705ab4f5","kind":{"kind":"Pod","version":"v1"},` +
		`"namespace":"shop","name":"web","operation":"CREATE","userInfo":{"username":"ada"},"object":` + object + `}}`)
}

func TestServer(t *testing.T) {
	var log bytes.Buffer
	s := &Server{Fail: FailOpen, Log: slog.New(slog.NewJSONHandler(&log, nil))}
	url, client := start(t, s)
	ready := func() int {
		res, err := client.Get(url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		shut(t, res)
		return res.StatusCode
	}
	if got := ready(); got != http.StatusServiceUnavailable {
		t.Errorf("ready without a judge: got %d, want %d", got, http.StatusServiceUnavailable)
	}
	if status, _ := post(t, client, url, review(pod(good))); status != http.StatusServiceUnavailable {
		t.Errorf("review without a judge: got %d, want %d", status, http.StatusServiceUnavailable)
	}
	s.SetJudge(judge(t, Default(), nil))
	if got := ready(); got != http.StatusOK {
		t.Errorf("ready: got %d, want %d", got, http.StatusOK)
	}
	_, got := post(t, client, url, review(pod(good)))
	if !got.Response.Allowed || got.Response.UID != "705ab4f5" || got.APIVersion != admission.Version || got.Kind != "AdmissionReview" {
		t.Errorf("a good pod: got %+v", got)
	}
	_, got = post(t, client, url, review(pod(`{"privileged":true}`)))
	if got.Response.Allowed || got.Response.Status.Code != http.StatusForbidden || !strings.Contains(got.Response.Status.Message, "container is privileged") {
		t.Errorf("a privileged pod: got %+v", got.Response)
	}
	for body, want := range map[string]int{"": http.StatusBadRequest, "{}": http.StatusBadRequest, strings.Repeat(" ", admission.MaxSize+1): http.StatusRequestEntityTooLarge} {
		if status, _ := post(t, client, url, []byte(body)); status != want {
			t.Errorf("a body of %d bytes: got %d, want %d", len(body), status, want)
		}
	}
	res, err := client.Post(url+"/validate", "text/plain", bytes.NewReader(review(pod(good))))
	if err != nil {
		t.Fatal(err)
	}
	shut(t, res)
	if res.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("text: got %d, want %d", res.StatusCode, http.StatusUnsupportedMediaType)
	}
	res, err = client.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, res)
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{result="allowed"} 1`, `{result="denied"} 1`, `{result="malformed"} 4`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("metrics: got\n%s\nwant %s", text, want)
		}
	}
	if !strings.Contains(log.String(), `"user":"ada"`) || !strings.Contains(log.String(), `"denied":"`) {
		t.Errorf("log: got %s, want who asked and why it was denied", log.String())
	}
}

// TestDeadline answers in time though the policies do not.
func TestDeadline(t *testing.T) {
	s := &Server{Fail: FailClosed, Log: slog.New(slog.DiscardHandler)}
	s.SetJudge(judge(t, Default(), stuck{}))
	url, client := start(t, s)
	began := time.Now()
	_, got := post(t, client, url, review(pod(good)))
	if took := time.Since(began); got.Response.Allowed || got.Response.Status.Code != 500 || took > Deadline+time.Second {
		t.Errorf("after %v: got %+v, want an error within %v", took, got.Response, Deadline)
	}
}

// TestReload changes the judge under load: no review fails, and the last is
// judged by the new one.
func TestReload(t *testing.T) {
	s := &Server{Fail: FailClosed, Log: slog.New(slog.DiscardHandler)}
	s.SetJudge(judge(t, Default(), nil))
	url, client := start(t, s)
	body := review(pod(strings.Replace(good, "{", `{"privileged":true,`, 1)))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 25 {
				if status, _ := post(t, client, url, body); status != http.StatusOK {
					t.Errorf("got status %d", status)
				}
			}
		})
	}
	off := Default()
	off.Rules["privileged"] = Off
	for range 10 {
		s.SetJudge(judge(t, Default(), nil))
		s.SetJudge(judge(t, off, nil))
	}
	wg.Wait()
	if _, got := post(t, client, url, body); !got.Response.Allowed {
		t.Errorf("after the change: got %+v, want it allowed", got.Response)
	}
}

func TestCertificates(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := files(t, dir, now)
	c := &Certificates{Certificate: filepath.Join(dir, "ca.crt"), Key: filepath.Join(dir, "ca.key"), Host: "bulkhead.shop.svc", Now: func() time.Time { return now }}
	get := func() *tls.Certificate {
		t.Helper()
		got, err := c.Get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := get()
	verify := func(cert *tls.Certificate, a *Authority) error {
		_, err := cert.Leaf.Verify(x509.VerifyOptions{Roots: pool(t, a), DNSName: c.Host, CurrentTime: now})
		return err
	}
	if err := verify(first, a); err != nil {
		t.Error(err)
	}
	if now = now.Add(leafLife/2 - time.Hour); get() != first {
		t.Error("a certificate that holds long enough was replaced")
	}
	now = now.Add(2 * time.Hour)
	second := get()
	if second == first || verify(second, a) != nil {
		t.Error("a certificate past half its life was not replaced by a good one")
	}
	b := files(t, dir, now)
	now = now.Add(recheck)
	if third := get(); third == second || verify(third, b) != nil {
		t.Error("a new authority was not taken up")
	}
	if err := os.WriteFile(c.Certificate, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	now = now.Add(recheck)
	if got := get(); verify(got, b) != nil {
		t.Error("a file that went bad took the good certificate away")
	}
	now = now.Add(2 * leafLife)
	if _, err := c.Get(nil); err == nil {
		t.Error("a certificate that has ended was shown")
	}
}

// BenchmarkServer sends reviews one after the other over one TLS connection, the
// client's work included, and tells how long the slowest hundredth took.
func BenchmarkServer(b *testing.B) {
	s := &Server{Fail: FailOpen, Log: slog.New(slog.DiscardHandler)}
	s.SetJudge(judge(b, Default(), nil))
	server := httptest.NewTLSServer(s.Handler())
	defer server.Close()
	body := review(pod(strings.Replace(good, "{", `{"privileged":true,`, 1)))
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		res, err := server.Client().Post(server.URL+"/validate", "application/json", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
			b.Fatal(res.Status, err)
		}
		if err := res.Body.Close(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "reviews/s")
}
