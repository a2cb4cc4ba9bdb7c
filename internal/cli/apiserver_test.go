package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// apiVersion is the version of Kubernetes whose API server is tried.
const apiVersion = "1.34.4"

// An apiServer is an API server of Kubernetes, which has no nodes.
type apiServer struct {
	url    string
	client *http.Client
}

// apiProgram returns the API server's program. It is built once, which takes
// ten minutes, and only where BULKHEAD_LONG is set.
func apiProgram(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(cache, "bulkhead-test", "tools", "apiserver-"+apiVersion)
	if _, err := os.Stat(program); err == nil {
		return program
	}
	if os.Getenv("BULKHEAD_LONG") == "" {
		t.Skip("no API server: BULKHEAD_LONG=1 builds one, once")
	}
	text, err := os.ReadFile("testdata/apiserver.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": string(text), "go.mod": apiModule(t)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	part := fmt.Sprintf("%s.%d", program, os.Getpid())
	for _, args := range [][]string{{"mod", "tidy"}, {"build", "-trimpath", "-ldflags=-s -w", "-o", part, "."}} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("no API server: go %s: %v\n%s", args[0], err, said)
		}
	}
	if err := os.Rename(part, program); err != nil {
		t.Fatal(err)
	}
	return program
}

// apiModule returns the go.mod of the API server's program: Kubernetes keeps
// most of its modules in its own tree, which no other module can use from there.
func apiModule(t *testing.T) string {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", "k8s.io/kubernetes@v"+apiVersion).Output()
	if err != nil {
		t.Skipf("no API server: %v\n%s", err, said)
	}
	var module struct{ GoMod string }
	if err := json.Unmarshal(said, &module); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(module.GoMod)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "module apiserver\n\ngo 1.24.0\n\nrequire k8s.io/kubernetes v%s\n\nreplace (\n", apiVersion)
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) => \./staging/`).FindAllStringSubmatch(string(text), -1) {
		fmt.Fprintf(&b, "\t%s => %[1]s v0%s\n", m[1], strings.TrimPrefix(apiVersion, "1"))
	}
	return b.String() + ")\n"
}

// startAPI starts an API server and returns it when it is ready.
func startAPI(t *testing.T) *apiServer {
	t.Helper()
	program := apiProgram(t)
	dir := t.TempDir()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signing := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	for name, text := range map[string][]byte{"key": signing, "tokens": []byte("secret,tester,1,system:masters\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	port := freePort(t)
	var log bytes.Buffer
	cmd := exec.Command(program, "--secure-port="+port, "--bind-address=127.0.0.1", "--cert-dir="+dir,
		"--service-account-issuer=https://bulkhead.test", "--service-account-key-file="+dir+"/key",
		"--service-account-signing-key-file="+dir+"/key", "--token-auth-file="+dir+"/tokens",
		"--service-cluster-ip-range=10.255.0.0/24", "--enable-aggregator-routing", "--allow-privileged", "--disable-admission-plugins=ServiceAccount")
	cmd.Env = append(os.Environ(), "STORE="+dir+"/store", "CLIENTS=127.0.0.1:"+freePort(t), "PEERS=127.0.0.1:"+freePort(t))
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is killed, or has said why it ended
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-ended
		if t.Failed() {
			t.Logf("the API server said, at the end:\n%s", log.Bytes()[max(0, log.Len()-3000):])
		}
	})
	s := &apiServer{url: "https://127.0.0.1:" + port, client: &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, //nolint:gosec // it is ours, on loopback
	}}
	until(t, "the API server is ready", func() bool {
		select {
		case <-ended:
			t.Fatal("the API server has ended")
		default:
		}
		code, _, _ := s.try(http.MethodGet, "/readyz", nil)
		return code == http.StatusOK
	})
	until(t, "there is a default namespace", func() bool {
		code, _, _ := s.try(http.MethodGet, "/api/v1/namespaces/default", nil)
		return code == http.StatusOK
	})
	return s
}

// until waits until done, for two minutes.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(2 * time.Minute); !done(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("not in two minutes: %s", what)
		}
	}
}

// freePort returns a port of loopback nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // nobody connected
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// try asks s and returns the status, what is said and the warnings. The status is
// 0 where nobody answers.
func (s *apiServer) try(method, path string, body []byte) (code int, said string, warnings []string) {
	req, err := http.NewRequestWithContext(context.Background(), method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, err.Error(), nil
	}
	req.Header.Set("Authorization", "Bearer secret")
	req.Header.Set("Content-Type", "application/json")
	if method == http.MethodPatch {
		req.Header.Set("Content-Type", "application/strategic-merge-patch+json")
	}
	res, err := s.client.Do(req)
	if err != nil {
		return 0, err.Error(), nil
	}
	defer func() { _ = res.Body.Close() }() // it has been read
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error(), nil
	}
	return res.StatusCode, string(text), res.Header["Warning"]
}

// kinds are the paths of the kinds that guard manifests prints.
var kinds = map[string]string{
	"Namespace": "/api/v1/namespaces", "ServiceAccount": "serviceaccounts", "Secret": "secrets", "ConfigMap": "configmaps", "Service": "services",
	"Deployment": "deployments", "PodDisruptionBudget": "poddisruptionbudgets", "NetworkPolicy": "networkpolicies",
	"ValidatingWebhookConfiguration":   "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
	"ValidatingAdmissionPolicy":        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
	"ValidatingAdmissionPolicyBinding": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
}

// apply creates the objects of a manifest, strictly read, but for those that need
// the Prometheus operator.
func (s *apiServer) apply(t *testing.T, manifest []byte) {
	t.Helper()
	for docs := yaml.NewDecoder(bytes.NewReader(manifest)); ; {
		var o map[string]any
		err := docs.Decode(&o)
		if err == io.EOF { //nolint:errorlint // as documented
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, version := fmt.Sprint(o["kind"]), fmt.Sprint(o["apiVersion"])
		if o == nil || kind == "PrometheusRule" {
			continue
		}
		path := kinds[kind]
		if path == "" {
			t.Fatalf("got %s, want a kind that is known here", kind)
		}
		if !strings.HasPrefix(path, "/") {
			root := "/apis/" + version
			if version == "v1" {
				root = "/api/v1"
			}
			path = root + "/namespaces/bulkhead/" + path
		}
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if code, said, warnings := s.try(http.MethodPost, path+"?fieldValidation=Strict", text); code != http.StatusCreated || warnings != nil {
			t.Errorf("%s: got %d %q %s, want it made without warnings", kind, code, warnings, said)
		}
	}
}
