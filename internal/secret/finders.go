package secret

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// A finder looks around a word where a pattern would say too little, and adds
// what it finds.
type finder func(sc *scan, u *use, v view)

// finderNamed returns the finder that files of detectors call name, or nil.
func finderNamed(name string) finder {
	switch name {
	case "private-key":
		return findPrivateKey
	case "url":
		return findURL
	case "header":
		return findHeader
	case "curl-user":
		return findCurlUser
	case "assignment":
		return findAssignment
	case "kube-secret":
		return findKubeSecret
	case "netrc":
		return findNetrc
	case "key-store":
		return func(*scan, *use, view) {} // keyStore looks at the start of files
	}
	return nil
}

// generic is the detector of whatever only a name gives away.
const generic = "assignment"

// findURL finds the password in scheme://user:password@host.
func findURL(sc *scan, u *use, v view) {
	if v.start == 0 || !wordByte(v.text[v.start-1]) {
		return
	}
	authority := v.text[v.end:min(v.end+512, len(v.text))]
	if n := bytes.IndexAny(authority, "/?#\"'`<>|\\ \t\r\n"); n >= 0 {
		authority = authority[:n]
	}
	host := bytes.LastIndexByte(authority, '@')
	if host < 0 || host == len(authority)-1 || !printable(authority) {
		return
	}
	user, password, ok := bytes.Cut(authority[:host], []byte(":"))
	if !ok || !literalPassword(string(password)) || madeUp(password) || documented(string(user), string(password), string(authority[host+1:])) {
		return
	}
	start := v.end + len(user) + 1
	grade := Likely
	if len(password) >= 10 && strong(string(password)) && !bytes.ContainsAny(authority, "*,;()[]{}!&") {
		grade = Certain
	}
	sc.add(u, v, [2]int{start, start + len(password)}, grade)
}

// documented reports whether a URL with a password is one of those in the
// documentation of every library: user:pass@host.
func documented(user, password, host string) bool {
	user, password, host = strings.ToLower(user), strings.ToLower(strings.TrimRight(password, ">")), strings.ToLower(host)
	switch password {
	case "pass", "password", "passwd", "pwd", "pw", "secret", "p", "b", "bar", "foo", "foobar", "token", "pass123", "password123", "user", "username", "me", "test", "passw", "hunter2", "mypass", "mypassword", "auth", "x-oauth-basic", "p%40ss", "p@ss", "s3cr3t", "secretpassword", "opensesame", "open sesame", "p@ssword", "passwort":
		return true
	}
	host, _, _ = strings.Cut(host, ":")
	return user == password || strings.HasPrefix(host, "example.") || strings.Contains(host, ".example") || host == "host" || host == "hostname" || host == "server" || host == "foo.com" || host == "foo" || host == "test.com" || host == "domain.com"
}

// findHeader finds what is sent in an Authorization header, or in one of the
// kind X-Api-Key.
func findHeader(sc *scan, u *use, v view) {
	at := v.end
	for at < len(v.text) && at < v.end+3 && (v.text[at] == '"' || v.text[at] == '\'' || v.text[at] == '\\') {
		at++
	}
	if at == len(v.text) || v.text[at] != ':' && v.text[at] != ',' && v.text[at] != '=' {
		return
	}
	at = blanks(v.text, at+1)
	for at < len(v.text) && (v.text[at] == '"' || v.text[at] == '\'' || v.text[at] == '\\' || v.text[at] == '`') {
		at++
	}
	line := v.text[at:min(len(v.text), at+4096)]
	if n := bytes.IndexAny(line, "\"'`\\\t\r\n<>{},;)"); n >= 0 {
		line = line[:n]
	}
	scheme, value, ok := bytes.Cut(line, []byte(" "))
	start := at + len(scheme) + 1
	if !ok || len(value) == 0 {
		scheme, value, start = []byte("bearer"), line, at
	}
	value, _, _ = bytes.Cut(bytes.TrimRight(value, " "), []byte(" "))
	if len(value) == 0 || madeUp(value) || !printable(value) {
		return
	}
	if !sentValue(string(scheme), value) {
		return
	}
	grade := Likely
	if basic := strings.EqualFold(string(scheme), "basic"); !basic && random(string(value)) && entropy(value) >= 3.5 || basic && strong(string(decode64(value))) {
		grade = Certain
	}
	sc.add(u, v, [2]int{start, start + len(value)}, grade)
}

