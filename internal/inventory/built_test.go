package inventory

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestBuilt recognises what carries its version in itself, wherever in the file
// that is.
func TestBuilt(t *testing.T) {
	const ten = "\x001790282056000000000\x00"
	for _, tt := range []struct{ name, text, want string }{
		{"usr/local/bin/node", "x node.js/v20.11.1 y", "node 20.11.1"},
		{"usr/local/bin/python3.11", "\x003.11.7\x00", "python 3.11.7"},
		{"usr/local/lib/libpython3.13.so.1.0", "/opt/3.13.0rc1\x00", "python 3.13.0rc1"},
		{"usr/sbin/nginx", "nginx/\x00nginx/1.27.0 (x)", "nginx 1.27.0"},
		{"usr/lib/libcrypto.so.1.1", "OpenSSL 1.1.1w  11 Sep 2023", "openssl 1.1.1w"},
		{"usr/local/bin/redis-server", "jemalloc 5.2.1\x007.2.4buildkitsandbox-1700000000000000000000000000\x00", "redis 7.2.4"},
		{"usr/bin/redis-server", ten + "A7.0.151790282056000000000\x00", "redis 7.0.15"},
		{"usr/local/bin/httpd", "Apache/2.4\x00Apache/2.4.58 (", "httpd 2.4.58"},
		{"usr/lib/postgresql/15/bin/postgres", "PostgreSQL 15.20 on", "postgresql 15.20"},
		{"usr/local/bin/php", "X-Powered-By: PHP/8.3.1\x00", "php 8.3.1"},
		{"usr/local/lib/libruby.so.3.3", "ruby 3.3.0 (2023-12-25", "ruby 3.3.0"},
		{"usr/local/bin/perl", "\x00v5.38.0\x00", "perl 5.38.0"},
		{"bin/busybox", "BusyBox v1.36.1 (", "busybox 1.36.1"},
		{"bin/bash", "@(#)Bash version 5.2.21(1) release", "bash 5.2.21"},
		{"usr/local/sbin/haproxy", " version 2.9.1, released", "haproxy 2.9.1"},
		{"usr/sbin/mariadbd", "\x0011.2.2-MariaDB", "mariadb 11.2.2"},
		{"usr/local/bin/node", "nothing", ""},
		{"usr/local/bin/other", "node.js/v20.11.1 ", ""},
	} {
		for _, at := range []int{4, window - 20, 3*window + 7} { // in the first window, over its end, and later
			text := "\x7fELF" + strings.Repeat("\x00", at) + tt.text + strings.Repeat("\x00", minExecutable)
			inv := inventoryOf(t, save(t, layer(t, []string{tt.name}, map[string]string{tt.name: text})))
			got := ""
			if len(inv.Packages) == 1 {
				got = inv.Packages[0].Name + " " + inv.Packages[0].Version
			}
			if got != tt.want {
				t.Errorf("%s at %d: got %q, want %q", filepath.Base(tt.name), at, got, tt.want)
			}
		}
	}
	script := "#!/bin/sh\n# node.js/v20.11.1 \n" + strings.Repeat(" ", minExecutable)
	if inv := inventoryOf(t, save(t, layer(t, []string{"bin/node"}, map[string]string{"bin/node": script}))); len(inv.Packages) > 0 {
		t.Errorf("a script: got %v, want nothing", lines(inv.Packages))
	}
}

// BenchmarkScan reads the machine's packages from an archive with layers that
// are not compressed, and from a layout with layers that are.
func BenchmarkScan(b *testing.B) {
	name := machine(b).image
	for _, form := range []struct{ name, path string }{{"saved", name}, {"gzip", compressedLayout(b, name)}} {
		b.Run(form.name, func(b *testing.B) {
			b.ReportAllocs()
			size := int64(0)
			for b.Loop() {
				size = 0
				for _, l := range inventoryOf(b, form.path).Layers {
					size += l.Size
				}
			}
			b.SetBytes(size)
		})
	}
}
