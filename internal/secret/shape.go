package secret

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"
	"sync"
)

// A shape is what the credentials of one issuer look like: a prefix nobody
// else uses, then a body of so many bytes of one set.
type shape struct {
	kind     string
	prefix   string
	body     set
	min, max int
	check    func(body string) bool // nil where length and set are enough
}

// A set is a set of bytes.
type set uint8

const (
	digits   set = 1 << iota
	hex          // lower case
	uppers       // A-Z
	lowers       // a-z
	word         // "_" and "-"
	dot          // "."
	base64ed     // "+", "/" and "="
)

const (
	alnum = digits | uppers | lowers
	token = alnum | word
)

func (s set) has(c byte) bool {
	switch {
	case c >= '0' && c <= '9':
		return s&(digits|hex) != 0
	case c >= 'a' && c <= 'f':
		return s&(lowers|hex) != 0
	case lower(c):
		return s&lowers != 0
	case upper(c):
		return s&uppers != 0
	case c == '_' || c == '-':
		return s&word != 0
	case c == '.':
		return s&dot != 0
	case c == '+' || c == '/' || c == '=':
		return s&base64ed != 0
	}
	return false
}

// shapes lists the credentials that are known by their look. Lengths are
// those the issuers document, or those of the rules of gitleaks (MIT).
var shapes = [...]shape{
	{kind: "an AWS access key ID", prefix: "AKIA", body: uppers | digits, min: 16, max: 16},
	{kind: "an AWS access key ID", prefix: "ASIA", body: uppers | digits, min: 16, max: 16},
	{kind: "an AWS access key ID", prefix: "ABIA", body: uppers | digits, min: 16, max: 16},
	{kind: "an AWS access key ID", prefix: "ACCA", body: uppers | digits, min: 16, max: 16},
	{kind: "a GitHub token", prefix: "ghp_", body: alnum, min: 36, max: 36},
	{kind: "a GitHub token", prefix: "gho_", body: alnum, min: 36, max: 36},
	{kind: "a GitHub token", prefix: "ghu_", body: alnum, min: 36, max: 36},
	{kind: "a GitHub token", prefix: "ghs_", body: alnum, min: 36, max: 36},
	{kind: "a GitHub token", prefix: "ghr_", body: alnum, min: 36, max: 36},
	{kind: "a GitHub token", prefix: "github_pat_", body: token, min: 82, max: 82},
	{kind: "a GitLab token", prefix: "glpat-", body: token | dot, min: 20, max: 320},
	{kind: "a GitLab token", prefix: "gldt-", body: token, min: 20, max: 20},
	{kind: "a GitLab token", prefix: "glrt-", body: token | dot, min: 20, max: 320},
	{kind: "a GitLab token", prefix: "glptt-", body: hex, min: 40, max: 40},
	{kind: "a GitLab token", prefix: "glcbt-", body: token, min: 20, max: 30},
	{kind: "a GitLab token", prefix: "gloas-", body: token, min: 64, max: 64},
	{kind: "a GitLab token", prefix: "glagent-", body: token, min: 50, max: 50},
	{kind: "a Slack token", prefix: "xoxb-", body: alnum | word, min: 20, max: 120, check: numbered},
	{kind: "a Slack token", prefix: "xoxp-", body: alnum | word, min: 40, max: 120, check: numbered},
	{kind: "a Slack token", prefix: "xapp-", body: alnum | word, min: 20, max: 150, check: numbered},
	{kind: "a Slack webhook", prefix: "hooks.slack.com/services/", body: alnum | base64ed, min: 40, max: 60},
	{kind: "a Slack webhook", prefix: "hooks.slack.com/workflows/", body: alnum | base64ed, min: 40, max: 90},
	{kind: "a Slack webhook", prefix: "hooks.slack.com/triggers/", body: alnum | base64ed, min: 40, max: 90},
	{kind: "a Stripe key", prefix: "sk_live_", body: alnum, min: 10, max: 99},
	{kind: "a Stripe key", prefix: "sk_test_", body: alnum, min: 10, max: 99},
	{kind: "a Stripe key", prefix: "sk_prod_", body: alnum, min: 10, max: 99},
	{kind: "a Stripe key", prefix: "rk_prod_", body: alnum, min: 10, max: 99},
	{kind: "a Stripe key", prefix: "rk_live_", body: alnum, min: 10, max: 99},
	{kind: "a Stripe key", prefix: "rk_test_", body: alnum, min: 10, max: 99},
	{kind: "a Google API key", prefix: "AIza", body: token, min: 35, max: 35},
	{kind: "a Google OAuth secret", prefix: "GOCSPX-", body: token, min: 28, max: 28},
	{kind: "an npm token", prefix: "npm_", body: alnum, min: 36, max: 36},
	{kind: "a PyPI token", prefix: "pypi-AgEIcHlwaS5vcmc", body: token, min: 50, max: 1000},
	{kind: "a RubyGems key", prefix: "rubygems_", body: hex, min: 48, max: 48},
	{kind: "a Docker Hub token", prefix: "dckr_pat_", body: token, min: 27, max: 27},
	{kind: "an Anthropic key", prefix: "sk-ant-api03-", body: token, min: 95, max: 95, check: func(b string) bool { return strings.HasSuffix(b, "AA") }},
	{kind: "an Anthropic admin key", prefix: "sk-ant-admin01-", body: token, min: 95, max: 95, check: func(b string) bool { return strings.HasSuffix(b, "AA") }},
	{kind: "an OpenAI key", prefix: "sk-", body: token, min: 40, max: 200, check: func(b string) bool { return strings.Contains(b, "T3BlbkFJ") }},
	{kind: "a Hugging Face token", prefix: "hf_", body: uppers | lowers, min: 34, max: 34},
	{kind: "a SendGrid key", prefix: "SG.", body: token | dot | base64ed, min: 66, max: 66},
	{kind: "a Twilio key", prefix: "SK", body: hex | uppers, min: 32, max: 32, check: hexadecimal},
	{kind: "a DigitalOcean token", prefix: "dop_v1_", body: hex, min: 64, max: 64},
	{kind: "a DigitalOcean token", prefix: "doo_v1_", body: hex, min: 64, max: 64},
	{kind: "a DigitalOcean token", prefix: "dor_v1_", body: hex, min: 64, max: 64},
	{kind: "a Vault token", prefix: "hvs.", body: token, min: 90, max: 120},
	{kind: "a Vault token", prefix: "hvb.", body: token, min: 138, max: 300},
	{kind: "a Shopify token", prefix: "shpat_", body: alnum, min: 32, max: 32, check: hexadecimal},
	{kind: "a Shopify token", prefix: "shpss_", body: alnum, min: 32, max: 32, check: hexadecimal},
	{kind: "a PlanetScale password", prefix: "pscale_pw_", body: token | dot | base64ed, min: 32, max: 64},
	{kind: "a PlanetScale token", prefix: "pscale_tkn_", body: token | dot | base64ed, min: 32, max: 64},
	{kind: "a Postman key", prefix: "PMAK-", body: hex | word, min: 59, max: 59},
	{kind: "a Databricks token", prefix: "dapi", body: hex, min: 32, max: 32},
	{kind: "a Doppler token", prefix: "dp.pt.", body: alnum, min: 43, max: 43},
	{kind: "a Pulumi token", prefix: "pul-", body: hex, min: 40, max: 40},
	{kind: "a Grafana token", prefix: "glsa_", body: token, min: 41, max: 41},
	{kind: "a Linear key", prefix: "lin_api_", body: alnum, min: 40, max: 40},
	{kind: "a New Relic key", prefix: "NRAK-", body: uppers | digits | lowers, min: 27, max: 27},
	{kind: "a Dynatrace token", prefix: "dt0c01.", body: uppers | digits | lowers | dot, min: 89, max: 89},
	{kind: "an age key", prefix: "AGE-SECRET-KEY-1", body: uppers | digits, min: 58, max: 58},
	{kind: "an Atlassian token", prefix: "ATATT3", body: token | base64ed, min: 186, max: 186},
	{kind: "an Azure storage key", prefix: "AccountKey=", body: alnum | base64ed, min: 86, max: 90},
}

