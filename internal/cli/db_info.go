package cli

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"bulkhead/internal/report"
	"bulkhead/internal/vuln"
)

// withDatabase returns a command without arguments that opens the database and
// runs use with it.
func (a *app) withDatabase(cmd *cobra.Command, use func(cmd *cobra.Command, path string, d *vuln.DB) error) *cobra.Command {
	path := databaseFlag(cmd.Flags(), "")
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if err := fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		if len(args) > 0 {
			return usage("--db FILE names another database", "db %s takes no argument", cmd.Name())
		}
		file, err := databasePath(*path)
		if err != nil {
			return err
		}
		d, err := openDatabase(file)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, d.Close()) }()
		return use(cmd, file, d)
	}
	return cmd
}

func (a *app) dbInfoCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "info", Short: "Say what is in the database and how old it is"}
	return a.withDatabase(cmd, func(_ *cobra.Command, path string, d *vuln.DB) error {
		info := d.Info()
		w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
		line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) } // Flush has the error
		line("file\t%s, %s, format %d.%d", report.Printable(path), units.HumanSize(float64(info.Size)), info.Major, info.Minor)
		line("built\t%s", info.Built.Format(time.RFC3339))
		line("data\t%s, %s", advisories(info.Advisories()), a.dataAge(info, time.Now()))
		line("exploited\t%s", known(info.Exploited, "known to be exploited", info.KEVDate))
		line("EPSS\t%s", known(info.EPSS, "with a probability of exploitation", info.EPSSDate))
		line("sha256\t%s", info.SHA256)
		line("\nsource\tadvisories\tnewest")
		for _, s := range info.Sources {
			newest := "unknown"
			if !s.Newest.IsZero() {
				newest = s.Newest.Format(time.DateOnly)
			}
			line("%s\t%d\t%s", report.Printable(s.Name), s.Advisories, newest)
		}
		line("\ncovered\tpackages\tadvisories")
		for _, e := range info.Ecosystems {
			line("%s\t%d\t%d", report.Printable(e.Name), e.Packages, e.Advisories)
		}
		return w.Flush()
	})
}

// known says of how many CVEs something is known, and since when.
func known(n int, what, date string) string {
	if n == 0 && date == "" {
		return "no list was given"
	}
	text := report.Count(n, "CVE") + " " + what
	if date != "" {
		text += ", as of " + report.Printable(date)
	}
	return text
}

func (a *app) dbVerifyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "verify", Short: "Read the whole database and check its checksums"}
	return a.withDatabase(cmd, func(cmd *cobra.Command, path string, d *vuln.DB) error {
		done := a.progress("verifying")
		err := d.Verify(cmd.Context())
		done()
		if err != nil {
			return &hinted{fmt.Errorf("verify %s: %w", path, err), "bulkhead db update makes a new one"}
		}
		_, err = fmt.Fprintf(a.stdout, "%s: ok, sha256 %s\n", report.Printable(path), strings.TrimSpace(d.Info().SHA256))
		return err
	})
}
