package learn

import (
	"net/netip"
	"slices"
	"strings"
)

// A Reach is a network that a container is in, and whom it connected to there.
type Reach struct {
	Network string   `json:"network"`
	Peers   []string `json:"peers"`
}

// reaches returns whom the service connected to in each network that it is in, by
// the addresses of networks, and then, as of a network without a name, the others.
// Itself and the engine's resolver are left out.
func reaches(networks map[string]netip.Prefix, peers []string) []Reach {
	var out []Reach
	for _, name := range sortedKeys(networks) {
		out = append(out, Reach{Network: name, Peers: []string{}})
	}
	var beyond []string
	for _, p := range peers {
		at, err := netip.ParseAddrPort(p)
		if err != nil || at.Addr().IsLoopback() || at.Addr().IsUnspecified() {
			continue
		}
		within := slices.IndexFunc(out, func(r Reach) bool { return networks[r.Network].Contains(at.Addr().Unmap()) })
		if within < 0 {
			beyond = append(beyond, p)
			continue
		}
		out[within].Peers = append(out[within].Peers, p)
	}
	if len(beyond) > 0 {
		out = append(out, Reach{Peers: beyond})
	}
	return out
}

// connected returns the other ends of connections, written FROM->TO, without those
// of answers: what is sent from a port that the service listens on.
func connected(connections []string, listening []Listener) []string {
	to := map[string]bool{}
	for _, c := range connections {
		from, other, ok := strings.Cut(c, "->")
		if !ok {
			from, other = "", c
		}
		at, err := netip.ParseAddrPort(from)
		answers := err == nil && slices.ContainsFunc(listening, func(l Listener) bool { return l.Port == int(at.Port()) })
		if !answers {
			to[other] = true
		}
	}
	return sorted(to)
}

// alone reports whether nothing was seen that takes a network: the service listens
// on nothing and connects to nobody but itself, also as it is tested. What cannot be
// seen, such as a datagram without a connection, a trial without a network shows.
func (l *learner) alone(r *Learned) bool {
	if r.Tested && l.subject.networked() && len(r.Listening) == 0 {
		return !slices.ContainsFunc(r.Reaches, func(r Reach) bool { return len(r.Peers) > 0 })
	}
	return false
}

// networked reports whether the container has networks of its own.
func (s *subject) networked() bool {
	mode := value[string](s.in.HostConfig, "NetworkMode")
	return s.own() != "" || mode == "default" || mode == "bridge"
}
