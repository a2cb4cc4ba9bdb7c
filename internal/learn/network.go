package learn

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// A networking says how a copy is attached to the one network that it is created
// in.
type networking struct {
	EndpointsConfig map[string]endpoint
}

// own returns the network that the container was created in, "" where it is none
// that has a name of its own.
func (s *subject) own() string {
	mode := value[string](s.in.HostConfig, "NetworkMode")
	switch {
	case mode == "default", mode == "bridge", mode == "host", mode == "none", strings.Contains(mode, ":"):
		return ""
	}
	return mode
}

// network returns how a copy is attached when it is created.
func (s *subject) network(inPlace bool) networking {
	own := s.own()
	if own == "" {
		return networking{}
	}
	return networking{map[string]endpoint{own: s.endpoint(own, inPlace)}}
}

// endpoint returns a copy's place in a network: in place of the container it has
// its names. Else it has none of them: who asks for the service is not to reach a
// copy of it.
func (s *subject) endpoint(network string, inPlace bool) endpoint {
	if !inPlace {
		return endpoint{}
	}
	short := s.id[:min(len(s.id), 12)]
	aliases := slices.Clone(s.in.NetworkSettings.Networks[network].Aliases)
	return endpoint{slices.DeleteFunc(aliases, func(a string) bool { return a == short })}
}

// create makes a copy called name and attaches it to the container's networks.
func (l *learner) create(name string, h *hardening) (string, error) {
	body, err := l.subject.body(h, l.InPlace)
	if err != nil {
		return "", err
	}
	id, err := l.Engine.Create(l.ctx, name, body)
	if err != nil {
		return "", err
	}
	own := l.subject.own()
	if own == "" || h != nil && h.noNetwork {
		return id, nil
	}
	for _, network := range slices.Sorted(maps.Keys(l.subject.in.NetworkSettings.Networks)) {
		if network == own {
			continue
		}
		text, err := json.Marshal(l.subject.endpoint(network, l.InPlace))
		if err != nil {
			return id, err
		}
		if err := l.Engine.Connect(l.ctx, network, id, text); err != nil {
			return id, err
		}
	}
	return id, nil
}
