package config

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/moby/patternmatcher"
	"go.yaml.in/yaml/v3"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/nearest"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

// Read reads the configuration in f; rules are all there are. It reports
// everything that is wrong with it, not only the first.
func Read(f *source.File, rules []*rule.Rule) (*Config, error) {
	r := &reader{file: f, all: rules, config: &Config{File: f}}
	var doc yaml.Node
	if err := yaml.Unmarshal(f.Text, &doc); err != nil {
		return nil, r.syntax(err)
	}
	if doc.Kind != 0 {
		r.top(doc.Content[0])
	}
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	return r.config, nil
}

// A reader reads one configuration.
type reader struct {
	file   *source.File
	all    []*rule.Rule
	config *Config
	errs   []error
}

// yamlError matches what the YAML library says where it gives up.
var yamlError = regexp.MustCompile(`^yaml: line (\d+): (.*)`)

func (r *reader) syntax(err error) error {
	line, message := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlError.FindStringSubmatch(err.Error()); m != nil {
		message = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	start := r.file.LineStart(line)
	return &source.SyntaxError{Span: r.file.Span(start, start), Message: message}
}

func (r *reader) fail(n *yaml.Node, format string, args ...any) {
	r.errs = append(r.errs, &source.SyntaxError{Span: r.span(n), Message: fmt.Sprintf(format, args...)})
}

// span returns the place of n. The library counts columns in characters.
func (r *reader) span(n *yaml.Node) source.Span {
	start := r.file.LineStart(n.Line)
	line := r.file.Line(n.Line)
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(line)
		start += size
		line = line[size:]
	}
	end := start
	if n.Kind == yaml.ScalarNode {
		end += min(len(n.Value), len(line)) // a quoted value is longer; the place is for people
	}
	return r.file.Span(start, end)
}

func (r *reader) top(n *yaml.Node) {
	c := r.config
	r.mapping(n, map[string]func(n *yaml.Node){
		"edition":    func(n *yaml.Node) { c.Edition = r.edition(n) },
		"fail-on":    r.failOn,
		"exclude":    func(n *yaml.Node) { c.Exclude = r.patterns(n) },
		"registries": func(n *yaml.Node) { c.Registries = r.list(n) },
		"rules":      r.rules,
		"suppress":   r.suppress,
		"formats":    func(n *yaml.Node) { c.Formats = r.texts(n) },
	})
}

// mapping calls the function of each key of n with its value.
func (r *reader) mapping(n *yaml.Node, keys map[string]func(n *yaml.Node)) {
	n = resolve(n)
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n, "must be a mapping")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		read := keys[key.Value]
		switch {
		case read == nil:
			r.fail(key, "unknown key %q%s", key.Value, suggest(key.Value, keys))
		case seen[key.Value]:
			r.fail(key, "key %q is there twice", key.Value)
		default:
			seen[key.Value] = true
			read(n.Content[i+1])
		}
	}
}

func suggest(key string, keys map[string]func(n *yaml.Node)) string {
	var names []string
	for name := range keys {
		names = append(names, name)
	}
	return didYouMean(key, names)
}

func didYouMean(word string, names []string) string {
	if near := nearest.Of(word, names); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return ""
}

// resolve returns what n is an alias of, or n.
func resolve(n *yaml.Node) *yaml.Node {
	for range 8 { // an alias never points at an alias; this is for safety
		if n.Kind != yaml.AliasNode || n.Alias == nil {
			break
		}
		n = n.Alias
	}
	return n
}

func (r *reader) text(n *yaml.Node) string {
	n = resolve(n)
	if n.Kind != yaml.ScalarNode || n.Value == "" {
		r.fail(n, "must be a text")
		return ""
	}
	return n.Value
}

// items returns the items of a list; one item may stand alone.
func (r *reader) items(n *yaml.Node) []*yaml.Node {
	n = resolve(n)
	switch {
	case n.Kind == yaml.SequenceNode:
		return n.Content
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return nil
	}
	return []*yaml.Node{n}
}

// edition matches the editions of the rules: a year and a number.
var edition = regexp.MustCompile(`^\d{4}\.\d{1,2}$`)

func (r *reader) edition(n *yaml.Node) string {
	e := r.text(n)
	if !edition.MatchString(e) {
		r.fail(n, "%q is no edition such as 2026.1", e)
	}
	return e
}

func (r *reader) texts(n *yaml.Node) []string {
	var out []string
	for _, item := range r.items(n) {
		out = append(out, r.text(item))
	}
	return out
}

