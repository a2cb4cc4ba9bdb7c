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
	name    string         // of the package
	files   []string       // patterns of file names, as in path.Match
	prefix  string         // what is before the version in the file
	version *regexp.Regexp // at the beginning of what follows
}

// dotted is a version of two to four numbers.
var (
	dotted   = regexp.MustCompile(`^(\d+\.\d+(?:\.\d+){0,2})(?:[^\d.\w]|$)`)
	three    = regexp.MustCompile(`^(\d+\.\d+\.\d+(?:(?:a|b|rc|p)\d+)?\+?)(?:[^\d.\w]|$)`)
	lettered = regexp.MustCompile(`^(\d+\.\d+\.\d+[a-z]{0,2})(?:[^\d.\w]|$)`)
)

// builtPrograms are looked for by name, most in official images.
var builtPrograms = []*builtProgram{
	{"python", []string{"python[23].*", "libpython[23].*.so*"}, "", regexp.MustCompile(`\x00([23]\.\d+\.\d+(?:(?:a|b|rc)\d+)?\+?)\x00`)},
	{"node", []string{"node", "nodejs"}, "node.js/v", three},
	{"nginx", []string{"nginx"}, "nginx/", dotted},
	{"openssl", []string{"openssl", "libssl.so.*", "libcrypto.so.*"}, "OpenSSL ", lettered},
	{"redis", []string{"redis-server"}, "", regexp.MustCompile(`\x00(\d+\.\d+\.\d+)\x00[\x00-\xff]{0,400}?[Rr]edis|[Rr]edis[\x00-\xff]{0,200}?\x00(\d+\.\d+\.\d+)\x00`)},
	{"httpd", []string{"httpd"}, "Apache/", three},
	{"postgresql", []string{"postgres"}, "PostgreSQL ", dotted},
	{"php", []string{"php", "php-fpm", "php-cgi", "libphp*.so"}, "X-Powered-By: PHP/", three},
	{"ruby", []string{"ruby", "libruby.so.*"}, "ruby ", regexp.MustCompile(`^(\d+\.\d+\.\d+(?:p\d+)?) \(`)},
	{"perl", []string{"perl", "perl5.*"}, "/lib/perl5/", three},
	{"busybox", []string{"busybox"}, "BusyBox v", three},
	{"bash", []string{"bash"}, "@(#)Bash version ", regexp.MustCompile(`^(\d+\.\d+\.\d+)\(`)},
	{"haproxy", []string{"haproxy"}, "HAProxy version ", dotted},
	{"memcached", []string{"memcached"}, "memcached ", three},
	{"curl", []string{"curl", "libcurl.so.*"}, "libcurl/", three},
	{"mariadb", []string{"mariadbd"}, "", regexp.MustCompile(`\x00(\d+\.\d+\.\d+)-MariaDB`)},
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
	buf := make([]byte, 0, window+overlap)
	for first := true; ; first = false {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if first && !bytes.HasPrefix(buf, []byte("\x7fELF")) {
			return Evidence{}
		}
		if v := p.in(buf); v != "" {
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
func (p *builtProgram) in(text []byte) string {
	if p.prefix == "" {
		m := p.version.FindSubmatch(text)
		for _, group := range m[min(len(m), 1):] {
			if len(group) > 0 {
				return string(group)
			}
		}
		return ""
	}
	for {
		i := bytes.Index(text, []byte(p.prefix))
		if i < 0 {
			return ""
		}
		text = text[i+len(p.prefix):]
		if m := p.version.FindSubmatch(text[:min(len(text), 64)]); m != nil {
			return string(m[1])
		}
	}
}
