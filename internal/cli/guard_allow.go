package cli

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/internal/guard"
	"bulkhead/internal/report"
)

func (a *app) guardAllowCommand() *cobra.Command {
	var state, reason string
	var life time.Duration
	cmd := &cobra.Command{
		Use:   "allow ID",
		Short: "Let one denied request pass, once",
		Long: `Allow lets the request that was denied with this id pass once, within the time
given: the same request to the byte, from the same user. A container made by it
may be started and used for as long as it exists.`,
		Example: `  sudo bulkhead guard allow 7f3ac0de51b2
  sudo bulkhead guard allow 7f3ac0de51b2 --for 1h --reason "firmware update, ticket 12"`,
		Args: cobra.ExactArgs(1),
	}
	f := cmd.Flags()
	f.DurationVar(&life, "for", 10*time.Minute, "how long the request may take to come again")
	f.StringVar(&reason, "reason", "", "why, for the journal")
	f.StringVar(&state, "state", guardState, "the guard's `folder`")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		if life <= 0 || life > 24*time.Hour {
			return usage("", "--for is %s, not between 0 and 24h", life)
		}
		s, err := guardStateIn(state)
		if err != nil {
			return err
		}
		g, err := s.Allow(args[0], time.Now().Add(life), reason, caller())
		switch {
		case errors.Is(err, guard.ErrNoDenial):
			return usage("the id is in the denial, and in the journal", "%w", err)
		case errors.Is(err, guard.ErrAmbiguous):
			return usage("give more of it; the journal has all of it", "%w", err)
		case err != nil:
			return err
		}
		what := g.Route
		if g.Asked != "" {
			what = g.Asked
		}
		_, err = fmt.Fprintf(a.stdout, "allowed once until %s: %s (%s)\n",
			g.Until.Format(time.TimeOnly), report.Printable(what), strings.Join(g.Rules, ", "))
		return err
	}
	return cmd
}

func (a *app) guardOffCommand() *cobra.Command {
	var state, reason string
	var life time.Duration
	cmd := &cobra.Command{
		Use:   "off",
		Short: "Emergency switch: deny nothing for a while",
		Long: `Off makes the guard deny nothing until the time is up. What it would have denied
is in the journal, and so is that the switch is thrown.`,
		Example: `  sudo bulkhead guard off --for 30m --reason "registry is down"
  sudo bulkhead guard on`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.DurationVar(&life, "for", time.Hour, "how long")
	f.StringVar(&reason, "reason", "", "why; it has to be given")
	f.StringVar(&state, "state", guardState, "the guard's `folder`")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case reason == "":
			return usage(`bulkhead guard off --reason "…"`, "--reason is missing")
		case life <= 0 || life > 24*time.Hour:
			return usage("", "--for is %s, not between 0 and 24h", life)
		}
		s, err := guardStateIn(state)
		if err != nil {
			return err
		}
		until := time.Now().Add(life)
		if err := s.Throw(guard.Switch{Until: until, Reason: reason, By: caller()}); err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.stdout, "the guard denies nothing until %s; bulkhead guard on ends that\n", until.Format(time.TimeOnly))
		return err
	}
	return cmd
}

func (a *app) guardOnCommand() *cobra.Command {
	var state string
	cmd := &cobra.Command{
		Use:     "on",
		Short:   "Take the emergency switch back",
		Example: "  sudo bulkhead guard on",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&state, "state", guardState, "the guard's `folder`")
	cmd.RunE = func(*cobra.Command, []string) error {
		s, err := guardStateIn(state)
		if err != nil {
			return err
		}
		if err := s.Restore(); err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.stdout, "the guard denies again")
		return err
	}
	return cmd
}

// guardStateIn returns the state of the guard that keeps it in the folder dir.
func guardStateIn(dir string) (*guard.State, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		if err == nil {
			err = fmt.Errorf("%s is no folder", dir)
		}
		return nil, &hinted{err, "bulkhead guard install sets the guard up; its state is root's"}
	}
	return &guard.State{Dir: dir}, nil
}

// caller returns who typed the command: the user behind sudo.
func caller() string {
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}
