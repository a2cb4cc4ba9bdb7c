package compose

import (
	"errors"
	"path"
	"slices"
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A project is what some files say together, each overriding those before it.
type project struct {
	r        *reader
	in       *input
	roots    []yamltext.Value
	sections map[string][]*resource // "services", "networks" …, in the order they are declared
}

// A resource is one service, network, volume, secret or config.
type resource struct {
	name    string
	key     source.Span      // its name where it is first declared
	own     []yamltext.Value // what it is written as, file by file
	v       *value           // all of it; nil where nothing is said but its name
	partial bool             // a part of it, or something it extends, cannot be read
	state   extendState
}

type extendState uint8

const (
	notExtended extendState = iota
	extending
	extended
)

// sectionNames are the keys of a file whose entries are resources.
func sectionNames() []string {
	return []string{"services", "jobs", "networks", "volumes", "secrets", "configs"}
}

// parse returns the documents of files.
func (r *reader) parse(files []*source.File) []yamltext.Value {
	var docs []yamltext.Value
	for _, f := range files {
		if _, ok := r.parsed[f]; !ok {
			r.parsed[f] = r.parseFile(f)
		}
		docs = append(docs, r.parsed[f]...)
	}
	return docs
}

func (r *reader) parseFile(f *source.File) []yamltext.Value {
	values, errs := yamltext.Parse(f)
	if len(errs) > 0 && yamltext.IsTemplate(f.Text) {
		r.note(f.Name, "is a template")
		return nil
	}
	r.facts.Faults = append(r.facts.Faults, yamltext.Faults(model.Compose, errs)...)
	var docs []yamltext.Value
	for _, v := range values {
		switch v.Kind() {
		case yamltext.Mapping:
			docs = append(docs, v)
		case yamltext.Null:
		default:
			r.fault(v.Span(), "a Compose file is a mapping")
		}
	}
	return docs
}

// projectName returns the name of the project as Compose finds it.
func (r *reader) projectName(docs []yamltext.Value, in *input) string {
	if r.o.Name != "" {
		return r.o.Name
	}
	if name, ok := in.lookup("COMPOSE_PROJECT_NAME"); ok && name != "" {
		return name
	}
	for _, d := range slices.Backward(docs) {
		if name := d.Get("name"); name.IsScalar() {
			text, _ := interpolate(name.Text(), in.lookup)
			return text
		}
	}
	folder := r.o.Folder
	if folder == "" {
		folder = path.Base(r.o.Dir)
	}
	base := strings.ToLower(folder)
	return strings.TrimLeft(strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' {
			return c
		}
		return -1
	}, base), "_-")
}

// add adds documents to p. chain holds the files that include one another on
// the way to them.
func (p *project) add(docs []yamltext.Value, chain []string) {
	for _, d := range docs {
		p.roots = append(p.roots, d)
		layer := &project{r: p.r, in: p.in, sections: map[string][]*resource{}}
		layer.include(d.Get("include"), chain)
		layer.declare(d)
		for _, s := range [...]string{"services", "jobs"} {
			for _, res := range layer.sections[s] {
				layer.extend(s, res, 0)
			}
		}
		p.overlay(layer)
	}
}

// declare adds what document d itself declares.
func (p *project) declare(d yamltext.Value) {
	one := &project{r: p.r, in: p.in, sections: map[string][]*resource{}}
	for _, section := range sectionNames() {
		s := d.Get(section)
		switch s.Kind() {
		case yamltext.Absent, yamltext.Null:
			continue
		case yamltext.Mapping:
		default:
			p.r.fault(s.Span(), section+" is a mapping")
			continue
		}
		for i, y := range s.Pairs() {
			if i == maxNames {
				p.r.fault(y.KeySpan(), "too many "+section)
				break
			}
			res := &resource{name: y.Key(), key: y.KeySpan(), own: []yamltext.Value{y}}
			if k := y.Kind(); k == yamltext.Mapping || k == yamltext.Null {
				lost := p.r.lost
				res.v = p.r.build(y, p.in, 0)
				res.partial = p.r.lost > lost
			} else {
				res.partial = true
				p.r.fault(y.Span(), y.Key()+" is a mapping")
			}
			y.Keep()
			one.sections[section] = append(one.sections[section], res)
		}
	}
	p.overlay(one)
}

// overlay puts the resources of over on top of those of p.
func (p *project) overlay(over *project) {
	for _, section := range sectionNames() {
		for _, o := range over.sections[section] {
			b := p.find(section, o.name)
			if b == nil {
				p.sections[section] = append(p.sections[section], o)
				continue
			}
			b.v = merge(b.v, o.v, "")
			b.own = append(b.own, o.own...)
			b.partial = b.partial || o.partial
		}
	}
}

// find returns the resource called name, or nil.
func (p *project) find(section, name string) *resource {
	for _, res := range p.sections[section] {
		if res.name == name {
			return res
		}
	}
	return nil
}

