package falco

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"bulkhead/internal/nearest"
	"bulkhead/internal/source"
)

// A fault is what makes an object of a rule file useless.
type fault struct {
	code    Code
	span    source.Span
	message string
}

// read collects the objects of a file.
func (l *loader) read(f *source.File) {
	decoder := yaml.NewDecoder(bytes.NewReader(f.Text))
	for {
		var doc yaml.Node
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			l.fail(YAMLParse, yamlErrorSpan(f, err), "", strings.TrimPrefix(err.Error(), "yaml: "))
			return
		}
		if len(doc.Content) == 0 {
			continue
		}
		root := follow(doc.Content[0])
		if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
			continue
		}
		if root.Kind != yaml.SequenceNode {
			l.fail(YAMLValidate, spanOf(f, root), "", "Rules content is not yaml array of objects")
			continue
		}
		for _, n := range root.Content {
			l.object(f, follow(n))
		}
	}
}

// follow follows an alias.
func follow(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

// yamlErrorSpan returns the line that err names.
func yamlErrorSpan(f *source.File, err error) source.Span {
	m := regexp.MustCompile(`line (\d+)`).FindStringSubmatch(err.Error())
	if m == nil {
		return f.Span(0, 0)
	}
	line, _ := strconv.Atoi(m[1])
	start := f.LineStart(line)
	return f.Span(start, start)
}

// offsetOf returns the byte at which n starts. YAML counts characters.
func offsetOf(f *source.File, n *yaml.Node) int {
	offset := f.LineStart(n.Line)
	for range n.Column - 1 {
		if offset >= len(f.Text) {
			break
		}
		_, size := utf8.DecodeRune(f.Text[offset:])
		offset += size
	}
	return offset
}

func spanOf(f *source.File, n *yaml.Node) source.Span {
	at := offsetOf(f, n)
	return f.Span(at, at)
}

// An object is one list, macro, rule or exception of a file.
type object struct {
	file *source.File
	node *yaml.Node
	item string // as in Diagnostic.Item
}

// get returns the value of key, or nil.
func (o *object) get(key string) *yaml.Node {
	for i := 0; i+1 < len(o.node.Content); i += 2 {
		if o.node.Content[i].Value == key {
			return follow(o.node.Content[i+1])
		}
	}
	return nil
}

// keySpan returns where key is written.
func (o *object) keySpan(key string) source.Span {
	for i := 0; i+1 < len(o.node.Content); i += 2 {
		if o.node.Content[i].Value == key {
			return spanOf(o.file, o.node.Content[i])
		}
	}
	return spanOf(o.file, o.node)
}

func (o *object) fault(code Code, key, format string, args ...any) *fault {
	return &fault{code, o.keySpan(key), fmt.Sprintf(format, args...)}
}

// scalar returns the value of key, which must be there.
func (o *object) scalar(key string) (text, *fault) {
	n := o.get(key)
	switch {
	case n == nil:
		return text{}, o.fault(YAMLValidate, "", "Item has no mapping for key '%s'", key)
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return text{}, o.fault(YAMLValidate, key, "Mapping for key '%s' is empty", key)
	case n.Kind != yaml.ScalarNode:
		return text{}, o.fault(YAMLValidate, key, "Value of '%s' is not a scalar value", key)
	case n.Value == "":
		return text{}, o.fault(YAMLValidate, key, "Value of '%s' must be non-empty", key)
	}
	return align(o.file, n.Value, offsetOf(o.file, n)), nil
}

// flag returns the value of key as true or false, or nil where it is missing.
func (o *object) flag(key string) (*bool, *fault) {
	if o.get(key) == nil {
		return nil, nil
	}
	t, f := o.scalar(key)
	if f != nil {
		return nil, f
	}
	switch strings.ToLower(t.s) {
	case "true", "yes", "on", "y":
		return new(true), nil
	case "false", "no", "off", "n":
		return new(false), nil
	}
	return nil, o.fault(YAMLValidate, key, "Can't decode YAML scalar value of '%s': wants true or false", key)
}

// scalars returns the values of the sequence of key.
func (o *object) scalars(key string) ([]text, *fault) {
	n := o.get(key)
	if n == nil {
		return nil, o.fault(YAMLValidate, "", "Item has no mapping for key '%s'", key)
	}
	if n.Kind != yaml.SequenceNode {
		return nil, o.fault(YAMLValidate, key, "Value of '%s' is not a sequence", key)
	}
	items := make([]text, 0, len(n.Content))
	for _, c := range n.Content {
		c = follow(c)
		if c.Kind != yaml.ScalarNode {
			return nil, &fault{YAMLValidate, spanOf(o.file, c), "sequence value is not scalar"}
		}
		items = append(items, align(o.file, c.Value, offsetOf(o.file, c)))
	}
	return items, nil
}

// checkKeys warns about keys that are none.
func (l *loader) checkKeys(o *object, known ...string) {
	for i := 0; i+1 < len(o.node.Content); i += 2 {
		k := o.node.Content[i]
		if slices.Contains(known, k.Value) {
			continue
		}
		message := "Unknown key '" + k.Value + "'"
		if near := nearest.Of(k.Value, known); near != "" {
			message += ", did you mean '" + near + "'?"
		}
		l.warn(UnknownKey, spanOf(o.file, k), o.item, message)
	}
}

// object reads one element of a file.
func (l *loader) object(f *source.File, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		l.fail(YAMLValidate, spanOf(f, n), "", "Unexpected element type. Each element should be a yaml associative array.")
		return
	}
	o := &object{file: f, node: n}
	var bad *fault
	switch {
	case o.get("required_engine_version") != nil:
		bad = l.engineVersion(o)
	case o.get("required_plugin_versions") != nil:
		bad = l.pluginVersions(o)
	case o.get("list") != nil:
		bad = l.list(o)
	case o.get("macro") != nil:
		bad = l.macro(o)
	case o.get("rule") != nil:
		bad = l.rule(o)
	default:
		l.unknownItem(o)
	}
	if bad != nil {
		l.fail(bad.code, bad.span, o.item, bad.message)
		l.mentionAll(o)
	}
}

