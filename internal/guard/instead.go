package guard

import (
	"context"
	"encoding/csv"
	"net/url"
	"path"
	"slices"
	"strings"

	"bulkhead/internal/frontend/apirequest"
	"bulkhead/internal/frontend/runline"
	"bulkhead/internal/model"
	"bulkhead/internal/resolve"
	"bulkhead/internal/secret"
	"bulkhead/internal/source"
)

// maxPasses bounds how often a command line is corrected. Each pass takes one
// fix for every finding that does not touch another's.
const maxPasses = 10

// instead returns the command line that asks for what r does without what the
// refusals are about: the fixes of the same rules, applied to the docker run
// line that would have made the request. It returns "" where some refusal has
// no cure on a command line, or the line holds a credential or does not fit one
// line. It also fills in what was asked, word for word.
func (g *Guard) instead(ctx context.Context, p *Policy, r *apirequest.Reading, refusals []Refusal) string {
	control := func(c rune) bool { return c < ' ' || c == 0x7f }
	if slices.ContainsFunc(r.Args, func(a string) bool { return len(secret.Find(a)) > 0 || strings.ContainsFunc(a, control) }) {
		return ""
	}
	args := without(r.Args, refusals)
	f := source.NewFile("line.sh", []byte(join(args)))
	for pass := range maxPasses {
		found := g.onLine(ctx, p, f, r)
		if pass == 0 {
			tellAsked(refusals, found)
		}
		if len(found) == 0 {
			return g.meant(ctx, p, string(f.Text), r)
		}
		edits := choose(found)
		if len(edits) == 0 {
			return ""
		}
		text, err := source.Apply(f, edits)
		if err != nil {
			return ""
		}
		f = source.NewFile(f.Name, text)
	}
	return ""
}

// onLine returns what denies about the command line f.
func (g *Guard) onLine(ctx context.Context, p *Policy, f *source.File, r *apirequest.Reading) []Judged {
	facts := runline.Read(f)
	if len(facts.Workloads) != 1 {
		return []Judged{{Mode: Deny}} // nothing that can be cured
	}
	w := facts.Workloads[0]
	for i := range w.Devices.Items {
		if d := &w.Devices.Items[i]; path.IsAbs(d.Value) {
			d.Value = canonical(d.Value)
		}
	}
	known := r.Subject // whose names the engine has resolved
	for _, n := range [][2]*model.Fact[model.Namespace]{{&w.PID, &known.PID}, {&w.IPC, &known.IPC}, {&w.Network, &known.Network}} {
		if n[0].Value.Mode == "container" && n[1].Value.Mode == "container" {
			n[0].Value.Target = n[1].Value.Target
		}
	}
	if known.Network.Value.Mode == "host" && apirequest.MayBeID(w.Network.Value.Mode) {
		w.Network.Value.Mode = "host"
	}
	facts.Workloads = append(facts.Workloads, r.Facts.Workloads[1:]...)
	s := resolve.System(resolve.Input{Facts: []*model.Facts{facts}, Canonical: canonical})
	out := run(p, s, w)
	_, root, _ := g.hosts(ctx) // the line has no mount that the request has not
	out = append(out, g.protected(w, root, out)...)
	more, err := p.judged(ctx, s)
	if err != nil {
		return []Judged{{Mode: Deny}}
	}
	return append(out, slices.DeleteFunc(more, func(f Judged) bool { return f.Mode != Deny })...)
}

// tellAsked gives refusals the words of the command line that the same rule
// found with the same message.
func tellAsked(refusals []Refusal, found []Judged) {
	for i := range refusals {
		r := &refusals[i]
		for _, f := range found {
			if r.Asked == "" && f.Rule == r.Rule && f.Message == r.Message && f.Span.IsValid() {
				r.Asked = flagOf(f.Span)
			}
		}
	}
}

// flagOf returns the text of span, with the flag it is the value of.
func flagOf(span source.Span) string {
	text := span.Text()
	words := strings.Fields(string(span.File.Text[:span.Start]))
	if strings.HasPrefix(text, "-") || len(words) == 0 {
		return text
	}
	last := words[len(words)-1]
	if strings.HasPrefix(last, "-") && strings.Contains(last, "=") { // a part of a value
		return last + wordFrom(span)
	}
	if strings.HasPrefix(last, "-") && strings.HasSuffix(string(span.File.Text[:span.Start]), " ") {
		return last + " " + wordFrom(span)
	}
	return wordAround(span)
}

