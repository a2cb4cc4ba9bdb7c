package cli

import (
	"github.com/spf13/cobra"

	"bulkhead/internal/check"
)

func (a *app) checkCommand(use string) *cobra.Command {
	var s settings
	var o outputs
	cmd := &cobra.Command{
		Use:  use,
		Args: cobra.ArbitraryArgs,
		Long: `Check what is in a folder, an image, a running container or a docker run command line.

Without a name, the current folder is checked: its Dockerfiles, Compose files,
Kubernetes manifests and docker run lines; with an engine, also the images and
the running containers that come from them. "host" is the engine itself with
everything it runs. Lock files of a folder are held against the advisory database,
and its text files are searched for secrets. A container that is named is looked
into: its image, what it wrote, and which packages its processes have loaded.`,
		Example: `  bulkhead                                     this folder
  bulkhead -v examples/shop                    every finding, with its source
  bulkhead -f compose.yaml -f compose.prod.yaml
  bulkhead -o text -o sarif=bulkhead.sarif     two reports
  bulkhead check web                           a container, with what it has loaded
  bulkhead check . --skip secret-in-file       no search for secrets
  bulkhead check shop/api:1.4 -o openvex=vex.json
  bulkhead host                                the engine and all it runs
  bulkhead check --no-cache image.tar          an archive, every layer read again
  bulkhead -- docker run -v /:/host alpine     a command line, before it runs`,
	}
	s.register(cmd.Flags())
	o.register(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		options, err := a.options(cmd, &s, args)
		if err != nil {
			return err
		}
		sinks, err := a.sinks(&o, options)
		if err != nil {
			return err
		}
		options.Deep = true
		collectLate()
		done := a.progress("checking")
		r, err := check.Run(cmd.Context(), options)
		done()
		if err != nil {
			return err
		}
		r.Version = version()
		if epoch, ok := sourceDateEpoch(); ok {
			r.Started, r.Took = epoch, 0 // so that two reports of one thing are the same bytes
		}
		if s.unreached {
			r.Faults++ // it was asked for, so going on without it is not enough
		}
		a.code, _ = r.Exit()
		return write(sinks, r)
	}
	return cmd
}
