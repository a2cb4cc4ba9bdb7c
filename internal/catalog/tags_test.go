package catalog

import (
	"testing"
	"time"

	"bulkhead/internal/model"
)

// official returns the reference of an official image.
func official(name, tag string) model.Reference {
	return model.Reference{Raw: name + ":" + tag, Registry: "docker.io", Repository: "library/" + name, Tag: tag}
}

func TestPatch(t *testing.T) {
	for _, tt := range []struct{ name, tag, want string }{
		{"node", "22.1.0", "22.23.2"},
		{"node", "22.1.0-bookworm-slim", "22.23.2-bookworm-slim"},
		{"node", "22.1", "22.23"},
		{"node", "22", ""},      // it moves
		{"node", "22.23.2", ""}, // the newest
		{"node", "22.99.0", ""}, // newer than the table
		{"node", "lts-alpine", ""},
		{"node", "22.1.0-buster", ""}, // no longer made
		{"python", "3.12.1-slim-bookworm", "3.12.14-slim-bookworm"},
		{"alpine", "3.22.1", "3.22.5"},
		{"debian", "bookworm", ""},
		{"nothing", "1.2.3", ""},
	} {
		got, ok := Patch(official(tt.name, tt.tag))
		if got.Tag != tt.want || ok != (tt.want != "") {
			t.Errorf("%s:%s: got %q, want %q", tt.name, tt.tag, got.Tag, tt.want)
		}
	}
	mirror := official("node", "22.1.0")
	mirror.Registry = "registry.example.com"
	if got, ok := Patch(mirror); ok {
		t.Errorf("of a mirror: got %q, want nothing: it may not have it", got.Tag)
	}
}

func TestSupported(t *testing.T) {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct{ name, tag, want, moved string }{
		{"node", "16-alpine", "24-alpine", ""},
		{"node", "16.20.2-alpine3.18", "24.19.0-alpine3.24", "Alpine Linux 3.24 in place of Alpine Linux 3.18"},
		{"node", "16-buster-slim", "24-trixie-slim", "Debian 13 in place of Debian 10"},
		{"node", "25-alpine", "26-alpine", ""}, // 25 is not a long-term release, so it is a way on
		{"python", "3.8", "3.11", ""},
		{"python", "3.8-slim-buster", "3.11-slim-trixie", "Debian 13 in place of Debian 10"},
		{"golang", "1.19", "1.26", ""},
		{"ubuntu", "20.04", "24.04", ""},
		{"debian", "11", "13", ""},
		{"debian", "10.13-slim", "13.6-slim", ""},
		{"alpine", "3.15", "3.23", ""},
		{"node", "latest", "", ""},
		{"node", "16-onbuild", "", ""}, // a variant that is gone
	} {
		got, ok := Supported(official(tt.name, tt.tag), now)
		if got.Tag != tt.want || ok != (tt.want != "") || got.Moved != tt.moved {
			t.Errorf("%s:%s: got %q (%s), want %q (%s)", tt.name, tt.tag, got.Tag, got.Moved, tt.want, tt.moved)
		}
	}
}

func TestSlim(t *testing.T) {
	for _, tt := range []struct{ name, tag, want string }{
		{"node", "24", "24-slim"},
		{"node", "24-bookworm", "24-bookworm-slim"},
		{"node", "24-alpine", ""},
		{"node", "24-slim", ""},
		{"node", "16", ""}, // no longer made
		{"nginx", "1.30", ""},
		{"golang", "1.27", ""},
		{"debian", "13", ""}, // the full one has no build tools either
	} {
		if got, ok := Slim(official(tt.name, tt.tag)); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s:%s: got %q, want %q", tt.name, tt.tag, got, tt.want)
		}
	}
}

// TestUpgradesLast: whatever tag of the table is asked about, what comes out is
// supported, not the same image under another name, and not another
// distribution.
func TestUpgradesLast(t *testing.T) {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	asked := 0
	for name, images := range tags().images {
		for _, aliases := range images() {
			for _, tag := range aliases {
				ref := official(name, tag)
				u, ok := Supported(ref, now)
				if !ok {
					continue
				}
				asked++
				for _, l := range EndOfLife(official(name, u.Tag), nil, now) {
					if l.Ended || !l.End.IsZero() && l.End.Before(now) {
						t.Errorf("%s:%s: got %s, but %s %s has ended", name, tag, u.Tag, l.Product, l.Cycle)
					}
				}
				for _, other := range aliases {
					if other == u.Tag {
						t.Errorf("%s:%s: got %s, which is the same image", name, tag, u.Tag)
					}
				}
				old, _ := release(words(tag))
				if to, _ := release(words(u.Tag)); old != to {
					t.Errorf("%s:%s: got %s, which is another distribution", name, tag, u.Tag)
				}
			}
		}
	}
	if asked < 100 {
		t.Errorf("%d tags have an upgrade, want 100 at least", asked)
	}
}

func words(s string) []string {
	t, _ := parseTag(s)
	return t.words
}

func TestFresh(t *testing.T) {
	at := TagsAsOf()
	if at.IsZero() {
		t.Fatal("the table has no date")
	}
	if !Fresh(at.AddDate(0, 0, 59)) || Fresh(at.AddDate(0, 0, 61)) {
		t.Error("want the table to tell for 60 days that there is nothing newer")
	}
}
