package learn

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// A Gap is granted against used, in numbers.
type Gap struct {
	CallsGranted int `json:"callsGranted"`
	CallsUsed    int `json:"callsUsed"`
	CallsAllowed int `json:"callsAllowed"` // by the profile: used, the runtime's, and their families

	DangerousGranted []string `json:"dangerousGranted"` // calls that escapes are made of
	DangerousAllowed []string `json:"dangerousAllowed"`

	CapabilitiesGranted int `json:"capabilitiesGranted"`
	CapabilitiesNeeded  int `json:"capabilitiesNeeded"`

	PortsUnused []string `json:"portsUnused"` // published, and nothing listened
}

// gap returns granted against used.
func (r *Learned) gap() Gap {
	allowed := r.Profile.Allowed()
	if !r.Measures.Seccomp {
		allowed = r.Granted.Calls
	}
	g := Gap{
		CallsGranted: len(r.Granted.Calls), CallsUsed: len(r.Calls), CallsAllowed: len(allowed),
		DangerousGranted: both(dangerous, r.Granted.Calls), DangerousAllowed: both(dangerous, allowed),
		CapabilitiesGranted: len(r.Granted.Capabilities), CapabilitiesNeeded: len(r.Capabilities), PortsUnused: []string{},
	}
	for _, p := range r.Granted.Ports {
		number, protocol, _ := strings.Cut(p, "/")
		heard := slices.ContainsFunc(r.Listening, func(l Listener) bool {
			return strconv.Itoa(l.Port) == number && strings.HasPrefix(l.Protocol, protocol)
		})
		if !heard {
			g.PortsUnused = append(g.PortsUnused, p)
		}
	}
	return g
}

