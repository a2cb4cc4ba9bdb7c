// Package daemon reads the configuration of an engine: daemon.json, and what
// docker info says of a running one.
package daemon

import (
	"bytes"
	"encoding/json"
	"strconv"

	"bulkhead/internal/frontend/internal/dockerjson"
	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// Read reads f, a daemon.json or the JSON of docker info. Only the latter has
// the key ServerVersion.
func Read(f *source.File) *model.Facts {
	facts := &model.Facts{}
	text := bytes.TrimPrefix(f.Text, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(text)) == 0 { // dockerd takes it for {}
		facts.Hosts = append(facts.Hosts, (&reader{file: f}).host())
		return facts
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(text, &keys); err != nil {
		facts.Faults = append(facts.Faults, dockerjson.SyntaxFault(f, model.Daemon, err))
		return facts
	}
	if _, live := keys["ServerVersion"]; live {
		readInfo(facts, text)
		return facts
	}
	docs, errs := yamltext.Parse(f)
	facts.Faults = append(facts.Faults, yamltext.Faults(model.Daemon, errs)...)
	if len(docs) == 0 {
		return facts
	}
	docs[0].Keep()
	r := &reader{file: f, doc: docs[0]}
	facts.Hosts = append(facts.Hosts, r.host())
	r.unknownKeys()
	facts.Faults = append(facts.Faults, r.faults...)
	return facts
}

// A reader reads one daemon.json.
type reader struct {
	file   *source.File
	doc    yamltext.Value
	faults []model.Fault
}

// host returns the facts of the file. The defaults are dockerd's.
func (r *reader) host() *model.Host {
	h := &model.Host{
		Name:    r.file.Name,
		Surface: model.Daemon,

		ICC:             r.boolean("icc", true),
		IPTables:        r.boolean("iptables", true),
		TLSVerify:       r.boolean("tlsverify", false),
		NoNewPrivileges: r.boolean("no-new-privileges", false),
		LiveRestore:     r.boolean("live-restore", false),
		UserlandProxy:   r.boolean("userland-proxy", true),
		Experimental:    r.boolean("experimental", false),
		LogLevel:        r.logLevel(),
		StorageDriver:   r.text("storage-driver", ""),
		UserNSRemap:     r.text("userns-remap", ""),
		Seccomp:         r.seccomp(),
		Log:             r.log(),
		Ulimits:         r.ulimits(),

		InsecureRegistries: r.list("insecure-registries"),
		Listen:             r.list("hosts"),
		Authorization:      r.list("authorization-plugins"),
	}
	h.Version.State = model.Unknown
	h.Rootless.State = model.Unknown
	h.CgroupVersion.State = model.Unknown
	h.SwapLimit.State = model.Unknown
	h.SocketMode.State = model.Unknown
	return h
}

// place returns where v is written, or the brace of the mapping that leaves
// it out.
func (r *reader) place(v yamltext.Value) source.Span {
	if v.Exists() {
		return v.Span()
	}
	start := r.doc.Span().Start
	return r.file.Span(start, start+1)
}

// get returns the value under key if it is of kind. A value of another
// kind is a fault and counts as unknown.
func (r *reader) get(key string, kind yamltext.Kind) (yamltext.Value, model.State) {
	v := r.doc.Get(key)
	if !v.Exists() || v.Kind() == yamltext.Null {
		return v, model.Unset
	}
	if v.Kind() != kind {
		r.wrongType(v, kind)
		return v, model.Unknown
	}
	return v, model.Set
}

func (r *reader) wrongType(v yamltext.Value, want yamltext.Kind) {
	r.fault(v.Span(), "key "+key(v.Key())+" has type "+v.Kind().String()+", not "+want.String())
}

func (r *reader) fault(at source.Span, message string) {
	r.faults = append(r.faults, model.Fault{Place: model.Place{Span: at}, Surface: model.Daemon, Message: message})
}

func (r *reader) boolean(key string, def bool) model.Fact[bool] {
	v, state := r.get(key, yamltext.Boolean)
	fact := model.Fact[bool]{
		Value: def,
		State: state,
		Span:  r.place(v),
		Edit:  func(b bool) []source.Edit { return v.Set(yamltext.Bool(b)) },
	}
	if state == model.Set {
		fact.Value, _ = v.Bool()
	}
	fact.Delete = remove(v)
	return fact
}

func (r *reader) text(key, def string) model.Fact[string] {
	v, state := r.get(key, yamltext.String)
	fact := model.Fact[string]{
		Value: def,
		State: state,
		Span:  r.place(v),
		Edit:  func(s string) []source.Edit { return v.Set(yamltext.Str(s)) },
	}
	if state == model.Set {
		fact.Value = v.Text()
	}
	fact.Delete = remove(v)
	return fact
}

// maxItems bounds what is read of one list.
const maxItems = 1000

func (r *reader) list(key string) model.List[string] {
	v, state := r.get(key, yamltext.Sequence)
	out := model.List[string]{
		State: state,
		Span:  r.place(v),
		Add:   func(s string) []source.Edit { return v.Append(yamltext.Str(s)) },
	}
	for i, item := range v.Items() {
		if i == maxItems {
			r.fault(item.Span(), strconv.Quote(key)+" has more than 1000 items; the rest is not read")
			out.State = model.Unknown
			break
		}
		if item.Kind() != yamltext.String {
			r.fault(item.Span(), "item of "+strconv.Quote(key)+" has type "+item.Kind().String()+", not string")
			out.State = model.Unknown
			continue
		}
		out.Items = append(out.Items, model.Fact[string]{
			Value:  item.Text(),
			State:  model.Set,
			Span:   item.Span(),
			Edit:   func(s string) []source.Edit { return item.Set(yamltext.Str(s)) },
			Delete: item.Delete,
		})
	}
	return out
}

// remove returns the edits that take v out, nil where nothing is written.
func remove(v yamltext.Value) func() []source.Edit {
	if !v.Exists() {
		return nil
	}
	return v.Delete
}

// logLevel reads log-level; debug raises it.
func (r *reader) logLevel() model.Fact[string] {
	level := r.text("log-level", "info")
	debug := r.boolean("debug", false)
	if !debug.Value {
		return level
	}
	return model.Fact[string]{
		Value:  "debug",
		State:  model.Set,
		Span:   debug.Span,
		Delete: debug.Delete,
		Edit: func(s string) []source.Edit {
			return append(debug.Edit(false), level.Edit(s)...)
		},
	}
}

// seccomp reads seccomp-profile: a path, or "builtin" or "" for the default.
func (r *reader) seccomp() model.Fact[string] {
	fact := r.text("seccomp-profile", "default")
	if fact.Value == "" || fact.Value == "builtin" {
		fact.Value = "default"
	}
	return fact
}

// log reads log-driver and log-opts. Its place is that of the options, or of
// the driver where there are none.
func (r *reader) log() model.Fact[model.LogConfig] {
	driver := r.text("log-driver", "json-file")
	opts, state := r.get("log-opts", yamltext.Mapping)
	fact := model.Fact[model.LogConfig]{
		Value: model.LogConfig{Driver: driver.Value},
		State: max(driver.State, state), // unknown wins over set wins over unset
		Span:  driver.Span,
	}
	if opts.Exists() {
		fact.Span = opts.KeySpan()
	}
	for _, v := range opts.Pairs() {
		if v.Kind() != yamltext.String { // dockerd refuses numbers
			r.wrongType(v, yamltext.String)
		}
		if fact.Value.Options == nil {
			fact.Value.Options = map[string]string{}
		}
		fact.Value.Options[v.Key()] = v.Text()
	}
	fact.Edit = func(c model.LogConfig) []source.Edit {
		var edits []source.Edit
		if c.Driver != "" && c.Driver != driver.Value {
			edits = driver.Edit(c.Driver)
		}
		return append(edits, setOptions(opts, c.Options)...)
	}
	return fact
}

// ulimits reads whether default-ulimits says anything.
func (r *reader) ulimits() model.Fact[bool] {
	v, state := r.get("default-ulimits", yamltext.Mapping)
	fact := model.Fact[bool]{Value: v.Len() > 0, State: state, Span: r.place(v), Delete: remove(v)}
	fact.Edit = func(set bool) []source.Edit {
		if !set {
			return v.Delete()
		}
		return v.Get("nofile").Set(yamltext.Map(
			yamltext.Entry{Key: "Name", Value: yamltext.Str("nofile")},
			yamltext.Entry{Key: "Hard", Value: yamltext.Int(files)},
			yamltext.Entry{Key: "Soft", Value: yamltext.Int(files)},
		))
	}
	return fact
}

// files is the number of open files a fix allows by default: many for one
// service, and far from what the host has.
const files = 64_000
