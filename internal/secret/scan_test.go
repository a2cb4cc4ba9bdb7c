package secret

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// summary prints what a scan found, without what differs from run to run.
func summary(r Result) []string {
	var out []string
	for _, x := range r.Secrets {
		s := fmt.Sprintf("%d-%d line %d: %s %s (%s) %s", x.Start, x.End, x.Line, x.Grade, x.Kind, x.Detector, x.Shown)
		if x.Public != "" {
			s += ": " + x.Public
		}
		out = append(out, s)
	}
	return out
}

func TestScan(t *testing.T) {
	token := made("ghp"+"_", 36)
	for _, tt := range []struct {
		name, path, text string
		want             []string
	}{
		{name: "nothing", text: "FROM debian\nRUN apt-get update\n"},
		{name: "empty"},
		{name: "token", text: "a\nb " + token + "\n", want: []string{"4-44 line 2: likely a GitHub token (github-pat) ghp_…"}},
		{name: "in a string with escapes", text: `"A=1\n` + token + `\n"`, want: []string{"6-46 line 1: likely a GitHub token (github-pat) ghp_…"}},
		{name: "named and shaped", text: "GITHUB_TOKEN=" + token, want: []string{"13-53 line 1: likely a GitHub token (github-pat) ghp_…"}},
		{name: "binary", text: "\x7fELF\x00\x00password=q7Wz2kLmX9vB4nRt\x00https://x" + made("glpat-", 20) + "\x00" + token + "\x00", want: []string{"41-67 line 0: certain a GitLab token (gitlab-pat) glpa…", "68-108 line 0: likely a GitHub token (github-pat) ghp_…"}},
		{name: "part of a word", text: "x" + token},
		{name: "settings", path: "app/.env", text: "DB_PASSWORD=tiger99moon\n", want: []string{"12-23 line 1: likely a password (assignment) ti…"}},
		{name: "program", path: "app/db.js", text: "password = tiger99moon\n"},
		{name: "published", text: "key: AIzaSy" + "AnLA7NfeLquW1tJFpx_eQCxoX-oo6YyIs", want: []string{"5-44 line 1: certain a Google API key (google-api-key) AIza…: published in the source of Chromium, Firebase samples and other programs that everybody has"}},
		{name: "two in a line", text: "postgres://a:" + "tiger99moon@h and " + token, want: []string{"13-24 line 1: likely a password in a URL (url-password) ti…", "31-71 line 1: likely a GitHub token (github-pat) ghp_…"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := NewScanner()
			if diff := cmp.Diff(summary(s.ScanBytes(tt.path, []byte(tt.text))), tt.want); diff != "" {
				t.Errorf("got (-), want (+):\n%s", diff)
			}
			r, err := s.Scan(tt.path, iotest.OneByteReader(strings.NewReader(tt.text)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(summary(r), tt.want); diff != "" {
				t.Errorf("byte by byte: got (-), want (+):\n%s", diff)
			}
		})
	}
}

// TestKeys finds private keys of every kind, and what only looks like one not.
func TestKeys(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8 := func(key any) []byte {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	sec1, err := x509.MarshalECPrivateKey(ecKey)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(label string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
	}
	whole := encode("RSA PRIVATE"+" KEY", x509.MarshalPKCS1PrivateKey(rsaKey))
	lines := strings.Split(strings.TrimSpace(whole), "\n")
	for name, tt := range map[string]struct{ text, want string }{
		"PKCS 1":            {whole, "certain"},
		"PKCS 8":            {encode("PRIVATE"+" KEY", pkcs8(rsaKey)), "certain"},
		"elliptic curve":    {encode("PRIVATE"+" KEY", pkcs8(ecKey)), "certain"},
		"SEC 1":             {encode("EC PRIVATE"+" KEY", sec1), "certain"},
		"Edwards curve":     {encode("PRIVATE"+" KEY", pkcs8(edKey)), "certain"},
		"in JSON":           {`{"k": "` + strings.ReplaceAll(whole, "\n", `\n`) + `"}`, "certain"},
		"in a program":      {`"` + strings.Join(lines, "\\n\" +\n    \"") + `\n"`, "certain"},
		"indented":          {"key: |\n  " + strings.Join(lines, "\n  ") + "\n", "certain"},
		"Windows":           {strings.ReplaceAll(whole, "\n", "\r\n"), "certain"},
		"cut short":         {whole[:400], "likely"},
		"not a key":         {encode("PRIVATE"+" KEY", bytes.Repeat([]byte("no key "), 40)), ""},
		"public":            {encode("PUBLIC KEY", public), ""},
		"public as private": {encode("PRIVATE"+" KEY", public), ""},
		"header alone":      {"-----BEGIN RSA PRIVATE" + " KEY-----\x00-----END RSA PRIVATE KEY-----\x00", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			s := NewScanner()
			for _, x := range s.ScanBytes("k", []byte(tt.text)).Secrets {
				got = x.Grade.String()
				if x.Shown != "…" {
					t.Errorf("shown: got %q, want …", x.Shown)
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q in %s", got, tt.want, tt.text)
			}
		})
	}
	s := NewScanner()
	a, b := s.ScanBytes("a", []byte(whole)).Secrets[0].Sum, s.ScanBytes("b", []byte(strings.ReplaceAll(whole, "\n", `\n`))).Secrets[0].Sum
	if a != b {
		t.Errorf("the same key in PEM and in JSON: got sums %x and %x, want one", a, b)
	}
	if c := NewScanner().ScanBytes("a", []byte(whole)).Secrets[0].Sum; a == c {
		t.Errorf("two scanners: got one sum %x, want two: the key is random", c)
	}
}

func TestKeyStore(t *testing.T) {
	for name, tt := range map[string]struct {
		path, content string
		want          int
	}{
		"PKCS 12":          {"x/Shop.P12", "\x30\x82\x0a\x1c\x02\x01\x03\x30\x82\x09\xd8", 1},
		"Java":             {"x/shop.jks", "\xfe\xed\xfe\xed\x00\x00\x00\x02", 1},
		"text with a name": {"type.p12", "hello", 0},
		"another file":     {"x/shop.bin", "\xfe\xed\xfe\xed\x00\x00\x00\x02", 0},
	} {
		if got := len(NewScanner().ScanBytes(tt.path, []byte(tt.content)).Secrets); got != tt.want {
			t.Errorf("%s: got %d key stores, want %d", name, got, tt.want)
		}
	}
}

func TestPublic(t *testing.T) {
	text := []byte("x " + made("glpat-", 20) + "\n")
	want := digest(text)
	asked := 0
	s := NewScanner()
	s.Public = func(path string, content *Digests) (string, bool) {
		asked++
		return "shipped by shop 1.0", path == "usr/share/x" && content.MD5 == want.MD5
	}
	for _, tt := range []struct {
		path, text, want string
		asked            int
	}{
		{"usr/share/x", string(text), "shipped by shop 1.0", 1},
		{"usr/share/x", string(text) + "more", "", 1},
		{"usr/share/y", string(text), "", 1},
		{"usr/share/x", "nothing", "", 0},
	} {
		asked = 0
		got := ""
		for _, x := range s.ScanBytes(tt.path, []byte(tt.text)).Secrets {
			got = x.Public
		}
		if got != tt.want || asked != tt.asked {
			t.Errorf("%s: got %q, asked %d times, want %q, %d times", tt.path, got, asked, tt.want, tt.asked)
		}
	}
}

// TestLarge scans what does not fit into the buffer: offsets and lines count
// from the start of the file, and its digests come from a second reading.
func TestLarge(t *testing.T) {
	token := made("glpat-", 20)
	filler := strings.Repeat("all work and no play makes jack a dull boy\n", 1<<10)
	var text strings.Builder
	var want []string
	lines := 1
	for i := range 100 {
		text.WriteString(filler)
		lines += 1 << 10
		if i%10 == 3 {
			want = append(want, fmt.Sprintf("%d-%d line %d: certain a GitLab token (gitlab-pat) glpa…", text.Len(), text.Len()+len(token), lines))
			text.WriteString(token + "\n")
			lines++
		}
	}
	s := NewScanner()
	s.size, s.step = 64<<10, 16<<10
	r, err := s.Scan("x", strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(summary(r), want); diff != "" {
		t.Errorf("got (-), want (+):\n%s", diff)
	}
	if d := digest([]byte(text.String())); r.Digests == nil || *r.Digests != *d {
		t.Errorf("got digests %v, want %v", r.Digests, d)
	}
	r, err = s.Scan("x", io.MultiReader(strings.NewReader(text.String())))
	if err != nil || r.Digests != nil || len(r.Secrets) != len(want) {
		t.Errorf("a reader that cannot go back: got digests %v, %d secrets, %v, want none, %d", r.Digests, len(r.Secrets), err, len(want))
	}
}

// TestHostile scans files made to cost much: nothing but words, or starts of
// long patterns.
func TestHostile(t *testing.T) {
	for _, unit := range []string{"://", "password=", "-eyJ", "token:token:", "sk-", "-----BEGIN PRIVATE" + " KEY-----", "-us1", "Q~", "kind: Secret\n", made("glpat-", 20) + "\n", "curl ", ".eyJhbGciOiJIUzI1NiJ9.", "\x00", "\n", "PuTTY-User-Key-File-2: x\n"} {
		text := bytes.Repeat([]byte(unit), 4<<20/len(unit))
		start := cpu()
		r := NewScanner().ScanBytes("x", text)
		if took := cpu() - start; took.Seconds() > 5 {
			t.Errorf("%.20q: took %v for %d bytes, want less than 5 s", unit, took, len(text))
		} else {
			t.Logf("%.20q: %v, %d found, cut: %v", unit, took, len(r.Secrets), r.Cut)
		}
		if len(r.Secrets) > mostSecrets {
			t.Errorf("%.20q: got %d secrets, want at most %d", unit, len(r.Secrets), mostSecrets)
		}
	}
}

func TestCollection(t *testing.T) {
	s := NewScanner()
	token := made("glpat-", 20)
	var c Collection[string]
	for _, f := range []struct{ path, text string }{
		{"layer 1: a", token},
		{"layer 2: a", "x = " + token},
		{"layer 2: b", made("glrt-", 20)},
		{"layer 3: a", token},
	} {
		for _, x := range s.ScanBytes(f.path, []byte(f.text)).Secrets {
			c.Add(x, f.path)
		}
	}
	var got [][]string
	for _, h := range c.All() {
		got = append(got, append([]string{h.Detector}, h.Places...))
	}
	want := [][]string{{"gitlab-pat", "layer 1: a", "layer 2: a", "layer 3: a"}, {"gitlab-runner-token", "layer 2: b"}}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got (-), want (+):\n%s", diff)
	}
}

// TestScanAllocates keeps the way of files without secrets free of allocation.
func TestScanAllocates(t *testing.T) {
	s := NewScanner()
	text := bytes.Repeat([]byte("RUN curl -fsSL https://example.com/key.gpg | gpg --dearmor # the token is secret\npassword = getPassword()\n"), 2000)
	s.ScanBytes("x", text)
	if n := testing.AllocsPerRun(20, func() { s.ScanBytes("x", text) }); n > 2 {
		t.Errorf("a scan of %d bytes with words but no secret allocates %v times, want at most 2", len(text), n)
	}
}

func FuzzScan(f *testing.F) {
	detectors, err := readDetectors()
	if err != nil {
		f.Fatal(err)
	}
	for _, d := range detectors {
		for _, text := range append(d.good, d.bad...) {
			f.Add("x.env", []byte(unquote(text)))
		}
	}
	s, small := NewScanner(), NewScanner()
	small.key, small.size, small.step = s.key, 48<<10, 8<<10
	f.Fuzz(func(t *testing.T, path string, content []byte) {
		r := s.ScanBytes(path, content)
		end := int64(0)
		for _, x := range r.Secrets {
			if x.Start < end || x.End <= x.Start || x.End > int64(len(content)) {
				t.Errorf("%+v overlaps or is out of bounds", x)
			}
			if len([]rune(x.Shown)) > 5 {
				t.Errorf("shown %q is longer than four characters", x.Shown)
			}
			end = x.End
		}
		// The same after more than a buffer, and in pieces.
		pad := bytes.Repeat([]byte(" \n"), 30<<10)
		if bytes.IndexByte(content[:min(len(content), sniff)], 0) >= 0 {
			pad = nil
		}
		whole := s.ScanBytes(path, append(bytes.Clone(pad), content...))
		pieces, err := small.Scan(path, iotest.HalfReader(io.MultiReader(bytes.NewReader(pad), bytes.NewReader(content))))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(summary(whole), summary(pieces)); diff != "" {
			t.Errorf("in one piece (-), in many (+):\n%s", diff)
		}
	})
}
