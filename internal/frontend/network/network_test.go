package network

import (
	"strings"
	"testing"

	"bulkhead/internal/source"
)

const networks = `[
 {"Name":"bridge","Id":"b1","Driver":"bridge","IPAM":{"Config":[{"Subnet":"172.17.0.0/16"}]},
  "Options":{"com.docker.network.bridge.default_bridge":"true","com.docker.network.bridge.enable_icc":"false"},"Labels":{}},
 {"Name":"host","Id":"h1","Driver":"host","Options":{}},
 {"Name":"none","Id":"n1","Driver":"null","Options":{}},
 {"Name":"shop_back","Id":"s1","Driver":"bridge","Internal":true,"Attachable":true,"IPAM":{"Config":null},
  "Options":{"encrypted":""},"Labels":{"com.docker.compose.project":"shop","com.docker.compose.network":"back"}},
 {"Name":"shop_default","Id":"s2","Driver":"overlay","Options":null,"Labels":{"com.docker.compose.project":"shop","com.docker.compose.network":"default"}}
]`

func TestRead(t *testing.T) {
	facts := Read(source.NewFile("n.json", []byte(networks)))
	if len(facts.Faults) > 0 || len(facts.Networks) != 3 {
		t.Fatalf("faults %v, %d networks, want none and 3", facts.Faults, len(facts.Networks))
	}
	for i, want := range []struct {
		name, project, driver                           string
		isDefault, internal, icc, encrypted, attachable bool
		subnets                                         int
	}{
		{"bridge", "", "bridge", true, false, false, false, false, 1},
		{"shop_back", "shop", "bridge", false, true, true, true, true, 0},
		{"shop_default", "shop", "overlay", true, false, true, false, false, 0},
	} {
		n := facts.Networks[i]
		got := want
		got.name, got.project, got.driver = n.Name, n.Project, n.Driver.Value
		got.isDefault, got.internal, got.icc = n.Default, n.Internal.Value, n.ICC.Value
		got.encrypted, got.attachable, got.subnets = n.Encrypted.Value, n.Attachable.Value, len(n.Subnets)
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestFaults(t *testing.T) {
	for text, want := range map[string]string{
		`[`:                                 "not valid JSON",
		`[{"Name":"x","Internal":"maybe"}]`: "holds a string",
	} {
		facts := Read(source.NewFile("n.json", []byte(text)))
		if len(facts.Faults) != 1 || !strings.Contains(facts.Faults[0].Message, want) {
			t.Errorf("%s: got %+v, want %q", text, facts.Faults, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(networks))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, n := range Read(source.NewFile("n.json", text)).Networks {
			if n.Name == "" || n.Place.Path == "" {
				t.Errorf("network %+v is not whole", n)
			}
		}
	})
}
