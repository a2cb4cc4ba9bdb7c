package guard

import (
	"context"
	"os"
	"path"
	"slices"
	"strings"

	"bulkhead/internal/frontend/apirequest"
	"bulkhead/internal/source"
)

// tunnels are parts of the names of images that open tunnels. They are run
// privileged for two things, which can be had without.
var tunnels = [...]string{"wireguard", "wg-easy", "openvpn", "tailscale", "zerotier", "strongswan", "openconnect", "gluetun"}

// devices are what the paths of devices begin with that programs are given on
// their command line, or in a variable, and that --device grants.
var devices = [...]string{
	"/dev/ttyUSB", "/dev/ttyACM", "/dev/ttyS", "/dev/video", "/dev/dri/", "/dev/snd/", "/dev/i2c-", "/dev/spidev",
	"/dev/gpiochip", "/dev/hidraw", "/dev/serial/", "/dev/net/tun",
}

// meant adds to a line that is no longer privileged what it was privileged for,
// as far as the image's name and the command tell. What is added is judged too.
func (g *Guard) meant(ctx context.Context, p *Policy, line string, r *apirequest.Reading) string {
	w := r.Subject
	if !w.Privileged.Value || w.Image == nil {
		return line
	}
	var flags []string
	name := path.Base(w.Image.Ref.Value.Familiar())
	if slices.ContainsFunc(tunnels[:], func(t string) bool { return strings.Contains(name, t) }) && character("/dev/net/tun") {
		flags = append(flags, "--cap-add NET_ADMIN", "--device /dev/net/tun")
		if strings.Contains(name, "wireguard") || strings.Contains(name, "wg-easy") {
			// wg-quick sets it, which it cannot without privileges, unless it is set.
			flags = append(flags, "--sysctl net.ipv4.conf.all.src_valid_mark=1")
		}
	}
	for _, word := range r.Args {
		if _, value, ok := strings.Cut(word, "="); ok {
			word = value
		}
		flag := "--device " + word
		known := slices.ContainsFunc(devices[:], func(d string) bool { return strings.HasPrefix(word, d) })
		if known && quote(word) == word && !slices.Contains(flags, flag) && character(word) {
			flags = append(flags, flag)
		}
	}
	out := strings.Replace(line, "docker run", strings.Join(append([]string{"docker run"}, flags...), " "), 1)
	if out != line && len(g.onLine(ctx, p, source.NewFile("line.sh", []byte(out)), r)) > 0 {
		return line
	}
	return out
}

// character reports whether name is a character device of this machine.
func character(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// hint returns what to do instead of running r's container, where it needs what
// is denied and no other line would do. It returns "" where that is not known.
func hint(r *apirequest.Reading) string {
	w := r.Subject
	if w == nil || !w.Privileged.Value || w.Image == nil {
		return ""
	}
	ref := w.Image.Ref.Value
	repository, tag := path.Base(ref.Familiar()), ref.Tag
	says := func(words ...string) bool {
		return slices.ContainsFunc(r.Args, func(a string) bool { return slices.Contains(words, a) })
	}
	switch {
	case repository == "docker" && strings.Contains(tag, "dind"), repository == "dind", repository == "buildkit":
		return "give it the socket of bulkhead guard proxy, which judges what it asks the engine for; an engine in a container needs all of the host"
	case slices.Contains([]string{"sshfs", "s3fs", "goofys", "gcsfuse", "mergerfs"}, repository),
		repository == "rclone" && says("mount"):
		return "mount it on the host and bind the folder with -v; to mount in a container takes what gets out of it"
	}
	return ""
}
