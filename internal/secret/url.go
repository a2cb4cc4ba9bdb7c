package secret

import (
	"encoding/base64"
	"strings"
)

// findURLs finds passwords in URLs: scheme://user:password@host. The match is
// the password alone.
func findURLs(text string, out []Match) []Match {
	const longest = 512
	for at := 0; ; {
		i := strings.Index(text[at:], "://")
		if i < 0 {
			return out
		}
		scheme := at + i
		at = scheme + len("://")
		if scheme == 0 || !wordByte(text[scheme-1]) {
			continue
		}
		authority := text[at:min(at+longest, len(text))]
		if n := strings.IndexAny(authority, "/?#\"'`<>|\\ \t\r\n"); n >= 0 {
			authority = authority[:n]
		}
		host := strings.LastIndexByte(authority, '@')
		if host < 0 || host == len(authority)-1 {
			continue
		}
		user, password, ok := strings.Cut(authority[:host], ":")
		if !ok || !literalPassword(password) {
			continue
		}
		start := at + len(user) + 1
		m := match(text, "a password in a URL", start, start+len(password))
		out = append(out, m)
		at = m.End
	}
}

// literalPassword reports whether what stands for a password in a URL or a
// header is one: not a variable, not "password" in capitals, not stars.
func literalPassword(s string) bool {
	if s == "" || strings.ContainsAny(s, "$<>{}()") {
		return false
	}
	if s == "%s" || s == "%v" || s == "%q" || s[0] == '[' || s[0] == ':' || placeholder(s) {
		return false
	}
	switch s {
	case "PASSWORD", "PASS", "TOKEN", "SECRET", "KEY", "pwd":
		return false // as in documentation
	}
	return true
}

// findHeaders finds what is sent in an Authorization header.
func findHeaders(text string, out []Match) []Match {
	const header = "uthorization:"
	for at := 0; ; {
		i := strings.Index(text[at:], header)
		if i < 0 {
			return out
		}
		at += i + len(header)
		rest := strings.TrimLeft(text[at:min(at+4096, len(text))], " ")
		start := at + len(text[at:min(at+4096, len(text))]) - len(rest)
		scheme, value, ok := strings.Cut(rest, " ")
		if !ok {
			continue
		}
		start += len(scheme) + 1
		if n := strings.IndexAny(value, "\"'`\\ \t\r\n"); n >= 0 {
			value = value[:n]
		}
		if sent(scheme, value) {
			out = append(out, match(text, "an Authorization header", start, start+len(value)))
		}
	}
}

// sent reports whether value is a credential of an authorization scheme.
func sent(scheme, value string) bool {
	switch strings.ToLower(scheme) {
	case "basic":
		decoded, err := base64.StdEncoding.DecodeString(value)
		_, password, ok := strings.Cut(string(decoded), ":")
		return err == nil && ok && password != ""
	case "bearer", "token", "apikey", "api-token":
		return literalPassword(value) && random(value) && !example(value)
	}
	return false
}
