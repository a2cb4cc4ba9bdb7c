package guard

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"bulkhead/internal/frontend/apirequest"
)

// A shape is a JSON value without what is empty in it: objects are
// map[string]any, arrays []any, everything else is a scalar. nil is empty.

// A scalar is a text, number or truth as JSON writes it, texts unquoted.
type scalar struct {
	text   string
	quoted bool
}

// maxDepth bounds how deep bodies nest. The engine's own nest to six.
const maxDepth = 64

var (
	errTwice = errors.New("the body gives one key twice")
	errDeep  = errors.New("the body nests too deep")
)

// keepsEmpty are the keys of lists that mean something else when they are
// empty than when they are left out: no path is masked.
func keepsEmpty(key string) bool {
	return strings.EqualFold(key, "MaskedPaths") || strings.EqualFold(key, "ReadonlyPaths")
}

// A field is a key that names a field of the API, of which the value alone
// counts. Other keys are data, such as a port or a label.
var field = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

// drops reports whether an empty value of key is as good as none. parent is
// the key of the object: those of maps are data whatever they look like.
func drops(parent, key string) bool {
	switch parent {
	case "Annotations", "Args", "BuildArgs", "Config", "DriverConfig", "DriverOpts", "EndpointsConfig", "ExposedPorts",
		"Labels", "Networks", "Options", "PortBindings", "StorageOpt", "Sysctls", "Tmpfs", "Volumes":
		return false
	}
	return field.MatchString(key)
}

// ReadShape reads a body for comparison with a call's. null, false, 0, "" and
// empty lists and objects are left out, as clients do or do not. An object with
// one key in two spellings is refused: the engine would join them.
func ReadShape(body []byte) (any, error) {
	if len(bytes.TrimSpace(body)) == 0 || string(bytes.TrimSpace(body)) == "null" {
		return nil, nil
	}
	if _, err := apirequest.Object(body); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	return readShape(d, "", 0)
}

// readShape reads the next value, which is that of key.
func readShape(d *json.Decoder, key string, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, errDeep
	}
	switch v := t.(type) {
	case json.Delim:
		if v == '{' {
			return readObject(d, key, depth)
		}
		return readArray(d, key, depth)
	case string:
		if v != "" {
			return scalar{v, true}, nil
		}
	case json.Number:
		if v != "0" {
			return scalar{v.String(), false}, nil
		}
	case bool:
		if v {
			return scalar{"true", false}, nil
		}
	}
	return nil, nil
}

// readObject reads the rest of an object, which is the value of parent.
func readObject(d *json.Decoder, parent string, depth int) (any, error) {
	out, seen := map[string]any{}, map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string)
		folded := fold(key)
		if seen[folded] {
			return nil, fmt.Errorf("%w: %s", errTwice, key)
		}
		seen[folded] = true
		v, err := readShape(d, key, depth+1)
		if err != nil {
			return nil, err
		}
		if v == nil && !drops(parent, key) {
			v = map[string]any{}
		}
		if v != nil {
			out[key] = v
		}
	}
	_, err := d.Token()
	if len(out) == 0 {
		return nil, err
	}
	return out, err
}

// fold returns a key as all spellings share it that encoding/json takes for
// the same field.
func fold(key string) string {
	if strings.IndexFunc(key, func(c rune) bool { return c >= 0x80 }) >= 0 {
		// The two letters beyond ASCII that fold into it: U+017F and U+212A.
		key = strings.NewReplacer("\u017f", "s", "\u212a", "k").Replace(key)
	}
	return strings.ToLower(key)
}

