package secret

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Tokens are put together here, so that no scanner takes this file for a leak.
func made(prefix string, n int) string {
	const letters = "q7Wz2kLmX9vB4nRtY8sD3fGhJ6pC5aE0uI1oNbVcQxZ"
	return prefix + strings.Repeat(letters, n/len(letters)+1)[:n]
}

func TestJudge(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		want        string // the kind; "" where it is no leak
		likely      bool
	}{
		{name: "DB_PASSWORD", value: "hunter2", want: "a password"},
		{name: "dbPassword", value: "hunter2", want: "a password"},
		{name: "spring.datasource.password", value: "s3cr3t!", want: "a password"},
		{name: "POSTGRES_PASSWORD", value: "changeme", want: "a default password"},
		{name: "POSTGRES_PASSWORD", value: "postgres", want: "a default password"},
		{name: "MYSQL_ROOT_PASSWORD_PROD", value: "tiger99", want: "a password"},
		{name: "MYSQL_PWD", value: "tiger99", want: "a password"},
		{name: "ADMIN_PASS", value: "tiger 99 moon", want: "a password", likely: true},
		{name: "JWT_SECRET", value: "my-jwt-secret", want: "a secret", likely: true},
		{name: "SECRET_KEY_BASE", value: made("", 40), want: "a secret key"},
		{name: "AWS_SECRET_ACCESS_KEY", value: made("", 40), want: "a secret key"},
		{name: "STRIPE_APIKEY", value: "abcd-efgh", want: "a secret key", likely: true},
		{name: "API_TOKEN", value: made("", 24), want: "a token"},
		{name: "WORDPRESS_AUTH_SALT", value: made("", 64), want: "a secret"},
		{name: "NEO4J_AUTH", value: "neo4j/tiger99", want: "a user name with its password"},
		{name: "ANYTHING", value: made("ghp"+"_", 36), want: "a GitHub token"},
		{name: "DATABASE_URL", value: "postgres://shop:" + "tiger99@db:5432/shop", want: "a password in a URL"},
		{name: "REDIS_URL", value: "redis://:" + "tiger99@cache:6379/0", want: "a password in a URL"},

		{name: "DB_PASSWORD", value: ""},
		{name: "DB_PASSWORD", value: "  "},
		{name: "DB_PASSWORD", value: "${DB_PASSWORD}"},
		{name: "DB_PASSWORD", value: "$DB_PASSWORD"},
		{name: "DB_PASSWORD", value: "{{ .Values.password }}"},
		{name: "DB_PASSWORD", value: "<password>"},
		{name: "DB_PASSWORD", value: "********"},
		{name: "DB_PASSWORD", value: "DB_PASSWORD"},
		{name: "DB_PASSWORD", value: "/run/secrets/db_password"},
		{name: "DB_PASSWORD_FILE", value: "/run/secrets/db_password"},
		{name: "DB_PASSWORD_FILE", value: "db_password"},
		{name: "PASSWORD_MIN_LENGTH", value: "12"},
		{name: "MIN_PASSWORD", value: "12"},
		{name: "MYSQL_ALLOW_EMPTY_PASSWORD", value: "yes"},
		{name: "MYSQL_RANDOM_ROOT_PASSWORD", value: "yes"},
		{name: "ALLOW_EMPTY_PASSWORD", value: "true"},
		{name: "PASSWORD_RESET_URL", value: "https://example.com/reset"},
		{name: "AUTH_MODE", value: "token"},
		{name: "AUTH", value: "basic"},
		{name: "AUTH_SOCK", value: "agent"},
		{name: "SSH_AUTH_SOCK", value: "/tmp/agent.sock"},
		{name: "PUBLIC_KEY", value: made("", 40)},
		{name: "VAPID_PUBLIC_KEY", value: made("", 40)},
		{name: "KEY_FILE", value: "server"},
		{name: "TLS_PRIVATE_KEY", value: "certs/server.pem"},
		{name: "GPG_KEY", value: "A035C8C19219BA821ECEA86B64E628F8D684696D"},
		{name: "CACHE_KEY", value: made("", 40)},
		{name: "PRIMARY_KEY", value: "customer_identifier"},
		{name: "TOKENIZER", value: "bert-base-uncased-v2"},
		{name: "TOKENIZERS_PARALLELISM", value: "false"},
		{name: "MAX_TOKENS", value: "4096"},
		{name: "EOS_TOKEN", value: "<|endoftext|>"},
		{name: "TOKEN_TYPE", value: "bearer-token-v2"},
		{name: "TOKEN_URL", value: "https://auth.example.com/token"},
		{name: "SECRET_NAME", value: "shop-database-credentials"},
		{name: "IMAGE_PULL_SECRET", value: "registry-credentials"},
		{name: "SECRETS_DIR", value: "/run/secrets"},
		{name: "AWS_ACCESS_KEY_ID", value: "from-the-instance"},
		{name: "GOOGLE_APPLICATION_CREDENTIALS", value: "/etc/gcp/key.json"},
		{name: "PWD", value: "/app"},
		{name: "PWD", value: "app"},
		{name: "BYPASS", value: "localhost-only"},
		{name: "COMPASS", value: "north-by-northwest"},
		{name: "NODE_ENV", value: "production"},
		{name: "DATABASE_URL", value: "postgres://shop@db:5432/shop"},
		{name: "DATABASE_URL", value: "postgres://shop:${DB_PASSWORD}@db/shop"},
		{name: "API_KEY", value: "your-api-key-here"},
		{name: "DB_PASSWORD", value: "arn:aws:secretsmanager:eu-west-1:1:secret:db"},
		{name: "DB_PASSWORD", value: "vault:secret/data/db#password"},
		{name: "AWS_KEY", value: "AKIA" + "IOSFODNN7EXAMPLE"},
		{name: "GITHUB_TOKEN", value: "ghp_" + strings.Repeat("x", 36)},
	} {
		got, likely := "", false
		if l := Judge(tt.name, tt.value); l != nil {
			got, likely = l.Kind, !l.Certain
		}
		if got != tt.want || likely != tt.likely {
			t.Errorf("%s=%s: got %q (likely: %v), want %q (likely: %v)", tt.name, tt.value, got, likely, tt.want, tt.likely)
		}
	}
}

