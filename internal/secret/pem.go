package secret

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// The start and the longest reach of a private key in PEM.
const (
	pemBegin   = "-----BEGIN "
	pemLongest = 16 << 10
)

// findPrivateKey finds a private key around the words of its header. Programs
// that read keys hold the header alone, so what follows must decode to a key.
func findPrivateKey(sc *scan, u *use, v view) {
	i := bytes.LastIndex(v.text[max(0, v.start-32):v.start], []byte(pemBegin))
	if i < 0 {
		return
	}
	start := max(0, v.start-32) + i
	label := v.text[start+len(pemBegin) : v.end]
	if sc.done[u.number] > sc.at(v, start) || len(bytes.Trim(label, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ")) > 0 {
		return
	}
	rest := bytes.TrimPrefix(v.text[v.end:], []byte(" BLOCK"))
	rest, ok := bytes.CutPrefix(rest, []byte("-----"))
	if !ok {
		return
	}
	body := rest[:min(len(rest), pemLongest)]
	after, closed := 0, false
	if i := bytes.Index(body, []byte("-----")); i >= 0 {
		body = body[:i]
		after = i
		closed = bytes.HasPrefix(rest[i:], []byte("-----END "))
	} else {
		after = len(body)
	}
	if !sc.pay(len(body)/4, v) {
		return
	}
	der, encrypted := pemBody(body)
	whole, ok := privateKey(der, string(label))
	if !ok && !encrypted || len(der) < 24 {
		return
	}
	// Debian makes a key of that name where packages ask for one: no one's
	// service, but the same in all containers of an image.
	grade := Likely
	if whole && closed && !encrypted && !strings.HasSuffix(sc.low, "ssl-cert-snakeoil.key") {
		grade = Certain
	}
	end := len(v.text) - len(rest) + after
	sc.addKey(u, v, [2]int{start, end}, keyFound{der, grade})
	sc.done[u.number] = sc.at(v, end)
}

// A keyFound is what a private key decodes to.
type keyFound struct {
	der   []byte
	grade Grade
}

// addKey notes a private key. It is told from others by what it decodes to:
// line ends and escapes differ from file to file.
func (sc *scan) addKey(u *use, v view, span [2]int, k keyFound) {
	n := len(sc.out)
	sc.add(u, v, span, k.grade)
	if len(sc.out) > n {
		x := &sc.out[n]
		x.Shown = "…" // the header is the same for all
		x.Sum = sc.s.sum(k.der)
		x.Public = sc.s.rules.public.known(k.der)
	}
}

// pemBody decodes what is between a PEM header and its end. Besides PEM
// proper, it reads keys in strings of JSON, shell and programs: with "\\n" for
// line ends, and with quotes and plus signs between lines.
func pemBody(body []byte) (der []byte, encrypted bool) {
	body = bytes.ReplaceAll(body, []byte(`\r`), nil)
	body = bytes.ReplaceAll(body, []byte(`\n`), []byte("\n"))
	text := make([]byte, 0, len(body))
	for line := range bytes.SplitSeq(body, []byte("\n")) {
		if bytes.IndexByte(line, ':') >= 0 { // Proc-Type, DEK-Info, Version
			encrypted = encrypted || bytes.Contains(line, []byte("ENCRYPTED"))
			continue
		}
		if line = bytes.Trim(line, " \t\r"); len(line) > 0 && line[0] == '=' {
			continue // the checksum of OpenPGP
		}
		var ok bool
		if text, ok = pemLine(text, line); !ok {
			return nil, false
		}
	}
	// A group that was cut short still gives the bytes before.
	text = text[:len(text)-len(text)%4+[]int{0, 0, 2, 3}[len(text)%4]]
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	n, _ := base64.RawStdEncoding.Decode(out, text)
	return out[:n], encrypted
}

// pemLine appends the base64 in a line, without its padding. It reports false
// where there is anything but that and what strings are put together with.
func pemLine(out, line []byte) ([]byte, bool) {
	for i, c := range line {
		switch {
		case c == '+' && joins(line, i):
		case (alnum | base64ed).has(c) && c != '=':
			out = append(out, c)
		case bytes.IndexByte([]byte("= \t\"'`,;\\()."), c) < 0:
			return nil, false
		}
	}
	return out, true
}

// joins reports whether the plus sign at i joins two strings.
func joins(line []byte, i int) bool {
	apart := func(c byte) bool { return c == ' ' || c == '"' || c == '\'' }
	return bytes.ContainsAny(line, "\"'") && (i == 0 || apart(line[i-1])) && (i == len(line)-1 || apart(line[i+1]))
}

// privateKey reports whether der starts as a private key does, and whether it
// is whole: PKCS#1, PKCS#8 (RFC 5208, RFC 5958), SEC1 (RFC 5915), DSA,
// OpenSSH's own, OpenPGP (RFC 4880).
func privateKey(der []byte, label string) (whole, ok bool) {
	switch {
	case bytes.HasPrefix(der, []byte("openssh-key-v1\x00")):
		// Cipher "none" follows where it is not encrypted.
		return bytes.HasPrefix(der[15:], []byte("\x00\x00\x00\x04none")) && len(der) > 120, true
	case bytes.HasSuffix([]byte(label), []byte("PGP PRIVATE KEY")):
		// The tag of a secret key packet is 5.
		return len(der) > 100, len(der) > 0 && (der[0]&0xc0 == 0xc0 && der[0]&0x3f == 5 || der[0]&0xc0 == 0x80 && der[0]>>2&0xf == 5)
	}
	body, size, ok := sequence(der)
	if !ok {
		return false, false
	}
	whole = len(body) >= size
	if bytes.HasPrefix(body, []byte{0x30}) { // EncryptedPrivateKeyInfo: an algorithm first
		return false, label == "ENCRYPTED PRIVATE KEY"
	}
	if !bytes.HasPrefix(body, []byte{0x02, 0x01}) || len(body) < 16 || body[2] > 2 {
		return false, false // no version
	}
	switch body[3] {
	case 0x30: // the algorithm of PKCS#8
		return whole, bytes.Contains(body[:min(len(body), 16)], []byte{0x06})
	case 0x02: // the modulus of PKCS#1, or the prime of DSA
		return whole, true
	case 0x04: // the scalar of SEC1
		return whole, body[2] == 1
	}
	return false, false
}

// sequence returns the content of the DER sequence that der starts with, as
// far as it is there, and the bytes it should have.
func sequence(der []byte) (content []byte, size int, ok bool) {
	if len(der) < 4 || der[0] != 0x30 {
		return nil, 0, false
	}
	n := int(der[1])
	if n < 0x80 {
		return der[2:], n, true
	}
	n &= 0x7f
	if n < 1 || n > 2 {
		return nil, 0, false
	}
	for _, c := range der[2 : 2+n] {
		size = size<<8 | int(c)
	}
	return der[2+n:], size, true
}
