package rule

import (
	"strings"

	"golang.org/x/tools/txtar"
)

// A Page is what a rule's archive says to people.
type Page struct {
	Paragraphs []string // what can go wrong, what to do, when to suppress; each on one line
	Examples   []Example
	Findings   string // what the bad examples raise, one finding a line
	Demo       string // commands that show the risk; often empty
}

// An Example is one artifact of a rule's archive.
type Example struct {
	Name string // "compose.yaml"
	Bad  string // empty where the archive has only a good one
	Good string // empty where the archive has only a bad one
}

// Page reads r's archive.
func (r *Rule) Page() Page {
	archive := txtar.Parse([]byte(r.Doc))
	var p Page
	for block := range strings.SplitSeq(string(archive.Comment), "\n\n") {
		if text := strings.Join(strings.Fields(block), " "); text != "" {
			p.Paragraphs = append(p.Paragraphs, text)
		}
	}
	for _, f := range archive.Files {
		side, name, _ := strings.Cut(f.Name, "/")
		switch side {
		case "bad":
			p.example(name).Bad = string(f.Data)
		case "good":
			p.example(name).Good = string(f.Data)
		case "findings":
			p.Findings = string(f.Data)
		case "demo":
			p.Demo = string(f.Data)
		}
	}
	return p
}

// example returns p's example called name, which it adds if need be. It is
// valid until the next call.
func (p *Page) example(name string) *Example {
	for i := range p.Examples {
		if p.Examples[i].Name == name {
			return &p.Examples[i]
		}
	}
	p.Examples = append(p.Examples, Example{Name: name})
	return &p.Examples[len(p.Examples)-1]
}
