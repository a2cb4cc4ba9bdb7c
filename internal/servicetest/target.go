package servicetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// A Target is a container in which a service runs.
type Target struct {
	Container string // id or name
	Image     string
	Address   string // IP address
	Gateway   string // IP address of this machine, as the container reaches it
	Port      int
}

// Find returns the target that a container of the service is.
func Find(ctx context.Context, s *Service, container string) (*Target, error) {
	text, err := Docker(ctx, "inspect", "--type", "container", container)
	if err != nil {
		return nil, err
	}
	var all []struct {
		Image           string
		NetworkSettings struct {
			Networks map[string]struct{ IPAddress, Gateway string }
		}
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil || len(all) != 1 {
		return nil, fmt.Errorf("inspect container %s: unexpected answer", container)
	}
	for _, n := range all[0].NetworkSettings.Networks {
		if n.IPAddress != "" {
			return &Target{container, all[0].Image, n.IPAddress, n.Gateway, s.Port}, nil
		}
	}
	return nil, fmt.Errorf("container %s has no address: it does not run", container)
}

// Host returns address and port.
func (t *Target) Host() string { return net.JoinHostPort(t.Address, strconv.Itoa(t.Port)) }

// Dial connects, for as long as ctx lasts.
func (t *Target) Dial(ctx context.Context) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.Host())
	if err != nil {
		return nil, err
	}
	if end, ok := ctx.Deadline(); ok {
		err = c.SetDeadline(end)
	}
	return c, err
}

// Client runs a program of the service's image in a container of its own, with
// the volumes of the service, and returns what it prints. Its name begins with that
// of the service's container.
func (t *Target) Client(ctx context.Context, user string, args ...string) (string, error) {
	run := []string{"run", "--rm", "--name", t.Container + "-client-" + word(), "--label", label, "--volumes-from", t.Container + ":ro", "--user", user, "--entrypoint", args[0], t.Image}
	cmd := exec.CommandContext(ctx, "docker", append(run, args[1:]...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", args[0], err, strings.TrimSpace(said.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// wait returns when the service accepts connections. It gives up when the
// container does not run, or with ctx.
func (t *Target) wait(ctx context.Context) error {
	for {
		c, err := t.Dial(ctx)
		if err == nil {
			return c.Close()
		}
		if err := running(ctx, t.Container); err != nil {
			return err
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("%s accepts nothing: %w", t.Host(), err)
		}
	}
}

// running says why a container does not run.
func running(ctx context.Context, container string) error {
	state, err := Docker(ctx, "inspect", "--type", "container", "--format", "{{.State.Running}} {{.State.ExitCode}}", container)
	if err != nil {
		return err
	}
	if code, ok := strings.CutPrefix(state, "false "); ok {
		logs, err := logs(ctx, container)
		return errors.Join(fmt.Errorf("the container has ended with exit code %s\n%s", code, logs), err)
	}
	return nil
}

// logs returns the end of what a container printed.
func logs(ctx context.Context, container string) (string, error) {
	out, err := exec.CommandContext(ctx, "docker", "logs", "--tail", "15", container).CombinedOutput()
	return string(out), err
}

// pause waits a moment, or until ctx ends.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(100 * time.Millisecond):
		return nil
	}
}

// Check waits until a container of the service accepts connections, and tests
// it. A service may need a moment more before it answers: it is given patience.
func (s *Service) Check(ctx context.Context, container string) error {
	const starting, patience, testing = 60 * time.Second, 5 * time.Second, 15 * time.Second
	t, err := Find(ctx, s, container)
	if err != nil {
		return errors.Join(err, running(ctx, container))
	}
	waiting, cancel := context.WithTimeout(ctx, starting)
	defer cancel()
	if err := t.wait(waiting); err != nil {
		return err
	}
	for begin := time.Now(); ; {
		once, cancel := context.WithTimeout(ctx, testing)
		err := s.Test(once, t)
		cancel()
		if err == nil || time.Since(begin) > patience {
			return err
		}
		if err := running(ctx, container); err != nil {
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// word returns what was never written before.
func word() string { return "w" + strings.ToLower(rand.Text()) }

// same compares what was read with what was written.
func same(what, got, want string) error {
	if got != want {
		return fmt.Errorf("%s: got %q, want %q", what, got, want)
	}
	return nil
}
