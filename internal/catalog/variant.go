package catalog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bulkhead/internal/model"
)

// A move is a change of the release of a distribution.
type move struct{ text string }

// better reports whether words name a newer release of a distribution than
// other, which was found before.
func (move) better(other, words []string) bool {
	a, i := release(other)
	b, j := release(words)
	return a != nil && a == b && j < i // the newest cycles come first
}

// fit reports whether the variant named by words can stand for that named by
// old: the same words, but for the release of the distribution, which has to be
// supported at now and no older.
func fit(old, words []string, now time.Time) (move, bool) {
	if len(old) != len(words) {
		return move{}, false
	}
	var m move
	for i := range old {
		if old[i] == words[i] {
			continue
		}
		from, a := distributionOf(old[i])
		to, b := distributionOf(words[i])
		if from == nil || from != to || b > a || m.text != "" {
			return move{}, false
		}
		m.text = fmt.Sprintf("%s %s in place of %s %s", to.title, to.cycles[b].name, from.title, from.cycles[a].name)
	}
	p, i := release(words)
	return m, p == nil || p.cycles[i].supported(now)
}

// release returns the release of a distribution that words name, or nil.
func release(words []string) (*product, int) {
	for _, w := range words {
		if p, i := distributionOf(w); p != nil {
			return p, i
		}
	}
	return nil, 0
}

// distributionOf returns the release of a distribution that a part of a tag
// names, such as bookworm or alpine3.20.
func distributionOf(word string) (*product, int) {
	t := lifecycles()
	if at, ok := t.codenames[word]; ok {
		return at.product, at.cycle
	}
	p, version := t.named(word)
	if p == nil || !strings.HasPrefix(word, "alpine") {
		return nil, 0
	}
	if i := slices.IndexFunc(p.cycles, func(c cycle) bool { return c.name == version }); i >= 0 {
		return p, i
	}
	return nil, 0
}

// Slim returns the tag of the same release without the tools that the full image
// has for building: node:22-bookworm has node:22-bookworm-slim. ok is false
// where ref is such an image, or there is none. Only of images that are made on
// buildpack-deps is it known what the full one has.
func Slim(ref model.Reference) (tag string, ok bool) {
	switch ref.Repository {
	case "library/elixir", "library/erlang", "library/node", "library/perl", "library/pypy", "library/python", "library/ruby", "library/rust":
	default:
		return "", false
	}
	t, versioned := parseTag(ref.Tag)
	if !versioned || slices.Contains(t.words, "slim") {
		return "", false
	}
	want := ref.Tag + "-slim"
	for _, aliases := range listed(ref) {
		if slices.Contains(aliases, want) && !slices.Contains(aliases, ref.Tag) {
			return want, true
		}
	}
	return "", false
}
