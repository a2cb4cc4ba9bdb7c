package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/internal/guard"
	"bulkhead/internal/guard/proxy"
	"bulkhead/internal/report"
)

// A guardLearner is one run of guard learn.
type guardLearner struct {
	app    *app
	host   string
	listen string
	policy string
	output string
	force  bool
}

func (a *app) guardLearnCommand() *cobra.Command {
	l := &guardLearner{app: a}
	cmd := &cobra.Command{
		Use:   "learn [flags] -- COMMAND [ARGUMENT...]",
		Short: "Record the calls a client makes, and write the least policy that allows them",
		Long: `Learn runs a command with a socket of its own in DOCKER_HOST, records what it asks
the engine for, and writes a policy for guard proxy that allows these calls, with
these names, parameters and bodies, and nothing else. Nothing is denied meanwhile;
what the policy's rules would deny is said at the end.`,
		Example: `  sudo bulkhead guard learn -o ci.yaml -- make integration-test
  sudo bulkhead guard proxy --policy ci.yaml`,
		Args: cobra.MinimumNArgs(1),
	}
	f := cmd.Flags()
	f.StringVarP(&l.output, "output", "o", "guard.yaml", "write the policy to this `file`")
	f.BoolVar(&l.force, "force", false, "write over a file that is there")
	f.StringVar(&l.host, "engine", engineSocket, "the engine's `address`")
	f.StringVar(&l.listen, "listen", "", "the `address` for the command (default a socket of its own)")
	f.StringVar(&l.policy, "policy", guardPolicy, "the policy `file` whose rules are asked")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		return l.run(cmd.Context(), cmd.InOrStdin(), args)
	}
	return cmd
}

func (l *guardLearner) run(ctx context.Context, stdin io.Reader, args []string) error {
	if _, err := os.Lstat(l.output); err == nil && !l.force {
		return usage("--force writes over it", "%s is there already", l.output)
	}
	to, err := socketPath("engine", l.host)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bulkhead-learn-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // the temporary folder of the machine is tidied anyway
	path := filepath.Join(dir, "docker.sock")
	if l.listen != "" {
		if path, err = socketPath("listen", l.listen); err != nil {
			return err
		}
	}
	s := &guardServer{app: l.app, policy: l.policy}
	policy, err := s.load()
	if err != nil {
		return usage("", "%s: %w", l.policy, err)
	}
	g := &guard.Guard{Engine: &lateEngine{host: l.host}, State: &guard.State{Dir: dir}, Journal: guard.NewJournal(io.Discard), Timeout: guardTimeout}
	g.SetPolicy(policy.Auditing())
	watched := &watchedGuard{Guard: g, against: map[string]bool{}}
	var recorder proxy.Recorder
	p := proxy.New(to, watched)
	p.Seen = recorder.Seen
	failed, err := l.client(ctx, p, path, command{args, stdin})
	if err != nil {
		return err
	}
	calls, err := recorder.Calls()
	if err != nil {
		return err
	}
	return errors.Join(l.write(args, calls, watched.refusals()), failed)
}

// A command is what makes the calls.
type command struct {
	args  []string
	stdin io.Reader
}

// client runs the command with p in front of the engine. The first error is
// the command's own, after which there is still something to write.
func (l *guardLearner) client(ctx context.Context, p *proxy.Proxy, path string, c command) (failed, err error) {
	socket, err := guard.Listen(ctx, path)
	if err != nil {
		return nil, err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- p.Serve(serving, socket) }()
	defer func() {
		stop()
		err = errors.Join(err, <-served)
	}()
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "DOCKER_CONTEXT=") }), "DOCKER_HOST=unix://"+path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.stdin, l.app.stderr, l.app.stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	var exit *exec.ExitError
	switch err := cmd.Run(); {
	case err == nil, ctx.Err() != nil: // somebody ended what runs for ever
		return nil, nil
	case errors.As(err, &exit):
		return &hinted{fmt.Errorf("%s ended with %w", c.args[0], err), "the policy allows what it asked for until then"}, nil
	default:
		return nil, usage("", "%w", err)
	}
}

// write writes the policy and says what is in it.
func (l *guardLearner) write(args []string, calls []proxy.Recorded, against []string) error {
	learned, err := proxy.Learn(calls)
	if err != nil {
		return err
	}
	of := fmt.Sprintf("%d requests, %d calls, %d of %d routes", len(calls), learned.Calls, len(learned.Routes), len(guard.Routes()))
	head := "# Learned from: " + report.Printable(strings.Join(args, " ")) + "\n# " + of +
		"\n# In texts, * stands for anything and {made} for the id of something made under this policy.\n"
	// Bodies may hold credentials, in variables of containers.
	if err := os.WriteFile(l.output, append([]byte(head), learned.Text...), 0o600); err != nil {
		return err
	}
	_, err = fmt.Fprintf(l.app.stdout, "%s: %s\n", l.output, of)
	for _, a := range against {
		_, e := fmt.Fprintf(l.app.stdout, "  would be denied all the same: %s\n", report.Printable(a))
		err = errors.Join(err, e)
	}
	return err
}

// A watchedGuard keeps what it would deny.
type watchedGuard struct {
	*guard.Guard

	mu      sync.Mutex
	against map[string]bool
}

// Decide implements proxy.Decider.
func (w *watchedGuard) Decide(ctx context.Context, r guard.Request) guard.Decision {
	d := w.Guard.Decide(ctx, r)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range d.Refusals {
		w.against[d.Route+": "+f.Message+" ("+f.Rule+")"] = true
	}
	return d
}

func (w *watchedGuard) refusals() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.against))
}
