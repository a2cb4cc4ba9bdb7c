package vuln

import (
	"strings"
	"testing"
)

// eventsOf reads "introduced=1 fixed=2".
func eventsOf(t *testing.T, s string) []event {
	t.Helper()
	words := map[string]eventKind{"introduced": introduced, "fixed": fixed, "last": lastAffected, "limit": limit}
	var list []event
	for f := range strings.FieldsSeq(s) {
		word, version, _ := strings.Cut(f, "=")
		kind, ok := words[word]
		if !ok {
			t.Fatalf("no event %q", f)
		}
		list = append(list, event{kind, version})
	}
	return list
}

// TestRanges follows the OSV schema, section "Evaluation".
func TestRanges(t *testing.T) {
	for _, c := range []struct {
		ecosystem, events string
		in, out           string
	}{
		{"npm", "introduced=0", "0 0.0.0-0 1.0.0 99.0.0", ""},
		{"npm", "introduced=0 fixed=1.2.3", "0 0.0.1 1.2.2 1.2.3-rc.1", "1.2.3 1.2.4 1.10.0"},
		{"npm", "introduced=0 last=1.2.3", "1.2.3 1.2.2", "1.2.4 1.2.4-rc.1 2.0.0"},
		{"npm", "introduced=1.0.0 fixed=1.5.0 introduced=2.0.0 fixed=2.1.0", "1.0.0 1.4.9 2.0.0 2.0.9", "0.9.0 1.5.0 1.9.9 2.1.0"},
		{"npm", "fixed=2.1.0 introduced=2.0.0 fixed=1.5.0 introduced=1.0.0", "1.0.0 1.4.9 2.0.0 2.0.9", "0.9.0 1.5.0 1.9.9 2.1.0"},
		{"npm", "introduced=1.0.0 last=1.0.0", "1.0.0", "0.9.9 1.0.1"},
		{"npm", "last=1.0.0 introduced=1.0.0", "1.0.0", "0.9.9 1.0.1"},
		{"npm", "introduced=1.0.0 fixed=1.0.0", "", "0.9.9 1.0.0 1.0.1"},
		{"npm", "introduced=0 limit=2.0.0", "0.1.0 1.9.9", "2.0.0 3.0.0"},
		{"npm", "introduced=0 limit=*", "0.1.0 3.0.0", ""},
		{"npm", "introduced=0 limit=1.0.0 limit=2.0.0", "0.1.0 1.5.0", "2.0.0"},
		{"npm", "introduced=0 fixed=1.5.0 limit=2.0.0", "1.4.0", "1.5.0 2.0.0"},
		{"npm", "introduced=0.0.0-0 fixed=1.0.0", "0.0.0 0.5.0", "1.0.0"},
		{"npm", "fixed=1.0.0", "", "0.1.0 1.0.0"},
		{"Go", "introduced=0 fixed=1.22.3", "v1.22.2 1.22.2 v0.0.0-20200101000000-abcdefabcdef", "v1.22.3 1.22.3"},
		{"Go", "introduced=0 fixed=2.0.1", "v2.0.0+incompatible", "v2.0.1+incompatible v3.0.0+incompatible"},
		{"PyPI", "introduced=0 fixed=1.0", "0.9 1.0rc1 1.0.dev3 1.0a1", "1.0 1.0.0 1.0.post1 1.0+local 1!0.1"},
		{"RubyGems", "introduced=0 fixed=1.0", "0.9 1.0.rc1 1.0.a", "1.0 1.0.0 1.0.1"},
		{"Maven", "introduced=0 fixed=1.0", "0.9 1.0-alpha-1 1.0-SNAPSHOT", "1.0 1.0.0 1.0-sp-1 1.0.1"},
		{"Packagist", "introduced=0 fixed=1.0.0", "v0.9.0 1.0.0-beta1", "1.0.0 v1.0.0"},
		{"NuGet", "introduced=0 fixed=1.0.0", "0.9 1.0.0-Beta", "1.0 1.0.0.0 1.0.0.1"},
		{"crates.io", "introduced=0 fixed=1.0.0", "0.9.0 1.0.0-alpha.1", "1.0.0 1.0.1"},
		{"Debian:12", "introduced=0 fixed=1:2.3-4+deb12u1", "9.9 1:2.3-4 1:2.3-4+deb12u0 1:2.3-4+deb12u1~x", "1:2.3-4+deb12u1 1:2.3-5 2:1"},
		{"Alpine:v3.19", "introduced=0 fixed=1.2.3-r2", "1.2.3-r1 1.2.3_rc1 1.2.2", "1.2.3-r2 1.2.3-r10 1.2.3_p1 1.2.4-r0"},
		{"Alpine:v3.19", "introduced=0 fixed=0", "", "0 1.2.3-r1"},
		{"Rocky Linux:9", "introduced=0 fixed=1:3.0.7-18.el9_2", "0:4.0 1:3.0.7-17.el9 1:3.0.7~rc1-1", "1:3.0.7-18.el9_2 1:3.0.7-20.el9 2:0"},
	} {
		r := sorted(eventsOf(t, c.events), newOrder(c.ecosystem))
		for want, list := range map[bool]string{true: c.in, false: c.out} {
			for text := range strings.FieldsSeq(list) {
				v, err := newOrder(c.ecosystem).version(text)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := r.holds(v); got != want || err != nil {
					t.Errorf("%s: %s holds %s: got %v, %v, want %v", c.ecosystem, c.events, text, got, err, want)
				}
			}
		}
	}
}

