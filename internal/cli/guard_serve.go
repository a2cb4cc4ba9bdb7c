package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/internal/engine"
	"bulkhead/internal/finding"
	"bulkhead/internal/guard"
	"bulkhead/internal/model"
	"bulkhead/internal/policy"
	"bulkhead/internal/source"
)

// A guardServer is one run of guard serve.
type guardServer struct {
	app     *app
	socket  string
	policy  string
	state   string
	host    string
	journal string
	rego    policySettings
}

func (a *app) guardServeCommand() *cobra.Command {
	s := &guardServer{app: a}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer the engine's questions (the service runs this)",
		Long: `Serve answers the engine on a socket, or on the one systemd hands over. What it
decides goes to standard output, a JSON object a line. SIGHUP makes it read its
policy again; one that cannot be read leaves the old one in force. Without a
policy file the default policy holds, which denies.`,
		Example: `  sudo bulkhead guard serve --policy /etc/bulkhead/guard.yaml`,
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&s.socket, "socket", guardSocket, "listen on this `path`; its name is the plugin's")
	f.StringVar(&s.policy, "policy", guardPolicy, "the policy `file`")
	f.StringVar(&s.state, "state", guardState, "the `folder` of exceptions and of the emergency switch")
	f.StringVar(&s.journal, "journal", "", "append decisions to this `file` instead of printing them")
	f.StringSliceVar(&s.rego.paths, "policies", nil, "judge by the policies in this `folder` too: Gatekeeper templates and constraints, packages over data.bulkhead.facts")
	f.StringSliceVar(&s.rego.data, "data", nil, "give policies this `file` or folder as data")
	f.StringVar(&s.host, "host", "", "the engine's `address` (default as for docker: DOCKER_HOST, the context, the usual sockets)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		return s.run(cmd.Context())
	}
	return cmd
}

// guardTimeout bounds one decision. The engine itself waits without a bound.
const guardTimeout = 10 * time.Second

func (s *guardServer) run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	policy, err := s.load()
	if err != nil {
		return usage("", "%s: %w", s.policy, err)
	}
	state := &guard.State{Dir: s.state}
	if err := state.Open(); err != nil {
		return err
	}
	out, closeJournal, err := s.openJournal()
	if err != nil {
		return err
	}
	defer closeJournal()
	g := &guard.Guard{
		Engine:  &lateEngine{host: s.host},
		State:   state,
		Journal: guard.NewJournal(out),
		Protect: s.protected(),
		Timeout: guardTimeout,
	}
	g.SetPolicy(policy)
	l, err := guard.Listen(ctx, s.socket)
	if err != nil {
		return err
	}
	g.Journal.Note("the guard answers the engine")
	stopped := s.reloadOnHangup(ctx, g)
	err = g.Serve(ctx, l)
	<-stopped
	g.Journal.Note("the guard stops; the engine denies everything until it answers again")
	if errors.Is(err, context.Canceled) || ctx.Err() != nil && err == nil {
		return nil
	}
	return err
}

// reloadOnHangup reads the policy again on every SIGHUP until ctx ends. Requests
// that have begun are judged by the policy they began with.
func (s *guardServer) reloadOnHangup(ctx context.Context, g *guard.Guard) <-chan struct{} {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer signal.Stop(hangups)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
			}
			p, err := s.load()
			if err != nil {
				g.Journal.Note(fmt.Sprintf("%s cannot be read, so the old policy stays in force: %v", s.policy, err))
				continue
			}
			g.SetPolicy(p)
			g.Journal.Note("the policy was read again")
		}
	}()
	return done
}

// load reads the policy and compiles users' own. Where there is no policy file
// the default holds.
func (s *guardServer) load() (*guard.Policy, error) {
	p := guard.DefaultPolicy(s.app.rules)
	text, err := os.ReadFile(s.policy)
	switch {
	case errors.Is(err, fs.ErrNotExist) && s.policy == guardPolicy:
	case err != nil:
		return nil, err
	default:
		if p, err = guard.ParsePolicy(text, s.app.rules); err != nil {
			return nil, err
		}
	}
	if len(s.rego.paths) == 0 {
		return p, nil
	}
	set, err := policy.Load(s.rego.options())
	if err != nil {
		return nil, err
	}
	return p.With(regoJudge{set}), nil
}

// A regoJudge is users' policies as the guard asks them.
type regoJudge struct{ set *policy.Set }

// Judge implements guard.Judge.
func (j regoJudge) Judge(ctx context.Context, s *model.System) ([]guard.Judged, error) {
	found, err := j.set.ReviewWorkload(ctx, s.Workloads[0])
	if err != nil {
		return nil, err
	}
	var out []guard.Judged
	for _, v := range found {
		mode := guard.Audit
		if v.Action == policy.Deny {
			mode = guard.Deny
		}
		out = append(out, guard.Judged{
			Finding: finding.Finding{Rule: v.Rule, Severity: v.Severity, Message: v.Message},
			Mode:    mode,
		})
	}
	return out, nil
}

func (s *guardServer) openJournal() (io.Writer, func(), error) {
	if s.journal == "" {
		return s.app.stdout, func() {}, nil
	}
	f, err := os.OpenFile(s.journal, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, err
	}
	return f, func() { _ = f.Close() }, nil
}

// protected returns the paths by which a container could change what the guard
// decides.
func (s *guardServer) protected() []string {
	out := []string{filepath.Dir(s.socket), s.state, filepath.Dir(s.policy)}
	if program, err := os.Executable(); err == nil {
		out = append(out, program)
	}
	return out
}

// A lateEngine opens its engine when it is first asked: the engine that asks
// the guard may not have started when the guard does.
type lateEngine struct {
	host string

	mu     sync.Mutex
	opened *engine.Engine
}

func (l *lateEngine) open(ctx context.Context) (*engine.Engine, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.opened != nil {
		return l.opened, nil
	}
	e, err := engine.Open(ctx, engine.Options{Host: l.host})
	if err != nil {
		return nil, err
	}
	l.opened = e
	return e, nil
}

// Object implements guard.Engine.
func (l *lateEngine) Object(ctx context.Context, kind engine.Kind, name string) (*source.File, error) {
	e, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	return e.Object(ctx, kind, name)
}

// Info implements guard.Engine.
func (l *lateEngine) Info(ctx context.Context) (*source.File, error) {
	e, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	return e.Info(ctx)
}
