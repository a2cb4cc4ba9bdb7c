package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/guard/admission"
)

// TestAdmission serves as a cluster would have it served: it is asked over TLS,
// refuses, and ends when it is told to.
func TestAdmission(t *testing.T) {
	dir := t.TempDir()
	authority, err := admission.NewAuthority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"tls.crt": authority.Certificate, "tls.key": authority.Key} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log, writer := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() {
		code <- Main(ctx, []string{"guard", "admission", "--listen", "127.0.0.1:0", "--authority", dir, "--host", "bulkhead.shop.svc"}, strings.NewReader(""), writer, io.Discard)
		_ = writer.Close()
	}()
	var first struct{ Msg, Address string }
	lines := bufio.NewScanner(log)
	if !lines.Scan() {
		t.Fatal("it does not say where it serves")
	}
	if err := json.Unmarshal(lines.Bytes(), &first); err != nil || first.Msg != "serving" {
		t.Fatalf("got %s, %v, want the address", lines.Text(), err)
	}
	go func() { // keep the log from filling up
		for lines.Scan() {
		}
	}()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.Certificate)
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "bulkhead.shop.svc", MinVersion: tls.VersionTLS12}}}
	body := `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","operation":"CREATE","kind":{"version":"v1","kind":"Pod"},` +
		`"object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"hostPID":true,"containers":[{"name":"web","image":"a"}]}}}}`
	var answer admission.Response
	for { // until the judge is there
		res, err := client.Post("https://"+first.Address+"/validate", "application/json", bytes.NewReader([]byte(body)))
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(res.Body).Decode(&answer)
		if closed := res.Body.Close(); closed != nil {
			t.Error(closed)
		}
		if res.StatusCode == http.StatusOK {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if answer.Response.Allowed || !strings.Contains(answer.Response.Status.Message, "host-pid") {
		t.Errorf("got %+v, want a refusal by host-pid", answer.Response)
	}
	client.CloseIdleConnections()
	stop()
	if got := <-code; got != 0 {
		t.Errorf("exit code: got %d, want 0", got)
	}
}
