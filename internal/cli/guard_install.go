package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/internal/engine"
	"bulkhead/internal/guard"
)

// An installer sets the guard up, and takes it away again.
type installer struct {
	app     *app
	in      io.Reader
	config  string // the engine's
	pidFile string // the engine's
	socket  string
	state   string
	units   string
	host    string
	yes     bool
}

// The units' names.
const (
	serviceUnit = "bulkhead-guard.service"
	socketUnit  = "bulkhead-guard.socket"
)

func (i *installer) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&i.config, "daemon-json", "/etc/docker/daemon.json", "the engine's configuration `file`")
	f.StringVar(&i.pidFile, "pidfile", "/var/run/docker.pid", "the `file` with the engine's process id, to make it read its configuration")
	f.StringVar(&i.socket, "socket", guardSocket, "the guard's socket")
	f.StringVar(&i.state, "state", guardState, "the guard's `folder`")
	f.StringVar(&i.units, "units", "/etc/systemd/system", "the `folder` of systemd's units")
	f.StringVar(&i.host, "host", "", "the engine's `address` (default as for docker: DOCKER_HOST, the context, the usual sockets)")
	f.BoolVarP(&i.yes, "yes", "y", false, "do not ask")
}

func (a *app) guardInstallCommand() *cobra.Command {
	i := &installer{app: a}
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Put the guard in front of this machine's engine",
		Long: `Install prints what it will change, asks, and makes the engine ask the guard: a
service of systemd's with a socket, and one entry in daemon.json, every other byte
of which stays. The engine is not restarted. Where the proof at the end fails,
everything is undone. Without systemd, start "bulkhead guard serve" with what
starts services there, and install does the rest.`,
		Example: `  sudo bulkhead guard install
  sudo bulkhead guard install --yes`,
		Args: cobra.NoArgs,
	}
	i.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		i.in = cmd.InOrStdin()
		return i.install(cmd.Context())
	}
	return cmd
}

func (a *app) guardUninstallCommand() *cobra.Command {
	i := &installer{app: a}
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Undo install",
		Long: `Uninstall makes the engine ask nobody and removes what install made. The engine's
configuration is as it was before, to the byte, unless it was changed since: then
the one entry is taken out of it.`,
		Example: "  sudo bulkhead guard uninstall",
		Args:    cobra.NoArgs,
	}
	i.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		i.in = cmd.InOrStdin()
		return i.uninstall(cmd.Context())
	}
	return cmd
}

// systemd reports whether systemd runs this machine: sd_booted(3).
func systemd() bool {
	_, err := os.Lstat("/run/systemd/system")
	return err == nil
}

func (i *installer) install(ctx context.Context) error {
	before, existed, err := readIfThere(i.config)
	if err != nil {
		return err
	}
	after, err := guard.Enable(before)
	if err != nil {
		return &hinted{fmt.Errorf("%s: %w", i.config, err), "bulkhead check " + i.config + " says what is wrong with it"}
	}
	if !systemd() && !answers(ctx, i.socket) {
		return &hinted{
			fmt.Errorf("nothing answers at %s, and there is no systemd to start it", i.socket),
			"start it with what starts services here: bulkhead guard serve; then run this again",
		}
	}
	change := i.change(before, after)
	if !change && !systemd() {
		_, err := fmt.Fprintf(i.app.stdout, "%s names the guard already\n", i.config)
		return err
	}
	if err := i.ask("Go on?"); err != nil {
		return err
	}
	record := guard.Installation{Config: i.config, Existed: existed, Before: before, After: after}
	state := &guard.State{Dir: i.state}
	if err := errors.Join(state.Open(), state.Keep(record)); err != nil {
		return err
	}
	if err := i.put(ctx, after); err != nil {
		return errors.Join(err, i.undo(ctx, state, record))
	}
	if err := errors.Join(i.settled(ctx), i.app.proveGuard(ctx, i.host)); err != nil {
		return errors.Join(err, i.undo(ctx, state, record))
	}
	return nil
}

// settled waits until the engine asks the guard: it reads its configuration in
// its own time.
func (i *installer) settled(ctx context.Context) error {
	e, err := engine.Open(ctx, engine.Options{Host: i.host})
	if err != nil {
		return err
	}
	defer e.Close()
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	p := guard.Proofs()[0]
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		status, said, err := e.Try(ctx, "POST", p.Target, p.Body)
		if err == nil && guard.Denied(status, said) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("the engine does not ask the guard")
		case <-tick.C:
		}
	}
}

// change prints what will be changed and reports whether daemon.json is.
func (i *installer) change(before, after []byte) bool {
	out := i.app.stdout
	if systemd() {
		_, _ = fmt.Fprintf(out, "write   %s\nwrite   %s\nstart   %s\n",
			filepath.Join(i.units, socketUnit), filepath.Join(i.units, serviceUnit), socketUnit)
	}
	if string(before) == string(after) {
		return false
	}
	_, _ = fmt.Fprintf(out, "change  %s:\n", i.config)
	kept := map[string]bool{}
	for line := range strings.Lines(string(before)) {
		kept[line] = true
	}
	for line := range strings.Lines(string(after)) {
		if !kept[line] {
			_, _ = fmt.Fprintf(out, "        + %s\n", strings.TrimRight(line, "\r\n"))
		}
	}
	_, _ = fmt.Fprintln(out, "tell    the engine to read it; it is not restarted")
	return true
}

