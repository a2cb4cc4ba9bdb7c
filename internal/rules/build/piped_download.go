package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed piped_download.txtar
var pipedDownloadDoc string

var pipedDownload = &rule.Rule{
	Name:     "piped-download",
	Summary:  "a download is run by an interpreter without being checked",
	Severity: finding.High,
	Refs:     []string{"CIS-Docker 4.11"},
	Doc:      pipedDownloadDoc,
	Build:    checkPipedDownload,
}

func checkPipedDownload(p *rule.Pass, b *model.Build) {
	for c := range commands(b, everyStage) {
		if !downloads(c.Command) || onlyNearby(c.Command) {
			continue
		}
		if runner := runnerOf(c.Command); runner != nil {
			p.Reportf(rule.At(c.Span), "%s runs what %s downloads without a check", runner.Name, c.Name)
		}
	}
}

// onlyNearby reports whether every address c names is known to be of this
// machine or its own network.
func onlyNearby(c *model.Command) bool {
	found := false
	for _, w := range c.Words {
		if !w.Known() {
			return false
		}
		if isURL(w.Value) {
			found = true
			if !nearby(host(w.Value)) {
				return false
			}
		}
	}
	return found
}

// runnerOf returns the interpreter that runs what c writes to its output,
// directly or through filters such as gunzip.
func runnerOf(c *model.Command) *model.Command {
	if !toOutput(c) {
		return nil
	}
	for range 10 { // longer pipes do not exist
		switch {
		case c == nil || verifies(c):
			return nil
		case c.Feeds != nil && runsText(c.Feeds, c):
			return c.Feeds
		case c.Pipe != nil && runsInput(c.Pipe):
			return c.Pipe
		}
		c = c.Pipe
	}
	return nil
}

func isShell(name string) bool {
	switch name {
	case "sh", "bash", "dash", "ash", "zsh", "ksh":
		return true
	}
	return false
}

func isInterpreter(name string) bool {
	switch name {
	case "perl", "ruby", "node", "php":
		return true
	}
	return isShell(name) || strings.HasPrefix(name, "python") && versioned(name[len("python"):])
}

// runsInput reports whether c is an interpreter whose program is its input.
func runsInput(c *model.Command) bool {
	if !isInterpreter(c.Name) {
		return false
	}
	for i := 1; i < len(c.Words); i++ {
		switch v := c.Arg(i); {
		case v == "-" || v == "/dev/stdin":
			return true
		case v == "" || v[0] != '-':
			return false
		case v[1] == '-':
		case isShell(c.Name) && strings.Contains(v, "c"):
			return false
		case isShell(c.Name) && strings.Contains(v, "s"):
			return true
		case !isShell(c.Name) && strings.ContainsAny(v, "cemrpn"):
			return false
		}
	}
	return true
}

// runsText reports whether the program c runs is what the substitution around
// part makes.
func runsText(c, part *model.Command) bool {
	i := 1
	switch {
	case c.Name == "eval" || c.Name == "source" || c.Name == ".":
	case isInterpreter(c.Name):
		for i < len(c.Words) && strings.HasPrefix(c.Arg(i), "-") {
			i++ // the program is the word after -c, or the first that is no flag
		}
	default:
		return false
	}
	return i < len(c.Words) && c.Words[i].Span.Start <= part.Span.Start && part.Span.End <= c.Words[i].Span.End
}
