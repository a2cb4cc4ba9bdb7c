package secret

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
)

// A labelled is a row of the labelled cases: a text with a credential (tp) or
// without (fp), by the rule that is to find it.
type labelled struct {
	Rule, Path, Text, Label string
}

func labelledCases(t testing.TB) []labelled {
	t.Helper()
	f, err := os.Open("../../../shared/data/secrets/secret-cases.jsonl")
	if err != nil {
		t.Skip("the labelled cases are not here:", err)
	}
	t.Cleanup(func() { _ = f.Close() })
	var out []labelled
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c labelled
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// judged lists where a text that is no credential by one rule is one by a
// detector of ours, and rightly: the negatives are by rule.
var judged = []struct{ rule, detector, why string }{
	{"anthropic-admin-api-key", "anthropic-key", "a key of the other kind"},
	{"anthropic-api-key", "anthropic-admin-key", "a key of the other kind"},
	{"cloudflare-api-key", "cloudflare-global-key", "a key of another kind"},
	{"cloudflare-api-key", "cloudflare-origin-ca-key", "a key of another kind"},
	{"cloudflare-global-api-key", "cloudflare-api-key", "a key of another kind"},
	{"cloudflare-global-api-key", "cloudflare-origin-ca-key", "a key of another kind"},
	{"cloudflare-origin-ca-key", "cloudflare-global-key", "a key of another kind"},
	{"cloudflare-origin-ca-key", "cloudflare-api-key", "a key of another kind"},
	{"curl-auth-header", "json-web-token", "a signed token, though in the wrong kind of header"},
	{"mailchimp-api-key", "mailchimp-key", "a real key's shape; the rule refuses its place in a program"},
	{"freemius-secret-key", generic, "the same secret key as in the positives, in a file with another name"},
	{"cisco-meraki-api-key", generic, "a random value in a variable named token"},
	{"settlemint-application-access-token", generic, "a random value in a variable named token"},
	{"settlemint-personal-access-token", generic, "a random value in a variable named token"},
	{"settlemint-service-access-token", generic, "a random value in a variable named token"},
	{"stripe-access-token", generic, "a random value in a variable named token"},
	{"telegram-bot-api-token", generic, "a random value in a variable named token"},
}

func rightly(rule string, leaks []Secret) bool {
	for _, x := range leaks {
		ok := false
		for _, j := range judged {
			ok = ok || j.rule == rule && j.detector == x.Detector
		}
		if !ok {
			return false
		}
	}
	return true
}

func TestLabelled(t *testing.T) {
	s := NewScanner()
	type counts struct{ tp, found, fp, other, wrong int }
	var rules []string
	by := map[string]*counts{}
	all := counts{}
	for _, c := range labelledCases(t) {
		n := by[c.Rule]
		if n == nil {
			n = &counts{}
			by[c.Rule] = n
			rules = append(rules, c.Rule)
		}
		leaks := leaksOf(s.ScanBytes(c.Path, []byte(c.Text)))
		switch {
		case c.Label == "tp" && len(leaks) > 0:
			n.tp, n.found = n.tp+1, n.found+1
		case c.Label == "tp":
			n.tp++
			t.Logf("%s: missed %.150q", c.Rule, c.Text)
		case len(leaks) > 0 && rightly(c.Rule, leaks):
			n.fp, n.other = n.fp+1, n.other+1
		case len(leaks) > 0:
			n.fp, n.wrong = n.fp+1, n.wrong+1
			t.Logf("%s: %s found %s by %s in %.150q", c.Rule, leaks[0].Grade, leaks[0].Kind, leaks[0].Detector, c.Text)
		default:
			n.fp++
		}
	}
	for _, r := range rules {
		n := by[r]
		t.Logf("%-40s %3d of %3d found, %2d of %2d negatives reported, %2d by another detector", r, n.found, n.tp, n.wrong, n.fp, n.other)
		all = counts{all.tp + n.tp, all.found + n.found, all.fp + n.fp, all.other + n.other, all.wrong + n.wrong}
	}
	recall, wrong := float64(all.found)/float64(all.tp), float64(all.wrong)/float64(all.fp)
	t.Logf("all: %d of %d found (%.1f %%), %d of %d negatives reported (%.1f %%), %d rightly by another detector", all.found, all.tp, 100*recall, all.wrong, all.fp, 100*wrong, all.other)
	// Measured on 2026-11-21: 0.992 and 0.005.
	if recall < 0.98 {
		t.Errorf("found %.3f of the positives, want at least 0.98", recall)
	}
	if wrong > 0.02 {
		t.Errorf("reported %.3f of the negatives, want at most 0.02", wrong)
	}
}

// leaksOf returns the secrets that are no public ones.
func leaksOf(r Result) []Secret {
	var out []Secret
	for _, x := range r.Secrets {
		if x.Public == "" {
			out = append(out, x)
		}
	}
	return out
}
