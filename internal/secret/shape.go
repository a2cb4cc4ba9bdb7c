package secret

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"
	"sync"
)

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

func hexadecimal(body string) bool {
	for i := range len(body) {
		if c := body[i] | 0x20; !hex.has(c) {
			return false
		}
	}
	return true
}

// shapes returns a scanner of what Find looks for first: credentials that are
// certain by their prefixes alone.
var shapes = sync.OnceValue(func() *Scanner {
	s := NewScanner()
	s.size = 64 << 10
	var detectors []*detector
	for _, d := range s.rules.detectors {
		if d.form == byPrefix && d.grade == Certain && len(d.paths) == 0 && d.id != "json-web-token" && d.id != "json-web-token-in-base64" {
			detectors = append(detectors, d)
		}
	}
	s.rules = newRuleset(detectors)
	return s
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

// findShapes finds tokens by their prefixes.
func findShapes(text string) []Match {
	s := shapes()
	sc := s.scan("")
	defer s.release(sc)
	if len(text) > len(sc.buf) {
		sc.buf = make([]byte, max(len(text), shortText))
	}
	sc.n = copy(sc.buf, text)
	sc.search(true)
	var out []Match
	for _, x := range sc.result(nil).Secrets {
		if x.Public == "" {
			out = append(out, match(text, x.Kind, int(x.Start), int(x.End)))
		}
	}
	if len(sc.buf) > s.size {
		sc.buf = nil // not to be held until the next long text
	}
	return out
}

// shortText is how long most texts are at most that Find is given, in bytes.
const shortText = 4 << 10

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
