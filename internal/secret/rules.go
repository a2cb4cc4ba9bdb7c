package secret

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"
)

//go:embed detectors/*.txt
var detectorFiles embed.FS

// A ruleset is all detectors, ready to run.
type ruleset struct {
	detectors    []*detector
	keyStore     *use // of the detector of key stores, or nil
	public       publicSums
	text, binary func() *search
}

// A search is an automaton with what its words are for.
type search struct {
	*automaton
	uses [][]*use // by word
}

// rules returns the detectors of the embedded files. That they can be read is
// tested.
var rules = sync.OnceValue(func() *ruleset {
	detectors, err := readDetectors()
	if err != nil {
		panic(fmt.Sprintf("secret: the embedded detectors: %v", err))
	}
	return newRuleset(detectors)
})

func readDetectors() ([]*detector, error) {
	names, err := fs.Glob(detectorFiles, "detectors/*.txt")
	if err != nil {
		return nil, err
	}
	var out []*detector
	for _, name := range names {
		text, err := fs.ReadFile(detectorFiles, name)
		if err != nil {
			return nil, err
		}
		ds, err := parseDetectors(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, ds...)
	}
	return out, nil
}

func newRuleset(detectors []*detector) *ruleset {
	r := &ruleset{detectors: detectors, public: readPublic()}
	for i, d := range detectors {
		if d.id == "key-store" {
			r.keyStore = &use{detector: d, number: i}
		}
	}
	// Not at once: most runs meet no binary.
	r.text = sync.OnceValue(func() *search { return newSearch(detectors, func(*detector) bool { return true }) })
	r.binary = sync.OnceValue(func() *search { return newSearch(detectors, (*detector).inBinaries) })
	return r
}

// inBinaries reports whether a detector is for binaries too: those that know a
// credential by its own bytes are.
func (d *detector) inBinaries() bool {
	return d.form == byPrefix || d.form == byInner || d.id == "private-key"
}

// newSearch returns the search for the words of the detectors that in wants.
func newSearch(detectors []*detector, in func(*detector) bool) *search {
	number := map[string]int{}
	var words []string
	var uses [][]*use
	for i, d := range detectors {
		if !in(d) {
			continue
		}
		for _, w := range d.words {
			low := strings.ToLower(w)
			n, ok := number[low]
			if !ok {
				n = len(words)
				number[low] = n
				words = append(words, low)
				uses = append(uses, nil)
			}
			uses[n] = append(uses[n], &use{detector: d, number: i, word: w})
		}
	}
	return &search{newAutomaton(words), uses}
}
