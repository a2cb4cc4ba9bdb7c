package secret

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	hexadecimals "encoding/hex"
	"strings"
)

//go:embed public.txt
var publicText string

// publicSums tells credentials that everybody has: the first eight bytes of
// the SHA-256 of a token, or of the key a PEM text decodes to.
type publicSums map[[8]byte]string

// readPublic reads public.txt: lines of digests below the line that says
// where they are from.
func readPublic() publicSums {
	out := publicSums{}
	from := ""
	for line := range strings.Lines(publicText) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "# "); ok {
			from = name
			continue
		}
		if sum, err := hexadecimals.DecodeString(line); err == nil && len(sum) == 8 {
			out[[8]byte(sum)] = from
		}
	}
	return out
}

// publicSum returns what public.txt holds of a credential.
func publicSum(secret []byte) [8]byte {
	sum := sha256.Sum256(secret)
	return [8]byte(sum[:8])
}

// known returns where a public credential is from, "" where it is none.
func (p publicSums) known(secret []byte) string {
	if from, ok := p[publicSum(secret)]; ok {
		return "published in " + from
	}
	return ""
}

// own is where the examples in the pages on rules are from.
const own = "published in examples of Bulkhead itself"

// public returns where a public credential is from, "" where it is none. The
// examples of the pages on rules are in every Bulkhead; in a text they are what
// the page says they are.
func (sc *scan) public(secret []byte) string {
	from := sc.s.rules.public.known(secret)
	if from == own && !sc.binary {
		return ""
	}
	return from
}

// keyStore notes a file that is a key store: PKCS #12 or Java's. What is in
// it is encrypted with a password that often is none.
func (sc *scan) keyStore() {
	head := sc.buf[:min(sc.n, 32)]
	java := bytes.HasPrefix(head, []byte("\xfe\xed\xfe\xed")) || bytes.HasPrefix(head, []byte("\xce\xce\xce\xce"))
	body, _, _ := sequence(head)
	pkcs12 := bytes.HasPrefix(body, []byte{2, 1, 3, 0x30})
	if u := sc.s.rules.keyStore; u != nil && (java || pkcs12) && u.about(sc.low) {
		sc.add(u, view{text: head}, [2]int{0, len(head)}, u.grade)
	}
}
