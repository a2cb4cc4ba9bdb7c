package compose

import (
	"slices"
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
)

// How values of two files, or of a service and what it extends, become one.
// The rules are those of the package override of compose-go.
type mergeRule uint8

const (
	byKind   mergeRule = iota // mappings deeply, lists appended, scalars replaced
	replaced                  // the later alone
	asList                    // a scalar is a list of one; appended
	keyed                     // NAME=value lists and mappings, by name
	asMap                     // a list of names is a mapping without values
	asBuild                   // a string is a context
	asLog                     // deeply, unless the drivers differ
)

// mergeRuleOf returns the rule for the value of a service at path.
func mergeRuleOf(path string) mergeRule {
	switch path {
	case "command", "entrypoint", "healthcheck.test":
		return replaced
	case "dns", "dns_opt", "dns_search", "env_file", "label_file", "extra_hosts", "tmpfs", "build.extra_hosts":
		return asList
	case "environment", "labels", "annotations", "sysctls", "build.args", "build.labels", "build.additional_contexts", "deploy.labels":
		return keyed
	case "networks", "depends_on", "models":
		return asMap
	case "build":
		return asBuild
	case "logging":
		return asLog
	}
	return byKind
}

// merge returns base with over on top of it. path is that of the value in its
// service or other resource.
func merge(base, over *value, path string) *value {
	switch {
	case base == nil, over == nil:
		if over == nil {
			return base
		}
		return over
	case over.y.Tag() == tagReset, over.y.Tag() == tagOverride:
		return over
	case base.y.Tag() == tagReset:
		return over
	}
	switch mergeRuleOf(path) {
	case replaced:
		return over
	case asList:
		return appended(listOf(base), listOf(over))
	case keyed:
		return mergeKeyed(base, over)
	case asMap:
		return mergeEntries(mapOf(base), mapOf(over), path)
	case asBuild:
		return mergeEntries(buildOf(base), buildOf(over), path)
	case asLog:
		b, o := base.get("driver"), over.get("driver")
		if b != nil && o != nil && b.text != o.text {
			return over
		}
		return mergeEntries(base, over, path)
	}
	switch {
	case over.kind == yamltext.Null:
		return base
	case base.kind == yamltext.Mapping && over.kind == yamltext.Mapping:
		return mergeEntries(base, over, path)
	case base.kind == yamltext.Sequence && over.kind == yamltext.Sequence:
		return appended(base, over)
	}
	return over
}

func mergeEntries(base, over *value, path string) *value {
	out := *over
	out.kind = yamltext.Mapping
	out.entries = slices.Clone(base.entries)
	if path != "" {
		path += "."
	}
	at := make(map[string]int, len(base.entries))
	for i, e := range base.entries {
		at[e.key] = i
	}
	for _, e := range over.entries {
		if i, ok := at[e.key]; ok {
			e.val = merge(out.entries[i].val, e.val, path+e.key)
			out.entries[i] = e
			continue
		}
		at[e.key] = len(out.entries)
		out.entries = append(out.entries, e)
	}
	return &out
}

// appended returns the items of base, then those of over that are not there
// yet.
func appended(base, over *value) *value {
	out := *over
	out.items = slices.Clone(base.items)
	have := map[string]bool{}
	for _, i := range base.items {
		have[i.text] = have[i.text] || i.scalar()
	}
	for _, i := range over.items {
		if !i.scalar() || !have[i.text] {
			out.items = append(out.items, i)
		}
	}
	return &out
}

// listOf returns v as a list: a scalar is a list of one.
func listOf(v *value) *value {
	if v.kind == yamltext.Sequence || v.kind == yamltext.Mapping {
		return v
	}
	out := *v
	out.kind, out.items = yamltext.Sequence, nil
	if v.scalar() {
		out.items = []*value{v}
	}
	return &out
}

// mapOf returns v as a mapping: a list of names is one without values.
func mapOf(v *value) *value {
	if v.kind == yamltext.Mapping {
		return v
	}
	out := *v
	out.kind, out.items = yamltext.Mapping, nil
	for _, i := range listOf(v).items {
		null := *i
		null.kind, null.text = yamltext.Null, ""
		out.entries = append(out.entries, entry{i.text, i.span(), &null})
	}
	return &out
}

// buildOf returns v as the long form of build.
func buildOf(v *value) *value {
	if !v.scalar() {
		return v
	}
	out := *v
	out.kind = yamltext.Mapping
	out.entries = []entry{{"context", v.span(), v}}
	return &out
}

// mergeKeyed merges NAME=value lists, or mappings, by name.
func mergeKeyed(base, over *value) *value {
	out := *over
	out.kind, out.items, out.entries = yamltext.Mapping, nil, nil
	index := map[string]int{}
	for _, v := range []*value{base, over} {
		for _, e := range keyedEntries(v) {
			if i, ok := index[e.key]; ok {
				out.entries[i] = e
				continue
			}
			index[e.key] = len(out.entries)
			out.entries = append(out.entries, e)
		}
	}
	return &out
}

// keyedEntries returns the entries of a mapping or of a NAME=value list.
func keyedEntries(v *value) []entry {
	if v.kind == yamltext.Mapping {
		return v.entries
	}
	var out []entry
	for _, i := range listOf(v).items {
		name, _, _ := strings.Cut(i.text, "=")
		c := *i
		c.listed = true
		out = append(out, entry{name, i.part(0, len(name)), &c})
	}
	return out
}
