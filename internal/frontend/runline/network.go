package runline

import (
	"strconv"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// networks reads --network, which may be given several times: the first names
// the mode, every one attaches.
func (l *line) networks(w *model.Workload) {
	w.Network = value(l, "network", model.Namespace{Mode: "bridge"}, networkForm())
	w.Links = list(l, "link", same)
	aliases := list(l, "network-alias", same)
	uses := l.all("network")
	if len(uses) == 0 && w.Network.State == model.Unset {
		w.Attachments = []model.Attachment{{Name: "bridge", Place: w.Network.Place()}}
	}
	for _, f := range uses {
		said := f.fact()
		name, opts := networkName(said.Value)
		if !said.Known() || name == "host" || name == "none" || strings.HasPrefix(name, "container:") || strings.HasPrefix(name, "ns:") {
			continue
		}
		if name == "default" {
			name = "bridge"
		}
		a := model.Attachment{Name: name, Place: said.Place(), Aliases: opts}
		for _, alias := range aliases.Items {
			a.Aliases = append(a.Aliases, alias.Value)
		}
		w.Attachments = append(w.Attachments, a)
	}
}

// networkForm is the form of --network.
func networkForm() form[model.Namespace] {
	return form[model.Namespace]{
		parse: func(s string) (model.Namespace, bool) {
			name, _ := networkName(s)
			if target, ok := strings.CutPrefix(name, "container:"); ok {
				return model.Namespace{Mode: "container", Target: target}, true
			}
			if name == "default" || name == "" {
				name = "bridge"
			}
			return model.Namespace{Mode: name}, true
		},
		print: func(n model.Namespace) string {
			if n.Mode == "container" {
				return "container:" + n.Target
			}
			return n.Mode
		},
	}
}

// networkName reads NAME or name=NAME,alias=A.
func networkName(s string) (name string, aliases []string) {
	if !strings.Contains(s, "name=") {
		return s, nil
	}
	for _, p := range pieces(s, ',') {
		switch key, val, _ := strings.Cut(p.text, "="); key {
		case "name":
			name = val
		case "alias":
			aliases = append(aliases, val)
		}
	}
	return name, aliases
}

// published reads -p, -P and --expose.
func (l *line) published(w *model.Workload) {
	w.PublishAll = flagFact(l, "publish-all")
	for _, f := range l.all("publish") {
		w.Ports = append(w.Ports, l.port(f))
	}
	for _, f := range l.all("expose") {
		said := f.fact()
		p := model.Port{Place: said.Place(), State: said.State, Protocol: "tcp", Delete: l.delete(f)}
		ports, proto, ok := strings.Cut(said.Value, "/")
		if ok {
			p.Protocol = strings.ToLower(proto)
		}
		if p.First, p.Last, ok = portRange(ports); !ok {
			p.State = model.Unknown
		}
		w.Exposed = append(w.Exposed, p)
	}
}

// port reads [[ip:]host:]container[/protocol].
func (l *line) port(f *flag) model.Port {
	said := f.fact()
	p := model.Port{Place: said.Place(), State: model.Set, Protocol: "tcp", Delete: l.delete(f)}
	s := f.string()
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		p.Protocol, s = strings.ToLower(s[i+1:]), s[:i]
	}
	ip, host, container := splitPort(s)
	var ok, okHost bool
	p.First, p.Last, ok = portRange(container.text)
	p.HostFirst, p.HostLast, okHost = portRange(host.text)
	if !ok || !okHost && host.text != "" {
		p.State = model.Unknown
	}
	if ip.text != "" {
		p.HostIP = f.piece(ip)
		if strings.HasPrefix(ip.text, "[") {
			p.HostIP.Value = strings.Trim(ip.text, "[]")
		}
		edit := p.HostIP.Edit
		if edit != nil {
			p.HostIP.Edit = func(v string) []source.Edit { return edit(address(v)) }
		}
		return p
	}
	p.HostIP = model.Fact[string]{Span: said.Span, Edit: func(v string) []source.Edit {
		if host.at < 0 {
			return f.replace(0, 0, address(v)+"::") // the engine still chooses the host port
		}
		return f.replace(0, 0, address(v)+":")
	}}
	if strings.HasPrefix(s, hole) {
		p.HostIP.State = model.Unknown // ${BIND}8080:80
	}
	return p
}

// address returns ip as it is written before a port.
func address(ip string) string {
	if strings.Contains(ip, ":") && !strings.HasPrefix(ip, "[") {
		return "[" + ip + "]"
	}
	return ip
}

