package servicetest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Parser is AppArmor's own: what it takes, a kernel with AppArmor loads.
type Parser struct{ program string }

// FindParser returns the parser that is installed, or else that of Debian's
// package, which it unpacks into dir. An error is ErrImpossible where there is
// neither.
func FindParser(ctx context.Context, dir string) (*Parser, error) {
	const command = "apparmor_parser"
	if name, err := exec.LookPath(command); err == nil {
		return &Parser{name}, nil
	}
	p := &Parser{filepath.Join(dir, "sbin", command)}
	if _, err := os.Stat(p.program); err == nil {
		return p, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	get := exec.CommandContext(ctx, "sh", "-c", "apt-get download -q apparmor && dpkg -x apparmor_*.deb .")
	get.Dir = dir
	if out, err := get.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: no parser of AppArmor profiles: %w\n%s", ErrImpossible, err, out)
	}
	return p, nil
}

// Check returns nil if the text is one profile called name, and compiles.
func (p *Parser) Check(ctx context.Context, name string, text []byte) error {
	names, err := p.run(ctx, text, "--names")
	if err != nil {
		return err
	}
	if err := same("profiles", strings.TrimSpace(names), name); err != nil {
		return err
	}
	compiled, err := p.run(ctx, text, "--skip-kernel-load", "--skip-cache", "--skip-read-cache", "--stdout")
	if err == nil && compiled == "" {
		err = fmt.Errorf("profile %s: the parser compiles nothing", name)
	}
	return err
}

// run gives a profile to the parser and returns what it prints. It warns where the
// kernel has no AppArmor.
func (p *Parser) run(ctx context.Context, text []byte, options ...string) (string, error) {
	cmd := exec.CommandContext(ctx, p.program, options...)
	var said bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("parse a profile of AppArmor: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return string(out), nil
}
