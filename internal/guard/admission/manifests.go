package admission

import (
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"
)

//go:embed manifests.yaml.tmpl
var manifests string

// Installation says how the webhook is to run in a cluster.
type Installation struct {
	Namespace string // of the webhook itself
	Image     string // with its digest
	Fail      FailMode
	Exempt    []string // namespaces that are not asked about at all, besides Namespace
	Authority *Authority

	// Former is the certificate of the authority that is replaced, PEM: the API
	// server trusts both until every pod has the new one. May be nil.
	Former []byte

	// Policies are the files of a policy folder by name.
	Policies map[string]string

	// Namespaces is a file with the cluster's Namespace objects, for policies that
	// select by their labels; "" for none.
	Namespaces string

	// Flags are those of guard admission that say what is refused: --deny=high.
	Flags []string
}

// The patterns are compiled where they are asked for: every start of the program
// would pay for them.
var (
	// dnsLabel matches the name of a namespace: RFC 1123.
	dnsLabel = lazily(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

	// policyFile matches the names a ConfigMap allows.
	policyFile = lazily(`^[-._a-zA-Z0-9]{1,253}$`)

	// imageReference matches what is an image of a registry, pinned to a digest.
	imageReference = lazily(`^[a-zA-Z0-9][-a-zA-Z0-9._:/]*@sha256:[0-9a-f]{64}$`)
)

func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// Write writes the manifests that install i to w, YAML. They hold the
// authority's key.
func (i *Installation) Write(w io.Writer) error {
	for _, name := range append([]string{i.Namespace}, i.Exempt...) {
		if !dnsLabel().MatchString(name) {
			return fmt.Errorf("%q is no name of a namespace", name)
		}
	}
	if !imageReference().MatchString(i.Image) {
		return fmt.Errorf("image %q is not pinned to a digest: name@sha256:…", i.Image)
	}
	for name := range i.Policies {
		if !policyFile().MatchString(name) {
			return fmt.Errorf("policy file %q: a ConfigMap allows letters, digits, '-', '_' and '.' in a name", name)
		}
	}
	if i.Authority == nil {
		return errors.New("no authority is given")
	}
	t, err := template.New("manifests").Funcs(template.FuncMap{
		"base64": base64.StdEncoding.EncodeToString, "indent": indent, "quote": strconv.Quote,
	}).Parse(manifests)
	if err != nil {
		return err
	}
	return t.Execute(w, i)
}

// Bundle is what the API server is to trust.
func (i *Installation) Bundle() []byte {
	return append(slices.Clip(i.Authority.Certificate), i.Former...)
}

// Policy is the API server's word for i.Fail.
func (i *Installation) Policy() string {
	if i.Fail == FailClosed {
		return "Fail"
	}
	return "Ignore"
}

// indent returns the lines of s, each after four blanks.
func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ")
}