// ask asks on standard input unless --yes was given.
func (i *installer) ask(question string) error {
	if i.yes {
		return nil
	}
	_, _ = fmt.Fprintf(i.app.stdout, "%s [y/N] ", question)
	line, err := bufio.NewReader(i.in).ReadString('\n')
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		if errors.Is(err, io.EOF) {
			_, _ = fmt.Fprintln(i.app.stdout)
		}
		return usage("--yes does not ask", "nothing was changed")
	}
	return nil
}

// put makes the changes. The guard has to answer before the engine asks it.
func (i *installer) put(ctx context.Context, config []byte) error {
	if systemd() {
		program, err := os.Executable()
		if err != nil {
			return err
		}
		var args []string
		for _, f := range [][2]string{{"state", i.state}, {"host", i.host}} {
			if f[1] != "" && f[1] != guardState {
				args = append(args, "--"+f[0], f[1])
			}
		}
		err = errors.Join(
			os.WriteFile(filepath.Join(i.units, socketUnit), []byte(guard.SocketUnit(i.socket)), 0o644),
			os.WriteFile(filepath.Join(i.units, serviceUnit), []byte(guard.ServiceUnit(program, args...)), 0o644),
		)
		if err != nil {
			return err
		}
		if err := i.systemctl(ctx, "daemon-reload"); err != nil {
			return err
		}
		if err := i.systemctl(ctx, "enable", "--now", socketUnit, serviceUnit); err != nil {
			return err
		}
	}
	if !answers(ctx, i.socket) {
		return fmt.Errorf("the guard does not answer at %s", i.socket)
	}
	if err := replace(i.config, config); err != nil {
		return err
	}
	return i.reload()
}

func (i *installer) uninstall(ctx context.Context) error {
	state := &guard.State{Dir: i.state}
	record, err := state.Kept()
	if errors.Is(err, fs.ErrNotExist) {
		return &hinted{errors.New("nothing was installed by this command"), "the entry in " + i.config + " can be taken out by hand; then reload the engine"}
	}
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(i.app.stdout, "restore %s\ntell    the engine to read it; it is not restarted\nremove  %s\n", record.Config, i.state)
	if systemd() {
		_, _ = fmt.Fprintf(i.app.stdout, "remove  %s and %s\n", socketUnit, serviceUnit)
	}
	if err := i.ask("Go on?"); err != nil {
		return err
	}
	if err := i.undo(ctx, state, record); err != nil {
		return err
	}
	_, err = fmt.Fprintln(i.app.stdout, "the guard is gone; the engine asks nobody")
	return err
}

// undo takes back what put did, as far as it got: first the engine stops
// asking, then what answers it goes.
func (i *installer) undo(ctx context.Context, state *guard.State, record guard.Installation) error {
	now, _, err := readIfThere(record.Config)
	if err != nil {
		return err
	}
	switch {
	case string(now) != string(record.After):
		text, err := guard.Disable(now) // somebody has changed it since
		if err == nil {
			err = replace(record.Config, text)
		}
		if err != nil {
			return err
		}
	case record.Existed:
		err = replace(record.Config, record.Before)
	default:
		err = os.Remove(record.Config)
	}
	if err != nil {
		return err
	}
	if err := i.reload(); err != nil {
		return err
	}
	if systemd() {
		// What was not enabled cannot be disabled, and that is no matter.
		_ = i.systemctl(ctx, "disable", "--now", serviceUnit, socketUnit)
		for _, unit := range []string{serviceUnit, socketUnit} {
			if err := os.Remove(filepath.Join(i.units, unit)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if err := i.systemctl(ctx, "daemon-reload"); err != nil {
			return err
		}
	}
	return state.Remove()
}

func (i *installer) systemctl(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("systemctl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// reload makes the engine read its configuration again, which it does on
// SIGHUP without touching what runs.
func (i *installer) reload() error {
	text, err := os.ReadFile(i.pidFile)
	if err != nil {
		return &hinted{fmt.Errorf("tell the engine: %w", err), "--pidfile says where the engine's process id is"}
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		return fmt.Errorf("%s holds no process id", i.pidFile)
	}
	daemon, err := os.FindProcess(pid)
	if err == nil {
		err = daemon.Signal(syscall.SIGHUP)
	}
	if err != nil {
		return fmt.Errorf("tell the engine, process %d: %w", pid, err)
	}
	return nil
}

// answers reports whether a guard answers at socket.
func answers(ctx context.Context, socket string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return guard.Ping(ctx, socket) == nil
}

// readIfThere returns the text of a file and whether it exists.
func readIfThere(name string) ([]byte, bool, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return text, err == nil, err
}

// replace writes a file in one step, with the mode it had.
func replace(name string, text []byte) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".bulkhead-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
