package guard

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A State is the folder with what has to outlive the process: what was denied
// lately, what is allowed once, and the emergency switch. It belongs to root
// alone, so whoever may write into it may allow.
type State struct{ Dir string }

// The folders and files of a state.
const (
	deniedDir   = "denied"
	grantedDir  = "granted"
	exemptDir   = "containers"
	switchFile  = "off.json"
	deniedLife  = time.Hour // how long a denial may still be allowed
	maxDenied   = 1000
	shortestID  = 12 // so that nobody finds a request of their own with the same one
	privateMode = 0o700
	fileMode    = 0o600
)

// A Grant allows one denied request once.
type Grant struct {
	Request string    `json:"request"` // hash
	Route   string    `json:"route"`
	Rules   []string  `json:"rules"`
	Against []string  `json:"against"` // hashes of the reasons that it is about
	Asked   string    `json:"asked,omitempty"`
	Until   time.Time `json:"until"`
	Reason  string    `json:"reason,omitempty"`
	By      string    `json:"by,omitempty"`
}

// A Switch is the emergency switch while it is thrown.
type Switch struct {
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
	By     string    `json:"by,omitempty"`
}

// hash returns what binds an exception to one request: all that decides what
// the engine will do.
func hash(r Request) string {
	h := sha256.New()
	for _, part := range []string{r.Method, r.URI, r.User, string(r.Body)} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))
}

// hash returns what tells r from other reasons.
func (r Refusal) hash() string {
	h := sha256.Sum256([]byte(r.Rule + "\x00" + r.Message))
	return hex.EncodeToString(h[:])
}

// Open makes the folders of s.
func (s *State) Open() error {
	for _, dir := range []string{deniedDir, grantedDir, exemptDir} {
		if err := os.MkdirAll(filepath.Join(s.Dir, dir), privateMode); err != nil {
			return fmt.Errorf("make the guard's state: %w", err)
		}
	}
	s.tidy()
	return nil
}

// deny remembers a denial and returns the shortest id that means it alone.
// Where it cannot be kept the request stays denied, without a way to allow it.
func (s *State) deny(d *Decision) string {
	g := Grant{Request: d.hash, Route: d.Route, Asked: d.Asked, Until: time.Now().Add(deniedLife)}
	for _, r := range d.Refusals {
		g.Rules = append(g.Rules, r.Rule)
		g.Against = append(g.Against, r.hash())
	}
	if s.write(filepath.Join(deniedDir, d.hash), g) != nil {
		return d.hash[:shortestID]
	}
	names := s.names(deniedDir)
	if len(names) > maxDenied {
		s.tidy()
	}
	n := shortestID
	for _, name := range names {
		for name != d.hash && n < len(d.hash) && strings.HasPrefix(name, d.hash[:n]) {
			n++
		}
	}
	return d.hash[:n]
}

// covers reports whether g was given for all that denies d. What a request comes
// to can change after it was denied: its links, volumes and images.
func (g Grant) covers(d *Decision) bool {
	return !slices.ContainsFunc(d.Refusals, func(r Refusal) bool {
		return r.Mode == Deny && !slices.Contains(g.Against, r.hash())
	})
}

// take uses up the exception for d's request and returns it, and false where
// there was none that covers it. Of two requests at once, the removal of its file tells who
// was first.
func (s *State) take(d *Decision) (Grant, bool) {
	name := filepath.Join(grantedDir, d.hash)
	var g Grant
	if s.read(name, &g) != nil || !g.covers(d) || os.Remove(filepath.Join(s.Dir, name)) != nil {
		return g, false
	}
	return g, g.Request == d.hash && time.Now().Before(g.Until)
}

// giveBack makes an exception hold again whose request came to nothing, such
// as one for an image that had to be pulled first.
func (s *State) giveBack(g Grant) error { return s.write(filepath.Join(grantedDir, g.Request), g) }

// emergency reports whether the emergency switch is thrown.
func (s *State) emergency() bool {
	var w Switch
	return s.read(switchFile, &w) == nil && time.Now().Before(w.Until)
}

var idForm = regexp.MustCompile(`^[0-9a-f]{12,64}$`)

// What Allow fails with.
var (
	ErrNoDenial  = errors.New("no request of that id was denied within the last hour")
	ErrAmbiguous = errors.New("several denied requests begin with that id")
)

// Allow lets the denied request that id begins pass once until a time.
func (s *State) Allow(id string, until time.Time, reason, by string) (Grant, error) {
	if !idForm.MatchString(id) {
		return Grant{}, ErrNoDenial
	}
	var found []string
	for _, name := range s.names(deniedDir) {
		if strings.HasPrefix(name, id) {
			found = append(found, name)
		}
	}
	var g Grant
	switch {
	case len(found) > 1:
		return g, ErrAmbiguous
	case len(found) == 0 || s.read(filepath.Join(deniedDir, found[0]), &g) != nil || time.Now().After(g.Until):
		return g, ErrNoDenial
	}
	g.Until, g.Reason, g.By = until, reason, by
	if err := s.write(filepath.Join(grantedDir, g.Request), g); err != nil {
		return g, fmt.Errorf("keep the exception: %w", err)
	}
	return g, nil
}

// Throw throws the emergency switch: until then nothing is denied.
func (s *State) Throw(w Switch) error { return s.write(switchFile, w) }

// Restore takes the emergency switch back. It may not be thrown.
func (s *State) Restore() error {
	err := os.Remove(filepath.Join(s.Dir, switchFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

var containerForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// free remembers that the container of that id was allowed to be made, so that
// it may be started and used too.
func (s *State) free(id string) error {
	if !containerForm.MatchString(id) {
		return fmt.Errorf("%q is no container's id", id)
	}
	return s.write(filepath.Join(exemptDir, id), struct{}{})
}

// exempt reports whether the container of that id was allowed to be made.
func (s *State) exempt(id string) bool {
	if !containerForm.MatchString(id) {
		return false
	}
	_, err := os.Lstat(filepath.Join(s.Dir, exemptDir, id))
	return err == nil
}

func (s *State) names(dir string) []string {
	entries, err := os.ReadDir(filepath.Join(s.Dir, dir))
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		if len(e.Name()) == sha256.Size*2 {
			out = append(out, e.Name())
		}
	}
	return out
}

// tidy removes what has expired, and the oldest of too many denials.
func (s *State) tidy() {
	type aged struct {
		name string
		at   time.Time
	}
	for _, dir := range []string{deniedDir, grantedDir} {
		var all []aged
		for _, name := range s.names(dir) {
			full := filepath.Join(s.Dir, dir, name)
			info, err := os.Lstat(full)
			var g Grant
			if err != nil || s.read(filepath.Join(dir, name), &g) != nil || time.Now().After(g.Until) {
				_ = os.Remove(full)
				continue
			}
			all = append(all, aged{full, info.ModTime()})
		}
		slices.SortFunc(all, func(a, b aged) int { return a.at.Compare(b.at) })
		for i := 0; dir == deniedDir && i < len(all)-maxDenied/2; i++ {
			_ = os.Remove(all[i].name)
		}
	}
}

func (s *State) read(name string, v any) error {
	text, err := os.ReadFile(filepath.Join(s.Dir, name))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

// write replaces a file in one step.
func (s *State) write(name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	full := filepath.Join(s.Dir, name)
	f, err := os.CreateTemp(filepath.Dir(full), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), full)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
