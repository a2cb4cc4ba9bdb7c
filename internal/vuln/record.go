package vuln

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A record is what we read of an OSV record.
type record struct {
	ID        string          `json:"id"`
	Modified  instant         `json:"modified"`
	Published instant         `json:"published"`
	Withdrawn text            `json:"withdrawn"`
	Aliases   []string        `json:"aliases"`
	Upstream  []string        `json:"upstream"`
	Summary   text            `json:"summary"`
	Details   text            `json:"details"`
	Severity  []rating        `json:"severity"`
	Affected  []affectedEntry `json:"affected"`
	Specific  specific        `json:"database_specific"`
}

type affectedEntry struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Severity  []rating     `json:"severity"`
	Ranges    []rangeEntry `json:"ranges"`
	Versions  []string     `json:"versions"`
	Ecosystem specific     `json:"ecosystem_specific"`
	Database  specific     `json:"database_specific"`
}

type rangeEntry struct {
	Type   string `json:"type"`
	Events []struct {
		Introduced   string `json:"introduced"`
		Fixed        string `json:"fixed"`
		LastAffected string `json:"last_affected"`
		Limit        string `json:"limit"`
	} `json:"events"`
}

type rating struct {
	Type  text `json:"type"`
	Score text `json:"score"`
}

// A specific is what sources say in places the schema leaves to them. What
// has another shape than expected is not there.
type specific struct {
	Severity      text `json:"severity"`      // GitHub, Bitnami
	Urgency       text `json:"urgency"`       // Debian
	Informational text `json:"informational"` // RustSec
	CVSS          text `json:"cvss"`          // RustSec: a vector
	CVSS4         text `json:"cvss_v4"`       // RubySec: a score
	CVSS3         text `json:"cvss_v3"`
	CVSS2         text `json:"cvss_v2"`

	Imports imports `json:"imports"` // Go
}

// imports are the packages of a Go module that an advisory is about, each with
// the systems that it is about there; none is all.
type imports []struct {
	GOOS []string `json:"goos"`
}

// UnmarshalJSON reads a list and takes anything else for an empty one.
func (i *imports) UnmarshalJSON(b []byte) error {
	type plain imports
	var p plain
	if len(b) > 0 && b[0] == '[' && json.Unmarshal(b, &p) == nil {
		*i = imports(p)
	}
	return nil
}

// elsewhere reports whether what is wrong is wrong on other systems only than
// the one containers run on.
func (i imports) elsewhere() bool {
	for _, p := range i {
		if len(p.GOOS) == 0 || slices.Contains(p.GOOS, "linux") {
			return false
		}
	}
	return len(i) > 0
}

// UnmarshalJSON reads an object and takes anything else for an empty one.
func (s *specific) UnmarshalJSON(b []byte) error {
	type plain specific
	var p plain
	if len(b) > 0 && b[0] == '{' && json.Unmarshal(b, &p) == nil {
		*s = specific(p)
	}
	return nil
}

// A text is a string or a number; anything else is empty.
type text string

// UnmarshalJSON reads a string or a number.
func (t *text) UnmarshalJSON(b []byte) error {
	*t = ""
	switch {
	case len(b) == 0:
	case b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = text(s)
	case b[0] == '-' || b[0] >= '0' && b[0] <= '9':
		*t = text(b)
	}
	return nil
}

// An instant is a time in seconds since 1970, 0 where it is not known.
type instant int64

// UnmarshalJSON reads a time as in RFC 3339.
func (i *instant) UnmarshalJSON(b []byte) error {
	*i = 0
	t, err := time.Parse(time.RFC3339, strings.Trim(string(b), `"`))
	if err == nil && t.Unix() > 0 {
		*i = instant(t.Unix())
	}
	return nil
}

// decode reads an OSV record.
func decode(b []byte) (*record, error) {
	r := new(record)
	if err := json.Unmarshal(b, r); err != nil {
		return nil, err
	}
	return r, nil
}

// maxSummary is the length in bytes to which summaries are cut.
const maxSummary = 160

// summary says in one line what the advisory is about: its summary, else the
// beginning of its details.
func (r *record) summary() string {
	s := strings.TrimSpace(string(r.Summary))
	if s == "" {
		s = strings.TrimSpace(string(r.Details))
		s, _, _ = strings.Cut(s, "\n")
	}
	s = strings.Join(strings.Fields(s[:min(len(s), 4*maxSummary)]), " ")
	return cut(s, maxSummary)
}

// cut shortens s to at most n bytes, at the end of a word where it can.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "")
	if len(s) <= n {
		return s
	}
	n -= len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	if i := strings.LastIndexByte(s[:n], ' '); i > n/2 {
		n = i
	}
	return s[:n] + "…"
}

// malicious reports whether the whole package is an attack.
func malicious(id string) bool { return strings.HasPrefix(id, "MAL-") }

// vectors returns the CVSS vectors of ratings, the first of each kind.
func vectors(ratings []rating) []string {
	var out []string
	for _, r := range ratings {
		if _, ok := baseScore(string(r.Score)); ok {
			out = append(out, string(r.Score))
		}
	}
	return out
}

// wordOf returns what ratings say in words, as Ubuntu's do.
func wordOf(ratings []rating) string {
	for _, r := range ratings {
		if w := worded(string(r.Score)); w != "" {
			return w
		}
	}
	return ""
}
