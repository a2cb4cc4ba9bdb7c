// Package network reads networks as an engine describes them: the JSON of
// docker network inspect.
package network

import (
	"encoding/json"
	"strings"

	"bulkhead/internal/frontend/internal/dockerjson"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// inspect is the part of the engine's answer that the facts are made of.
type inspect struct {
	Name       string
	ID         string `json:"Id"`
	Driver     string
	Internal   bool
	Attachable bool
	Ingress    bool
	IPAM       struct{ Config []struct{ Subnet string } }
	Options    map[string]string
	Labels     map[string]string
}

// The options of the bridge driver that matter here.
const (
	optionICC     = "com.docker.network.bridge.enable_icc"
	optionDefault = "com.docker.network.bridge.default_bridge"
)

// Read reads the networks in f: one object or an array of them. The networks
// "host" and "none", which containers do not meet on, are left out.
func Read(f *source.File) *model.Facts {
	facts := &model.Facts{}
	objects, faults := dockerjson.Objects(f, model.Daemon)
	facts.Faults = faults
	for _, text := range objects {
		var in inspect
		err := json.Unmarshal(text, &in)
		subject := "network " + in.Name
		if fault, bad := dockerjson.TypeFault(subject, model.Daemon, err); bad {
			facts.Faults = append(facts.Faults, fault)
		}
		if in.Name == "" || in.Driver == "host" || in.Driver == "null" {
			continue
		}
		facts.Networks = append(facts.Networks, in.network(subject))
	}
	return facts
}

func (in *inspect) network(subject string) *model.Network {
	at := func(field string) string { return dockerjson.Path(subject, field) }
	n := &model.Network{
		Name:       in.Name,
		Surface:    model.Daemon,
		Place:      model.Place{Path: subject},
		Project:    in.Labels["com.docker.compose.project"],
		Engine:     in.ID,
		Default:    in.Options[optionDefault] == "true" || in.Labels["com.docker.compose.network"] == "default",
		Driver:     fact(in.Driver, "bridge", at("Driver")),
		Internal:   fact(in.Internal, false, at("Internal")),
		ICC:        fact(!strings.EqualFold(in.Options[optionICC], "false"), true, at("Options["+optionICC+"]")),
		Encrypted:  fact(in.encrypted(), false, at("Options[encrypted]")),
		Attachable: fact(in.Attachable, false, at("Attachable")),
		Options:    dockerjson.Labels(in.Options, at("Options")),
	}
	for _, c := range in.IPAM.Config {
		n.Subnets = append(n.Subnets, model.Fact[string]{Value: c.Subnet, State: model.Set, Path: at("IPAM.Config")})
	}
	return n
}

// encrypted reports whether the option is given: its presence counts, whatever
// its value, but for a plain "false".
func (in *inspect) encrypted() bool {
	v, ok := in.Options["encrypted"]
	return ok && !strings.EqualFold(v, "false")
}

// fact returns the fact that holds v where def is the engine's default.
func fact[T comparable](v, def T, path string) model.Fact[T] {
	out := model.Fact[T]{Value: v, Path: path}
	if v != def {
		out.State = model.Set
	}
	return out
}
