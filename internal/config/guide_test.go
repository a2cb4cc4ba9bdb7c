package config

import (
	"os"
	"strings"
	"testing"

	"bulkhead/internal/source"
)

// TestGuide reads the example of docs/guide/configuration.md.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile("../../docs/guide/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(guide), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the guide has no example")
	}
	c, err := Read(source.NewFile(Name, []byte(example)), rules())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Suppress) != 1 || len(c.Rules) != 2 || len(c.Formats) != 2 || len(c.Exclude) != 2 || len(c.Registries.Items) != 2 || c.Edition == "" || c.FailOn.Span.Text() != "medium" {
		t.Errorf("got %+v, want every key of the example", c)
	}
}