// wordFrom returns the rest of the word that begins at span.
func wordFrom(span source.Span) string {
	rest, _, _ := strings.Cut(string(span.File.Text[span.Start:]), " ")
	return rest
}

// wordAround returns the flag and the value that span is a part of.
func wordAround(span source.Span) string {
	text := string(span.File.Text)
	start := strings.LastIndexByte(text[:span.Start], ' ') + 1
	before := strings.Fields(text[:start])
	word := text[start:span.Start] + wordFrom(span)
	if n := len(before); n > 0 && strings.HasPrefix(before[n-1], "-") {
		return before[n-1] + " " + word
	}
	return word
}

// choose returns the first fix of each finding that does not meet one taken.
func choose(found []Judged) []source.Edit {
	var out []source.Edit
	for _, f := range found {
		if len(f.Fixes) == 0 {
			continue
		}
		fix := f.Fixes[0].Edits
		meets := slices.ContainsFunc(fix, func(e source.Edit) bool { return slices.ContainsFunc(out, e.Meets) })
		if !meets {
			out = append(out, fix...)
		}
	}
	return out
}

// without returns args without the flags that ask for what no rule is about,
// and so no rule has a fix for.
func without(args []string, refusals []Refusal) []string {
	drop := func(flag, value string) bool {
		return slices.ContainsFunc(refusals, func(r Refusal) bool {
			switch flag {
			case "--runtime":
				return r.Rule == "runtime"
			case "--device-cgroup-rule":
				return r.Rule == "device rule"
			case "--volume-driver":
				return r.Rule == "volume driver"
			case "--sysctl":
				name, _, _ := strings.Cut(value, "=")
				return r.Rule == "sysctl" && r.Asked == redacted(name)
			case "--network", "--pid", "--ipc", "--uts", "--userns", "--cgroupns":
				return r.Rule == "namespace" && r.Asked == redacted(value)
			case "--volumes-from":
				return strings.Contains(r.path, "VolumesFrom["+strings.SplitN(value, ":", 2)[0]+"]")
			case "--mount":
				// What a stored volume mounts is not on the line.
				volume := strings.Contains(value, "type=volume")
				return (volume || !r.rule) && strings.HasSuffix(r.path, "Mounts["+mountTarget(value)+"]")
			case "-v":
				name, target, _ := strings.Cut(value, ":")
				target, _, _ = strings.Cut(target, ":")
				if r.Rule == "mount path" && r.Asked == redacted(name) {
					return true
				}
				return !strings.HasPrefix(name, "/") &&
					(strings.HasSuffix(r.path, ": volume "+name) || strings.HasSuffix(r.path, "Mounts["+target+"]"))
			}
			return false
		})
	}
	var out []string
	for i := 0; i < len(args); i++ {
		if i+1 < len(args) && strings.HasPrefix(args[i], "-") && drop(args[i], args[i+1]) {
			i++
			continue
		}
		out = append(out, args[i])
	}
	return out
}

// mountTarget returns the target of a --mount.
func mountTarget(value string) string {
	parts, err := csv.NewReader(strings.NewReader(value)).Read()
	if err != nil {
		return ""
	}
	for _, part := range parts {
		if target, ok := strings.CutPrefix(part, "target="); ok {
			return target
		}
	}
	return ""
}

// join writes args as a command line for a shell.
func join(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = quote(a)
	}
	return strings.Join(quoted, " ")
}

// quote writes one argument for a shell.
func quote(s string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_./:=,@%+", c)
	}
	if s != "" && strings.IndexFunc(s, func(c rune) bool { return !plain(c) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// printable returns args as a command line with what looks like a credential
// left out.
func printable(args []string) string {
	out := slices.Clone(args)
	for i, a := range out {
		if i > 0 && out[i-1] == "-e" { // values of variables are nobody's business
			out[i], _, _ = strings.Cut(a, "=")
			continue
		}
		out[i] = redacted(a)
	}
	return join(out)
}

// redacted returns s without what looks like a credential, and of an address
// without its user and its query, which hold them in any form.
func redacted(s string) string {
	if u, err := url.Parse(s); err == nil && u.Host != "" {
		if u.User != nil {
			u.User = url.User("***")
		}
		if u.RawQuery != "" {
			u.RawQuery = "***"
		}
		s = u.String()
	}
	for _, m := range slices.Backward(secret.Find(s)) {
		s = s[:m.Start] + "***" + s[m.End:]
	}
	return s
}