// both returns what is in both lists, in the order of the first.
func both(a, b []string) []string {
	out := []string{}
	for _, s := range a {
		if slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

// Text returns the report for reading. It may hold what the service chose: the
// caller escapes control characters.
func (r *Learned) Text() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s (%s), %s\n\n", r.Name, r.Image, r.saturation())
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(cells ...string) { fmt.Fprintln(w, strings.Join(cells, "\t")) } //nolint:errcheck // into memory
	row("", "granted", "used", "with what was learned")
	g := r.Gap
	row("system calls", strconv.Itoa(g.CallsGranted), strconv.Itoa(g.CallsUsed), strconv.Itoa(g.CallsAllowed))
	row("  dangerous ones", strconv.Itoa(len(g.DangerousGranted)), strconv.Itoa(len(both(dangerous, r.Calls))), listed(g.DangerousAllowed))
	row("capabilities", strconv.Itoa(g.CapabilitiesGranted), r.asked(), listed(r.Capabilities))
	row("root file system", either(r.Granted.ReadOnly, "read-only", "writable"), either(len(r.Writable) == 1, "1 folder", fmt.Sprintf("%d folders", len(r.Writable))), either(r.Measures.ReadOnly, "read-only", "writable"))
	row("new privileges", either(r.Granted.NoNewPrivileges, "no", "yes"), "", either(r.Measures.NoNewPrivileges, "no", "yes"))
	row("ports", listed(r.Granted.Ports), ports(r.Listening), either(len(g.PortsUnused) > 0, "nothing listens on "+listed(g.PortsUnused), ""))
	row("networks", listed(r.Granted.Networks), reached(r.Reaches), either(r.Measures.NoNetwork, "none", ""))
	row("users", "", users(r.Users), "")
	_ = w.Flush() // into memory
	r.lists(&b)
	return b.String()
}

// lists adds what has more than a line.
func (r *Learned) lists(b *bytes.Buffer) {
	if len(r.Writable) > 0 {
		fmt.Fprintf(b, "\nwritable folders\n")
	}
	for _, p := range r.Writable {
		fmt.Fprintf(b, "  %s: %s, of %d:%d, mode %04o; written: %s\n", p.Path, either(p.Keep, "volume", "tmpfs"), p.UID, p.GID, p.Mode, some(p.Files))
	}
	for _, l := range []struct {
		head  string
		items []string
	}{
		{"programs that ran", r.Executed}, {"connected to", r.connections()}, {"could not be written, and the test passes", r.Denied}, {"taken back", r.Backed},
	} {
		if len(l.items) > 0 {
			fmt.Fprintf(b, "\n%s\n  %s\n", l.head, strings.Join(l.items, "\n  "))
		}
	}
	r.rare(b)
	b.WriteByte('\n')
	if r.Dropped > 0 {
		fmt.Fprintf(b, "%d events were lost: files, programs and connections may be missing; system calls and capabilities cannot be lost\n", r.Dropped)
	}
	if !r.CapabilitiesKnown {
		fmt.Fprintf(b, "this kernel does not tell which capabilities are asked for: those are kept that it does not work without\n")
	}
	switch {
	case !r.Verified:
		fmt.Fprintf(b, "not verified: %s\n", r.Failure)
	case r.Tested:
		fmt.Fprintf(b, "verified: it passes its test, a restart and its stop signal under all of this\n")
	default:
		fmt.Fprintf(b, "verified: it starts, restarts and stops under all of this; no test was given, so what it does for others was not seen\n")
	}
}

// reached returns the networks that somebody was connected to in.
func reached(all []Reach) string {
	var out []string
	for _, n := range all {
		if len(n.Peers) > 0 {
			out = append(out, either(n.Network == "", "beyond them", n.Network))
		}
	}
	return listed(out)
}

// connections says whom it connected to, and what may follow for the networks:
// whether others reach it there, no copy can tell.
func (r *Learned) connections() []string {
	var out []string
	beyond := false
	for _, n := range r.Reaches {
		beyond = beyond || n.Network == ""
		switch {
		case n.Network == "":
			out = append(out, "beyond its networks: "+listed(n.Peers))
		case len(n.Peers) > 0:
			out = append(out, "in "+n.Network+": "+listed(n.Peers))
		case len(r.Granted.Networks) > 1:
			out = append(out, "in "+n.Network+": nobody; it needs that network only where others connect to it there")
		}
	}
	if !beyond && len(r.Granted.Ports) == 0 && len(r.Reaches) > 0 && !r.Measures.NoNetwork {
		out = append(out, "nobody beyond its networks, and no port is published: they can be internal")
	}
	return out
}

// rare says what the programs could call and did not.
func (r *Learned) rare(b *bytes.Buffer) {
	s := r.Static
	if len(s.Refused) > 0 && r.Measures.Seccomp {
		fmt.Fprintf(b, "\ncalled by name in its programs, never seen, and refused by the profile: what rare path needs them?\n  %s\n", strings.Join(s.Refused, " "))
	}
	if len(s.Opaque) > 0 {
		fmt.Fprintf(b, "\nlinked statically, so that what they could call is not known\n  %s\n", strings.Join(s.Opaque, "\n  "))
	}
}

// saturation says how much every run brought.
func (r *Learned) saturation() string {
	parts := make([]string, len(r.NewCalls))
	for i, n := range r.NewCalls {
		parts[i] = strconv.Itoa(n)
	}
	what := "runs"
	if len(parts) == 1 {
		what = "run"
	}
	return fmt.Sprintf("%d %s%s; new system calls in each: %s", len(parts), what, either(r.Tested, " of its test", " without a test"), strings.Join(parts, ", "))
}

func (r *Learned) asked() string {
	if !r.CapabilitiesKnown {
		return "not known"
	}
	return fmt.Sprintf("%d asked for", len(r.Asked))
}

func either(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// listed returns the items, or that there are none.
func listed(items []string) string { return either(len(items) == 0, "none", strings.Join(items, " ")) }

// some returns the first of many.
func some(items []string) string {
	const most = 3
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}

func ports(all []Listener) string { return listed(merged(heard(all), nil)) }

func users(all []int64) string {
	out := make([]string, len(all))
	for i, u := range all {
		out[i] = strconv.FormatInt(u, 10)
	}
	return listed(out)
}
