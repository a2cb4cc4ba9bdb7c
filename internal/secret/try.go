package secret

import (
	"bytes"
	"strings"
)

// A use is a word of a detector.
type use struct {
	*detector
	number int // of the detector: later ones are less telling
	word   string
}

// A view is what a detector sees of a file: at most lookBehind bytes before
// the end of a word and lookAhead after, whatever part of the file is in
// memory.
type view struct {
	text       []byte
	start, end int // the word
	base       int // of text in the buffer
}

// try looks whether there is a credential where a use's word ends.
func (sc *scan) try(u *use, end int) {
	if sc.cut || !u.about(sc.low) {
		return
	}
	lo := max(0, end-lookBehind)
	v := view{text: sc.buf[lo:min(sc.n, end+lookAhead)], start: end - len(u.word) - lo, end: end - lo, base: lo}
	if !sc.pay(len(u.word), v) {
		return
	}
	switch u.form {
	case byPrefix:
		sc.tryPrefixed(u, v)
	case byInner:
		sc.tryHolding(u, v)
	case byName:
		sc.tryNamed(u, v)
	case byFinder:
		u.finder(sc, u, v)
	}
}

// about reports whether a detector is about the file with this name.
func (d *detector) about(low string) bool {
	for _, p := range d.paths {
		if strings.HasSuffix(low, p) {
			return true
		}
	}
	return len(d.paths) == 0
}

// pay counts work against what a file of this size may cost: sixteen times
// its bytes, and some to start with. Files made of nothing but words would
// cost more.
func (sc *scan) pay(bytes int, v view) bool {
	sc.work += int64(bytes)
	if sc.work > 4<<20+16*(sc.base+int64(v.base+v.end)) {
		sc.cut = true
	}
	return !sc.cut
}

func (sc *scan) tryPrefixed(u *use, v view) {
	text := v.text
	if string(text[v.start:v.end]) != u.word || sc.done[u.number] > sc.at(v, v.start) || !sc.bounded(text, v.start, u.word) {
		return
	}
	re := u.compiled()
	text = text[v.start:min(len(text), v.start+re.longest+1)]
	if !sc.pay(re.longest/4, v) || !re.Match(text) {
		return
	}
	sc.accept(u, v, re.FindSubmatchIndex(text), v.start)
}

func (sc *scan) tryHolding(u *use, v view) {
	if string(v.text[v.start:v.end]) != u.word {
		return
	}
	re := u.compiled()
	start := max(0, v.end-re.longest, int(sc.done[u.number]-sc.at(v, 0)))
	text := v.text[:min(len(v.text), v.start+re.longest+1)]
	for start <= v.start && sc.pay(len(text)-start, v) && re.Match(text[start:]) {
		m := re.FindSubmatchIndex(text[start:])
		at := start
		start += m[0] + 1
		if at+m[0] > v.start || at+m[1] < v.end || !sc.bounded(v.text, at+m[0], "") {
			continue
		}
		if sc.accept(u, v, m, at) {
			return
		}
	}
}

// bounded reports whether a token may start at start: the byte before is in
// no word, or the end of an escape. In binaries, strings follow each other
// without anything between: a prefix with a dash or the like says enough.
func (sc *scan) bounded(text []byte, start int, prefix string) bool {
	if start > 0 && (text[start-1] == '+' || text[start-1] == '/') && prefix != "" && !punctuated(prefix) {
		return false // of base64
	}
	if start == 0 || !wordByte(text[start-1]) || sc.binary && telling(prefix) {
		return true
	}
	c := text[start-1]
	if start > 1 && text[start-2] == '\\' && (c == 'n' || c == 't' || c == 'r') {
		return true
	}
	return start > 2 && text[start-3] == '%' && hexByte(c) && hexByte(text[start-2])
}

func telling(prefix string) bool {
	return len(prefix) > 5 && punctuated(prefix)
}

func punctuated(prefix string) bool { return strings.ContainsAny(prefix, "_-.:/$") }

func hexByte(c byte) bool { return hexadecimal(string(rune(c))) || c >= '0' && c <= '9' }

// accept judges a match of a pattern in v.text[at:]: its end, then what it
// matched. It reports whether there is a credential.
func (sc *scan) accept(u *use, v view, m []int, at int) bool {
	end := at + m[1]
	if m[1]-m[0] > u.compiled().longest {
		return false
	}
	if end < len(v.text) && sc.goesOn(u, v.text[end-1], v.text[end]) {
		return false
	}
	if !sc.judge(u, v, group(m, at)) {
		return false
	}
	sc.done[u.number] = sc.at(v, end)
	return true
}

// goesOn reports whether what ends in last is only part of something longer,
// as next follows.
func (sc *scan) goesOn(u *use, last, next byte) bool {
	if wordByte(next) {
		return wordByte(last) && (!sc.binary || !telling(u.word))
	}
	return (next == '+' || next == '/') && u.form == byPrefix && !punctuated(u.word) // base64
}

// group returns the first group of a match that matched, or all of it.
func group(m []int, at int) [2]int {
	for i := 2; i+1 < len(m); i += 2 {
		if m[i] >= 0 {
			return [2]int{at + m[i], at + m[i+1]}
		}
	}
	return [2]int{at + m[0], at + m[1]}
}

// judge adds the credential v.text[span] unless it is none.
func (sc *scan) judge(u *use, v view, span [2]int) bool {
	secret := v.text[span[0]:span[1]]
	if len(secret) == 0 || entropy(secret) < u.entropy || madeUp(secret) || u.deny != nil && u.deny.Match(secret) {
		return false
	}
	grade := u.grade
	if u.check != nil {
		most, ok := u.check(secret)
		if !ok {
			return false
		}
		grade = min(grade, most)
	}
	sc.add(u, v, span, grade)
	return true
}

