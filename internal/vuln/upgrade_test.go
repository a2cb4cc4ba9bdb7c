package vuln

import (
	"strings"
	"testing"

	"bulkhead/internal/model"
)

// osv is an archive of npm records, each a line: id, ranges of package a as
// "introduced fixed", and "withdrawn" behind it where it is.
func osv(lines string) string {
	var b strings.Builder
	for line := range strings.Lines(lines) {
		f := strings.Fields(line)
		b.WriteString("-- npm/" + f[0] + ".json --\n" + `{"id": "` + f[0] + `", "modified": "2024-05-01T00:00:00Z", `)
		if f[len(f)-1] == "withdrawn" {
			f = f[:len(f)-1]
			b.WriteString(`"withdrawn": "2024-05-02T00:00:00Z", `)
		}
		b.WriteString(`"affected": [{"package": {"ecosystem": "npm", "name": "a"}, "ranges": [`)
		for i := 1; i < len(f); i += 2 {
			if i > 1 {
				b.WriteString(", ")
			}
			b.WriteString(`{"type": "SEMVER", "events": [{"introduced": "` + f[i] + `"}`)
			if f[i+1] != "-" {
				b.WriteString(`, {"fixed": "` + f[i+1] + `"}`)
			}
			b.WriteString("]}")
		}
		b.WriteString("]}]}\n")
	}
	return b.String()
}

// TestUpgrade asks for the one version that cures everything, which is not
// always the largest of the fixes of each.
func TestUpgrade(t *testing.T) {
	for _, c := range []struct {
		name, records string
		want          string
		cures, leaves int
	}{
		{"one", "CVE-1-1 0 1.2.5", "1.2.5", 1, 0},
		{"the largest", "CVE-1-1 0 1.2.5\nCVE-1-2 0 1.3.0\nCVE-1-3 0 1.2.9", "1.3.0", 3, 0},
		{"another branch", "CVE-1-1 0 1.2.5 2.0.0 2.0.3\nCVE-1-2 0 2.0.1", "2.0.3", 2, 0},
		{"flawed itself", "CVE-1-1 0 1.2.5\nCVE-1-2 1.2.5 1.2.6", "1.2.6", 1, 0},
		{"flawed itself, taken back", "CVE-1-1 0 1.2.5\nCVE-1-2 1.2.5 1.2.6 withdrawn", "1.2.5", 1, 0},
		{"flawed itself without a cure", "CVE-1-1 0 1.2.5\nCVE-1-2 1.2.5 -", "1.2.5", 1, 0},
		{"one without a cure", "CVE-1-1 0 1.2.5\nCVE-1-2 0 -", "1.2.5", 1, 1},
		{"none", "CVE-1-2 0 -", "", 0, 1},
	} {
		d := database(t, folder(t, osv(c.records)))
		r := match(t, d, pkg("npm a 1.2.3"), pkg("npm a 1.2.3"))
		var u model.Upgrade
		cures, leaves := 0, 0
		for _, v := range r.Vulnerabilities {
			if v.Upgrade == nil {
				leaves++
				continue
			}
			u = *v.Upgrade
			cures++
		}
		if u.Version != c.want || cures != 2*c.cures || leaves != 2*c.leaves {
			t.Errorf("%s: got %q cures %d leaves %d, want %q, and of each copy %d and %d", c.name, u.Version, cures, leaves, c.want, c.cures, c.leaves)
		}
		if c.want != "" && len(u.Packages) != 2 {
			t.Errorf("%s: got an upgrade of %d packages, want the two copies", c.name, len(u.Packages))
		}
	}
}
