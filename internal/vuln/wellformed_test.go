package vuln

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestWellFormed: what a package manager takes for a version is one, and what
// stands in its place is none.
func TestWellFormed(t *testing.T) {
	good := map[string]string{
		"npm":         "1.2.3 v1.2.3 =1.2.3 1.2.3-rc.1 1.2.3beta 1.2.3-x.7.z.92 1.2.3+build.5 0.0.0-development 4.0.0-alpha.x",
		"Go":          "v1.2.3 v0.0.0-20200101000000-abcdef012345 v2.0.0+incompatible 1.22.3 1.22.0-rc.1 v1.0.1-0.20240101000000-abcdef012345+dirty",
		"crates.io":   "0.1.0 1.0.0-alpha.1+x",
		"NuGet":       "1.0 1.2.3.4 1.0.0-beta1",
		"Bitnami":     "1.1.1w 1.2.3-4",
		"ConanCenter": "1.1.1t 2020.10.01",
		"PyPI":        "1.0 1.0a1 1.0.post1 1.0-1 1!2.0 2.0.dev3 1.0rc1.post2.dev3 1.0+ubuntu.1 v1.0 2024.2 1.0.0-Beta.2",
		"RubyGems":    "1.2.3 1.0.0.rc1 2.0.0.pre.1 4.2.0-1",
		"Packagist":   "1.2.3.4 v5.4.0-BETA1 1.0.0RC1 5.0.0.0-patch1 2010-01-02 1.0p1",
		"Maven":       "1.0 1.0.Final 31.1-jre r09 Hoxton.SR5 20040616 9.4.51.v20230217 1.0-SNAPSHOT 2.0.0-M1 v1-rev20200101-1.30.9",
		"Debian:12":   "1:2.3~rc1-4+deb12u1",
		"opam":        "anything",
	}
	for ecosystem, versions := range good {
		for v := range strings.FieldsSeq(versions) {
			if !wellFormed(v, ecosystem) {
				t.Errorf("%s %s: got no version, want one", ecosystem, v)
			}
		}
	}
	bad := map[string]string{
		"npm":       "abc latest ^4.17.11 ~1.2 >=1 * x 2.x 1.2.* file:../x git+ssh://host/x.git#abcdef https://host/x.tgz workspace:1.2.3",
		"Go":        "master latest",
		"PyPI":      "abc 2.x 2.* ~=1.2 2004d 1.0-ubuntu",
		"RubyGems":  "abc ~>1.2 >=0",
		"Packagist": "abc master 1.0.x-dev ^1.2",
		"Maven":     "abc LATEST ${version} [1.0,2.0) 1.x 2.+ unspecified",
		"NuGet":     "abc 1.* [1.0,)",
	}
	for ecosystem, versions := range bad {
		for v := range strings.FieldsSeq(versions) {
			if wellFormed(v, ecosystem) {
				t.Errorf("%s %s: got a version, want none", ecosystem, v)
			}
		}
	}
}

// TestMatchMalformed: of what is no version nothing is known but what is said
// of every version, and of that very text.
func TestMatchMalformed(t *testing.T) {
	d := database(t, filepath.Join(folder(t, `
-- db/GHSA-1.json --
{"id":"GHSA-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]}]}
-- db/GHSA-2.json --
{"id":"GHSA-2","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"3.0.0"}]}]}]}
-- db/GHSA-3.json --
{"id":"GHSA-3","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"a"},"versions":["2004d"]}]}
-- db/MAL-1.json --
{"id":"MAL-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"evil"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}
`), "db"))
	for text, want := range map[string]string{
		"npm a latest":   "gap bad-version \"npm\": a\ncovered 0, owned 0, withdrawn 0\n",
		"npm a ^1.0.0":   "gap bad-version \"npm\": a\ncovered 0, owned 0, withdrawn 0\n",
		"npm a 1.0.0":    "GHSA-1 npm a 1.0.0: unknown 0.0, fixed 2.0.0, : []\ncovered 1, owned 0, withdrawn 0\n",
		"PyPI a 2004d":   "GHSA-3",
		"PyPI a 2003x":   "gap bad-version \"PyPI\": a\ncovered 0, owned 0, withdrawn 0\n",
		"npm evil weird": "MAL-1",
	} {
		got := printed(match(t, d, pkg(text)))
		if strings.HasPrefix(want, "gap") && got != want || !strings.HasPrefix(got, strings.Fields(want)[0]) {
			t.Errorf("%s: got\n%swant\n%s", text, got, want)
		}
	}
}