// numbered checks that a Slack token names its workspace first.
func numbered(body string) bool {
	for part := range strings.SplitSeq(body, "-") {
		if number(part) && len(part) >= 8 {
			return true
		}
	}
	return false
}

func hexadecimal(body string) bool {
	for i := range len(body) {
		if c := body[i] | 0x20; !hex.has(c) {
			return false
		}
	}
	return true
}

// starts maps a byte to the shapes whose prefixes start with it.
var starts = sync.OnceValue(func() *[256][]*shape {
	var t [256][]*shape
	for i := range shapes {
		c := shapes[i].prefix[0]
		t[c] = append(t[c], &shapes[i])
	}
	return &t
})

// shortest is the length of the shortest credential with a known shape.
const shortest = 5

// Find returns the credentials of known shapes in text, in its order: tokens
// by their prefixes, private keys, JSON web tokens, and passwords in URLs and
// in Authorization headers. It takes time in proportion to text.
func Find(text string) []Match {
	if len(text) < shortest {
		return nil
	}
	out := findShapes(text)
	out = findKeys(text, out)
	out = findJWTs(text, out)
	out = findURLs(text, out)
	out = findHeaders(text, out)
	if len(out) < 2 {
		return out
	}
	slices.SortStableFunc(out, func(a, b Match) int { return cmp.Compare(a.Start, b.Start) })
	end := 0
	return slices.DeleteFunc(out, func(m Match) bool {
		if m.Start < end {
			return true
		}
		end = m.End
		return false
	})
}

