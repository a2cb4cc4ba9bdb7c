package secret

import (
	"bytes"
	"regexp"
	"strings"
)

// findAssignment finds what a variable holds whose name says that it is a
// credential. In files of settings a name and a plain value are enough, as
// Judge has it; in programs most such values are names of other things, so
// they have to look like a machine's work too.
func findAssignment(sc *scan, u *use, v view) {
	if sc.done[u.number] > sc.at(v, v.start) {
		return
	}
	a, ok := assignmentAt(v.text, v.start, v.end)
	if !sc.pay(32+max(0, a.end-v.start), v) || !ok {
		return
	}
	value := v.text[a.value[0]:a.value[1]]
	if len(value) < 6 || len(value) > 256 || !printable(value) || madeUp(value) {
		return
	}
	noun := named(words(string(v.text[a.name[0]:a.name[1]])))
	if noun == "" || pageName.Match(v.text[a.name[0]:a.name[1]]) {
		return
	}
	grade, ok := sc.plausible(noun, string(value), a.quoted)
	if !ok {
		return
	}
	n := len(sc.out)
	sc.add(u, v, a.value, grade)
	if len(sc.out) > n {
		sc.out[n].Kind = noun
	}
	sc.done[u.number] = sc.at(v, a.value[1])
}

// pageName matches the names of what every visitor of a page gets.
var pageName = regexp.MustCompile(`(?i)csrf|xsrf|authenticity|nonce|anti.?forgery`)

// plausible grades the value of a variable that is named for a credential.
func (sc *scan) plausible(noun, value string, quoted bool) (Grade, bool) {
	if harmless(value) || commonPassword(value) || !valueBytes(value) {
		return 0, false
	}
	settings := settingsFile(sc.low)
	if noun == credentials {
		_, ok := userPassword([]byte(value))
		return Likely, ok
	}
	if noun == aPassword {
		switch {
		case settings && (passwordLike([]byte(value)) || quoted) && !strings.Contains(value, " ") && entropy([]byte(value)) >= 2.5:
			return Likely, true
		case !quoted && !random(value):
			return 0, false
		}
		return Likely, strong(value)
	}
	if !settings && !quoted && !random(value) {
		return 0, false
	}
	return Likely, len(value) >= 12 && strong(value) && entropy([]byte(value)) >= 3.3
}

// passwordLike reports whether somebody or something chose s as a password: it
// has more than letters.
func passwordLike(s []byte) bool {
	letters, others := 0, 0
	for _, c := range s {
		if upper(c) || lower(c) {
			letters++
		} else {
			others++
		}
	}
	return letters > 0 && others > 0
}

// strong reports whether a value has letters and digits as what is made at
// random has: neither words with a number behind, nor numbers.
func strong(value string) bool {
	letters, numbers, changes := 0, 0, 0
	last := byte(0)
	for i := range len(value) {
		class := byte(0)
		switch c := value[i]; {
		case c >= '0' && c <= '9':
			numbers++
			class = 1
		case lower(c):
			letters++
			class = 2
		case upper(c):
			letters++
			class = 3
		default:
			class = 4
		}
		if i > 0 && class != last {
			changes++
		}
		last = class
	}
	return letters >= 2 && numbers >= 2 && changes*5 >= len(value)
}

// valueBytes reports whether a value has no bytes that only code has.
func valueBytes(value string) bool {
	for _, w := range []string{"var.", "local.", "module.", "data.", "self.", "this.", "process.env", "os.environ", "config.", "settings.", "options.", "req.", "props."} {
		if strings.HasPrefix(value, w) {
			return false
		}
	}
	for _, w := range []string{"()", "->", "::", "&&", "||", "{{", "${", "$(", "[\"", "['", "=="} {
		if strings.Contains(value, w) {
			return false
		}
	}
	return !strings.ContainsAny(value, " <>|") && !strings.HasPrefix(value, "$") && !strings.HasPrefix(value, "%")
}

// settingsFile reports whether a file with this name, in lower case, holds
// settings: no programs.
func settingsFile(low string) bool {
	base := low[strings.LastIndexByte(low, '/')+1:]
	if strings.HasPrefix(base, ".env") {
		return true
	}
	for _, end := range []string{".env", ".properties", ".ini", ".conf", ".cnf", ".cfg", ".config", ".tfvars", ".tf", ".hcl", ".npmrc", ".pypirc", ".netrc", ".s3cfg", ".boto", "credentials", ".toml"} {
		if strings.HasSuffix(base, end) {
			return true
		}
	}
	return false
}

// findKubeSecret finds the values of a Kubernetes Secret in YAML.
func findKubeSecret(sc *scan, u *use, v view) {
	if sc.done[u.number] > sc.at(v, v.start) || v.start > 0 && v.text[v.start-1] > ' ' {
		return
	}
	from := max(0, v.start-1024)
	document := v.text[from:min(len(v.text), v.end+8<<10)]
	if i := bytes.LastIndex(document[:v.start-from], []byte("\n---")); i >= 0 {
		from += i
		document = document[i:]
	}
	if i := bytes.Index(document[v.end-from:], []byte("\n---")); i >= 0 {
		document = document[:v.end-from+i]
	}
	if rest := v.text[v.end:min(len(v.text), v.end+1)]; len(rest) > 0 && wordByte(rest[0]) || !sc.pay(len(document)/4, v) {
		return
	}
	if !bytes.Contains(document, []byte("apiVersion: v1")) && !bytes.Contains(document, []byte("apiVersion: \"v1\"")) && !bytes.Contains(document, []byte("apiVersion: 'v1'")) {
		return
	}
	data := bytes.Index(document, []byte("data:"))
	if data < 0 {
		return
	}
	kubeValues(sc, u, v, from+data, from+len(document))
	sc.done[u.number] = sc.at(v, from+len(document))
}

// kubeValues adds the values of the mapping data, which starts at at.
func kubeValues(sc *scan, u *use, v view, at, end int) {
	lineEnd := func(i int) int {
		if n := bytes.IndexByte(v.text[i:end], '\n'); n >= 0 {
			return i + n + 1
		}
		return end
	}
	indent := 0
	for i := at; i > 0 && v.text[i-1] != '\n'; i-- {
		indent++
	}
	for at = lineEnd(at); at < end; at = lineEnd(at) {
		start := at
		for start < end && (v.text[start] == ' ' || v.text[start] == '\t') {
			start++
		}
		if start == end || v.text[start] == '\n' || v.text[start] == '#' {
			continue
		}
		if start-at <= indent {
			return // the next key beside data
		}
		span := [2]int{start, lineEnd(at)}
		if i := bytes.Index(v.text[start:span[1]], []byte(": ")); i >= 0 {
			span[0] = start + i + 2
		}
		for span[0] < span[1] && bytes.IndexByte([]byte("\"' \t\r\n"), v.text[span[1]-1]) >= 0 {
			span[1]--
		}
		for span[0] < span[1] && bytes.IndexByte([]byte("\"' \t"), v.text[span[0]]) >= 0 {
			span[0]++
		}
		value := v.text[span[0]:span[1]]
		if decoded := decode64(value); len(value) >= 12 && len(decoded) >= 8 && !publicPEM(decoded) {
			sc.add(u, v, span, Likely)
		}
	}
}

// publicPEM reports whether a decoded value is a certificate or a public key.
func publicPEM(decoded []byte) bool {
	return bytes.HasPrefix(decoded, []byte(pemBegin)) && !bytes.Contains(decoded, []byte("PRIVATE KEY"))
}
