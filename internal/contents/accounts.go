package contents

import (
	"bytes"
	"strconv"
	"strings"

	"bulkhead/internal/model"
)

// Where accounts are: passwd(5), shadow(5).
const (
	passwdFile = "etc/passwd"
	shadowFile = "etc/shadow"
)

// maxAccountText bounds either file, and maxAccounts what is made of it.
const (
	maxAccountText = 4 << 20
	maxAccounts    = 10_000
)

// accounts returns the accounts of an image. Whether a password is empty is said
// by the shadow file, unless passwd itself has the field.
func accounts(passwd, shadow []byte) []model.Account {
	empty := map[string]bool{}
	for line := range strings.Lines(string(shadow)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) >= 8 && fields[0] != "" && fields[1] == "" {
			empty[fields[0]] = true
		}
	}
	var out []model.Account
	for line := range strings.Lines(string(passwd)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) != 7 || fields[0] == "" || len(out) >= maxAccounts {
			continue
		}
		uid, badUID := strconv.ParseInt(fields[2], 10, 64)
		gid, badGID := strconv.ParseInt(fields[3], 10, 64)
		if badUID != nil || badGID != nil {
			continue
		}
		out = append(out, model.Account{
			Name: clean(fields[0]), UID: uid, GID: gid, Shell: clean(fields[6]),
			EmptyPassword: fields[1] == "" || fields[1] == "x" && empty[fields[0]],
		})
	}
	return out
}

// withoutPasswords returns a passwd or shadow file with an asterisk for each
// password: what is made of it may be kept.
func withoutPasswords(text []byte) []byte {
	var out []byte
	for line := range bytes.Lines(text) {
		fields := bytes.Split(line, []byte(":"))
		if len(fields) > 1 && len(fields[1]) > 0 && string(fields[1]) != "x" {
			fields[1] = []byte("*")
		}
		out = append(out, bytes.Join(fields, []byte(":"))...)
	}
	return out
}

// clean makes text of an image fit for a report.
func clean(s string) string {
	const longest = 200
	if len(s) > longest {
		s = s[:longest]
	}
	return strings.ToValidUTF8(s, "�")
}
