package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/internal/engine"
	"bulkhead/internal/learn"
	"bulkhead/internal/report"
)

// A learnRun is one run of learn.
type learnRun struct {
	app     *app
	options learn.Options
	format  string
	host    string
	save    string
	fast    bool
	file    string
	apply   bool
	against string
}

func (a *app) learnCommand() *cobra.Command {
	l := &learnRun{app: a}
	cmd := &cobra.Command{
		Use:   "learn CONTAINER|SERVICE [-- TEST COMMAND…]",
		Short: "Find the least privilege a service needs, and prove that it is enough",
		Long: `Learn runs copies of a container under its test, records what they use of the
kernel, and prints what the container is granted against what it used. Then it runs
copies under what follows from that: a seccomp profile, the capabilities that are
needed and no others, no new privileges, and a read-only root file system with what
has to be writable. What the service does not work under is taken back, and said.

The container is named, or the Compose service it was started from. It may be one
that was only created: docker create takes all that docker run does. It is left
alone: copies have ports of their own, empty volumes and copies of the folders that
they may write to. With --in-place it is stopped, and its copies take its place
until it is started again.

The test is a command that fails while the service does not work. It is told where
the copy is: BULKHEAD_IP is its address, BULKHEAD_PORT_80 where its port 80 is
published, as 127.0.0.1:49153, BULKHEAD_CONTAINER its id. Without a test only what
the service does by itself is seen, and nothing that it does for others.

--file shows what was learned as a change of the file that describes the service.
--apply writes it, --save all that was learned: only where the service has passed
under it. --check compares with what was saved, after a change of the image. Learning
needs root and a kernel with BTF; bulkhead doctor says what there is.`,
		Example: `  sudo bulkhead learn web -- ./smoke-test.sh
  sudo bulkhead learn web --save learned -- sh -c 'curl -fsS http://$BULKHEAD_IP/'
  sudo bulkhead learn web --file compose.yaml --apply -- ./smoke-test.sh
  sudo bulkhead learn web --check learned/web.learned.json -- ./smoke-test.sh
  sudo bulkhead learn --image redis:7`,
		Args: cobra.ArbitraryArgs,
	}
	f := cmd.Flags()
	f.StringVar(&l.options.Image, "image", "", "learn about this `IMAGE`, run without flags, instead of a container")
	f.IntVar(&l.options.Runs, "runs", 3, "run the service this `many` times to see what it uses")
	f.DurationVar(&l.options.Timeout, "timeout", time.Minute, "the `time` until the service has to be ready and its test to pass")
	f.BoolVar(&l.options.InPlace, "in-place", false, "stop the container, learn with its volumes, ports and names, and start it again")
	f.BoolVar(&l.fast, "fast", false, "keep every capability that was asked for, instead of trying without each")
	f.StringVar(&l.save, "save", "", "write the seccomp profile and what was learned into the folder `DIR`")
	f.StringVarP(&l.file, "file", "f", "", "show what would change in this `FILE` that describes the service: Compose, a manifest, docker run lines")
	f.BoolVar(&l.apply, "apply", false, "write the change of --file, and its profile beside it")
	f.StringVar(&l.against, "check", "", "say what is new against what --save wrote into `FILE`, and fail where something is")
	f.StringVarP(&l.format, "output", "o", "text", "write `FORMAT`: text or json")
	f.StringVar(&l.host, "host", "", "the engine's `address` (default as for docker: DOCKER_HOST, the context, the usual sockets)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		if err := falcoFormat(l.format); err != nil {
			return err
		}
		if err := l.arguments(cmd, args); err != nil {
			return err
		}
		return l.run(cmd.Context())
	}
	return cmd
}

// arguments takes the container and the test from the command line.
func (l *learnRun) arguments(cmd *cobra.Command, args []string) error {
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		args, l.options.Test = args[:dash], args[dash:]
		if len(l.options.Test) == 0 {
			return usage("bulkhead learn web -- ./smoke-test.sh", "no test command after --")
		}
	}
	const example = "bulkhead learn web -- ./smoke-test.sh"
	switch {
	case len(args) > 1:
		return usage(example, "learn is about one container; the test command goes after --")
	case len(args) == 1 && l.options.Image != "":
		return usage(example, "either a container or --image")
	case len(args) == 0 && l.options.Image == "":
		return usage(example, "which container?")
	case l.options.Image != "" && l.options.InPlace:
		return usage("", "--in-place needs a container")
	case l.apply && l.file == "":
		return usage("bulkhead learn web --file compose.yaml --apply -- ./smoke-test.sh", "--apply needs the --file to change")
	case l.options.Runs < 1:
		return usage("", "--runs is at least 1")
	}
	if len(args) == 1 {
		l.options.Container = args[0]
	}
	return nil
}

func (l *learnRun) run(ctx context.Context) error {
	e, err := engine.Open(ctx, engine.Options{Host: l.host})
	if err != nil {
		return err
	}
	defer e.Close()
	if l.options.Container != "" {
		if l.options.Container, err = containerOf(ctx, e, l.options.Container); err != nil {
			return err
		}
	}
	l.options.Engine, l.options.Exhaustive = e, !l.fast
	l.options.Log = func(text string) { l.app.say(report.Printable(text)) }
	before, err := l.saved()
	if err != nil {
		return err
	}
	if l.file != "" {
		if _, err := os.Stat(l.file); err != nil { // learning takes minutes
			return err
		}
	}
	r, err := learn.Run(ctx, l.options)
	if err != nil {
		return err
	}
	if before != nil {
		return l.compare(before, r)
	}
	if err := l.print(r); err != nil {
		return err
	}
	if !r.Verified {
		l.app.code = report.ExitFound
		return nil
	}
	return l.write(r)
}

// containerOf returns the id of the container that name is the name or the start of
// the id of, or else of the one that was started for the Compose service called
// name.
func containerOf(ctx context.Context, e *engine.Engine, name string) (string, error) {
	text, err := e.Inspect(ctx, name)
	if err == nil {
		var c struct {
			ID string `json:"Id"`
		}
		err = json.Unmarshal(text, &c)
		return c.ID, err
	}
	if !errors.Is(err, engine.ErrNotFound) {
		return "", err
	}
	file, _, err := e.Containers(ctx)
	if err != nil {
		return "", err
	}
	var all []struct {
		ID     string `json:"Id"`
		Config struct{ Labels map[string]string }
	}
	if err := json.Unmarshal(file.Text, &all); err != nil {
		return "", fmt.Errorf("read containers: %w", err)
	}
	var found []string
	for _, c := range all {
		if c.Config.Labels["com.docker.compose.service"] == name {
			found = append(found, c.ID)
		}
	}
	switch len(found) {
	case 0:
		return "", &hinted{
			fmt.Errorf("there is no container, and no container of a service, called %s", name),
			"start it, or create it with docker create or docker compose create; for an image give --image",
		}
	case 1:
		return found[0], nil
	}
	return "", usage("name one of them: docker ps -a", "%d containers are of services called %s", len(found), name)
}

func (l *learnRun) print(r *learn.Learned) error {
	if l.format == "json" {
		return writeJSON(l.app.stdout, r)
	}
	_, err := l.app.stdout.Write(printableLines([]byte(r.Text())))
	return err
}
