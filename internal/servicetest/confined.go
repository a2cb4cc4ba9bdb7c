package servicetest

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"bulkhead/internal/learn"
)

// Options returns the options of docker run for all that was learned. It writes
// the profile into dir.
func Options(l *learn.Learned, dir string) ([]string, error) {
	var out []string
	if l.Measures.Seccomp {
		text, err := json.Marshal(l.Profile)
		if err != nil {
			return nil, err
		}
		name := filepath.Join(dir, "seccomp.json")
		if err := os.WriteFile(name, text, 0o600); err != nil {
			return nil, err
		}
		out = append(out, "--security-opt", "seccomp="+name)
	}
	if l.Measures.Capabilities {
		out = append(out, "--cap-drop", "ALL")
		for _, c := range l.Capabilities {
			out = append(out, "--cap-add", c)
		}
	}
	if l.Measures.NoNewPrivileges {
		out = append(out, "--security-opt", "no-new-privileges")
	}
	if l.Measures.NoNetwork {
		out = append(out, "--network", "none")
	}
	if l.Measures.ReadOnly {
		out = append(out, "--read-only")
		for _, p := range l.Writable {
			if p.Keep {
				out = append(out, "-v", p.Path)
			} else {
				out = append(out, "--tmpfs", p.Path+":"+p.Options())
			}
		}
	}
	return out, nil
}

// Passes runs a service in a container with options, and returns nil if it starts,
// passes its test, does so after a restart, and ends by itself.
func Passes(ctx context.Context, s *Service, image string, options ...string) error {
	c, err := Start(ctx, s, image, options...)
	if err != nil {
		return err
	}
	defer c.Remove()
	for _, step := range []func(context.Context) error{c.Check, c.Restart, c.Stop} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// usual are the capabilities that Docker gives.
var usual = []string{
	"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID",
	"SETPCAP", "SETUID", "SYS_CHROOT",
}

// Needed returns the capabilities that a service does not pass without, each
// dropped alone and tried twice.
func Needed(ctx context.Context, s *Service, image string) ([]string, error) {
	out := []string{}
	for _, name := range usual {
		var err error
		for range 2 {
			if err = Passes(ctx, s, image, "--cap-drop", name); err == nil || ctx.Err() != nil {
				break
			}
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			out = append(out, name)
		}
	}
	return out, nil
}

// Both counts what is in both lists.
func Both(a, b []string) int {
	n := 0
	for _, x := range a {
		if slices.Contains(b, x) {
			n++
		}
	}
	return n
}
