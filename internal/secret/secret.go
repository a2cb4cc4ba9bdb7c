// Package secret tells credentials from other text.
//
// It never returns a credential: a leak has a kind, a place and at most four
// characters.
package secret

import (
	"strings"
)

// A Leak is a credential that somebody can read.
type Leak struct {
	Kind    string // with its article: "a GitHub token", "a password"
	Certain bool   // the value has a known shape, or its name says what it is and the value looks it
	Shown   string // at most its first four characters, then "…"
}

// A Match is a leak in a text: text[Start:End].
type Match struct {
	Leak
	Start, End int
}

// Judge returns the credential that the variable name=value holds, or nil.
// A value of a known shape is one whatever its name. Else the name has to say
// so, as a word and not as a part of one, and the value must not be a path, a
// reference, a switch or a placeholder.
func Judge(name, value string) *Leak {
	value = strings.TrimSpace(value)
	if value == "" {
		return nil
	}
	if m := Find(value); len(m) > 0 {
		return &m[0].Leak
	}
	noun := named(words(name))
	if noun == "" || harmless(value) {
		return nil
	}
	kind, certain := noun, true
	switch noun {
	case aPassword:
		if known := commonPassword(value); known {
			kind = "a default password"
		}
		certain = !strings.Contains(value, " ")
	case credentials:
		i := strings.IndexAny(value, ":/")
		if i <= 0 || i == len(value)-1 {
			return nil
		}
	default:
		if strings.Contains(value, " ") || len(value) < 3 || number(value) && len(value) < 8 {
			return nil
		}
		certain = random(value)
	}
	return &Leak{Kind: kind, Certain: certain, Shown: shown(value)}
}

// Named reports whether name says that the variable holds a credential,
// whatever its value.
func Named(name string) bool { return named(words(name)) != "" }

// shown returns what may be printed of a credential: enough to find it by, not
// enough to use.
func shown(value string) string {
	n := 0
	switch {
	case len(value) >= 16:
		n = 4
	case len(value) >= 10:
		n = 2
	}
	for i := range n {
		if value[i] <= ' ' || value[i] > '~' {
			n = 0
			break
		}
	}
	return value[:n] + "…"
}

// The kinds of credentials that names speak of.
const (
	aPassword   = "a password"
	aToken      = "a token"
	aSecret     = "a secret"
	aKey        = "a secret key"
	credentials = "a user name with its password"
)

// words splits a variable's name into its words, upper case:
// "DB_PASSWORD", "db.password" and "dbPassword" are all DB, PASSWORD.
func words(name string) []string {
	var out []string
	start := 0
	cut := func(end int) {
		if end > start {
			out = append(out, strings.ToUpper(name[start:end]))
		}
		start = end
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '_' || c == '-' || c == '.' || c == ' ' || c == '/' || c == ':':
			cut(i)
			start = i + 1
		case upper(c) && i > 0 && lower(name[i-1]):
			cut(i)
		case upper(c) && i > start && i+1 < len(name) && lower(name[i+1]) && upper(name[i-1]):
			cut(i) // the P of "DBPassword"
		}
	}
	cut(len(name))
	return out
}

// named returns what a variable whose name consists of words holds, or "".
// The word that says it stands at the end, but for words such as PROD.
func named(words []string) string {
	for len(words) > 1 && qualifier(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return ""
	}
	for _, w := range words {
		switch w {
		case "PUBLIC", "PUB", "PUBLISHABLE", "MIN", "MAX", "ALLOW", "REQUIRE", "REQUIRED", "ENABLE", "DISABLE", "ENABLED", "DISABLED", "RANDOM", "SKIP", "NUM", "COUNT":
			return "" // a property of one, or one that is no secret
		}
	}
	last, before := words[len(words)-1], ""
	if len(words) > 1 {
		before = words[len(words)-2]
	}
	switch last {
	case "PASSWORD", "PASSWD", "PASSPHRASE", "PASS", "DBPASS", "DBPASSWORD":
		return aPassword
	case "PWD":
		if before != "" && before != "OLD" && before != "INIT" {
			return aPassword // MYSQL_PWD; PWD alone is a directory
		}
	case "TOKEN", "PAT":
		return tokenNamed(last, before)
	case "SECRET":
		if before != "PULL" && before != "TLS" && before != "KUBERNETES" && before != "K8S" { // names of Kubernetes secrets
			return aSecret
		}
	case "CREDENTIAL", "CREDENTIALS":
		return aSecret
	case "AUTH", "USERPWD", "USERPASS":
		return credentials
	case "APIKEY", "SECRETKEY", "PRIVATEKEY", "ACCESSKEY", "AUTHKEY":
		return aKey
	case "KEY", "BASE":
		return keyNamed(words)
	case "SALT":
		if before != "" {
			return aSecret
		}
	}
	return ""
}

func tokenNamed(last, before string) string {
	if last == "PAT" && before == "" {
		return ""
	}
	switch before {
	case "PAD", "BOS", "EOS", "STOP", "END", "START", "MASK", "UNK", "SEP", "CLS", "SPECIAL", "NEXT", "PAGE":
		return "" // of a language model or of a list
	}
	return aToken
}

// keyNamed returns what a name ending in KEY holds. Most keys open nothing:
// PRIMARY_KEY, CACHE_KEY, GPG_KEY (a fingerprint), PUBLIC_KEY.
func keyNamed(words []string) string {
	n := len(words) - 1
	if words[n] == "BASE" { // SECRET_KEY_BASE
		n--
	}
	if n < 1 || words[n] != "KEY" {
		return ""
	}
	switch words[n-1] {
	case "API", "SECRET", "ACCESS", "PRIVATE", "ENCRYPTION", "ENCRYPT", "SIGNING", "SIGNATURE", "MASTER", "JWT", "SESSION", "AUTH", "LICENSE",
		"SHARED", "ACCOUNT", "SERVICE", "HMAC", "COOKIE", "AES", "APP", "APPLICATION", "DEPLOY", "WRITE", "ADMIN", "STORAGE", "VAULT", "UNSEAL", "CRYPT":
		return aKey
	}
	return ""
}

