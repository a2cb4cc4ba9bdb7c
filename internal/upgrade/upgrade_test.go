package upgrade

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/model"
)

// up returns an upgrade of packages "ecosystem name file" to a version.
func up(version string, packages ...string) *model.Upgrade {
	u := &model.Upgrade{Version: version}
	for _, p := range packages {
		f := strings.Fields(p)
		x := &model.Package{Ecosystem: f[0], Name: f[1]}
		if len(f) > 2 {
			x.Locations = f[2:]
		}
		u.Packages = append(u.Packages, x)
	}
	return u
}

func TestSteps(t *testing.T) {
	for _, c := range []struct {
		name     string
		upgrades []*model.Upgrade
		want     []string
	}{
		{"none", nil, nil},
		{
			"a distribution's packages in one step",
			[]*model.Upgrade{up("3.0.13", "Debian:12 libssl3", "Debian:12 openssl"), up("1.3", "Debian:12 zlib1g"), up("3.0.13", "Debian:12 libssl3")},
			[]string{"apt-get update && apt-get install -y --only-upgrade libssl3 openssl zlib1g"},
		},
		{"alpine", []*model.Upgrade{up("1-r1", "Alpine:v3.19 musl"), up("2-r1", "Alpine:v3.19 zlib")}, []string{"apk add --no-cache --upgrade musl zlib"}},
		{"rpm", []*model.Upgrade{up("1", "AlmaLinux:9 bash")}, []string{"dnf upgrade -y bash"}},
		{
			"npm, by each way it came",
			[]*model.Upgrade{up("4.17.21", "npm lodash app/package-lock.json", "npm lodash app/node_modules/lodash/package.json", "npm lodash web/yarn.lock", "npm lodash usr/local/lib/node_modules/npm/node_modules/lodash/package.json")},
			[]string{
				`npm install lodash@4.17.21 [app/package-lock.json] where another package asks for it, package.json needs "overrides": {"lodash": "4.17.21"}`,
				`yarn upgrade lodash@4.17.21 [web/yarn.lock] where another package asks for it, package.json needs "resolutions": {"lodash": "4.17.21"}`,
				`npm install -g npm@latest [usr/local/lib/node_modules/npm/node_modules/lodash/package.json] lodash comes inside npm: take a newer one, or remove it where the image only runs a program`,
			},
		},
		{"installed for the system", []*model.Upgrade{up("5", "npm @a/b usr/lib/node_modules/@a/b/package.json")}, []string{"npm install -g @a/b@5 [usr/lib/node_modules/@a/b/package.json]"}},
		{"pnpm", []*model.Upgrade{up("5", "npm a pnpm-lock.yaml")}, []string{`pnpm update a@5 [pnpm-lock.yaml] where another package asks for it, package.json needs "pnpm": {"overrides": {"a": "5"}}`}},
		{"pip", []*model.Upgrade{up("2.1", "PyPI a web/requirements-prod.txt")}, []string{"write a==2.1 into requirements-prod.txt [web/requirements-prod.txt]"}},
		{"pip, installed", []*model.Upgrade{up("2.1", "PyPI a usr/lib/python3/site-packages/a-1.dist-info/METADATA")}, []string{
			"pip install 'a>=2.1' [usr/lib/python3/site-packages/a-1.dist-info/METADATA] the list of requirements has to allow a 2.1",
		}},
		{"poetry", []*model.Upgrade{up("2.1", "PyPI a poetry.lock")}, []string{"poetry add 'a>=2.1' [poetry.lock]"}},
		{"gem", []*model.Upgrade{up("2.1", "RubyGems a")}, []string{"gem install a -v 2.1"}},
		{"bundler", []*model.Upgrade{up("2.1", "RubyGems a Gemfile.lock")}, []string{"bundle update --conservative a [Gemfile.lock] Gemfile has to allow a 2.1"}},
		{"cargo", []*model.Upgrade{up("2.1.0", "crates.io a Cargo.lock")}, []string{"cargo update -p a --precise 2.1.0 [Cargo.lock]"}},
		{"composer", []*model.Upgrade{up("2.1", "Packagist v/a composer.lock")}, []string{"composer update v/a:^2.1 --with-all-dependencies [composer.lock]"}},
		{"go", []*model.Upgrade{up("0.17.0", "Go golang.org/x/net bin/a", "Go golang.org/x/net bin/b")}, []string{"go get golang.org/x/net@v0.17.0 && go mod tidy [bin/a]"}},
		{"a Go program", []*model.Upgrade{up("2.11.15", "Go github.com/nats-io/nats-server/v2 usr/local/bin/nats-server")}, []string{
			"install github.com/nats-io/nats-server/v2 2.11.15 or newer [usr/local/bin/nats-server]",
		}},
		{"go itself", []*model.Upgrade{up("1.22.5", "Go stdlib bin/a")}, []string{"build with Go 1.22.5 or newer [bin/a]"}},
		{"maven", []*model.Upgrade{up("2", "Maven g:a a.jar")}, []string{"mvn versions:use-dep-version -Dincludes=g:a -DdepVersion=2 [a.jar] where another package asks for it, <dependencyManagement> needs g:a:2"}},
		{"gradle", []*model.Upgrade{up("2", "Maven g:a gradle.lockfile")}, []string{`constraints { implementation("g:a:2") } [gradle.lockfile]`}},
		{"nuget", []*model.Upgrade{up("2", "NuGet A")}, []string{"dotnet add package A --version 2"}},
		{"what has no manager", []*model.Upgrade{up("20.1", "Bitnami node")}, []string{"install node 20.1 or newer"}},
	} {
		var got []string
		for _, s := range Steps(c.upgrades) {
			line := s.Do
			if s.Where != "" {
				line += " [" + s.Where + "]"
			}
			if s.Instead != "" {
				line += " " + s.Instead
			}
			if len(s.Upgrades) == 0 {
				t.Errorf("%s: %s upgrades nothing", c.name, s.Do)
			}
			got = append(got, line)
		}
		if diff := cmp.Diff(got, c.want); diff != "" {
			t.Errorf("%s: got -, want +:\n%s", c.name, diff)
		}
	}
}
