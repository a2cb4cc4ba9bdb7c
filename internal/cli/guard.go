package cli

import (
	"github.com/spf13/cobra"
)

// Where the guard's things are on a machine.
const (
	guardSocket = "/run/docker/plugins/bulkhead.sock"
	guardPolicy = "/etc/bulkhead/guard.yaml"
	guardState  = "/var/lib/bulkhead/guard"
)

func (a *app) guardCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "guard",
		Short: "Refuse what is unsafe at the Docker API and at Kubernetes admission, and say how to do it right",
		Long: `Guard is an authorization plugin of the Docker engine: the engine asks it about
every request, and what would get out of a container and at the host is denied,
with the command line to use instead. The rules are those of check. Admission is
the same for a Kubernetes cluster, as a validating webhook.`,
		Example: `  sudo bulkhead guard install     # prints what it changes and asks first
  sudo bulkhead guard test        # proves on this engine that the deny path is live
  sudo bulkhead guard allow 7f3ac0de51b2  # let one denied request pass, once`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.guardInstallCommand(), a.guardUninstallCommand(), a.guardTestCommand(),
		a.guardServeCommand(), a.guardAllowCommand(), a.guardOffCommand(), a.guardOnCommand(),
		a.admissionCommand(), a.manifestsCommand(), a.auditCommand(),
		a.guardProxyCommand(), a.guardLearnCommand())
	return cmd
}