// qualifier reports whether word at the end of a name leaves its meaning alone.
func qualifier(word string) bool {
	switch word {
	case "PROD", "PRODUCTION", "DEV", "DEVELOPMENT", "STAGING", "TEST", "DEFAULT", "VALUE", "STRING", "BASE64", "B64", "HEX", "PLAIN", "OLD", "NEW",
		"PRIMARY", "SECONDARY", "LOCAL", "RO", "RW":
		return true
	}
	return number(word)
}

// harmless reports whether value cannot be a credential: it is empty of
// meaning, or it says where the credential is.
func harmless(value string) bool {
	v := strings.ToLower(value)
	switch v {
	case "true", "false", "yes", "no", "on", "off", "y", "n", "0", "1", "none", "null", "nil", "undefined", "enabled", "disabled", "required", "optional",
		"bearer", "basic", "digest", "jwt", "oauth", "oauth2", "auto", "string", "dummy", "placeholder", "unused", "ignored", "fake", "redacted", "todo", "tbd", "fixme", "not-used", "notused", "replaceme", "replace_me", "replace-me":
		return true
	}
	return reference(v) || placeholder(value) || path(value)
}

// reference reports whether v, in lower case, says where a credential is to
// be found.
func reference(v string) bool {
	if strings.Contains(v, "${") || strings.Contains(v, "$(") || strings.Contains(v, "{{") || strings.Contains(v, "://") {
		return true // what has credentials in a URL has been found before
	}
	if len(v) > 1 && v[0] == '$' && (lower(v[1]) || v[1] == '_') {
		return true
	}
	for _, p := range []string{"arn:", "vault:", "file:", "enc[", "op:", "ref+", "ssm:", "secret:", "secretref:", "projects/", "%(", "env:", "valuefrom:"} {
		if strings.HasPrefix(v, p) {
			return true
		}
	}
	return false
}

// placeholder reports whether value stands for something else: "<token>",
// "xxxx", "your-key-here", "DB_PASSWORD".
func placeholder(value string) bool {
	first, last := value[0], value[len(value)-1]
	if first == '<' && last == '>' || first == '[' && last == ']' || first == '{' && last == '}' || first == '%' && last == '%' || first == '@' && last == '@' {
		return true
	}
	v := strings.ToLower(value)
	if strings.HasPrefix(v, "your") || strings.HasSuffix(v, "here") || strings.Contains(v, "placeholder") || strings.HasPrefix(v, "insert") {
		return true
	}
	if strings.Trim(v, "x*.-_?#") == "" || distinct(value) == 1 || strings.Contains(v, "xxxxxx") {
		return true
	}
	// The name of a variable: DB_PASSWORD.
	for i := range len(value) {
		if c := value[i]; !upper(c) && c != '_' {
			return false
		}
	}
	return strings.Contains(value, "_")
}

// path reports whether value is the name of a file.
func path(value string) bool {
	rest := value
	switch {
	case strings.HasPrefix(value, "./"), strings.HasPrefix(value, "../"), strings.HasPrefix(value, "~/"), strings.HasPrefix(value, "/"):
	case len(value) > 2 && value[1] == ':' && value[2] == '\\':
		return true
	default:
		switch ext := value[strings.LastIndexByte(value, '.')+1:]; ext {
		case "pem", "key", "crt", "txt", "json", "yaml", "yml", "env", "conf", "ini", "p12", "pfx", "jks":
			return len(ext) < len(value) && !strings.ContainsAny(value, " @:")
		}
		return false
	}
	for i := range len(rest) {
		if c := rest[i]; !wordByte(c) && c != '.' && c != '/' && c != '-' && c != '~' && c != '@' {
			return false
		}
	}
	return true
}

// commonPassword reports whether everybody who guesses tries value first.
func commonPassword(value string) bool {
	switch strings.ToLower(value) {
	case "password", "passw0rd", "p@ssw0rd", "changeme", "change_me", "change-me", "changeit", "admin", "root", "secret", "postgres", "mysql", "mariadb", "mongo", "redis", "guest",
		"test", "pass", "default", "example", "letmein", "qwerty", "123456", "12345678", "1234", "12345", "admin123", "password123", "password1", "toor", "rabbitmq", "minioadmin", "user":
		return true
	}
	return false
}

// random reports whether value looks as if a machine had made it.
func random(value string) bool {
	digits, letters := 0, 0
	for i := range len(value) {
		switch c := value[i]; {
		case c >= '0' && c <= '9':
			digits++
		case upper(c) || lower(c):
			letters++
		}
	}
	return len(value) >= 16 && digits >= 2 && letters >= 2 && distinct(value) >= 8
}

// distinct returns the number of different bytes in s.
func distinct(s string) int {
	var seen [256]bool
	n := 0
	for i := range len(s) {
		if !seen[s[i]] {
			seen[s[i]] = true
			n++
		}
	}
	return n
}

func number(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func upper(c byte) bool { return c >= 'A' && c <= 'Z' }
func lower(c byte) bool { return c >= 'a' && c <= 'z' }

// wordByte reports whether c is a letter, a digit or an underscore.
func wordByte(c byte) bool {
	return upper(c) || lower(c) || c >= '0' && c <= '9' || c == '_'
}
