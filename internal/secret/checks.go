package secret

import (
	"bytes"
	"encoding/base64"
	"hash/crc32"
	"math"
)

// A check looks closer at what a pattern matched. It returns the grade it may
// have at most, and whether it is a credential at all.
type check func(secret []byte) (Grade, bool)

// checkNamed returns the check that files of detectors call name, or nil.
func checkNamed(name string) check {
	switch name {
	case "crc62":
		return crc62
	case "jwt":
		return jwt
	case "user-password":
		return userPassword
	case "mixed":
		return mixed
	case "digits":
		return withDigits
	case "workspace":
		return workspace
	case "aws":
		return awsKeyID
	case "camel":
		return camel
	case "sentry":
		return sentry
	case "jwt64":
		return jwt64
	case "literal":
		return literalValue
	}
	return nil
}

// crc62 holds the last six bytes of a token against the CRC-32 of what stands
// between its prefix and them, as GitHub and npm do. A token that fails was
// made up, but it may have been cut or mistyped too.
func crc62(secret []byte) (Grade, bool) {
	i := bytes.IndexByte(secret, '_')
	if i < 0 || len(secret) < i+8 {
		return 0, false
	}
	sum := crc32.ChecksumIEEE(secret[i+1 : len(secret)-6])
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for j := len(secret) - 1; j >= len(secret)-6; j-- {
		if secret[j] != letters[sum%62] {
			return Likely, true
		}
		sum /= 62
	}
	return Certain, true
}

// jwt looks for a header with an algorithm; a token signed with none is no
// secret.
func jwt(secret []byte) (Grade, bool) {
	header, _, _ := bytes.Cut(secret, []byte("."))
	text := make([]byte, base64.RawURLEncoding.DecodedLen(len(header)))
	n, err := base64.RawURLEncoding.Decode(text, header)
	text = text[:n]
	if err != nil || bytes.Contains(text, []byte(`"none"`)) {
		return 0, false
	}
	if !bytes.Contains(text, []byte(`"alg"`)) || bytes.HasSuffix(secret, []byte(".")) {
		return Likely, bytes.HasPrefix(text, []byte("{"))
	}
	return Certain, true
}

// jwt64 decodes a token that was encoded a second time.
func jwt64(secret []byte) (Grade, bool) {
	secret = bytes.TrimRight(secret, "=")
	text := decode64(secret[:len(secret)-len(secret)%4])
	if bytes.Count(text, []byte(".")) != 2 {
		return 0, false
	}
	g, ok := jwt(text)
	return min(g, Likely), ok
}

// sentry looks at the JSON between a Sentry token's prefix and its secret.
func sentry(secret []byte) (Grade, bool) {
	parts := bytes.Split(secret, []byte("_"))
	text := decode64(parts[1][:len(parts[1])&^3])
	return Certain, len(parts) == 3 && bytes.HasPrefix(text, []byte(`{"iat":`))
}

// awsKeyID accepts a key ID. Few have no digit.
func awsKeyID(secret []byte) (Grade, bool) {
	if !bytes.ContainsAny(secret, "234567") {
		return Likely, true
	}
	return Certain, true
}

// camel refuses names of variables: hf_requiredCharacteristicTypes.
func camel(secret []byte) (Grade, bool) {
	changes := 0
	for i := 1; i < len(secret); i++ {
		if upper(secret[i]) != upper(secret[i-1]) {
			changes++
		}
	}
	if changes < 12 {
		return Likely, true
	}
	return Certain, true
}

// decode64 decodes any of the alphabets of base64, or returns nil.
func decode64(text []byte) []byte {
	text = bytes.TrimRight(text, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		out := make([]byte, encoding.DecodedLen(len(text)))
		if n, err := encoding.Decode(out, text); err == nil {
			return out[:n]
		}
	}
	return nil
}

// userPassword accepts the encoding of a name and a password, as in Docker's
// configuration and in HTTP's basic authentication.
func userPassword(secret []byte) (Grade, bool) {
	user, password, ok := bytes.Cut(decode64(secret), []byte(":"))
	return Certain, ok && len(user) > 0 && len(password) > 0 && printable(password)
}

// mixed accepts what has capitals, small letters and digits: words and the
// names of programs lack one of them.
func mixed(secret []byte) (Grade, bool) {
	var classes [3]bool
	for _, c := range secret {
		classes[0] = classes[0] || upper(c)
		classes[1] = classes[1] || lower(c)
		classes[2] = classes[2] || c >= '0' && c <= '9'
	}
	return Certain, classes == [3]bool{true, true, true}
}

// withDigits accepts what has two digits at least.
func withDigits(secret []byte) (Grade, bool) {
	n := 0
	for _, c := range secret {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return Certain, n >= 2
}

// workspace accepts a Slack token: it names its workspace, then whom it is
// for, and ends in what is secret.
func workspace(secret []byte) (Grade, bool) {
	i := bytes.LastIndexByte(secret, '-')
	if tail := secret[i+1:]; len(tail) < 10 || number(string(tail)) {
		return 0, false
	}
	for part := range bytes.SplitSeq(secret[:i], []byte("-")) {
		if number(string(part)) && len(part) >= 8 {
			return Certain, true
		}
	}
	return 0, false
}

// literalValue accepts a password that is one, and no name of a variable.
func literalValue(secret []byte) (Grade, bool) {
	s := string(secret)
	return Certain, literalPassword(s) && !harmless(s)
}

func printable(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// entropy returns the bits a byte that s holds, by the counts of its bytes
// (Shannon). At most log2 of its length.
func entropy(s []byte) float64 {
	var counts [256]uint16
	if len(s) > math.MaxUint16 {
		s = s[:math.MaxUint16]
	}
	for _, c := range s {
		counts[c]++
	}
	bits := 0.0
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / float64(len(s))
			bits -= p * math.Log2(p)
		}
	}
	return bits
}
