package build

import (
	"net/netip"
	"path"
	"slices"
	"strings"

	"bulkhead/internal/model"
)

// downloads reports whether c fetches something from a network.
func downloads(c *model.Command) bool {
	return c.Name == "curl" || c.Name == "wget" || c.Name == "aria2c"
}

// toOutput reports whether the download c writes to its standard output.
func toOutput(c *model.Command) bool {
	if c.Name == "wget" {
		for i := 1; i < len(c.Words); i++ {
			v := c.Arg(i)
			if v == "--output-document=-" || v == "--output-document" && c.Arg(i+1) == "-" {
				return true
			}
			if len(v) > 1 && v[0] == '-' && v[1] != '-' {
				if _, rest, ok := strings.Cut(v, "O"); ok {
					return rest == "-" || rest == "/dev/stdout" || rest == "" && (c.Arg(i+1) == "-" || c.Arg(i+1) == "/dev/stdout")
				}
			}
		}
		return false
	}
	return c.Name == "curl" && len(c.Writes) == 0
}

// verifies reports whether c checks a checksum or a signature.
func verifies(c *model.Command) bool {
	switch c.Name {
	case "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "shasum", "b2sum", "md5sum", "gpgv", "minisign", "signify", "cosign", "slsa-verifier", "rhash":
		return true
	case "gpg", "gpg2":
		return c.Flag("--verify", "--decrypt", "-d") > 0
	case "openssl":
		return c.Arg(1) == "dgst"
	case "gh":
		return c.Arg(1) == "attestation"
	}
	return false
}

// verified reports whether a command of script checks a checksum or a
// signature.
func verified(script *model.Script) bool {
	return slices.ContainsFunc(script.Commands, verifies)
}

// isURL reports whether v is an address of the web.
func isURL(v string) bool {
	return strings.HasPrefix(v, "https://") || strings.HasPrefix(v, "http://") || strings.HasPrefix(v, "ftp://")
}

// host returns the host of an address, without port and credentials.
func host(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	if strings.HasPrefix(rest, "[") {
		rest, _, _ = strings.Cut(rest[1:], "]")
		return rest
	}
	rest, _, _ = strings.Cut(rest, ":")
	return rest
}

// nearby reports whether name is a host of this machine or of a network of its
// own: one nobody in between can pose as.
func nearby(name string) bool {
	if a, err := netip.ParseAddr(name); err == nil {
		return a.IsLoopback() || a.IsPrivate() || a.IsUnspecified() || a.IsLinkLocalUnicast()
	}
	return !strings.Contains(name, ".") || strings.HasSuffix(name, ".local") ||
		strings.HasSuffix(name, ".internal") || strings.HasSuffix(name, ".localhost")
}

// output returns the file c downloads to, "" where it is not known.
func output(c *model.Command) string {
	for i := 1; i < len(c.Words); i++ {
		v := c.Arg(i)
		short := len(v) > 1 && v[0] == '-' && v[1] != '-'
		letter := "o"
		if c.Name == "wget" {
			letter = "O"
		}
		switch name, ok := strings.CutPrefix(v, "--output="); {
		case ok:
			return name
		case v == "--output" || v == "--output-document":
			return c.Arg(i + 1)
		case strings.HasPrefix(v, "--output-document="):
			return v[len("--output-document="):]
		case short && strings.HasSuffix(v, letter):
			return c.Arg(i + 1)
		case short && strings.HasPrefix(v[1:], letter):
			return v[2:]
		}
	}
	for _, w := range c.Writes {
		if w.Known() {
			return w.Value
		}
	}
	if c.Name == "wget" || c.Flag("-O", "--remote-name") > 0 || clustered(c, 'O') {
		for _, w := range c.Words[min(1, len(c.Words)):] {
			if w.Known() && isURL(w.Value) {
				name, _, _ := strings.Cut(path.Base(w.Value), "?")
				return name
			}
		}
	}
	return ""
}

// clustered reports whether the short flag letter is given, alone or with
// others as in -fsSLO.
func clustered(c *model.Command, letter byte) bool {
	for i := 1; i < len(c.Words); i++ {
		v := c.Arg(i)
		if len(v) > 1 && v[0] == '-' && v[1] != '-' && strings.IndexByte(v, letter) > 0 {
			return true
		}
	}
	return false
}
