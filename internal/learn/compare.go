package learn

import (
	"fmt"
	"slices"
	"strings"
)

// A Comparison is what a service needs that it did not need before.
type Comparison struct {
	Before string `json:"before"` // the images
	After  string `json:"after"`

	Refused      []string `json:"refused"` // system calls that the saved profile refuses
	Capabilities []string `json:"capabilities"`
	Writable     []string `json:"writable"`
	Executed     []string `json:"executed"`
	Listening    []string `json:"listening"`
	Peers        []string `json:"peers"`
	Failure      string   `json:"failure"` // why it does not pass under what was learned now

	Unused []string `json:"unused"` // capabilities that it does not need any more
}

// Compare says what is new in after against before.
func Compare(before, after *Learned) *Comparison {
	return &Comparison{
		Before: before.Image, After: after.Image, Failure: after.Failure,
		Refused:      without(after.Calls, before.Profile.Allowed()),
		Capabilities: without(after.Capabilities, before.Capabilities),
		Unused:       without(before.Capabilities, after.Capabilities),
		Writable:     outside(after.Writable, before.Writable),
		Executed:     without(after.Executed, before.Executed),
		Listening:    without(heard(after.Listening), heard(before.Listening)),
		Peers:        without(after.Peers, before.Peers),
	}
}

// without returns what is in a and not in b.
func without(a, b []string) []string {
	out := []string{}
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

// outside returns the places of a that are below none of b.
func outside(a, b []Place) []string {
	var dirs []string
	for _, p := range b {
		dirs = append(dirs, p.Path)
	}
	out := []string{}
	for _, p := range a {
		if !below(p.Path, dirs) {
			out = append(out, p.Path)
		}
	}
	return out
}

func heard(all []Listener) []string {
	out := make([]string, len(all))
	for i, l := range all {
		out[i] = fmt.Sprintf("%d/%s", l.Port, l.Protocol)
	}
	return out
}

// New reports whether the service needs something that it did not need before.
func (c *Comparison) New() bool {
	return c.Failure != "" || len(c.Refused)+len(c.Capabilities)+len(c.Writable)+len(c.Executed)+len(c.Listening)+len(c.Peers) > 0
}

// Text returns the comparison for reading.
func (c *Comparison) Text() string {
	var b strings.Builder
	for _, l := range []struct {
		what  string
		items []string
	}{
		{"system calls that the profile refuses", c.Refused},
		{"capabilities", c.Capabilities},
		{"folders to write to", c.Writable},
		{"programs", c.Executed},
		{"ports it listens on", c.Listening},
		{"peers", c.Peers},
	} {
		if len(l.items) > 0 {
			fmt.Fprintf(&b, "new %s: %s\n", l.what, strings.Join(l.items, " "))
		}
	}
	if c.Failure != "" {
		fmt.Fprintf(&b, "it does not pass: %s\n", c.Failure)
	}
	if len(c.Unused) > 0 {
		fmt.Fprintf(&b, "capabilities that are not needed any more: %s\n", strings.Join(c.Unused, " "))
	}
	if !c.New() {
		fmt.Fprintf(&b, "nothing new in %s against %s\n", c.After, c.Before)
	}
	return b.String()
}
