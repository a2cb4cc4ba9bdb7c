package catalog

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"bulkhead/internal/model"
)

//go:embed tags.txt.gz
var tagText []byte

// A tagTable is tags.txt.gz, read.
type tagTable struct {
	asOf   time.Time
	images map[string]func() [][]string // by name: of every image all its tags
}

// maxTagText bounds what the embedded table inflates to, in bytes.
const maxTagText = 1 << 20

// tags reads the table. It is part of the program, so that it can be read.
var tags = sync.OnceValue(func() *tagTable {
	t := &tagTable{images: map[string]func() [][]string{}}
	z, err := gzip.NewReader(bytes.NewReader(tagText))
	if err != nil {
		return t
	}
	text, err := io.ReadAll(io.LimitReader(z, maxTagText))
	if err != nil {
		return t
	}
	// A repository is taken apart when it is asked for: most are not.
	head, rest, more := strings.Cut("\n"+string(text), "\n= ")
	for line := range strings.Lines(head) {
		if day, ok := strings.CutPrefix(strings.TrimSpace(line), "@ "); ok {
			t.asOf = date(day)
		}
	}
	for more {
		var name, lines string
		head, rest, more = strings.Cut(rest, "\n= ")
		name, lines, _ = strings.Cut(head, "\n")
		t.images[name] = sync.OnceValue(func() [][]string { return tagLines(lines) })
	}
	return t
})

// tagLines returns the fields of every line that has some.
func tagLines(lines string) [][]string {
	var out [][]string
	for line := range strings.Lines(lines) {
		if tags := strings.Fields(line); len(tags) > 0 {
			out = append(out, tags)
		}
	}
	return out
}

// TagsAsOf returns the date of the table of official tags.
func TagsAsOf() time.Time { return tags().asOf }

// tableAge is how long after its date a table still says that there is nothing
// newer.
const tableAge = 60 * 24 * time.Hour

// Fresh reports whether the table of official tags is recent enough at now to
// tell that there is nothing newer than what it knows.
func Fresh(now time.Time) bool { return now.Before(TagsAsOf().Add(tableAge)) }

// listed returns the images of ref's repository, by their tags. A mirror may
// lag behind, so that Docker Hub's names alone count.
func listed(ref model.Reference) [][]string {
	name, ok := strings.CutPrefix(ref.Repository, "library/")
	if !ok || ref.Registry != hub || ref.Digest != "" {
		return nil
	}
	images := tags().images[name]
	if images == nil {
		return nil
	}
	return images()
}

// A tag is a tag taken apart: "22.1.0-bookworm-slim".
type tag struct {
	version []int // 22, 1, 0
	text    string
	words   []string // bookworm, slim
}

// parseTag takes a tag apart; ok is false for one that begins with no version.
func parseTag(s string) (t tag, ok bool) {
	head, rest, _ := strings.Cut(s, "-")
	for part := range strings.SplitSeq(head, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || part[0] == '+' || len(t.version) == 4 {
			return tag{}, false
		}
		t.version = append(t.version, n)
	}
	t.text = head
	if rest != "" {
		t.words = strings.Split(rest, "-")
	}
	return t, true
}

// An Upgrade is a better image of the same repository.
type Upgrade struct {
	Tag   string
	Cycle string    // the release it belongs to: "22"
	Until time.Time // the end of its support; zero where no date is set
	LTS   bool      // it is a long-term release
	Moved string    // what else changes: "Debian 13 in place of Debian 10"; empty where nothing does
}

// Exact reports whether ref names a release in a table of tags exactly: node:22.1.0
// and not node:22, which moves.
func Exact(ref model.Reference) bool {
	t, ok := parseTag(ref.Tag)
	p := lifecycles().images[repository(ref)]
	if !ok || p == nil || len(listed(ref)) == 0 {
		return false
	}
	c := p.cycleOf(t.text)
	return c != nil && strings.Count(c.name, ".")+1 < len(t.version)
}

