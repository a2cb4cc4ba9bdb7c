package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulkhead/internal/guard/admission"
)

func (a *app) manifestsCommand() *cobra.Command {
	var mode admissionMode
	var fail, former string
	var inCEL bool
	i := &admission.Installation{}
	cmd := &cobra.Command{
		Use:   "manifests",
		Short: "Print what a cluster needs to run the admission webhook",
		Long: `Manifests prints YAML for kubectl apply: the webhook with its authority, made
for this installation, and the configuration that has the API server ask it.
What is printed holds a private key.

With --cel it prints ValidatingAdmissionPolicies instead, which the API server
judges itself, for the rules that can be said in its language; the others are
named on standard error.`,
		Example: `  bulkhead guard manifests --image registry.example/bulkhead@sha256:… | kubectl apply -f -
  bulkhead guard manifests --cel --deny critical > policies.yaml`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	mode.flags(f)
	mode.namespacesFlag(f)
	f.StringVar(&i.Namespace, "namespace", "bulkhead", "the webhook's own `namespace`")
	f.StringVar(&i.Image, "image", "", "the `image` with bulkhead as its entrypoint, pinned to a digest")
	f.StringVar(&fail, "fail", string(admission.FailOpen), "what becomes of objects while the webhook does not answer: `open` stores them and raises an alert, closed refuses them")
	f.StringVar(&former, "former", "", "trust this certificate, a `file`, too: that of the authority which is replaced")
	f.BoolVar(&inCEL, "cel", false, "print policies in the API server's own language instead")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		judge, err := mode.judge(a, auditPoint)
		if err != nil {
			return err
		}
		if inCEL {
			missing, err := judge.WritePolicies(a.stdout)
			if err == nil && len(missing) > 0 {
				a.say("bulkhead: rules that need the webhook: " + strings.Join(missing, ", "))
			}
			return err
		}
		if i.Image == "" {
			return usage("as in --image registry.example/bulkhead@sha256:…", "--image is missing")
		}
		if i.Fail = admission.FailMode(fail); i.Fail != admission.FailOpen && i.Fail != admission.FailClosed {
			return usage("", "--fail %q is neither open nor closed", fail)
		}
		if err := mode.install(i, former, cmd.Flags()); err != nil {
			return err
		}
		if err := i.Write(a.stdout); err != nil {
			return &usageError{err: err}
		}
		return nil
	}
	return cmd
}

// install reads the files that are a part of an installation, and makes its
// authority. Former is the file of the one that is replaced, "" for none.
func (m *admissionMode) install(i *admission.Installation, former string, f *pflag.FlagSet) (err error) {
	if former != "" {
		if i.Former, err = os.ReadFile(former); err != nil {
			return err
		}
	}
	i.Exempt, i.Flags = m.exempt, m.given(f)
	if m.namespaces != "" {
		text, err := os.ReadFile(m.namespaces)
		if err != nil {
			return err
		}
		i.Namespaces = string(text)
	}
	if i.Policies, err = readPolicies(m.policies); err != nil {
		return err
	}
	i.Authority, err = admission.NewAuthority(time.Now())
	return err
}

// given returns those of f's flags that somebody has set and that say what is
// refused.
func (m *admissionMode) given(f *pflag.FlagSet) []string {
	var out []string
	for _, name := range []string{"deny", "warn"} {
		if f.Changed(name) {
			out = append(out, "--"+name+"="+f.Lookup(name).Value.String())
		}
	}
	if f.Changed("exempt") {
		out = append(out, "--exempt="+strings.Join(m.exempt, ","))
	}
	for _, r := range m.rules {
		out = append(out, "--rule="+r)
	}
	return out
}

// readPolicies reads the files of a policy folder, for a ConfigMap, which holds
// at most a mebibyte.
func readPolicies(paths []string) (map[string]string, error) {
	out, size := map[string]string{}, 0
	for _, root := range paths {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			key := strings.ReplaceAll(strings.TrimPrefix(filepath.ToSlash(strings.TrimPrefix(name, root)), "/"), "/", "_")
			if key == "" {
				key = filepath.Base(name)
			}
			if _, twice := out[key]; twice {
				return fmt.Errorf("%s: another policy file would be called %s in the ConfigMap", name, key)
			}
			if size += len(text); size > 900<<10 {
				return fmt.Errorf("%s: the policies have more than a ConfigMap holds", name)
			}
			out[key] = string(text)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