// at returns the offset in the file of an offset in a view.
func (sc *scan) at(v view, offset int) int64 { return sc.base + int64(v.base+offset) }

// add notes what was found. Only this function makes a Secret.
func (sc *scan) add(u *use, v view, span [2]int, grade Grade) {
	if len(sc.out) == mostSecrets {
		sc.cut = true
		return
	}
	secret := v.text[span[0]:span[1]]
	x := Secret{
		Leak:     Leak{Kind: u.kind, Certain: grade == Certain, Shown: shown(string(secret))},
		Detector: u.id,
		Grade:    grade,
		Start:    sc.at(v, span[0]),
		End:      sc.at(v, span[1]),
		Public:   sc.public(secret),
		Sum:      sc.s.sum(secret),
	}
	if !sc.binary {
		x.Line = sc.lines + bytes.Count(sc.buf[:v.base+span[0]], []byte("\n")) + 1
	}
	sc.out = append(sc.out, x)
	sc.ranks = append(sc.ranks, rankOf(u, grade))
}

// A rank orders detectors that found the same by how much they tell: first
// the grade, then what the credential looks like before what is around it.
type rank struct{ tells, number int }

func rankOf(u *use, grade Grade) rank {
	forms := [...]int{byPrefix: 3, byInner: 2, byFinder: 1, byName: 1}
	r := rank{tells: int(grade)*16 + forms[u.form]*4, number: u.number}
	if u.id == generic {
		r.tells -= 3
	}
	return r
}

func (sc *scan) tryNamed(u *use, v view) {
	if sc.done[u.number] > sc.at(v, v.start) {
		return
	}
	a, ok := assignmentAt(v.text, v.start, v.end)
	if !sc.pay(32+max(0, a.end-v.start), v) || !ok {
		return
	}
	if !wordIn(v.text[a.name[0]:a.name[1]], v.start-a.name[0], v.end-a.name[0]) || !speaksOfSecret(v.text[a.name[0]:a.name[1]]) {
		return
	}
	value := v.text[a.value[0]:a.value[1]]
	re := u.compiled()
	if len(value) > re.longest || !re.Match(value) {
		return
	}
	if sc.judge(u, v, group(re.FindSubmatchIndex(value), a.value[0])) {
		sc.done[u.number] = sc.at(v, a.value[1])
	}
}

// wordIn reports whether name[start:end] is made of whole words of name, as
// "okta" is in "oktaToken" and not in "rookTable".
func wordIn(name []byte, start, end int) bool {
	letter := func(c byte) bool { return upper(c) || lower(c) }
	if start > 0 && letter(name[start-1]) && letter(name[start]) && (upper(name[start-1]) || lower(name[start])) {
		return false
	}
	return end == len(name) || !letter(name[end]) || !letter(name[end-1]) || upper(name[end]) && (lower(name[end-1]) || end+1 < len(name) && lower(name[end+1]))
}

// speaksOfSecret reports whether a name is that of a credential or of half of
// one, and not that of a digest, a version or a setting.
func speaksOfSecret(name []byte) bool {
	low := make([]byte, 0, 3*longestName)
	for _, c := range name {
		low = append(low, fold(c))
	}
	return nameOfSecret(low) && !nameOfOther(low)
}

// nameOfSecret reports whether a name in lower case has a word in it that names
// of credentials have.
func nameOfSecret(low []byte) bool {
	for _, w := range [...]string{"tok", "key", "secret", "pass", "pwd", "auth", "cred", "api", "access", "dsn", "login", "sid", "conn", "cookie", "session", "license"} {
		if bytes.Contains(low, []byte(w)) {
			return true
		}
	}
	return followed(low, "id", func(c byte) bool { return !lower(c) }) || bytes.HasSuffix(low, []byte("id"))
}

// nameOfOther reports whether a name in lower case is that of something that
// looks like a credential and is none.
func nameOfOther(low []byte) bool {
	for _, w := range [...]string{"hash", "checksum", "commit", "revision", "digest", "md5", "etag", "version", "integrity", "fingerprint", "publickey", "public_key"} {
		if bytes.Contains(low, []byte(w)) {
			return true
		}
	}
	for _, w := range [...]string{"url", "uri", "file", "path"} {
		if bytes.HasSuffix(low, []byte(w)) {
			return true
		}
	}
	return followed(low, "sha", func(c byte) bool { return c >= '0' && c <= '9' })
}

// followed reports whether word is in text with a byte after it that is asks
// for.
func followed(text []byte, word string, is func(byte) bool) bool {
	for {
		_, rest, ok := bytes.Cut(text, []byte(word))
		if !ok || len(rest) == 0 {
			return false
		}
		if is(rest[0]) {
			return true
		}
		text = rest
	}
}

// madeUp reports whether a credential is one that documentation prints, or
// stands for one.
func madeUp(secret []byte) bool {
	s := string(bytes.ToLower(secret))
	for _, w := range []string{"example", "xxxxxx", "abcdefghijkl", "placeholder", "......", "******", "redacted", "your_", "your-", "yourtoken", "yourkey", "yoursecret", "changeme", "000000000000", "somethinghere", "_here", "-here", "insert", "dummy"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	first, last := s[0], s[len(s)-1]
	if strings.HasSuffix(s, "...") {
		return true // cut short
	}
	return first == '<' && last == '>' || first == '{' && last == '}' && strings.HasPrefix(s, "{{") || strings.HasPrefix(s, "${") || strings.HasPrefix(s, "$(")
}
