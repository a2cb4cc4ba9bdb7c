package app

import "testing"

func TestCredentialFile(t *testing.T) {
	for name, want := range map[string]string{
		"id_rsa":                  "an SSH private key",
		"deploy/id_ed25519":       "an SSH private key",
		"id_rsa.pub":              "",
		".env":                    "a file with environment variables",
		"config/.env.production":  "a file with environment variables",
		"prod.env":                "a file with environment variables",
		".env.example":            "",
		".env.dist":               "",
		"server.key":              "a private key",
		"tls/server-key.pem":      "a private key",
		"tls/privkey.pem":         "a private key",
		"tls/ca.pem":              "",
		"tls/fullchain.pem":       "",
		"public.key":              "",
		"keyboard.pem":            "",
		".aws/credentials":        "a file with credentials",
		"credentials":             "",
		".aws/config":             "",
		"home/.ssh":               "a file with credentials",
		".docker/config.json":     "a file with credentials",
		"config.json":             "",
		".npmrc":                  "a package manager's configuration",
		"store.p12":               "a key store",
		"package.json":            "",
		".":                       "",
		"/":                       "",
		"":                        "",
		`C:\Users\me\.ssh\id_rsa`: "an SSH private key",
		"environment.ts":          "",
		".envrc":                  "",
	} {
		if got, _ := credentialFile(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestSamePath(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"/root/.ssh/id_rsa", "/root/.ssh/id_rsa", true},
		{"/root/.ssh", "/root/.ssh/id_rsa", true},
		{"/root/.ss", "/root/.ssh/id_rsa", false},
		{"~/.netrc", "/root/.netrc", true},
		{".npmrc", "/app/.npmrc", true},
		{".npmrc", "/app/x.npmrc", false},
		{"./.npmrc", ".npmrc", true},
		{".", "/app/.npmrc", false},
		{"/tmp/x", "/app/x", false},
	} {
		if got := samePath(tt.a, tt.b); got != tt.want {
			t.Errorf("%s, %s: got %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}