// sentValue reports whether value is a credential of an authorization scheme.
func sentValue(scheme string, value []byte) bool {
	switch strings.ToLower(scheme) {
	case "basic":
		decoded, err := base64.StdEncoding.DecodeString(string(value))
		user, password, ok := bytes.Cut(decoded, []byte(":"))
		return err == nil && ok && len(user)+len(password) > 4 && printable(decoded) && !documented(string(user), string(password), "")
	case "bearer", "token", "apikey", "api-key", "api-token", "apitoken", "key", "splunk", "ssws", "pat":
		return literalPassword(string(value)) && !bytes.ContainsAny(value, "()[]%*:") && len(value) >= 11 && entropy(value) >= 3 && hasDigits(value)
	}
	return false
}

func hasDigits(s []byte) bool {
	_, ok := withDigits(s)
	return ok
}

// findCurlUser finds the password in curl -u user:password.
func findCurlUser(sc *scan, u *use, v view) {
	line := v.text[v.end:min(len(v.text), v.end+1024)]
	if !sc.pay(len(line)/8, v) {
		return
	}
	at, argument := userArgument(commandLine(line))
	user, password, ok := bytes.Cut(argument, []byte(":"))
	start := v.end + at + len(user) + 1
	if ok && len(password) == 0 { // the user's name is the key
		password, start = user, v.end+at
	}
	if n := len(password); n > 2 && (password[0] == '"' || password[0] == '\'') {
		password, start = bytes.Trim(password, `"'`), start+1
	}
	if ok && len(password) >= 4 && curlPassword(user, password) {
		sc.add(u, v, [2]int{start, start + len(password)}, Likely)
	}
}

// commandLine cuts text where a command ends: at the first line that a
// backslash does not continue.
func commandLine(text []byte) []byte {
	for at := 0; ; {
		n := bytes.IndexByte(text[at:], '\n')
		if n < 0 {
			return text
		}
		at += n
		if !bytes.HasSuffix(bytes.TrimRight(text[:at], "\r"), []byte(`\`)) {
			return text[:at]
		}
		at++
	}
}

// userArgument returns what curl's flag for user and password is given, and
// where it is.
func userArgument(line []byte) (at int, argument []byte) {
	at = -1
	for _, flag := range []string{" -u ", " --user ", " -u\"", " -u'", " --user="} {
		if i := bytes.Index(line, []byte(flag)); i >= 0 {
			at = i + len(strings.TrimRight(flag, `"'`))
			break
		}
	}
	if at < 0 {
		return 0, nil
	}
	at = blanks(line, at)
	quote := byte(0)
	if at < len(line) && (line[at] == '"' || line[at] == '\'') {
		quote = line[at]
		at++
	}
	end := at
	for end < len(line) && line[end] != quote && line[end] != '\n' && (quote != 0 || line[end] != ' ' && line[end] != '\t') {
		end++
	}
	return at, line[at:end]
}

func curlPassword(user, password []byte) bool {
	s := string(password)
	if madeUp(password) || s[0] == '$' || s[0] == '<' || s[0] == '[' || strings.Contains(s, "${") || strings.Contains(s, "$(") || strings.Contains(s, "{{") {
		return false
	}
	return !documented(string(user), s, "") && !placeholder(s) && entropy(password) >= 2
}

// findNetrc finds the password after the word in .netrc.
func findNetrc(sc *scan, u *use, v view) {
	at := blanks(v.text, v.end)
	end := at
	for end < len(v.text) && v.text[end] > ' ' {
		end++
	}
	if at == v.end || end-at < 4 || end-at > 512 || madeUp(v.text[at:end]) || !literalPassword(string(v.text[at:end])) {
		return
	}
	sc.add(u, v, [2]int{at, end}, Certain)
}
