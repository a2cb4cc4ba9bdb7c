package guard

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"bulkhead/internal/frontend/apirequest"
)

// A Call is one request that a client may make, where a policy lists them:
// everything else it asks for is denied. What it allows is judged by the rules
// all the same.
//
// In texts, "*" stands for any run of characters, "{star}" for that character,
// and "{made}" for the id of something that was made under the policy.
type Call struct {
	Route string              // as the policy file spells it: "POST /containers/{name}/start"
	Name  string              // what {name} stands for; "" where the route has none
	Query map[string][]string // parameters; those that are not here have to be empty
	Body  any                 // see ReadShape; nil: the body has to be empty
}

// callFile is a call as it is written.
type callFile struct {
	Call  string            `yaml:"call"`
	Name  string            `yaml:"name"`
	Query map[string]values `yaml:"query"`
	Body  yaml.Node         `yaml:"body"`
}

// values are those of one parameter: a text, or a list of them.
type values []string

// UnmarshalYAML implements yaml.Unmarshaler.
func (v *values) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.SequenceNode {
		return n.Decode((*[]string)(v))
	}
	*v = make(values, 1)
	return n.Decode(&(*v)[0])
}

// setCalls reads the calls. A list that is there and empty allows nothing.
func (p *Policy) setCalls(f policyFile) error {
	var errs []error
	if f.Calls != nil {
		p.calls = []Call{}
	}
	for i, c := range f.Calls {
		call := Call{Route: c.Call, Name: c.Name, Query: map[string][]string{}}
		for key, v := range c.Query {
			call.Query[key] = v
		}
		at := slices.IndexFunc(routes, func(t route) bool { return t.name() == c.Call })
		var err error
		switch variable := strings.Contains(c.Call, "{name}"); {
		case at < 0:
			err = errors.New("is no route that is known; one reads POST /containers/{name}/start")
		case variable && c.Name == "":
			err = errors.New("says no name; * stands for every name")
		case !variable && c.Name != "":
			err = errors.New("has a name, and its route has none")
		case c.Body.Kind != 0 && streamed(routes[at].name()):
			err = errors.New("has a body, which is a stream that nobody reads")
		case c.Body.Kind != 0:
			call.Body, err = shapeOf(&c.Body, "", 0)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("call %d: %q %w", i+1, c.Call, err))
		}
		p.calls = append(p.calls, call)
	}
	return errors.Join(errs...)
}

// streams are the routes whose body is a stream, or a file as large as the
// client likes: it is passed on unread.
func streams() []string {
	return []string{
		"POST /build", "POST /images/create", "POST /images/load", "POST /plugins/create",
		"PUT /containers/{name}/archive", "POST /session", "POST /grpc",
		"POST /libpod/images/load", "PUT /libpod/containers/{name}/archive",
	}
}

func streamed(name string) bool { return slices.Contains(streams(), name) }

// Streams reports whether r's body is a stream, which no decision is about.
func Streams(r *apirequest.Request) bool {
	found := find(r)
	return len(found) > 0 && !slices.ContainsFunc(found, func(m match) bool { return !streamed(m.name()) })
}

// Routes returns the names of all routes of Docker's API that are known.
func Routes() []string {
	var out []string
	for _, t := range dockerRoutes {
		out = append(out, t.name())
	}
	return out
}

// RouteOf returns the route that r is for, and what its {name} stands for. Of
// several, it is the one with the most text of its own. It is "" where none is
// known.
func RouteOf(r *apirequest.Request) (name, part string) {
	longest := -1
	for _, m := range find(r) {
		if n := len(m.pattern); n > longest {
			longest, name, part = n, m.name(), m.part
		}
	}
	return name, part
}

// permitted returns why p's calls do not hold r, or "".
func (p *Policy) permitted(r *apirequest.Request, made *made) string {
	if p.calls == nil {
		return ""
	}
	name, part := RouteOf(r)
	known := slices.DeleteFunc(slices.Clone(p.calls), func(c Call) bool { return c.Route != name })
	if len(known) == 0 {
		return fmt.Sprintf("%s %s is none of the calls that the policy allows", r.Method, r.Path)
	}
	var body any
	if !streamed(name) {
		var err error
		if body, err = ReadShape(r.Body); err != nil {
			return err.Error()
		}
	}
	why := ""
	for _, c := range known {
		switch wrong := c.differs(part, r.Query, body, made); {
		case wrong == "":
			return ""
		case why == "" || len(known) > 1 && strings.Contains(wrong, ": "):
			why = wrong
		}
	}
	return fmt.Sprintf("%s is among the calls that the policy allows, but not with %s", name, why)
}

// differs returns what of a request c does not allow, or "".
func (c Call) differs(name string, query url.Values, body any, made *made) string {
	if name != "" && !fits(c.Name, name, made) {
		return "the name " + name
	}
	for key, got := range query {
		if !fitAll(c.Query[key], got, made) {
			return fmt.Sprintf("the parameter %s=%s", key, strings.Join(got, ","))
		}
	}
	for key, want := range c.Query {
		if !fitAll(want, query[key], made) {
			return "the parameter " + key + " left out"
		}
	}
	if streamed(c.Route) {
		return ""
	}
	if path := unlike(c.Body, body, made, ""); path != "" {
		return "this body: " + path
	}
	return ""
}

// fitAll reports whether a parameter's values are as want says. "*" alone
// stands for any, and for none.
func fitAll(want, got []string, made *made) bool {
	if len(want) == 1 && want[0] == "*" {
		return true
	}
	got = slices.DeleteFunc(slices.Clone(got), func(v string) bool { return v == "" })
	return slices.EqualFunc(want, got, func(w, g string) bool { return fits(w, g, made) })
}
