package nearest

import (
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	candidates := []string{"fail-on", "exclude", "rules", "registries", "writable-root"}
	for word, want := range map[string]string{
		"fail_on":                 "fail-on",
		"rule":                    "rules",
		"excldue":                 "exclude",
		"writeable-root":          "writable-root",
		"registry":                "registries",
		"zebra":                   "",
		"":                        "",
		strings.Repeat("x", 9000): "",
	} {
		if got := Of(word, candidates); got != want {
			t.Errorf("Of(%.20q) = %q, want %q", word, got, want)
		}
	}
}

func TestMisspelt(t *testing.T) {
	candidates := []string{"privileged", "pid", "volume", "publish", "name", "no-healthcheck"}
	for word, want := range map[string]string{
		"privilged":     "privileged",
		"priviledged":   "privileged",
		"volum":         "volume",
		"pids":          "pid",
		"pip":           "",
		"nam":           "",
		"volumes-of":    "",
		"healthcheck":   "",
		"published-on":  "",
		"pull-progress": "",
		"privileged":    "privileged",
	} {
		if got := Misspelt(word, candidates); got != want {
			t.Errorf("Misspelt(%q) = %q, want %q", word, got, want)
		}
	}
}