// findShapes finds tokens by their prefixes, which stand at the start of a
// word.
func findShapes(text string) []Match {
	var out []Match
	table := starts()
	inWord := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		if !inWord {
			for _, s := range table[c] {
				if n := s.match(text[i:]); n > 0 {
					out = append(out, match(text, s.kind, i, i+n))
					break
				}
			}
		}
		inWord = wordByte(c)
	}
	return out
}

// match returns the length of the credential text starts with, 0 where it
// starts with none.
func (s *shape) match(text string) int {
	if !strings.HasPrefix(text, s.prefix) {
		return 0
	}
	start := len(s.prefix)
	end := start
	for end < len(text) && end-start <= s.max && s.body.has(text[end]) {
		end++
	}
	if end < len(text) && wordByte(text[end]) {
		return 0 // part of something longer
	}
	body := strings.TrimRight(text[start:end], ".")
	if len(body) < s.min || len(body) > s.max || distinct(body) < min(8, s.min) || example(body) {
		return 0
	}
	if s.check != nil && !s.check(body) {
		return 0
	}
	return start + len(body)
}

// example reports whether a token is one of those that documentation prints.
func example(body string) bool {
	return strings.HasSuffix(body, "EXAMPLE") || strings.Contains(strings.ToLower(body), "example") || strings.Contains(body, "xxxxxx") || strings.Contains(body, "XXXXXX") || strings.Contains(body, "abcdefghijkl")
}

func match(text, kind string, start, end int) Match {
	return Match{Leak: Leak{Kind: kind, Certain: true, Shown: shown(text[start:end])}, Start: start, End: end}
}

// findKeys finds private keys in PEM. The header must be followed by a key:
// programs that read keys hold the header alone.
func findKeys(text string, out []Match) []Match {
	const begin, longest = "-----BEGIN ", 16 << 10
	for at := 0; ; {
		i := strings.Index(text[at:], begin)
		if i < 0 {
			return out
		}
		start := at + i
		at = start + len(begin)
		label, _, ok := strings.Cut(text[at:min(at+64, len(text))], "-----")
		if !ok || !strings.HasSuffix(strings.TrimSuffix(label, " BLOCK"), "PRIVATE KEY") {
			continue
		}
		at += len(label) + len("-----")
		body := text[at:min(at+longest, len(text))]
		if i := strings.Index(body, "-----"); i >= 0 {
			body = body[:i]
		}
		n := 0
		for i := range len(body) {
			if (alnum | base64ed).has(body[i]) {
				n++
			}
		}
		if n >= 64 && n*10 >= len(body)*8 {
			m := match(text, "a private key", start, at+len(body))
			m.Shown = "…" // the header is the same for all
			out = append(out, m)
			at = m.End
		}
	}
}

// findJWTs finds signed JSON web tokens: three parts, of which the first is a
// JSON object that names an algorithm.
func findJWTs(text string, out []Match) []Match {
	const longest = 4 << 10
	for at := 0; ; {
		i := strings.Index(text[at:], "eyJ")
		if i < 0 {
			return out
		}
		start := at + i
		at = start + len("eyJ")
		if start > 0 && wordByte(text[start-1]) {
			continue
		}
		end := start
		for end < len(text) && end-start < longest && (token | dot).has(text[end]) {
			end++
		}
		parts := strings.SplitN(text[start:end], ".", 4)
		at = end // a token holds no second one
		if len(parts) != 3 || len(parts[1]) < 4 || len(parts[2]) < 16 {
			continue
		}
		header, err := base64.RawURLEncoding.DecodeString(parts[0])
		if err == nil && strings.Contains(string(header), `"alg"`) && !strings.Contains(string(header), `"none"`) {
			out = append(out, match(text, "a JSON web token", start, end))
		}
	}
}
