package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulkhead/internal/finding"
	"bulkhead/internal/guard/admission"
	"bulkhead/internal/nearest"
	"bulkhead/internal/policy"
	"bulkhead/internal/source"
)

// An admissionMode is what the flags say of the rules of admission.
type admissionMode struct {
	deny, warn string
	rules      []string
	exempt     []string
	policies   []string
	namespaces string
}

// flags adds the flags that set m.
func (m *admissionMode) flags(f *pflag.FlagSet) {
	d := admission.Default()
	f.StringVar(&m.deny, "deny", d.Deny.String(), "refuse what is of this `severity` or worse")
	f.StringVar(&m.warn, "warn", d.Warn.String(), "warn of what is of this `severity` or worse")
	f.StringArrayVar(&m.rules, "rule", nil, "what is done about a rule, `RULE=ACTION`: deny, warn, dryrun or off; may be repeated")
	f.StringSliceVar(&m.exempt, "exempt", d.Exempt, "`namespaces` nothing is refused in")
	f.StringArrayVar(&m.policies, "policy", nil, "judge by the policies in this `path`, too: constraint templates with constraints; may be repeated")
}

// namespacesFlag adds the flag of those commands that judge objects.
func (m *admissionMode) namespacesFlag(f *pflag.FlagSet) {
	f.StringVar(&m.namespaces, "namespaces", "", "`file` with the cluster's Namespace objects, for policies that select by their labels: kubectl get namespaces -o yaml")
}

// judge returns the judge the flags ask for. Point is the enforcement point that
// policies' scoped actions are chosen for.
func (m *admissionMode) judge(a *app, point string) (*admission.Judge, error) {
	mode := admission.Mode{Exempt: m.exempt}
	var err error
	if mode.Deny, err = finding.ParseSeverity(m.deny); err != nil {
		return nil, usage("", "--deny: %v", err)
	}
	if mode.Warn, err = finding.ParseSeverity(m.warn); err != nil {
		return nil, usage("", "--warn: %v", err)
	}
	if mode.Rules, err = m.actions(a); err != nil {
		return nil, err
	}
	var users admission.Policy
	if len(m.policies) > 0 {
		set, err := policy.Load(policy.Options{Paths: m.policies, Now: time.Now(), Point: point})
		if err != nil {
			return nil, &usageError{err: err}
		}
		if users, err = m.withNamespaces(admission.Policies{Set: set}); err != nil {
			return nil, &usageError{err: err}
		}
	}
	j, err := admission.NewJudge(mode, a.rules, users)
	if err != nil {
		return nil, usage("", "--rule: %v", err)
	}
	return j, nil
}

// actions reads --rule.
func (m *admissionMode) actions(a *app) (map[string]admission.Action, error) {
	var known []string
	for _, r := range a.rules {
		known = append(known, r.Name)
	}
	actions := []string{string(admission.Deny), string(admission.Warn), string(admission.DryRun), string(admission.Off)}
	out := map[string]admission.Action{}
	for _, r := range m.rules {
		name, action, ok := strings.Cut(r, "=")
		switch {
		case !ok:
			return nil, usage("as in --rule writable-root=warn", "--rule %q has no action", r)
		case !slices.Contains(known, name):
			return nil, usage("bulkhead explain --all lists the rules", "--rule: no rule is called %q%s", name, meant(name, known))
		case !slices.Contains(actions, action):
			return nil, usage("", "--rule: %q is none of %s%s", r, strings.Join(actions, ", "), meant(action, actions))
		}
		out[name] = admission.Action(action)
	}
	return out, nil
}

// meant asks whether the candidate that is close to word was meant.
func meant(word string, candidates []string) string {
	if near := nearest.Of(word, candidates); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return ""
}

// withNamespaces returns p with the namespaces of --namespaces.
func (m *admissionMode) withNamespaces(p admission.Policies) (admission.Policies, error) {
	if m.namespaces == "" {
		return p, nil
	}
	text, err := os.ReadFile(m.namespaces)
	if err != nil {
		return p, err
	}
	return p.WithNamespaces(source.NewFile(m.namespaces, text))
}