func (r *reader) patterns(n *yaml.Node) []string {
	for _, item := range r.items(n) {
		r.pattern(item)
	}
	return r.texts(n)
}

// pattern returns what matches the files n says, or nil where n is no pattern.
func (r *reader) pattern(n *yaml.Node) *patternmatcher.PatternMatcher {
	m, err := patternmatcher.New([]string{resolve(n).Value})
	if err == nil {
		_, err = m.MatchesOrParentMatches("x") // it compiles patterns when first asked
	}
	if err != nil {
		r.fail(n, "%q is no pattern as in a .dockerignore", resolve(n).Value)
		return nil
	}
	return m
}

func (r *reader) list(n *yaml.Node) model.List[string] {
	list := model.List[string]{State: model.Set, Span: r.span(n)}
	for _, item := range r.items(n) {
		list.Items = append(list.Items, model.Fact[string]{Value: r.text(item), State: model.Set, Span: r.span(item)})
	}
	return list
}

// failOn reads what fails a check: a severity, KEV, or a list of such.
func (r *reader) failOn(n *yaml.Node) {
	lowest := finding.Never
	items := r.items(n)
	for _, item := range items {
		text := r.text(item)
		switch s, err := finding.ParseSeverity(text); {
		case text == KEV:
			r.config.FailOnKEV = true
		case err == nil:
			lowest = min(lowest, s)
		case text != "":
			r.fail(item, "%s, %s", err, KEV)
		}
	}
	if len(items) == 0 {
		r.fail(n, "must be a severity, kev or a list of them")
	}
	r.config.FailOn = model.Fact[finding.Severity]{Value: lowest, State: model.Set, Span: r.span(n)}
}

// names returns the names of the rules that id names.
func (r *reader) names(n *yaml.Node) []string {
	var names []string
	for _, x := range rule.Lookup(r.all, n.Value) {
		names = append(names, x.Name)
	}
	if names == nil {
		var known []string
		for _, x := range r.all {
			known = append(known, x.Name)
		}
		r.fail(n, "unknown rule %q%s", n.Value, didYouMean(n.Value, known))
	}
	return names
}

func (r *reader) rules(n *yaml.Node) {
	n = resolve(n)
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n, "must be a mapping from rules to off or a severity")
		return
	}
	r.config.Rules = map[string]model.Fact[Choice]{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		value := resolve(n.Content[i+1])
		choice := model.Fact[Choice]{State: model.Set, Span: r.span(value), Value: Choice{Off: value.Value == "off"}}
		if !choice.Value.Off {
			s, err := finding.ParseSeverity(value.Value)
			if err != nil {
				r.fail(value, "%q is neither off nor a severity: info, low, medium, high, critical", value.Value)
			}
			choice.Value.Severity = s
		}
		for _, name := range r.names(n.Content[i]) {
			r.config.Rules[name] = choice
		}
	}
}

func (r *reader) suppress(n *yaml.Node) {
	for _, item := range r.items(n) {
		s := Suppression{Span: r.span(item)}
		before := len(r.errs)
		r.mapping(item, map[string]func(n *yaml.Node){
			"rule": func(n *yaml.Node) {
				for _, id := range r.items(n) {
					s.Rules = append(s.Rules, r.names(id)...)
				}
			},
			"path":    func(n *yaml.Node) { s.Path, s.files = r.text(n), r.pattern(n) },
			"subject": func(n *yaml.Node) { s.Subject = r.subject(n) },
			"until":   func(n *yaml.Node) { s.Until = r.date(n) },
			"owner":   func(n *yaml.Node) { s.Owner = r.text(n) },
			"reason":  func(n *yaml.Node) { s.Reason = strings.TrimSpace(r.text(n)) },
		})
		if len(r.errs) == before {
			r.complete(item, &s)
		}
		r.config.Suppress = append(r.config.Suppress, s)
	}
}

func (r *reader) subject(n *yaml.Node) string {
	pattern := r.text(n)
	if _, err := path.Match(pattern, ""); err != nil {
		r.fail(n, "%q is no pattern of names", pattern)
	}
	return pattern
}

func (r *reader) complete(n *yaml.Node, s *Suppression) {
	if len(s.Rules) == 0 {
		r.fail(n, "suppression names no rule")
	}
	if s.Reason == "" {
		r.fail(n, "suppression has no reason")
	}
}

func (r *reader) date(n *yaml.Node) time.Time {
	t, err := time.Parse(time.DateOnly, r.text(n))
	if err != nil {
		r.fail(n, "%q is no date such as 2027-01-31", n.Value)
	}
	return t
}
