package guard

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"bulkhead/internal/finding"
	"bulkhead/internal/rule"
)

// A Mode is what is done about something forbidden.
type Mode string

// The modes.
const (
	Deny  Mode = "deny"
	Audit Mode = "audit" // allow it, and say in the log that it would be denied
	Off   Mode = "off"
)

// A Policy says what is denied. The zero Policy is not one: see DefaultPolicy.
type Policy struct {
	mode       Mode
	logReads   bool
	rules      []chosen
	wide       bool // some rule is not of the defaults: it may look at the image
	routes     map[string]verdict
	beyond     map[string][]string // by kind
	exceptions []exception
	judge      Judge  // users' own policies; may be nil
	calls      []Call // the only ones that are allowed; nil: all are
}

// With returns p with users' own policies besides.
func (p *Policy) With(j Judge) *Policy {
	out := *p
	out.judge = j
	return &out
}

// Auditing returns p with nothing denied, and all that would be in the journal.
// It allows every call.
func (p *Policy) Auditing() *Policy {
	out := *p
	out.mode, out.calls = Audit, nil
	return &out
}

// A chosen is a rule that judges requests.
type chosen struct {
	rule *rule.Rule
	from finding.Severity
	mode Mode
}

// defaults are the rules about getting out of a container and at the host, and
// the severity from which on each denies. Practices that only make an attack
// harder, such as a user other than root, are left to check.
var defaults = []struct {
	rule string
	from finding.Severity
}{
	{"apparmor-off", finding.Info},
	{"cgroup-parent", finding.Info},
	{"dangerous-capability", finding.High},
	{"engine-socket", finding.Critical},
	{"host-cgroup", finding.Info},
	{"host-device", finding.Medium},
	{"host-ipc", finding.Info},
	{"host-network", finding.Info},
	{"host-pid", finding.Info},
	{"host-userns", finding.Info},
	{"host-uts", finding.Info},
	{"joined-namespace", finding.Info},
	{"privileged", finding.Info},
	{"seccomp-off", finding.Info},
	{"selinux-off", finding.Info},
	{"sensitive-host-mount", finding.Medium},
	{"shared-propagation", finding.Info},
	{"unmasked-paths", finding.Info},
}

// beyondDefaults are the values that are allowed of what the model has no word
// for, by kind. A kind that is not here allows nothing.
func beyondDefaults() map[string][]string {
	return map[string][]string{
		"address driver": nil,
		"annotation":     nil,
		"build source":   nil,
		"device rule":    nil,
		"image source":   nil,
		"log socket":     {"unix:///dev/log", "unixgram:///dev/log"},
		"mount path":     nil,
		"mount template": nil,
		"mount type":     nil,
		"namespace":      nil,
		"network driver": {"bridge", "overlay"},
		"runtime":        {"runc", "io.containerd.runc.v2", "crun", "runsc", "kata-runtime", "nvidia"},
		"sysctl":         nil,
		"task runtime":   nil,
		"volume driver":  nil,
		"volume option":  nil,
		"volume type":    {"nfs", "nfs4", "cifs", "smb3", "tmpfs"},
	}
}

// An exception changes the mode for some requests.
type exception struct {
	Image  string    `yaml:"image"`
	Label  string    `yaml:"label"`
	User   string    `yaml:"user"`
	Rules  []string  `yaml:"rules"`
	Mode   Mode      `yaml:"mode"`
	Until  time.Time `yaml:"until"`
	Reason string    `yaml:"reason"`
}

// policyFile is the policy as it is written.
type policyFile struct {
	Mode     Mode   `yaml:"mode"`
	BuildKit string `yaml:"buildkit"`
	Log      string `yaml:"log"`
	Rules    map[string]struct {
		Mode Mode   `yaml:"mode"`
		From string `yaml:"from"`
	} `yaml:"rules"`
	Routes     map[string]string   `yaml:"routes"`
	Allow      map[string][]string `yaml:"allow"`
	Exceptions []exception         `yaml:"exceptions"`
	Calls      []callFile          `yaml:"calls"`
}

// DefaultPolicy returns the policy where no file says otherwise: it denies.
func DefaultPolicy(all []*rule.Rule) *Policy {
	p := &Policy{mode: Deny, routes: map[string]verdict{}, beyond: beyondDefaults()}
	for _, d := range defaults {
		for _, r := range rule.Lookup(all, d.rule) {
			p.rules = append(p.rules, chosen{r, d.from, Deny})
		}
	}
	return p
}

// ParsePolicy reads a policy file. Everything in it that is not known is an
// error: a misspelt rule would protect nobody.
func ParsePolicy(text []byte, all []*rule.Rule) (*Policy, error) {
	var f policyFile
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		message := strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), " in type guard.policyFile", "")
		return nil, errors.New(strings.ReplaceAll(message, "unmarshal errors:\n  ", ""))
	}
	p := DefaultPolicy(all)
	errs := []error{p.setMode(f), p.setRules(f, all), p.setRoutes(f), p.setAllow(f), p.setCalls(f)}
	for i, e := range f.Exceptions {
		if err := p.except(e, all); err != nil {
			errs = append(errs, fmt.Errorf("exception %d: %w", i+1, err))
		}
	}
	return p, errors.Join(errs...)
}