// include adds the projects that v, the value of include, names.
func (p *project) include(v yamltext.Value, chain []string) {
	for _, item := range v.Items() {
		inc := p.r.build(item, p.in, 0)
		if inc == nil {
			continue
		}
		paths := inc
		if inc.kind == yamltext.Mapping {
			paths = inc.get("path")
		}
		if paths == nil {
			p.r.fault(inc.span(), "include names no path")
			continue
		}
		p.includeOne(inc, listOf(paths).items, chain)
	}
}

// includeOne adds the project whose files are paths; the first says where
// relative paths start from, and the others override it.
func (p *project) includeOne(inc *value, paths []*value, chain []string) {
	if p.r.includes++; p.r.includes > maxFiles {
		p.r.fault(inc.head(), "project includes too many files")
		return
	}
	var files []*source.File
	dir := ""
	for i, v := range paths {
		name := join(p.in.dir, v.text)
		if i == 0 {
			dir = path.Dir(name)
			if slices.Contains(chain, name) {
				p.r.fault(v.span(), "include leads back to "+name)
				return
			}
			if len(chain) == maxChain {
				p.r.fault(v.span(), "includes are nested too deeply")
				return
			}
			chain = append(slices.Clip(chain), name)
		}
		if f := p.r.named(v, name); f != nil {
			files = append(files, f)
		}
	}
	if d := inc.get("project_directory"); d.scalar() {
		dir = join(p.in.dir, d.text)
	}
	envFiles := []string{path.Join(dir, ".env")}
	if e := inc.get("env_file"); !e.isNull() {
		envFiles = nil
		for _, i := range listOf(e).items {
			envFiles = append(envFiles, join(p.in.dir, i.text))
		}
	}
	sub := &project{r: p.r, in: p.r.newInput(dir, p.in, envFiles...), sections: map[string][]*resource{}}
	sub.add(p.r.parse(files), chain)
	p.overlay(sub)
}

// named returns the file called name that v names, or nil, said why.
func (r *reader) named(v *value, name string) *source.File {
	switch {
	case v.unknown:
		r.note(v.text, "depends on a variable that is not known")
		return nil
	case remote(v.text):
		r.note(v.text, "is remote")
		return nil
	}
	f, err := r.read(name)
	if err == nil {
		return f
	}
	switch {
	case errors.Is(err, errNotRead):
		r.note(name, "is "+err.Error())
	case errors.Is(err, errTooMany):
		r.fault(v.span(), err.Error())
	default:
		r.fault(v.span(), name+" cannot be read")
	}
	return nil
}

// extend puts res on top of the service it extends, if any.
func (p *project) extend(section string, res *resource, depth int) {
	ext := res.v.get("extends")
	if res.state == extended || ext.isNull() {
		return
	}
	if res.state == extending || depth > maxDepth {
		p.r.fault(ext.span(), "extends leads back to service "+res.name)
		res.partial = true
		return
	}
	res.state = extending
	defer func() { res.state = extended }()
	from, base := p.baseOf(section, ext)
	if base == nil {
		res.partial = true
		return
	}
	from.extend(section, base, depth+1)
	lost := p.r.lost
	v := merge(p.r.inherit(base.v), res.v, "")
	res.partial = res.partial || base.partial || p.r.lost > lost
	if v != nil {
		c := *v
		c.entries = slices.DeleteFunc(slices.Clone(v.entries), func(e entry) bool { return e.key == "extends" })
		res.v = &c
	}
}

// baseOf returns the service that ext, the value of extends, names, with the
// project it is in; nil, said why, where it is not there.
func (p *project) baseOf(section string, ext *value) (*project, *resource) {
	name, from := ext, p
	if ext.kind == yamltext.Mapping {
		name = ext.get("service")
		if file := ext.get("file"); file.scalar() {
			from = p.baseProject(file)
		}
	}
	switch {
	case !name.scalar():
		p.r.fault(ext.head(), "extends names no service")
		return nil, nil
	case from == nil || name.unknown:
		return nil, nil
	}
	base := from.find(section, name.text)
	if base == nil {
		p.r.fault(name.span(), "service "+name.text+" is not there to extend")
	}
	return from, base
}

// baseProject returns the project of the file that v, the file of extends,
// names, or nil. What that file includes is not followed, as in Compose.
func (p *project) baseProject(v *value) *project {
	name := join(v.in.dir, v.text)
	key := p.in.dir + "\x00" + name
	if b, ok := p.r.bases[key]; ok {
		return b
	}
	p.r.bases[key] = nil // met again before it is read: a circle of files
	f := p.r.named(v, name)
	if f == nil {
		return nil
	}
	b := &project{r: p.r, in: p.r.newInput(path.Dir(name), v.in), sections: map[string][]*resource{}}
	p.r.bases[key] = b
	for _, d := range p.r.parse([]*source.File{f}) {
		b.declare(d)
	}
	return b
}
