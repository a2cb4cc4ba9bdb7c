package learn

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/source"
)

// TestReaches: who was connected to is told by networks, and what follows is said
// where it is sure.
func TestReaches(t *testing.T) {
	networks := map[string]netip.Prefix{
		"back": netip.MustParsePrefix("172.20.0.0/16"), "front": netip.MustParsePrefix("172.21.0.0/16"),
	}
	const resolver, db, six, outside = "127.0.0.11:53", "172.20.0.3:5432", "[::ffff:172.20.0.4]:6379", "192.0.2.1:443"
	r := &Learned{Granted: Granted{Networks: []string{"back", "front"}}}
	r.Reaches = reaches(networks, []string{resolver, db, six, outside, "0.0.0.0:22", "[::]:22", "odd"})
	want := []Reach{{"back", []string{db, six}}, {"front", []string{}}, {"", []string{outside}}}
	if diff := cmp.Diff(r.Reaches, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	if got, want := reached(r.Reaches), "back beyond them"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	const internal = "they can be internal"
	if text := r.Text(); !strings.Contains(text, "in front: nobody;") || !strings.Contains(text, "beyond its networks: "+outside) || strings.Contains(text, internal) {
		t.Errorf("got\n%s\nwant nobody in front, and %s beyond", text, outside)
	}
	r.Reaches = reaches(networks, []string{resolver, db})
	if text := r.Text(); !strings.Contains(text, internal) {
		t.Errorf("got\n%s\nwant it to say that %s", text, internal)
	}
	r.Granted.Networks = []string{"back"}
	if r.Reaches = reaches(map[string]netip.Prefix{"back": networks["back"]}, []string{outside}); strings.Contains(r.Text(), "nobody") {
		t.Errorf("got\n%s\nwant nothing of the one network, by which it leaves", r.Text())
	}
	r.Reaches = reaches(networks, []string{resolver, db})
	r.Granted.Ports = []string{"80/tcp"}
	if text := r.Text(); strings.Contains(text, internal) {
		t.Errorf("got\n%s\nwant nothing of internal networks: nobody would reach the port", text)
	}
}

// TestPatchNetwork takes away ports on which nothing listens, and networks of what
// needs none, where a file can say that.
func TestPatchNetwork(t *testing.T) {
	for name, c := range map[string]struct {
		file, before, after string
		missing             []string
	}{
		"ports": {
			"compose.yaml",
			"services:\n  web:\n    image: web:1\n    ports:\n      - 80:80 # the site\n      - 9000:9000 # debugging\n      - 9000-9001:9000-9001\n",
			"services:\n  web:\n    image: web:1\n    ports:\n      - 80:80 # the site\n      - 9000-9001:9000-9001\n    network_mode: none\n", nil,
		},
		"all ports": {
			"compose.yaml", "services:\n  web:\n    image: web:1\n    ports: [\"9000:9000\"]\n    init: true\n",
			"services:\n  web:\n    image: web:1\n    init: true\n    network_mode: none\n", nil,
		},
		"named networks": {
			"compose.yaml", "services:\n  web:\n    image: web:1\n    networks: [back]\nnetworks:\n  back:\n",
			"services:\n  web:\n    image: web:1\n    networks: [back]\nnetworks:\n  back:\n",
			[]string{"no network"},
		},
		"run": {"run.sh", "docker run -d --name web -p 9000:9000 web:1\n", "docker run --network none -d --name web web:1\n", nil},
		"manifest": {
			"pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: site\nspec:\n  containers:\n    - name: web\n      image: web:1\n",
			"apiVersion: v1\nkind: Pod\nmetadata:\n  name: site\nspec:\n  containers:\n    - name: web\n      image: web:1\n",
			[]string{"no network"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Learned{Verified: true, Tested: true, Measures: Measures{NoNetwork: true}, Gap: Gap{PortsUnused: []string{"9000/tcp"}}}
			p, err := r.Patch(source.NewFile(c.file, []byte(c.before)), "web", "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(p.After.Text), c.after); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
			if diff := cmp.Diff(p.Missing, c.missing); diff != "" {
				t.Errorf("missing: got -, want +:\n%s", diff)
			}
		})
	}
}

// TestConnected: whom a service answers it does not connect to.
func TestConnected(t *testing.T) {
	got := connected([]string{
		"172.20.0.2:41000->172.20.0.3:5432", "172.20.0.2:53->172.20.0.9:4000", "[::]:53->[2001:db8::1]:4000", "172.20.0.2:42000->192.0.2.1:53", "192.0.2.7:80",
	}, []Listener{{"tcp", 80}, {"udp", 53}})
	if diff := cmp.Diff(got, []string{"172.20.0.3:5432", "192.0.2.1:53", "192.0.2.7:80"}); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}
