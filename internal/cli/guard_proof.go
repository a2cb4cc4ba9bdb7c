package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"bulkhead/internal/engine"
	"bulkhead/internal/guard"
)

func (a *app) guardTestCommand() *cobra.Command {
	var host string
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Prove on this engine that the deny path is live",
		Long: `Test asks the engine for forbidden things in the spellings that plugins have been
deceived by, and for a harmless one. All are for an image that does not exist, so
that nothing is made where nobody denies.`,
		Example: "  bulkhead guard test",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&host, "host", "", "the engine's `address` (default as for docker: DOCKER_HOST, the context, the usual sockets)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		return a.proveGuard(cmd.Context(), host)
	}
	return cmd
}

// proveGuard sends the requests of guard.Proofs and prints a line for each. It
// fails unless all are answered as they should be.
func (a *app) proveGuard(ctx context.Context, host string) error {
	e, err := engine.Open(ctx, engine.Options{Host: host})
	if err != nil {
		return err
	}
	defer e.Close()
	wrong := 0
	for _, p := range guard.Proofs() {
		status, said, err := e.Try(ctx, "POST", p.Target, p.Body)
		if err != nil {
			return err
		}
		verdict := "denied"
		if !guard.Denied(status, said) {
			verdict = "not denied"
		}
		good := guard.Denied(status, said) == p.Forbidden
		if !good {
			verdict += ", which is WRONG"
			wrong++
		}
		if _, err := fmt.Fprintf(a.stdout, "%-52s %s\n", p.Name, verdict); err != nil {
			return err
		}
	}
	if wrong > 0 {
		return &hinted{fmt.Errorf("the guard is not live on %s: %d of %d answers are wrong", e.Host, wrong, len(guard.Proofs())), "bulkhead guard install puts it in front of the engine"}
	}
	_, err = fmt.Fprintf(a.stdout, "the deny path is live on %s\n", e.Host)
	return err
}
