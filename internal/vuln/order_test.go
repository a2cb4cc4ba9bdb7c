package vuln

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/osv-scalibr/semantic"

	"bulkhead/internal/parallel"
)

// randomVersion makes a version of parts as distributions write them.
func randomVersion(r *rand.Rand, parts []string, revision bool) string {
	var b strings.Builder
	if r.IntN(4) == 0 {
		fmt.Fprintf(&b, "%d:", r.IntN(3))
	}
	fmt.Fprint(&b, r.IntN(12))
	for range r.IntN(4) {
		b.WriteString(parts[r.IntN(len(parts))])
		if r.IntN(3) > 0 {
			fmt.Fprint(&b, r.IntN(12))
		}
	}
	if revision {
		fmt.Fprintf(&b, "-%d", r.IntN(4))
		for range r.IntN(3) {
			b.WriteString(parts[r.IntN(len(parts))])
			fmt.Fprint(&b, r.IntN(3))
		}
	}
	return b.String()
}

// pairs makes pairs of versions, most of them close to each other.
func pairs(n int, parts []string, needRevision bool) [][2]string {
	r := rand.New(rand.NewPCG(1, 2))
	list := make([][2]string, n)
	for i := range list {
		a := randomVersion(r, parts, needRevision || r.IntN(2) == 0)
		b := randomVersion(r, parts, needRevision || r.IntN(2) == 0)
		if r.IntN(2) == 0 { // a with one part more
			b = a + parts[r.IntN(len(parts))] + fmt.Sprint(r.IntN(3))
		}
		list[i] = [2]string{a, b}
	}
	return list
}

// ordered compares a pair as the matcher does.
func ordered(t *testing.T, ecosystem string, pair [2]string) int {
	t.Helper()
	v, err := newOrder(ecosystem).version(pair[0])
	if err != nil {
		t.Fatalf("%s %s: %v", ecosystem, pair[0], err)
	}
	c, err := v.cmp(pair[1])
	if err != nil {
		t.Fatalf("%s %s: %v", ecosystem, pair[1], err)
	}
	return c
}

// dpkgOrder compares versions with dpkg, by a few shells at once, because
// dpkg compares two versions a run.
func dpkgOrder(t *testing.T, list [][2]string) []string {
	t.Helper()
	t.Helper()
	const script = `while read -r a b; do
	if dpkg --compare-versions "$a" lt "$b"; then echo -1
	elif dpkg --compare-versions "$a" eq "$b"; then echo 0
	elif dpkg --compare-versions "$a" gt "$b"; then echo 1
	fi
done`
	const parts = 8
	answers := make([][]string, parts)
	failures := make([]error, parts)
	parallel.Do(parts, func(i int) {
		var input strings.Builder
		for _, p := range list[i*len(list)/parts : (i+1)*len(list)/parts] {
			fmt.Fprintf(&input, "%s %s\n", p[0], p[1])
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
		cmd.Stdin = strings.NewReader(input.String())
		said, err := cmd.Output()
		answers[i], failures[i] = strings.Fields(string(said)), err
	})
	if err := errors.Join(failures...); err != nil {
		t.Fatalf("dpkg: %v", err)
	}
	out := slices.Concat(answers...)
	if len(out) != len(list) {
		t.Fatalf("got %d answers from dpkg, want %d", len(out), len(list))
	}
	return out
}

// TestDebianOrder compares versions with dpkg.
func TestDebianOrder(t *testing.T) {
	if _, err := exec.LookPath("dpkg"); err != nil {
		t.Skip("no dpkg to compare with")
	}
	list := pairs(10_000, []string{".", "~", "+", "a", "rc", "+dfsg", "~bpo", "+deb12u", ".Z", "~~"}, false)
	wrong := 0
	for i, want := range dpkgOrder(t, list) {
		if got := fmt.Sprint(ordered(t, "Debian:12", list[i])); got != want {
			wrong++
			t.Errorf("%s and %s: got %s, dpkg says %s", list[i][0], list[i][1], got, want)
		}
	}
	t.Logf("%d pairs, %d differ", len(list), wrong)
}

// TestRPMOrder compares versions with rpm, all of them in one run of it.
func TestRPMOrder(t *testing.T) {
	rpm, err := exec.LookPath("rpm")
	if err != nil {
		t.Skip("no rpm to compare with")
	}
	list := pairs(10_000, []string{".", "~", "^", "_", "a", "rc", ".el9_", "+", "..", ".Z"}, true)
	var lua strings.Builder
	for _, p := range list {
		fmt.Fprintf(&lua, "%s %s\n", p[0], p[1])
	}
	const script = `%{lua:
for line in io.lines("/dev/stdin") do
	local a, b = line:match("([^ ]+) ([^ ]+)")
	io.stdout:write(rpm.vercmp(a, b), " ")
end}`
	cmd := exec.Command(rpm, "--eval", script)
	cmd.Stdin = strings.NewReader(lua.String())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Skipf("rpm compares no versions: %v: %s", err, out)
	}
	answers := strings.Fields(string(out))
	if len(answers) != len(list) {
		t.Fatalf("got %d answers from rpm, want %d", len(answers), len(list))
	}
	wrong := 0
	for i, p := range list {
		if got := fmt.Sprint(ordered(t, "Rocky Linux:9", p)); got != answers[i] {
			wrong++
			t.Errorf("%s and %s: got %s, rpm says %s", p[0], p[1], got, answers[i])
		}
	}
	t.Logf("%d pairs, %d differ", len(list), wrong)
}

// TestOrderTime compares texts that are as long as versions may be.
func TestOrderTime(t *testing.T) {
	for _, list := range [][]string{distributions, languages} {
		for _, ecosystem := range list {
			for _, part := range []string{"1", "1.", "a", "a1", "-", "~", "1-", "0", "rc1.", "1!", "+", "_p1", "é", "1.0.dev1"} {
				text := strings.Repeat(part, maxVersion/len(part))
				start := time.Now()
				o := newOrder(ecosystem)
				if v, err := o.version(text); err == nil {
					_, _ = v.cmp(text + "1") // only the time matters
				}
				if d := time.Since(start); d > time.Second {
					t.Errorf("%s: %q… takes %v, want less than a second, also on a busy machine", ecosystem, part, d)
				}
			}
		}
	}
}

// FuzzOrder compares any two texts in every ecosystem.
func FuzzOrder(f *testing.F) {
	f.Add("1.0", "1.0-rc1")
	f.Add("1:2.3~a+b", "0^1")
	f.Add("v1.0.0-0", "1!1.dev0+x.y")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, list := range [][]string{distributions, languages} {
			for _, ecosystem := range list {
				o := newOrder(ecosystem)
				v, err := o.version(a)
				w, werr := o.version(b)
				if err != nil || werr != nil {
					continue
				}
				there, err := v.cmp(b)
				back, berr := w.cmp(a)
				if err == nil && berr == nil && there != -back {
					t.Errorf("%s: %q to %q is %d, and back %d", ecosystem, a, b, there, back)
				}
				if err != nil && !errors.Is(err, semantic.ErrInvalidVersion) {
					t.Errorf("%s: %q and %q: got %v, want no error but an invalid version", ecosystem, a, b, err)
				}
			}
		}
	})
}
