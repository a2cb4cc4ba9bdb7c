package guard

import (
	"encoding/json"
	"io"
	"strings"
	"sync"
	"time"
)

// A Journal writes what was decided, one JSON object a line.
type Journal struct {
	mu  sync.Mutex
	out io.Writer
}

// NewJournal returns a journal that writes to out.
func NewJournal(out io.Writer) *Journal { return &Journal{out: out} }

// A record is one line of the journal. Bodies, headers and queries are not in
// it: they hold credentials.
type record struct {
	Time      time.Time     `json:"time"`
	Decision  string        `json:"decision"` // allow, deny, or why it is allowed all the same: audit, exception, emergency
	Method    string        `json:"method,omitempty"`
	Path      string        `json:"path,omitempty"`
	User      string        `json:"user,omitempty"` // of the client's certificate
	Auth      string        `json:"auth,omitempty"`
	Peer      string        `json:"peer,omitempty"` // what is known where there is no certificate
	Container string        `json:"container,omitempty"`
	Image     string        `json:"image,omitempty"`
	Asked     string        `json:"asked,omitempty"`
	Against   []recordOf    `json:"against,omitempty"`
	ID        string        `json:"id,omitempty"`
	Request   string        `json:"request,omitempty"` // hash
	Took      time.Duration `json:"took_ns,omitempty"`
	Message   string        `json:"message,omitempty"` // of events that are no request
}

// A recordOf is one reason against a request.
type recordOf struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
	Mode     Mode   `json:"mode"`
	Reason   string `json:"reason,omitempty"`
}

// socketPeer is what is known of a client without a certificate: the plugin's
// own peer is the engine.
const socketPeer = "a client of the engine's socket; the engine does not say who"

// write records a decision, before the engine hears of it: whatever happens
// then, what was allowed is in the journal. Requests that only read and are
// allowed are left out unless the policy asks for them.
func (j *Journal) write(p *Policy, r Request, d Decision, took time.Duration) {
	reads := r.Method == "GET" || r.Method == "HEAD"
	if d.Allow && d.Granted == "" && reads && !p.logReads {
		return
	}
	path, _, _ := strings.Cut(r.URI, "?")
	rec := record{
		Decision: "deny", Method: r.Method, Path: path, User: r.User, Auth: r.Auth,
		Container: d.Container, Image: d.Image, Asked: d.Asked, ID: d.ID, Took: took,
	}
	switch {
	case d.Granted != "":
		rec.Decision = d.Granted
	case d.Allow:
		rec.Decision = "allow"
	}
	rec.Peer = r.Peer
	if r.User == "" && r.Peer == "" {
		rec.Peer = socketPeer
	}
	for _, f := range d.Refusals {
		rec.Against = append(rec.Against, recordOf{f.Rule, f.Severity.String(), f.Message, f.Mode, f.Reason})
		rec.Request = d.hash
	}
	j.put(rec)
}

// Note records an event that is no request: a start, a change of policy.
func (j *Journal) Note(message string) { j.put(record{Decision: "note", Message: message}) }

// put writes a line. A journal that cannot be written must not stop the
// engine; the service's own log shows the failure.
func (j *Journal) put(r record) {
	r.Time = time.Now()
	line, err := json.Marshal(r)
	if err != nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	_, _ = j.out.Write(append(line, '\n'))
}