func (p *Policy) setMode(f policyFile) error {
	var errs []error
	switch f.Mode {
	case "":
	case Deny, Audit:
		p.mode = f.Mode
	default:
		errs = append(errs, fmt.Errorf("mode is %q, not deny or audit", f.Mode))
	}
	switch f.BuildKit {
	case "", "deny":
	case "allow":
		for _, t := range routes {
			if t.verdict == buildkit {
				p.routes[t.name()] = allowed
			}
		}
		p.beyond["builder"] = []string{"BuildKit"}
	default:
		errs = append(errs, fmt.Errorf("buildkit is %q, not allow or deny", f.BuildKit))
	}
	switch f.Log {
	case "", "changes":
	case "all":
		p.logReads = true
	default:
		errs = append(errs, fmt.Errorf("log is %q, not changes or all", f.Log))
	}
	return errors.Join(errs...)
}

func (p *Policy) setRules(f policyFile, all []*rule.Rule) error {
	var errs []error
	for name, said := range f.Rules {
		found := rule.Lookup(all, name)
		if len(found) != 1 {
			errs = append(errs, fmt.Errorf("rule %q is not known", name))
			continue
		}
		c := chosen{rule: found[0], from: found[0].Severity, mode: Deny}
		i := slices.IndexFunc(p.rules, func(c chosen) bool { return c.rule == found[0] })
		if i >= 0 {
			c = p.rules[i]
		}
		if said.From != "" {
			from, err := finding.ParseSeverity(said.From)
			if err != nil {
				errs = append(errs, fmt.Errorf("rule %s: %w", name, err))
			}
			c.from = from
		}
		switch said.Mode {
		case "":
		case Deny, Audit, Off:
			c.mode = said.Mode
		default:
			errs = append(errs, fmt.Errorf("rule %s: mode is %q, not deny, audit or off", name, said.Mode))
		}
		if i >= 0 {
			p.rules[i] = c
		} else {
			p.rules, p.wide = append(p.rules, c), true
		}
	}
	slices.SortFunc(p.rules, func(a, b chosen) int { return strings.Compare(a.rule.Name, b.rule.Name) })
	return errors.Join(errs...)
}

func (p *Policy) setRoutes(f policyFile) error {
	var errs []error
	for name, said := range f.Routes {
		if !slices.ContainsFunc(routes, func(t route) bool { return t.name() == name }) {
			errs = append(errs, fmt.Errorf("route %q is not known; one reads POST /swarm/init", name))
		}
		switch said {
		case "allow":
			p.routes[name] = allowed
		case "deny":
			p.routes[name] = denied
		default:
			errs = append(errs, fmt.Errorf("route %s is %q, not allow or deny", name, said))
		}
	}
	return errors.Join(errs...)
}

func (p *Policy) setAllow(f policyFile) error {
	var errs []error
	for kind, values := range f.Allow {
		if _, ok := p.beyond[kind]; !ok {
			errs = append(errs, fmt.Errorf("allow: %q is no kind of thing a request asks for", kind))
			continue
		}
		p.beyond[kind] = values
	}
	return errors.Join(errs...)
}

// except adds e, which has to say for whom it is, and why.
func (p *Policy) except(e exception, all []*rule.Rule) error {
	switch {
	case e.Image == "" && e.Label == "" && e.User == "":
		return errors.New("it names no image, label or user")
	case e.Reason == "":
		return errors.New("it has no reason")
	case e.Mode != Audit && e.Mode != Off && e.Mode != Deny:
		return fmt.Errorf("mode is %q, not deny, audit or off", e.Mode)
	}
	if _, err := path.Match(e.Image, ""); err != nil {
		return fmt.Errorf("image %q is no pattern", e.Image)
	}
	for i, name := range e.Rules {
		found := rule.Lookup(all, name)
		if len(found) != 1 {
			return fmt.Errorf("rule %q is not known", name)
		}
		e.Rules[i] = found[0].Name
	}
	p.exceptions = append(p.exceptions, e)
	return nil
}

// verdictOf returns what is to be done about a request for t.
func (p *Policy) verdictOf(t route) verdict {
	if v, ok := p.routes[t.name()]; ok {
		return v
	}
	return t.verdict
}

// permits reports whether the policy allows value of that kind.
func (p *Policy) permits(kind, value string) bool {
	return slices.ContainsFunc(p.beyond[kind], func(v string) bool { return v == value || v == "*" })
}

// byImage reports whether some exception looks at the image.
func (p *Policy) byImage() bool {
	return slices.ContainsFunc(p.exceptions, func(e exception) bool { return e.Image != "" })
}

// An asked is what an exception is compared with.
type asked struct {
	images []string // the id, and the repositories the image was pulled from with their digests
	labels map[string]string
	user   string
	rule   string
	now    time.Time
}

// modeOf returns what is done about something that a rule of mode m forbids:
// the last exception that fits says so, else the stricter of m and the
// policy's own mode.
func (p *Policy) modeOf(m Mode, a asked) (Mode, string) {
	for _, e := range slices.Backward(p.exceptions) {
		if e.fits(a) {
			return e.Mode, e.Reason
		}
	}
	if m == Deny {
		return p.mode, ""
	}
	return m, ""
}

func (e exception) fits(a asked) bool {
	if !e.Until.IsZero() && a.now.After(e.Until) || len(e.Rules) > 0 && !slices.Contains(e.Rules, a.rule) {
		return false
	}
	if e.User != "" && e.User != a.user {
		return false
	}
	if e.Label != "" {
		name, value, valued := strings.Cut(e.Label, "=")
		got, ok := a.labels[name]
		if !ok || valued && got != value {
			return false
		}
	}
	return e.Image == "" || slices.ContainsFunc(a.images, func(i string) bool {
		repository, _, _ := strings.Cut(i, "@")
		ok, err := path.Match(e.Image, repository)
		return i == e.Image || err == nil && ok
	})
}
