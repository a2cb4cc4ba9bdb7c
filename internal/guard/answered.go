package guard

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// learns reports whether answers of the engine are of interest.
func (g *Guard) learns() bool {
	waiting := g.policy.Load().calls != nil
	g.granted.Range(func(any, any) bool { waiting = true; return false })
	return waiting
}

// Answered tells the guard what the engine answered to a request that was
// allowed. It learns the id of a container that an exception let through, so
// that it may be started, and what calls of the policy have made. A body that
// is not JSON teaches nothing.
func (g *Guard) Answered(r Request, status int, body []byte) {
	id := MadeID(body)
	if status == http.StatusCreated && g.policy.Load().calls != nil {
		g.made.add(id)
	}
	grant, ok := g.granted.LoadAndDelete(hash(r))
	if !ok {
		return
	}
	var err error
	if status == http.StatusCreated {
		err = g.State.free(id)
	} else {
		err = g.State.giveBack(grant.(Grant))
	}
	if err != nil {
		g.Journal.Note("an exception could not be kept: " + err.Error())
	}
}

// MadeID returns the id of what was made, which the engine chose: a
// container's, an exec's, a network's, an image's, or the name of a volume
// that was given none. It is "" where body tells of none.
func MadeID(body []byte) string {
	var made struct {
		ID   string `json:"Id"`
		Name string
	}
	if json.Unmarshal(body, &made) != nil {
		return ""
	}
	if id := strings.TrimPrefix(made.ID, "sha256:"); containerForm.MatchString(id) {
		return id
	}
	if containerForm.MatchString(made.Name) {
		return made.Name
	}
	return ""
}

// A made remembers the ids of what calls of the policy have made, the latest
// maxMade of them.
type made struct {
	mu  sync.Mutex
	ids []string
}

const (
	maxMade = 10_000
	shortID = 12 // characters of an id as docker prints it
)

func (m *made) add(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id == "" {
		return
	}
	if len(m.ids) == maxMade {
		m.ids = slices.Delete(m.ids, 0, 1)
	}
	m.ids = append(m.ids, id)
}

// has reports whether name is such an id, or the start of one as long as docker
// prints it.
func (m *made) has(name string) bool {
	name = strings.TrimPrefix(name, "sha256:")
	if m == nil || len(name) < shortID {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.ids, func(id string) bool { return strings.HasPrefix(id, name) })
}
