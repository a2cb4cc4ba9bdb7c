package shell

import (
	"strings"

	"bulkhead/internal/model"
)

// A wrapper is a program that runs the program named after it.
type wrapper struct {
	values  string // single-letter flags that take a value: "ug"
	longs   string // long flags that take a value in the next word: " --user --group "
	args    int    // arguments of its own before the program
	assigns bool   // NAME=value words may stand before the program
	stop    string // single-letter flags with which it runs nothing
}

// wrapperOf returns how the program called name runs another one. xargs is
// none: it adds arguments that cannot be known.
func wrapperOf(name string) (wrapper, bool) {
	switch name {
	case "sudo":
		return wrapper{values: "ugpChDrtTUR", longs: " --user --group --prompt --chdir --host --role --type ", assigns: true, stop: "vlkKe"}, true
	case "doas":
		return wrapper{values: "uC", stop: "L"}, true
	case "env":
		return wrapper{values: "uC", longs: " --unset --chdir ", assigns: true, stop: "S"}, true
	case "time":
		return wrapper{values: "fo", longs: " --format --output "}, true
	case "exec":
		return wrapper{values: "a"}, true
	case "nice":
		return wrapper{values: "n", longs: " --adjustment "}, true
	case "ionice":
		return wrapper{values: "cn", stop: "p"}, true
	case "nohup", "setsid", "builtin":
		return wrapper{}, true
	case "command":
		return wrapper{stop: "vV"}, true
	case "timeout":
		return wrapper{values: "sk", longs: " --signal --kill-after ", args: 1}, true
	case "stdbuf":
		return wrapper{values: "ioe", longs: " --input --output --error "}, true
	case "gosu", "su-exec":
		return wrapper{args: 1}, true
	}
	return wrapper{}, false
}

// unwrap returns how many of words belong to wrappers before the program.
func unwrap(words []model.Word) int {
	at := 0
	for at < len(words) && words[at].Known() {
		w, ok := wrapperOf(base(words[at].Value))
		if !ok {
			return at
		}
		next := w.skip(words, at+1)
		if next < 0 || next >= len(words) {
			return at
		}
		at = next
	}
	return at
}

// skip returns the index of the program after w's own arguments, which start
// at i, or -1 where there is none.
func (w wrapper) skip(words []model.Word, i int) int {
	args := w.args
	for ; i < len(words); i++ {
		v := words[i].Value
		switch {
		case v == "--" && words[i].Known():
			i++
			for ; args > 0; args-- {
				i++
			}
			return i
		case strings.HasPrefix(v, "--"):
			if strings.Contains(w.longs, " "+v+" ") {
				i++
			}
		case len(v) > 1 && v[0] == '-':
			if strings.ContainsAny(v[1:], w.stop) && w.stop != "" {
				return -1
			}
			if strings.IndexByte(w.values, v[len(v)-1]) >= 0 {
				i++
			}
		case w.assigns && assignment(v):
		case args > 0:
			args--
		default:
			return i
		}
	}
	return -1
}

// assignment reports whether v reads NAME=value.
func assignment(v string) bool {
	name, _, ok := strings.Cut(v, "=")
	return ok && name != "" && !strings.ContainsAny(name, "/-.$:")
}

// base returns the last element of path, for either kind of slash, without
// the ending of a Windows program.
func base(path string) string {
	path = path[strings.LastIndexAny(path, `/\`)+1:]
	if n := len(path) - len(".exe"); n > 0 && strings.EqualFold(path[n:], ".exe") {
		path = path[:n]
	}
	return path
}
