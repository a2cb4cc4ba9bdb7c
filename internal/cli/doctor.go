package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"bulkhead/internal/engine"
	"bulkhead/internal/report"
	"bulkhead/internal/sensor"
)

// doctorReport is what doctor says in JSON. Version 1.
type doctorReport struct {
	Version int            `json:"version"`
	Probes  []sensor.Probe `json:"probes"`
}

func (a *app) doctorCommand() *cobra.Command {
	var format, host string
	var noEngine bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Try which sensors and enforcers this kernel and engine really give",
		Long: `Doctor tries, one after the other, what watching and enforcing stand on, and
prints a line for each: whether it works, and what the error means where it does
not. Nothing that runs is touched: what is made for a trial is gone after it.
Most trials need root, and say so where they are not made.`,
		Example: "  sudo bulkhead doctor",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVarP(&format, "output", "o", "text", "write `FORMAT`: text or json")
	f.StringVar(&host, "host", "", "the engine's `address` (default as for docker: DOCKER_HOST, the context, the usual sockets)")
	f.BoolVar(&noEngine, "no-engine", false, "do not ask the engine")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		if err := falcoFormat(format); err != nil {
			return err
		}
		probes := sensor.Probes()
		if !noEngine {
			probes = append(probes, probeEngine(cmd.Context(), host)...)
		}
		if format == "json" {
			return writeJSON(a.stdout, doctorReport{1, probes})
		}
		return a.doctorText(probes)
	}
	return cmd
}

// doctorText prints a line for each probe.
func (a *app) doctorText(probes []sensor.Probe) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, p := range probes {
		status := string(p.Status)
		switch p.Status {
		case sensor.Fails:
			status = "does not work"
		case sensor.Untried:
			status = "not tried"
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", p.Name, status, report.Printable(p.Detail)) // Flush has the error
	}
	return w.Flush()
}

// probeEngine asks the engine what it is and what it could set up.
func probeEngine(ctx context.Context, host string) []sensor.Probe {
	const name = "engine"
	e, err := engine.Open(ctx, engine.Options{Host: host})
	if err != nil {
		return []sensor.Probe{{Name: name, Status: sensor.Fails, Detail: err.Error()}}
	}
	defer e.Close()
	file, err := e.Info(ctx)
	if err != nil {
		return []sensor.Probe{{Name: name, Status: sensor.Fails, Detail: err.Error()}}
	}
	var info struct {
		CgroupDriver, CgroupVersion, Driver, DefaultRuntime string
		SecurityOptions, Warnings                           []string
	}
	if err := json.Unmarshal(file.Text, &info); err != nil {
		return []sensor.Probe{{Name: name, Status: sensor.Fails, Detail: "docker info is not what it should be: " + err.Error()}}
	}
	detail := fmt.Sprintf("%s at %s, API %s, runtime %s, storage %s, cgroup driver %s v%s",
		e.Version, e.Host, e.API, info.DefaultRuntime, info.Driver, info.CgroupDriver, info.CgroupVersion)
	probes := []sensor.Probe{
		{Name: name, Status: sensor.Works, Detail: detail},
		{Name: "engine's confinement", Status: sensor.Works, Detail: strings.Join(info.SecurityOptions, "; ")},
	}
	if len(info.SecurityOptions) == 0 {
		probes[1].Status, probes[1].Detail = sensor.Fails, "the engine confines with neither seccomp nor a security module"
	}
	for _, warning := range info.Warnings {
		probes = append(probes, sensor.Probe{Name: "engine's limits", Status: sensor.Fails, Detail: strings.TrimPrefix(warning, "WARNING: ")})
	}
	return probes
}
