package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"bulkhead/internal/frontend/apirequest"
	"bulkhead/internal/guard"
)

// A Recorder keeps what a client asked for: see Proxy.Seen. It is safe for use
// by several goroutines.
type Recorder struct {
	mu    sync.Mutex
	calls []Recorded
	size  int
	err   error
}

// A Recorded is one request and what the engine answered.
type Recorded struct {
	Request guard.Request
	Status  int
	Made    string // the id of what was made, or ""
}

// maxRecorded bounds what is kept, in bytes of bodies and addresses.
const maxRecorded = 64 << 20

// ErrLong says that a client asked for more than is recorded.
var ErrLong = errors.New("the client asked for too much to be recorded")

// Seen records a request.
func (r *Recorder) Seen(q guard.Request, status int, body []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.size += len(q.Body) + len(q.URI) + 500; r.size > maxRecorded {
		r.err = ErrLong
		return
	}
	made := ""
	if status == 201 {
		made = guard.MadeID(body)
	}
	r.calls = append(r.calls, Recorded{Request: q, Status: status, Made: made})
}

// Calls returns what was recorded, in order.
func (r *Recorder) Calls() ([]Recorded, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls), r.err
}

// A Learned is the least policy for what was recorded.
type Learned struct {
	Calls  int      // lines of the policy
	Routes []string // that it allows
	Text   []byte   // of the policy file
}

// Learn writes the least policy that allows what was recorded. Ids that the
// engine chose are not in it: what the client made itself is "{made}", and what
// it reads by an id it was told is "*".
func Learn(recorded []Recorded) (*Learned, error) {
	l := &learner{made: map[string]bool{}, seen: map[string]bool{}}
	for _, r := range recorded {
		l.made[r.Made] = r.Made != ""
	}
	routes := map[string]bool{}
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, r := range recorded {
		if r.Status == 400 || r.Status == 403 {
			continue // the engine takes no such request
		}
		n, route, err := l.call(r.Request)
		if err != nil {
			return nil, err
		}
		text, err := yaml.Marshal(n)
		if err != nil {
			return nil, err
		}
		if !l.seen[string(text)] {
			l.seen[string(text)], routes[route] = true, true
			list.Content = append(list.Content, n)
		}
	}
	if len(list.Content) == 0 {
		list.Style = yaml.FlowStyle
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	err := e.Encode(mapping("calls", list))
	return &Learned{Calls: len(list.Content), Routes: slices.Sorted(maps.Keys(routes)), Text: b.Bytes()}, errors.Join(err, e.Close())
}

// A learner knows what the client made.
type learner struct {
	made map[string]bool // ids
	seen map[string]bool // calls, as YAML
}

// call returns the line for one request.
func (l *learner) call(q guard.Request) (*yaml.Node, string, error) {
	r, err := apirequest.Parse(q.Method, q.URI, nil, q.Body)
	if err != nil {
		return nil, "", fmt.Errorf("%s %s: %w", q.Method, q.URI, err)
	}
	route, part := guard.RouteOf(r)
	out := mapping("call", text(route))
	if part != "" {
		add(out, "name", text(l.name(q.Method, part)))
	}
	query := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	for _, key := range slices.Sorted(maps.Keys(r.Query)) {
		if n := l.parameter(route, key, r.Query[key]); n != nil {
			add(query, key, n)
		}
	}
	if len(query.Content) > 0 {
		add(out, "query", query)
	}
	if guard.Streams(r) {
		return out, route, nil
	}
	if hidden(route) {
		add(out, "body", text("*"))
		return out, route, nil
	}
	body, err := guard.ReadShape(q.Body)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", route, err)
	}
	if body != nil {
		add(out, "body", guard.WriteYAML(guard.Substitute(body, l.pattern)))
	}
	return out, route, nil
}

// hidden reports whether bodies of route are credentials.
func hidden(route string) bool {
	return slices.Contains([]string{
		"POST /auth", "POST /secrets/create", "POST /secrets/{name}/update", "POST /configs/create", "POST /configs/{name}/update",
	}, route)
}

var idForm = regexp.MustCompile(`[0-9a-f]{64}`)

// name returns the pattern for what a request is about.
func (l *learner) name(method, part string) string {
	id := strings.TrimPrefix(part, "sha256:")
	for made := range l.made {
		if len(id) >= 12 && strings.HasPrefix(made, id) {
			return "{made}"
		}
	}
	reads := method == "GET" || method == "HEAD"
	if reads && len(id) == 64 && idForm.MatchString(id) {
		return "*"
	}
	return guard.Literal(part)
}

// parameter returns the values of a parameter; nil where it is empty. Those
// that are another each time are left open.
func (l *learner) parameter(route, key string, values []string) *yaml.Node {
	var out []*yaml.Node
	for _, v := range values {
		if v != "" {
			out = append(out, text(l.pattern(v)))
		}
	}
	switch {
	case len(out) == 0:
		return nil
	case slices.Contains([]string{"since", "until"}, key), strings.HasSuffix(route, "/resize"):
		return text("*")
	case len(out) == 1:
		return out[0]
	}
	return &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: out}
}

// pattern returns what fits s, and s with another of the client's ids in it.
func (l *learner) pattern(s string) string {
	out := guard.Literal(s)
	for _, id := range idForm.FindAllString(out, 1) {
		if l.made[id] {
			return strings.Replace(out, id, "{made}", 1)
		}
	}
	return out
}

func mapping(key string, value *yaml.Node) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	add(n, key, value)
	return n
}

func add(n *yaml.Node, key string, value *yaml.Node) {
	n.Content = append(n.Content, text(key), value)
}

func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}