func readArray(d *json.Decoder, key string, depth int) (any, error) {
	var out []any
	for d.More() {
		v, err := readShape(d, "", depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	_, err := d.Token()
	switch {
	case len(out) == 0 && keepsEmpty(key):
		return []any{}, err
	case len(out) == 0:
		return nil, err
	}
	return out, err
}

// shapeOf reads the value of key in the body of a call of a policy file.
func shapeOf(n *yaml.Node, key string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	switch n.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := shapeOf(n.Content[i+1], n.Content[i].Value, depth+1)
			if err != nil {
				return nil, err
			}
			if v == nil && !drops(key, n.Content[i].Value) {
				v = map[string]any{}
			}
			if v != nil {
				out[n.Content[i].Value] = v
			}
		}
		if len(out) == 0 {
			return nil, nil
		}
		return out, nil
	case yaml.SequenceNode:
		out := []any{}
		for _, c := range n.Content {
			v, err := shapeOf(c, "", depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		if len(out) == 0 && !keepsEmpty(key) {
			return nil, nil
		}
		return out, nil
	case yaml.ScalarNode:
		quoted := n.Tag == "!!str"
		if n.Value == "" || !quoted && slices.Contains([]string{"null", "~", "false", "0"}, n.Value) {
			return nil, nil
		}
		return scalar{n.Value, quoted}, nil
	default:
		return nil, errors.New("has an anchor or an alias in its body; write it out")
	}
}

// unlike returns the path of the first thing in which got is not as want says,
// or "".
func unlike(want, got any, made *made, path string) string {
	at := strings.TrimPrefix(path, ".")
	if at == "" {
		at = "all of it"
	}
	switch w := want.(type) {
	case nil:
		if got != nil {
			return at
		}
		return ""
	case scalar:
		g, ok := got.(scalar)
		switch {
		case w == scalar{"*", true}:
			return ""
		case !ok || g.quoted != w.quoted || g.text != w.text && (!w.quoted || !fits(w.text, g.text, made)):
			return at
		}
		return ""
	case map[string]any:
		return unlikeObject(w, got, made, path)
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return at
		}
		for i := range w {
			if p := unlike(w[i], g[i], made, fmt.Sprintf("%s[%d]", path, i)); p != "" {
				return p
			}
		}
		return ""
	}
	return at
}

func unlikeObject(want map[string]any, got any, made *made, path string) string {
	g, ok := got.(map[string]any)
	if !ok {
		return cmp.Or(strings.TrimPrefix(path, "."), "all of it")
	}
	var keys []string
	for k := range want {
		keys = append(keys, k)
	}
	for k := range g {
		if _, ok := want[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		if p := unlike(want[k], g[k], made, path+"."+k); p != "" {
			return p
		}
	}
	return ""
}

// What stands for something else in texts of calls.
const (
	madeMark = "{made}"
	starMark = "{star}" // "*" itself
)

// Literal returns the pattern that fits s alone.
func Literal(s string) string { return strings.ReplaceAll(s, "*", starMark) }

// fits reports whether text is what pattern says.
func fits(pattern, text string, made *made) bool {
	if pattern == text {
		return true
	}
	if before, after, ok := strings.Cut(pattern, madeMark); ok {
		before, after = strings.ReplaceAll(before, starMark, "*"), strings.ReplaceAll(after, starMark, "*")
		id, ok := strings.CutPrefix(text, before)
		if ok {
			id, ok = strings.CutSuffix(id, after)
		}
		return ok && made.has(id)
	}
	parts := strings.Split(pattern, "*")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], starMark, "*")
	}
	if len(parts) == 1 {
		return text == parts[0]
	}
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	last := parts[len(parts)-1]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(text, p)
		if i < 0 {
			return false
		}
		text = text[i+len(p):]
	}
	return strings.HasSuffix(text, last)
}

// WriteYAML returns v, a shape, as a node of a policy file.
func WriteYAML(v any) *yaml.Node {
	switch v := v.(type) {
	case map[string]any:
		n := &yaml.Node{Kind: yaml.MappingNode}
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			n.Content = append(n.Content, text(k), WriteYAML(v[k]))
		}
		return n
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, e := range v {
			n.Content = append(n.Content, WriteYAML(e))
		}
		return n
	case scalar:
		if v.quoted {
			return text(v.text)
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Value: v.text}
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	}
}

// text returns a node that is read back as that string.
func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

// Substitute returns v with f applied to its texts.
func Substitute(v any, f func(string) string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = Substitute(e, f)
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			out = append(out, Substitute(e, f))
		}
		return out
	case scalar:
		if v.quoted {
			v.text = f(v.text)
		}
		return v
	}
	return v
}