func TestShown(t *testing.T) {
	for value, want := range map[string]string{
		"hunter2":                "…",
		"hunter2hun":             "hu…",
		"hunter2hunter2hu":       "hunt…",
		"\x1b[31mhunter2hunter2": "…",
		"pässwörter-pässwörter":  "…",
	} {
		if got := shown(value); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

func TestFind(t *testing.T) {
	key := "-----BEGIN RSA " + "PRIVATE KEY-----\n" + made("", 64) + "\n" + made("", 64) + "\n-----END RSA PRIVATE KEY-----"
	jwt := "eyJ" + "hbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + made("", 43)
	for _, tt := range []struct {
		text string
		want []string // kind=text
	}{
		{text: "curl -H 'Authorization: Bearer " + made("", 30) + "' https://x", want: []string{"an Authorization header=" + made("", 30)}},
		{text: "curl -H \"Authorization: Basic c2hvcDpodW50ZXIy\" x", want: []string{"an Authorization header=c2hvcDpodW50ZXIy"}},
		{text: "curl -H 'Authorization: Bearer $TOKEN' https://x"},
		{text: "git clone https://bot:" + "hunter2@example.com/x.git", want: []string{"a password in a URL=hunter2"}},
		{text: "a https://u:" + "p1w2@h b https://v:" + "q3w4@h", want: []string{"a password in a URL=p1w2", "a password in a URL=q3w4"}},
		{text: "git clone https://" + made("ghp"+"_", 36) + "@github.com/x.git", want: []string{"a GitHub token=" + made("ghp"+"_", 36)}},
		{text: "git clone https://oauth2:$TOKEN@gitlab.com/x.git"},
		{text: "see http://host:8080/path@v1"},
		{text: "image: registry.example.com:5000/x@sha256:0"},
		{text: "echo '" + key + "' > k", want: []string{"a private key=" + key[:strings.LastIndex(key, "-----END")]}},
		{text: "grep -q -- '-----BEGIN RSA " + "PRIVATE KEY-----' k && echo no"},
		{text: "t=" + jwt + " next", want: []string{"a JSON web token=" + jwt}},
		{text: "eyJ" + "hbGciOiJub25lIn0.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + made("", 43)},
		{text: "TODAYINASIAASACKOFRICEFELLOVER"},
		{text: "shasum " + made("dapi", 8)},
		{text: ""},
	} {
		var got []string
		for _, m := range Find(tt.text) {
			got = append(got, m.Kind+"="+tt.text[m.Start:m.End])
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

// supported maps the rules of the labelled cases to what they must be found
// as, with the part of them that must be: floors, measured on 2026-11-21. The
// negatives of Google's keys are real keys that were made public.
var supported = []struct {
	rule, kind string
	recall     float64
	wrong      int // negatives found all the same
}{
	{"aws-access-token", "an AWS access key ID", 0.8, 0},
	{"github-pat", "a GitHub token", 1, 0},
	{"github-oauth", "a GitHub token", 1, 0},
	{"github-app-token", "a GitHub token", 1, 0},
	{"github-refresh-token", "a GitHub token", 1, 0},
	{"github-fine-grained-pat", "a GitHub token", 1, 0},
	{"gitlab-pat", "a GitLab token", 1, 0},
	{"gitlab-pat-routable", "a GitLab token", 1, 0},
	{"gitlab-ptt", "a GitLab token", 1, 0},
	{"gitlab-runner-authentication-token", "a GitLab token", 1, 0},
	{"gitlab-cicd-job-token", "a GitLab token", 1, 0},
	{"gitlab-kubernetes-agent-token", "a GitLab token", 1, 0},
	{"gitlab-oauth-app-secret", "a GitLab token", 1, 0},
	{"slack-bot-token", "a Slack token", 1, 0},
	{"slack-user-token", "a Slack token", 0.95, 0},
	{"slack-app-token", "a Slack token", 1, 0},
	{"slack-webhook-url", "a Slack webhook", 1, 0},
	{"stripe-access-token", "a Stripe key", 1, 0},
	{"gcp-api-key", "a Google API key", 1, 15},
	{"npm-access-token", "an npm token", 1, 0},
	{"pypi-upload-token", "a PyPI token", 1, 0},
	{"rubygems-api-token", "a RubyGems key", 1, 0},
	{"anthropic-api-key", "an Anthropic key", 1, 0},
	{"anthropic-admin-api-key", "an Anthropic admin key", 1, 0},
	{"openai-api-key", "an OpenAI key", 1, 0},
	{"huggingface-access-token", "a Hugging Face token", 1, 0},
	{"sendgrid-api-token", "a SendGrid key", 1, 0},
	{"twilio-api-key", "a Twilio key", 1, 0},
	{"digitalocean-pat", "a DigitalOcean token", 1, 0},
	{"digitalocean-access-token", "a DigitalOcean token", 1, 0},
	{"digitalocean-refresh-token", "a DigitalOcean token", 1, 0},
	{"vault-batch-token", "a Vault token", 1, 0},
	{"shopify-access-token", "a Shopify token", 1, 0},
	{"shopify-shared-secret", "a Shopify token", 1, 0},
	{"planetscale-password", "a PlanetScale password", 1, 0},
	{"planetscale-api-token", "a PlanetScale token", 1, 0},
	{"postman-api-token", "a Postman key", 1, 0},
	{"databricks-api-token", "a Databricks token", 1, 0},
	{"doppler-api-token", "a Doppler token", 1, 0},
	{"pulumi-api-token", "a Pulumi token", 1, 0},
	{"grafana-service-account-token", "a Grafana token", 1, 0},
	{"linear-api-key", "a Linear key", 1, 0},
	{"new-relic-user-api-key", "a New Relic key", 1, 0},
	{"dynatrace-api-token", "a Dynatrace token", 1, 0},
	{"atlassian-api-token", "an Atlassian token", 0.2, 0}, // the others are known by what stands before them
	{"private-key", "a private key", 1, 0},
	{"curl-auth-header", "an Authorization header", 0.4, 0}, // the others name no scheme, or hide a user name without a password
}

func TestCases(t *testing.T) {
	f, err := os.Open("../../../shared/data/secrets/secret-cases.jsonl")
	if err != nil {
		t.Skip("the labelled cases are not here:", err)
	}
	t.Cleanup(func() { _ = f.Close() })
	type counts struct{ tp, found, fp, wrong int }
	got := map[string]*counts{}
	kinds := map[string]string{}
	for _, s := range supported {
		got[s.rule], kinds[s.rule] = &counts{}, s.kind
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c struct{ Rule, Text, Label string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		n := got[c.Rule]
		if n == nil {
			continue
		}
		found := slices.ContainsFunc(Find(c.Text), func(m Match) bool { return m.Kind == kinds[c.Rule] })
		switch {
		case c.Label == "tp" && found:
			n.tp++
			n.found++
		case c.Label == "tp":
			n.tp++
		case found:
			n.fp++
			n.wrong++
			t.Logf("%s: found %s in %q", c.Rule, kinds[c.Rule], c.Text)
		default:
			n.fp++
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	all := counts{}
	for _, s := range supported {
		n := got[s.rule]
		if n.tp == 0 {
			t.Errorf("no case of %s", s.rule)
			continue
		}
		recall := float64(n.found) / float64(n.tp)
		t.Logf("%-36s %3d of %3d, recall %.2f; %d of %d negatives wrong", s.rule, n.found, n.tp, recall, n.wrong, n.fp)
		if recall < s.recall {
			t.Errorf("%s: recall %.2f, want at least %.2f", s.rule, recall, s.recall)
		}
		if n.wrong > s.wrong {
			t.Errorf("%s: %d negatives found, want at most %d", s.rule, n.wrong, s.wrong)
		}
		all.tp, all.found, all.fp, all.wrong = all.tp+n.tp, all.found+n.found, all.fp+n.fp, all.wrong+n.wrong
	}
	t.Logf("all: %d of %d found, %d of %d negatives wrong", all.found, all.tp, all.wrong, all.fp)
}

func TestJudgeAllocates(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Find("postgres://shop@db:5432/shop?sslmode=require") }); n != 0 {
		t.Errorf("Find of a value without a leak allocates %v times, want 0", n)
	}
}

func BenchmarkFind(b *testing.B) {
	text := strings.Repeat("RUN apt-get update && apt-get install -y --no-install-recommends curl ca-certificates && curl -fsSL https://example.com/key.gpg | gpg --dearmor\n", 100)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Find(text)
	}
}

func BenchmarkJudge(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Judge("DATABASE_HOST", "db.internal.example.com")
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{"https://u:p@h", "AKIAQ7WZ2KLMX9VB4NRT", "eyJhbGciOiJIUzI1NiJ9.eyJ9.x", "-----BEGIN PRIVATE KEY-----", "Authorization: Basic eA==", "a:b"} {
		f.Add("NAME", s)
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		end := 0
		for _, m := range Find(text) {
			if m.Start < end || m.End <= m.Start || m.End > len(text) {
				t.Errorf("match %+v overlaps or is out of bounds", m)
			}
			end = m.End
		}
		if l := Judge(name, text); l != nil && len(l.Shown) > 4+len("…") {
			t.Errorf("shown %q is longer than four characters", l.Shown)
		}
	})
}

// TestSpeaksOfSecret holds the words of names against the patterns they stand
// for, which took longer than all else about names.
func TestSpeaksOfSecret(t *testing.T) {
	secret := regexp.MustCompile(`(?i)tok|key|secret|pass|pwd|auth|cred|id$|id[^a-z]|api|access|dsn|login|sid|conn|cookie|session|license`)
	other := regexp.MustCompile(`(?i)hash|sha\d|checksum|commit|revision|digest|md5|etag|version|integrity|fingerprint|public_?key|url$|uri$|file$|path$`)
	parts := strings.Fields("tok KEY secret Pass pwd auth cred id Id idle api sid conn session license hash sha sha1 SHA256 checksum md5 etag version public public_ publickey url Uri file path okta _ - . 0 x")
	random := rand.New(rand.NewPCG(1, 2))
	yes := 0
	for range 20_000 {
		var b strings.Builder
		for range 1 + random.IntN(4) {
			b.WriteString(parts[random.IntN(len(parts))])
		}
		name := b.String()
		want := secret.MatchString(name) && !other.MatchString(name)
		if got := speaksOfSecret([]byte(name)); got != want {
			t.Errorf("speaksOfSecret(%q) = %v, want %v", name, got, want)
		}
		if want {
			yes++
		}
	}
	if yes < 1000 {
		t.Errorf("%d of the names speak of secrets, too few to tell", yes)
	}
}
