package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestAPIServer installs the webhook at a real API server as guard manifests has
// it, and has it refuse, warn and be away.
func TestAPIServer(t *testing.T) {
	s := startAPI(t)
	address := outward(t)
	old := deployment("old", `"hostPID": true, "containers": [{"name": "c", "image": "a:1"}]`)
	s.want(t, "a Deployment from before", http.MethodPost, "/apis/apps/v1/namespaces/default/deployments", old, http.StatusCreated, "")
	manifest := printed(t, "guard", "manifests", "--image", "registry.example/bulkhead@sha256:"+strings.Repeat("0", 64), "--fail", "closed")
	s.apply(t, manifest)
	port := freePort(t)
	s.endpoint(t, address, port)

	pods := "/api/v1/namespaces/default/pods"
	bad := pod("bad", `"hostPID": true, "containers": [{"name": "c", "image": "a:1"}]`)
	until(t, "the API server asks the webhook", func() bool {
		code, said, _ := s.try(http.MethodPost, pods+"?dryRun=All", []byte(bad))
		return code != http.StatusCreated && strings.Contains(said, "failed calling webhook")
	})

	stop := s.webhook(t, manifest, net.JoinHostPort(address, port))
	until(t, "the webhook answers", func() bool {
		_, said, _ := s.try(http.MethodPost, pods+"?dryRun=All", []byte(bad))
		return strings.Contains(said, "host-pid:")
	})
	s.judged(t)
	stop()
	s.want(t, "a good pod while the webhook is away", http.MethodPost, pods, pod("late", good), http.StatusInternalServerError, "failed calling webhook")
	s.want(t, "a pod of kube-system meanwhile", http.MethodPost, "/api/v1/namespaces/kube-system/pods", pod("system", good), http.StatusCreated, "")
	path := kinds["ValidatingWebhookConfiguration"] + "/bulkhead"
	s.want(t, "fail open", http.MethodPatch, path, `{"webhooks": [{"name": "bulkhead.bulkhead.svc", "failurePolicy": "Ignore"}]}`, http.StatusOK, "")
	until(t, "a pod is stored while the webhook is away", func() bool {
		code, _, _ := s.try(http.MethodPost, pods+"?dryRun=All", []byte(pod("late", good)))
		return code == http.StatusCreated
	})
}

// TestAPIServerPolicies has the API server itself judge, by the policies of guard
// manifests --cel.
func TestAPIServerPolicies(t *testing.T) {
	s := startAPI(t)
	s.apply(t, printed(t, "guard", "manifests", "--cel"))
	pods := "/api/v1/namespaces/default/pods"
	for rule, spec := range map[string]string{
		"host-pid":   `"hostPID": true, ` + good,
		"privileged": `"initContainers": [{"name": "i", "image": "a:1", "securityContext": {"privileged": true}}], ` + good,
	} {
		until(t, "the policy on "+rule+" is in force", func() bool { // each takes its time
			code, said, _ := s.try(http.MethodPost, pods+"?dryRun=All", []byte(pod("bad", spec)))
			return code == http.StatusUnprocessableEntity && strings.Contains(said, rule)
		})
	}
	s.want(t, "a good pod", http.MethodPost, pods, pod("good", good), http.StatusCreated, "")
}

