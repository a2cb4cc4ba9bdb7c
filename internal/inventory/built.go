package inventory

import (
	"bytes"
	"io"
	"path"
	"regexp"
	"strings"
)

// A builtProgram is a program that images have often built from source, so that
// no package database knows it, recognised by the version it carries in itself.
type builtProgram struct {
	name    string   // of the package
	files   []string // patterns of file names, as in path.Match
	prefix  string   // what is before the version in the file
	version string   // pattern of what follows, with one group; compiled when such a file is met
}

// Versions of two to four numbers, and with a letter or a release candidate.
const (
	dotted   = `^(\d+\.\d+(?:\.\d+){0,2})(?:[^\d.\w]|$)`
	three    = `^(\d+\.\d+\.\d+(?:(?:a|b|rc|p)\d+)?\+?)(?:[^\d.\w]|$)`
	lettered = `^(\d+\.\d+\.\d+[a-z]{0,2})(?:[^\d.\w]|$)`
)

// builtPrograms are looked for by name, most in official images.
var builtPrograms = []*builtProgram{
	// After a slash where the linker has merged it with the end of a path.
	{"python", []string{"python[23].*", "libpython[23].*.so*"}, "", `[\x00/]([23]\.\d+\.\d+(?:(?:a|b|rc)\d+)?\+?)\x00`},
	{"node", []string{"node", "nodejs"}, "node.js/v", three},
	{"nginx", []string{"nginx"}, "nginx/", dotted},
	{"openssl", []string{"openssl", "libcrypto.so.*"}, "OpenSSL ", lettered},
	// REDIS_BUILD_ID_RAW: the version, the host and time of the build, and the commit.
	{"redis", []string{"redis-server", "redis-check-rdb"}, "", `(\d\.\d\.\d{1,2})(?:[a-z0-9.-]{1,64}-)?\d{10}(?:\d{9})?\d[0-9a-f]{8}\x00`},
	{"httpd", []string{"httpd"}, "Apache/", three},
	{"postgresql", []string{"postgres"}, "PostgreSQL ", dotted},
	{"php", []string{"php", "php-fpm", "php-cgi", "libphp*.so"}, "X-Powered-By: PHP/", three},
	{"ruby", []string{"ruby", "libruby*.so.*"}, "ruby ", `^(\d+\.\d+\.\d+(?:p\d+)?) \(`},
	{"perl", []string{"perl", "perl5.*"}, "\x00v", `^(5\.\d+\.\d+)\x00`},
	{"busybox", []string{"busybox"}, "BusyBox v", three},
	{"bash", []string{"bash"}, "@(#)Bash version ", `^(\d+\.\d+\.\d+)\(`},
	{"haproxy", []string{"haproxy"}, " version ", `^(\d+\.\d+\.\d+)[^,\s]*, released`},
	{"memcached", []string{"memcached"}, "memcached ", three},
	{"curl", []string{"libcurl.so.*"}, "libcurl/", three},
	{"mariadb", []string{"mariadbd"}, "", `\x00(\d+\.\d+\.\d+)-MariaDB`},
}

// builtName returns the program a file of that name may be, or nil. It is asked
// for every file, so the first letters decide nearly always.
func builtName(base string) *builtProgram {
	if base == "" || strings.IndexByte("pnorhblmcs", base[0]) < 0 {
		return nil
	}
	for _, p := range builtPrograms {
		for _, pattern := range p.files {
			if base[0] != pattern[0] {
				continue
			}
			if ok, _ := path.Match(pattern, base); ok { // the patterns are constants
				return p
			}
		}
	}
	return nil
}

// readBuilt reads a library, which need not be executable.
func readBuilt(f *file) Evidence {
	p := builtName(path.Base(f.name))
	if f.content.Size < minExecutable || p == nil {
		return Evidence{}
	}
	return p.find(f.content)
}

// A window of the file is searched at a time, with an overlap.
const (
	window  = 256 << 10
	overlap = 1 << 10
)

// find looks for p's version in the file r. A file that is no program, such as
// a shell script of that name, has none.
func (p *builtProgram) find(r io.Reader) Evidence {
	version := regexp.MustCompile(p.version)
	buf := make([]byte, 0, window+overlap)
	for first := true; ; first = false {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if first && !bytes.HasPrefix(buf, []byte("\x7fELF")) {
			return Evidence{}
		}
		if v := p.in(buf, version); v != "" {
			return built(p.name, v)
		}
		if err != nil { // the end, or a layer that breaks off: its reader says so
			return Evidence{}
		}
		keep := copy(buf, buf[len(buf)-overlap:])
		buf = buf[:keep]
	}
}

// in returns the version in a window of the file, or "".
func (p *builtProgram) in(text []byte, version *regexp.Regexp) string {
	if p.prefix == "" {
		if m := version.FindSubmatch(text); m != nil {
			return string(m[1])
		}
		return ""
	}
	for {
		i := bytes.Index(text, []byte(p.prefix))
		if i < 0 {
			return ""
		}
		text = text[i+len(p.prefix):]
		if m := version.FindSubmatch(text[:min(len(text), 64)]); m != nil {
			return string(m[1])
		}
	}
}