func TestVersions(t *testing.T) {
	a := affected{versions: []string{"1.0", "2.5rc1"}}
	for text, want := range map[string]bool{"1.0": true, "1.0.0": true, "2.5.rc1": true, "1.1": false, "2.5": false} {
		v, err := newOrder("PyPI").version(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.holds(v); got != want || err != nil {
			t.Errorf("listed 1.0 and 2.5rc1: %s: got %v, %v, want %v", text, got, err, want)
		}
	}
	if _, err := newOrder("PyPI").version(strings.Repeat("1", maxVersion+1)); err == nil {
		t.Error("a version longer than any is read, want an error")
	}
}

func TestScores(t *testing.T) {
	for vector, want := range map[string]severity{
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H":                    {level: "critical", score: 9.8},
		"CVSS:3.0/AV:N/AC:H/PR:L/UI:R/S:U/C:H/I:H/A:H":                    {level: "high", score: 7.1},
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N":                    {level: "none"},
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H": {level: "critical", score: 10},
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N": {level: "critical", score: 9.3},
		"AV:N/AC:L/Au:N/C:P/I:P/A:P":                                      {level: "high", score: 7.5, old: true},
		"(AV:N/AC:L/Au:N/C:C/I:C/A:C)":                                    {level: "high", score: 10, old: true},
	} {
		want.vector = vector
		if got, ok := baseScore(vector); !ok || got != want {
			t.Errorf("%s: got %v, %v, want %v", vector, got, ok, want)
		}
	}
	for _, vector := range []string{"", "CVSS:3.1/AV:N", "CVSS:5.0/AV:N/AC:L", "high", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:X"} {
		if got, ok := baseScore(vector); ok {
			t.Errorf("%q: got %v, want none", vector, got)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ ecosystem, name, want string }{
		{"PyPI", "Zope.Interface", "zope-interface"},
		{"PyPI", "a__b-.c", "a-b-c"},
		{"npm", "@Scope/Name", "@Scope/Name"},
		{"npm", "JSONStream", "JSONStream"},
		{"Packagist", "Symfony/Yaml", "symfony/yaml"},
		{"NuGet", "Newtonsoft.Json", "newtonsoft.json"},
		{"Go", "github.com/Masterminds/goutils", "github.com/Masterminds/goutils"},
		{"Go", "go", "stdlib"},
		{"Maven", "org.apache:Log4j", "org.apache:Log4j"},
		{"Debian:12", "libC", "libC"},
	} {
		if got := normalName(c.ecosystem, c.name); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.ecosystem, c.name, got, c.want)
		}
	}
}

func TestGoVersions(t *testing.T) {
	for _, c := range []struct{ module, version, want string }{
		{"example.com/a", "(devel)", ""},
		{"example.com/a", "v0.0.0", ""},
		{"example.com/a", "v1.2.3", "v1.2.3"},
		{"example.com/a", "v0.0.0-20240101000000-abcdefabcdef", "v0.0.0-20240101000000-abcdefabcdef"},
		{"stdlib", "go1.22.3", "1.22.3"},
		{"stdlib", "1.22", "1.22"},
		{"stdlib", "go1.22rc2", "1.22.0-rc.2"},
		{"stdlib", "go1.21beta1", "1.21.0-beta.1"},
		{"stdlib", "go1.22.3 X:boringcrypto", "1.22.3"},
		{"stdlib", "devel go1.24-abcdef", ""},
	} {
		if got := goVersion(c.module, c.version); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.module, c.version, got, c.want)
		}
	}
}
