package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"bulkhead/internal/engine"
	"bulkhead/internal/guard"
	"bulkhead/internal/guard/proxy"
)

const (
	proxySocket  = "unix:///run/bulkhead/docker.sock"
	engineSocket = "unix:///var/run/docker.sock"
)

// A guardProxy is one run of guard proxy.
type guardProxy struct {
	guardServer // its policy, state, journal and users' policies

	listen  string
	group   string
	maxBody int64
}

func (a *app) guardProxyCommand() *cobra.Command {
	s := &guardProxy{guardServer: guardServer{app: a}}
	cmd := &cobra.Command{
		Use:   "proxy",
		Short: "Stand in front of the engine's socket, for tools that need it",
		Long: `Proxy is a socket to give to tools in place of the engine's: Traefik, Watchtower,
Portainer, CI runners. It decides as the plugin does, sees whole bodies and who
asks, and passes streams on untouched. With "calls:" in its policy it allows
those and nothing else; guard learn writes them.

Mounting the engine's own socket read-only protects nothing: that keeps the
socket's file from being replaced, not requests from being sent.`,
		Example: `  sudo bulkhead guard proxy --listen unix:///run/bulkhead/docker.sock --policy traefik.yaml
  docker run -v /run/bulkhead/docker.sock:/var/run/docker.sock traefik`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&s.listen, "listen", proxySocket, "the `address` for clients")
	f.StringVar(&s.host, "engine", engineSocket, "the engine's `address`")
	f.StringVar(&s.policy, "policy", guardPolicy, "the policy `file`")
	f.StringVar(&s.state, "state", guardState, "the `folder` of exceptions and of the emergency switch")
	f.StringVar(&s.journal, "journal", "", "append decisions to this `file` instead of printing them")
	f.StringVar(&s.group, "group", "", "let this `group` connect too (default root alone)")
	f.Int64Var(&s.maxBody, "max-body", proxy.DefaultMaxBody, "refuse requests whose body has more `bytes`; builds, loads and copies have no bound")
	f.StringSliceVar(&s.rego.paths, "policies", nil, "judge by the policies in this `folder` too")
	f.StringSliceVar(&s.rego.data, "data", nil, "give policies this `file` or folder as data")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		return s.run(cmd.Context())
	}
	return cmd
}

// socketPath returns the path of a Unix socket's address.
func socketPath(flag, address string) (string, error) {
	path, ok := strings.CutPrefix(address, "unix://")
	if !ok || !strings.HasPrefix(path, "/") {
		return "", usage("only a Unix socket tells who asks", "--%s is %q, not unix:///…", flag, address)
	}
	return path, nil
}

func (s *guardProxy) run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	path, err := socketPath("listen", s.listen)
	if err != nil {
		return err
	}
	to, err := socketPath("engine", s.host)
	switch {
	case err != nil:
		return err
	case to == path:
		return usage("", "--listen and --engine are the same socket")
	case s.maxBody < 1:
		return usage("", "--max-body is %d", s.maxBody)
	}
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
	s.socket = path
	late := &lateEngine{host: s.host}
	g := &guard.Guard{Engine: late, State: state, Journal: guard.NewJournal(out), Protect: s.protected(), Timeout: guardTimeout}
	g.SetPolicy(policy)
	p := proxy.New(to, g)
	p.MaxBody, p.Name = s.maxBody, late.name
	l, err := listen(ctx, path, s.group)
	if err != nil {
		return err
	}
	g.Journal.Note("the guard stands in front of " + s.host + ", for clients of " + s.listen)
	stopped := s.reloadOnHangup(ctx, g)
	err = p.Serve(ctx, l)
	<-stopped
	g.Journal.Note("the guard stops; nobody reaches the engine through it until it is started again")
	if errors.Is(err, context.Canceled) || ctx.Err() != nil && err == nil {
		return nil
	}
	return err
}

// listen opens the socket for clients, and lets a group connect.
func listen(ctx context.Context, path, group string) (net.Listener, error) {
	id := -1
	if group != "" {
		g, err := user.LookupGroup(group)
		if err != nil {
			return nil, usage("", "--group: %w", err)
		}
		if id, err = strconv.Atoi(g.Gid); err != nil {
			return nil, fmt.Errorf("group %s: %w", group, err)
		}
	}
	l, err := guard.Listen(ctx, path)
	if err != nil || id < 0 {
		return l, err
	}
	if err := errors.Join(os.Chown(path, -1, id), os.Chmod(path, 0o660)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// name returns the name of the container of that id, or "".
func (l *lateEngine) name(ctx context.Context, id string) string {
	f, err := l.Object(ctx, engine.ContainerKind, id)
	if err != nil {
		return ""
	}
	var c struct{ Name string }
	if err := json.Unmarshal(f.Text, &c); err != nil {
		return ""
	}
	return strings.TrimPrefix(c.Name, "/")
}