func (a *app) admissionCommand() *cobra.Command {
	var mode admissionMode
	var listen, authority, cert, key, host, fail string
	cmd := &cobra.Command{
		Use:   "admission",
		Short: "Answer a Kubernetes API server: a validating webhook",
		Long: `Admission serves a validating webhook (admission.k8s.io/v1) on /validate, and
/livez, /readyz and /metrics beside it. Pods, and all that makes pods, are judged
by the rules of a check. An update is refused only for what it adds.

guard manifests prints what a cluster needs to run it.`,
		Example: `  bulkhead guard admission --authority /authority --host bulkhead.bulkhead.svc
  bulkhead guard admission --cert tls.crt --key tls.key --deny critical --rule writable-root=warn`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	mode.flags(f)
	mode.namespacesFlag(f)
	f.StringVar(&listen, "listen", ":8443", "serve on this `address`")
	f.StringVar(&authority, "authority", "", "make certificates for --host with the authority in this `folder`: tls.crt and tls.key")
	f.StringVar(&host, "host", "", "the `name` the API server knows the webhook by: SERVICE.NAMESPACE.svc")
	f.StringVar(&cert, "cert", "", "show the certificate in this `file`, PEM; it is read again when it changes")
	f.StringVar(&key, "key", "", "the certificate's key, a `file`, PEM")
	f.StringVar(&fail, "fail", string(admission.FailOpen), "what becomes of a request the policies do not answer in time: `open` or closed")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		certs := &admission.Certificates{Certificate: cert, Key: key}
		switch {
		case authority != "" && host != "" && cert == "" && key == "":
			certs = &admission.Certificates{Certificate: filepath.Join(authority, "tls.crt"), Key: filepath.Join(authority, "tls.key"), Host: host}
		case authority != "" || host != "" || cert == "" || key == "":
			return usage("either --authority with --host, or --cert with --key", "no certificate to show")
		}
		s := &admission.Server{Fail: admission.FailMode(fail), Log: slog.New(slog.NewJSONHandler(a.stdout, nil))}
		if s.Fail != admission.FailOpen && s.Fail != admission.FailClosed {
			return usage("", "--fail %q is neither open nor closed", fail)
		}
		ctx, stop := context.WithCancelCause(cmd.Context())
		defer stop(nil)
		go func() {
			if err := mode.keep(ctx, a, s); err != nil {
				stop(err)
			}
		}()
		if err := serveAdmission(ctx, listen, s, certs); err != nil {
			return err
		}
		if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	}
	return cmd
}

// keep gives s its judge, and another one whenever a policy has changed, until
// ctx ends. Policies that went bad leave the judge as it is.
func (m *admissionMode) keep(ctx context.Context, a *app, s *admission.Server) error {
	const look = 10 * time.Second
	seen := stamp(m.files())
	judge, err := m.judge(a, webhookPoint)
	if err != nil {
		return err
	}
	s.SetJudge(judge)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(look):
		}
		now := stamp(m.files())
		if now == seen {
			continue
		}
		seen = now
		if judge, err := m.judge(a, webhookPoint); err != nil {
			s.Log.Error("the policies were not taken over", "error", err)
		} else {
			s.SetJudge(judge)
			s.Log.Info("the policies were taken over")
		}
	}
}

// Gatekeeper's names of enforcement points.
const (
	webhookPoint = "validation.gatekeeper.sh"
	auditPoint   = "audit.gatekeeper.sh"
)

// files returns the paths that are read again when they change.
func (m *admissionMode) files() []string {
	if m.namespaces == "" {
		return m.policies
	}
	return append(slices.Clip(m.policies), m.namespaces)
}

// stamp tells the files below paths from what they were before.
func stamp(paths []string) string {
	var b strings.Builder
	for _, root := range paths {
		_ = filepath.WalkDir(root, func(name string, _ fs.DirEntry, err error) error {
			if info, bad := os.Stat(name); err == nil && bad == nil { // a ConfigMap's files are links
				fmt.Fprintf(&b, "%s %d %d\n", name, info.Size(), info.ModTime().UnixNano())
			}
			return nil
		})
	}
	return b.String()
}

// serveAdmission serves until ctx ends, then lets the reviews in hand end.
func serveAdmission(ctx context.Context, address string, s *admission.Server, certs *admission.Certificates) error {
	if _, err := certs.Get(nil); err != nil {
		return err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: s.Handler(), TLSConfig: &tls.Config{GetCertificate: certs.Get, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	s.Log.Info("serving", "address", l.Addr().String())
	done := make(chan error, 1)
	go func() { done <- server.ServeTLS(l, "", "") }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*admission.Deadline)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return err
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