// Patch returns the newest image of the release that ref names exactly, where
// that is newer: node:22.1.0 has node:22.23.2. A tag that moves, such as
// node:22, has none: pulling it is enough.
func Patch(ref model.Reference) (Upgrade, bool) {
	if !Exact(ref) {
		return Upgrade{}, false
	}
	t, _ := parseTag(ref.Tag)
	c := lifecycles().images[repository(ref)].cycleOf(t.text)
	best := tag{version: t.version}
	name := ""
	for _, aliases := range listed(ref) {
		if slices.Contains(aliases, ref.Tag) {
			continue // the same image under another name
		}
		for _, alias := range aliases {
			x, ok := parseTag(alias)
			if !ok || len(x.version) != len(t.version) || !slices.Equal(x.words, t.words) || !continues(x.text, c.name) {
				continue
			}
			if slices.Compare(x.version, best.version) > 0 {
				best, name = x, alias
			}
		}
	}
	return Upgrade{Tag: name, Cycle: c.name, Until: date(c.end), LTS: c.longTerm(date(c.lts))}, name != ""
}

// cycleOf returns the cycle version v belongs to, or nil.
func (p *product) cycleOf(v string) *cycle {
	var best *cycle
	for i := range p.cycles {
		if c := &p.cycles[i]; continues(v, c.name) && (best == nil || len(c.name) > len(best.name)) {
			best = c
		}
	}
	return best
}

// longTerm reports whether c is a long-term release at now.
func (c cycle) longTerm(now time.Time) bool {
	at := date(c.lts)
	return c.lts == "lts" || !at.IsZero() && !now.Before(at)
}

// someLTS reports whether some releases of p are long-term ones, so that others
// are for trying out.
func (p *product) someLTS() bool {
	return slices.ContainsFunc(p.cycles, func(c cycle) bool { return c.lts != "" })
}

// lasting is how long a release has to be supported to be worth moving to.
const lasting = 180 * 24 * time.Hour

// Supported returns what to move to where the release ref names, or the
// distribution it is on, gets no fixes at now: the nearest release that does for
// half a year at least, a long-term one where the product has such, in the same
// variant. The distribution stays, in a release that is supported.
func Supported(ref model.Reference, now time.Time) (Upgrade, bool) {
	t, ok := parseTag(ref.Tag)
	p := lifecycles().images[repository(ref)]
	if !ok || p == nil {
		return Upgrade{}, false
	}
	for i := range slices.Backward(p.cycles) { // the oldest first
		c := p.cycles[i]
		if end := date(c.end); !c.supported(now) || !end.IsZero() && end.Before(now.Add(lasting)) || p.someLTS() && !c.longTerm(now) {
			continue
		}
		if newer(t, c.name) {
			if u, ok := find(ref, t, c, now); ok {
				u.LTS = c.longTerm(now)
				return u, true
			}
		}
	}
	return Upgrade{}, false
}

// newer reports whether a cycle is that of t, or comes after it.
func newer(t tag, cycle string) bool {
	c, ok := parseTag(cycle)
	if !ok {
		return false
	}
	n := min(len(c.version), len(t.version))
	return slices.Compare(c.version[:n], t.version[:n]) >= 0
}

// find returns the image of release c that is like t, as exact as t is.
func find(ref model.Reference, t tag, c cycle, now time.Time) (Upgrade, bool) {
	exact := max(len(t.version), strings.Count(c.name, ".")+1)
	var best tag
	out := Upgrade{Cycle: c.name, Until: date(c.end)}
	for _, aliases := range listed(ref) {
		if slices.Contains(aliases, ref.Tag) {
			continue
		}
		for _, alias := range aliases {
			if !strings.HasPrefix(alias, c.name) {
				continue // most; they need not be taken apart
			}
			x, ok := parseTag(alias)
			if !ok || len(x.version) != exact || !continues(x.text, c.name) {
				continue
			}
			moved, fits := fit(t.words, x.words, now)
			order := slices.Compare(x.version, best.version)
			if fits && (out.Tag == "" || order > 0 || order == 0 && moved.better(best.words, x.words)) {
				best, out.Tag, out.Moved = x, alias, moved.text
			}
		}
	}
	return out, out.Tag != ""
}