// splitPort cuts a port publication. Missing parts are empty; a missing host
// part is at -1.
func splitPort(s string) (ip, host, container piece) {
	host.at = -1
	last := strings.LastIndexByte(s, ':')
	container = piece{s[last+1:], last + 1}
	if last < 0 {
		return ip, host, container
	}
	rest := s[:last]
	second := strings.LastIndexByte(rest, ':')
	if strings.HasSuffix(rest, "]") {
		return piece{rest, 0}, host, container
	}
	if second >= 0 {
		ip = piece{rest[:second], 0}
	}
	return ip, piece{rest[second+1:], second + 1}, container
}

// portRange reads 80 or 8000-8010.
func portRange(s string) (first, last int, ok bool) {
	a, b, two := strings.Cut(s, "-")
	if !two {
		b = a
	}
	first, err := strconv.Atoi(a)
	if err != nil || first < 0 || first > 65535 {
		return 0, 0, false
	}
	last, err = strconv.Atoi(b)
	if err != nil || last < first || last > 65535 {
		return 0, 0, false
	}
	return first, last, true
}

// network reads a docker network create line.
func (r *reader) network(verb *word, words []*word) {
	l := parse(verb, words, networkFlags())
	switch {
	case l.bad != "" || l.lacks != "":
		r.unread(l, "docker network create")
		return
	case len(l.args) == 0 || l.last("help") != nil:
		return
	}
	name := l.args[0].fact(0, len(l.args[0].value))
	n := &model.Network{Name: name.Value, Surface: model.RunLine, Place: name.Place()}
	n.Driver = value(l, "driver", "bridge", stringForm())
	n.Internal, n.Attachable = flagFact(l, "internal"), flagFact(l, "attachable")
	n.Options = labels(l, "opt")
	n.Encrypted = l.encrypted()
	n.ICC = model.Fact[bool]{Value: true, State: l.state(), Span: l.anchor(), Edit: func(v bool) []source.Edit {
		return l.insert("opt", iccOption+"="+strconv.FormatBool(v))
	}}
	for _, f := range l.all("opt") {
		key, val, given := strings.Cut(f.string(), "=")
		switch key {
		case iccOption:
			n.ICC = l.iccFact(f, val)
		case "encrypted":
			on := !given || val == "" || val == "true"
			n.Encrypted = model.Fact[bool]{Value: on, State: model.Set, Span: f.fact().Span, Delete: l.delete(f)}
		}
	}
	for _, f := range l.all("subnet") {
		n.Subnets = append(n.Subnets, f.fact())
	}
	r.facts.Networks = append(r.facts.Networks, n)
}

// encrypted reads --encrypted, a flag that some guides show and Docker does not
// have: an edit writes the option.
func (l *line) encrypted() model.Fact[bool] {
	out := flagFact(l, "encrypted")
	if out.State != model.Unset {
		return out
	}
	out.Edit = func(v bool) []source.Edit {
		if !v {
			return nil
		}
		return l.insert("opt", "encrypted")
	}
	return out
}

const iccOption = "com.docker.network.bridge.enable_icc"

func (l *line) iccFact(f *flag, val string) model.Fact[bool] {
	said := f.part(len(f.string())-len(val), len(f.string()))
	on, err := strconv.ParseBool(val)
	out := model.Fact[bool]{Value: on, State: said.State, Span: said.Span, Likely: said.Likely, Delete: l.delete(f)}
	if err != nil {
		out.State = model.Unknown
	}
	if said.Edit != nil {
		out.Edit = func(v bool) []source.Edit { return said.Edit(strconv.FormatBool(v)) }
	}
	return out
}

// join points the attachments of every workload at the networks the file makes.
func (r *reader) join() {
	made := map[string]*model.Network{}
	for _, n := range r.facts.Networks {
		made[n.Name] = n
	}
	for _, w := range r.facts.Workloads {
		for i := range w.Attachments {
			w.Attachments[i].Network = made[w.Attachments[i].Name]
		}
	}
}

// connect reads docker network connect NETWORK CONTAINER.
func (r *reader) connect(verb *word, words []*word) {
	l := parse(verb, words, connectFlags())
	if l.bad != "" || len(l.args) != 2 {
		return
	}
	w := r.names[l.args[1].value]
	if w == nil || !l.args[0].known() {
		return
	}
	name := l.args[0].fact(0, len(l.args[0].value))
	a := model.Attachment{Name: name.Value, Place: name.Place()}
	for _, alias := range list(l, "alias", same).Items {
		a.Aliases = append(a.Aliases, alias.Value)
	}
	w.Attachments = append(w.Attachments, a)
}