func (l *loader) unknownItem(o *object) {
	message := "Unknown top level item"
	if len(o.node.Content) > 0 {
		kinds := []string{"rule", "macro", "list", "required_engine_version", "required_plugin_versions"}
		if near := nearest.Of(o.node.Content[0].Value, kinds); near != "" {
			message += ", did you mean '" + near + "'?"
		}
	}
	l.warn(UnknownItem, spanOf(o.file, o.node), "", message)
}

// engineVersion refuses rules that are written for another engine. A version
// is compatible when the major one is the same and the rest is not newer.
func (l *loader) engineVersion(o *object) *fault {
	l.checkKeys(o, "required_engine_version")
	t, f := o.scalar("required_engine_version")
	if f != nil {
		return f
	}
	want := t.s
	if digits(want) == len(want) {
		want = "0." + want + ".0" // versions used to be one number
	}
	w, ok := version(want)
	if !ok {
		return o.fault(YAMLValidate, "required_engine_version", `Unable to parse engine version '%s' as a semver string. Expected "x.y.z" semver format.`, t.s)
	}
	have, _ := version(EngineVersion)
	if w[0] != have[0] || slices.Compare(w[:], have[:]) > 0 {
		return o.fault(Validate, "required_engine_version", "Rules require engine version %s, but engine version is %s", want, EngineVersion)
	}
	return nil
}

// version reads x.y.z; what follows a dash or a plus does not count.
func version(s string) (v [3]int, ok bool) {
	s, _, _ = strings.Cut(s, "-")
	s, _, _ = strings.Cut(s, "+")
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return v, false
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 {
			return v, false
		}
		v[i] = n
	}
	return v, true
}

// pluginVersions checks the form only: the container plugin's fields are
// built in, and rules of other plugins are skipped by their source.
func (l *loader) pluginVersions(o *object) *fault {
	l.checkKeys(o, "required_plugin_versions")
	n := o.get("required_plugin_versions")
	if n.Kind != yaml.SequenceNode {
		return o.fault(YAMLValidate, "required_plugin_versions", "Value of required_plugin_versions must be a sequence")
	}
	for _, c := range n.Content {
		p := &object{file: o.file, node: follow(c)}
		if p.node.Kind != yaml.MappingNode {
			return &fault{YAMLValidate, spanOf(o.file, c), "Plugin version must be a mapping"}
		}
		l.checkKeys(p, "name", "version", "alternatives")
		name, f := p.scalar("name")
		if f != nil {
			return f
		}
		wanted, f := p.scalar("version")
		if f != nil {
			return f
		}
		if _, ok := version(wanted.s); !ok {
			return p.fault(Validate, "version", "Invalid required version '%s' for plugin '%s'", wanted.s, name.s)
		}
	}
	return nil
}
