package origin

import (
	"strings"
	"testing"
	"time"

	"bulkhead/internal/model"
)

// TestHostile: a history and a Dockerfile that were both written to take long
// are laid side by side in bounded time.
func TestHostile(t *testing.T) {
	words := strings.Repeat("A=b ", maxText/4)
	pairs := strings.Repeat(" A=1", 300)
	for name, c := range map[string]struct{ step, line string }{
		"copies":      {"COPY " + words + "/srv", "COPY A=b /srv\n"},
		"settings":    {"ENV " + words, "ENV A=b" + pairs + "\n"},
		"here-copies": {"COPY " + words + "/srv", "COPY $X /srv\n"},
		"runs":        {"RUN " + words, "RUN " + strings.Repeat("A=b ", 1000) + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			steps := make([]made, maxAligned)
			for n := range steps {
				steps[n] = made{true, c.step}
			}
			b := buildOf(t, "Dockerfile", "FROM scratch\n"+strings.Repeat(c.line, maxAligned))
			begin := time.Now()
			Layers(imageOf(steps), []*model.Build{b}, nil)
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("got %v, want at most 20 s on a loaded machine", took)
			}
		})
	}
}
