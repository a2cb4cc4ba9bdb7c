package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestPolicyGuide runs the commands that the guide to policies shows and looks
// for the lines it prints.
func TestPolicyGuide(t *testing.T) {
	t.Chdir("../..")
	t.Setenv("BULKHEAD_NO_ENGINE", "true")
	page, err := os.ReadFile("docs/guide/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	output, commands := "", 0
	for line := range strings.Lines(string(page)) {
		line, shown := strings.CutPrefix(strings.TrimRight(line, "\n"), "    ")
		command, run := strings.CutPrefix(line, "$ bulkhead ")
		switch {
		case !shown:
			output = ""
		case run:
			var out, errs bytes.Buffer
			Main(t.Context(), strings.Fields(command), strings.NewReader(""), &out, &errs)
			output = out.String() + errs.String()
			commands++
		case output != "" && strings.TrimSpace(line) != "…" && !strings.Contains(output, line+"\n"):
			t.Errorf("got\n%s\nwant a line\n%s", output, line)
		}
	}
	if commands != 3 {
		t.Errorf("got %d commands, want 3", commands)
	}
}

// TestPolicyExamples holds the examples to what lint says is good.
func TestPolicyExamples(t *testing.T) {
	t.Chdir("../..")
	for folder, want := range map[string]string{"gatekeeper": "0 faults\n", "conftest": "0 faults\n", "facts": "0 faults\n", "article": "9 faults\n"} {
		var out, errs bytes.Buffer
		Main(t.Context(), []string{"policy", "lint", "examples/policies/" + folder}, strings.NewReader(""), &out, &errs)
		if got := errs.String(); got != want {
			t.Errorf("%s: got %s, want %s\n%s", folder, got, want, out.String())
		}
	}
}
