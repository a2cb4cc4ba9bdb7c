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