// judged tries what the webhook refuses and what it does not.
func (s *apiServer) judged(t *testing.T) {
	t.Helper()
	pods, deployments := "/api/v1/namespaces/default/pods", "/apis/apps/v1/namespaces/default/deployments"
	s.want(t, "a privileged pod", http.MethodPost, pods, pod("p", `"containers": [{"name": "c", "image": "a:1", "securityContext": {"privileged": true}}]`), http.StatusForbidden, "privileged:")
	s.want(t, "a good pod", http.MethodPost, pods, pod("good", good), http.StatusCreated, "")
	s.want(t, "a template with the engine's socket", http.MethodPost, deployments,
		deployment("sock", `"volumes": [{"name": "s", "hostPath": {"path": "/var/run/docker.sock"}}], "containers": [{"name": "c", "image": "a:1", "volumeMounts": [{"name": "s", "mountPath": "/s"}]}]`),
		http.StatusForbidden, "engine-socket:")
	s.want(t, "an old fault, scaled", http.MethodPatch, deployments+"/old", `{"spec": {"replicas": 3}}`, http.StatusOK, "")
	s.want(t, "an old fault and a new one", http.MethodPatch, deployments+"/old", `{"spec": {"template": {"spec": {"hostNetwork": true}}}}`, http.StatusForbidden, "host-network:")
	s.want(t, "an ephemeral container", http.MethodPatch, pods+"/good/ephemeralcontainers",
		`{"spec": {"ephemeralContainers": [{"name": "debug", "image": "a:1", "securityContext": {"privileged": true}}]}}`, http.StatusForbidden, "privileged:")
	code, said, warnings := s.try(http.MethodPost, pods, []byte(pod("warned", `"containers": [{"name": "c", "image": "a:1"}]`)))
	if code != http.StatusCreated || !slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, "no-memory-limit:") }) {
		t.Errorf("a pod without limits: got %d %q %s, want it made with a warning", code, warnings, said)
	}
}

// good is the specification of a pod nobody has to say anything about.
const good = `"automountServiceAccountToken": false, "securityContext": {"runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
	"containers": [{"name": "c", "image": "a:1", "resources": {"limits": {"memory": "64Mi", "cpu": "1"}},
	"securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}}}]`

func pod(name, spec string) string {
	return fmt.Sprintf(`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": %q}, "spec": {%s}}`, name, spec)
}

func deployment(name, spec string) string {
	return fmt.Sprintf(`{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": %q}, "spec": {"selector": {"matchLabels": {"a": "b"}},
		"template": {"metadata": {"labels": {"a": "b"}}, "spec": {%s}}}}`, name, spec)
}

// want asks s and compares the status and a part of what is said.
func (s *apiServer) want(t *testing.T, what, method, path, body string, code int, part string) {
	t.Helper()
	got, said, _ := s.try(method, path, []byte(body))
	if got != code || !strings.Contains(said, part) {
		t.Errorf("%s: got %d %.600s, want %d with %q", what, got, said, code, part)
	}
}

// printed returns what a command prints on standard output.
func printed(t *testing.T, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	if code := Main(t.Context(), args, strings.NewReader(""), &out, &errs); code != 0 {
		t.Fatalf("%q: got exit code %d, %s", args, code, errs.String())
	}
	return out.Bytes()
}

// outward returns an address of this machine that a Service may have for its end.
func outward(t *testing.T) string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP.String()
		}
	}
	t.Skip("no address but loopback, which no Service may have for its end")
	return ""
}

// endpoint makes address the end of the webhook's Service: there are no nodes to
// run its pods.
func (s *apiServer) endpoint(t *testing.T, address, port string) {
	t.Helper()
	s.want(t, "the Service's end", http.MethodPost, "/apis/discovery.k8s.io/v1/namespaces/bulkhead/endpointslices",
		fmt.Sprintf(`{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
			"metadata": {"name": "bulkhead-1", "labels": {"kubernetes.io/service-name": "bulkhead"}},
			"endpoints": [{"addresses": [%q], "conditions": {"ready": true}}], "ports": [{"name": "https", "port": %s, "protocol": "TCP"}]}`, address, port),
		http.StatusCreated, "")
}

// webhook serves with the authority of manifest until what it returns is called.
func (s *apiServer) webhook(t *testing.T, manifest []byte, address string) func() {
	t.Helper()
	dir := t.TempDir()
	for docs := yaml.NewDecoder(bytes.NewReader(manifest)); ; {
		var o struct {
			Kind string
			Data map[string]string
		}
		if err := docs.Decode(&o); err != nil {
			t.Fatalf("no Secret in the manifest: %v", err)
		}
		if o.Kind != "Secret" {
			continue
		}
		for name, text := range o.Data {
			value, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), value, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() {
		code <- Main(ctx, []string{"guard", "admission", "--listen", address, "--authority", dir, "--host", "bulkhead.bulkhead.svc", "--fail", "closed"},
			strings.NewReader(""), io.Discard, io.Discard)
	}()
	return func() {
		t.Helper()
		cancel()
		if got := <-code; got != 0 {
			t.Errorf("guard admission: got exit code %d, want 0", got)
		}
	}
}
