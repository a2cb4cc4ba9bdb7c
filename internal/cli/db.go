package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulkhead/internal/nearest"
	"bulkhead/internal/report"
	"bulkhead/internal/vuln"
)

// databasePath returns where the advisory database is: what --db or BULKHEAD_DB
// says, else a place in the user's cache.
func databasePath(flag string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", usage("--db FILE says where it is", "no place for the advisory database: %w", err)
	}
	return filepath.Join(cache, "bulkhead", "advisories.db"), nil
}

// openDatabase opens the advisory database.
func openDatabase(path string) (*vuln.DB, error) {
	d, err := vuln.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &hinted{
			fmt.Errorf("no advisory database at %s", path),
			"bulkhead db update fetches advisories; bulkhead db build DIR takes exports you have",
		}
	case errors.Is(err, vuln.ErrFormat):
		return nil, &hinted{err, "bulkhead db update makes a new one"}
	}
	return d, err
}

// dataAge says how old advisories are, in words and, where they are old, with
// a warning.
func (a *app) dataAge(info vuln.Info, now time.Time) string {
	newest := info.Newest()
	if newest.IsZero() {
		return "of unknown age"
	}
	age := info.Age(now)
	if age >= vuln.OldAfter {
		a.say(fmt.Sprintf("bulkhead: warning: the newest advisory is %s old; bulkhead db update fetches newer ones", report.Count(int(age.Hours()/24), "day")))
	}
	return fmt.Sprintf("newest %s, %s old", newest.Format(time.DateOnly), report.Count(int(age.Hours()/24), "day"))
}

func (a *app) dbCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "db",
		Short: "Fetch, build and look at the database of advisories",
		Long: `The advisory database is one read-only file. Checks read it and never fetch
anything: db update does, or db build makes it of exports you already have.`,
	}
	commands := []*cobra.Command{a.dbUpdateCommand(), a.dbBuildCommand(), a.dbInfoCommand(), a.dbVerifyCommand()}
	cmd.AddCommand(commands...)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usage("bulkhead db --help lists them", "db needs a command: update, build, info or verify")
		}
		var names []string
		for _, c := range commands {
			names = append(names, c.Name())
		}
		if near := nearest.Of(args[0], names); near != "" {
			return usage("", "unknown command \"db %s\", did you mean \"db %s\"?", args[0], near)
		}
		return usage("bulkhead db --help lists the commands", "unknown command \"db %s\"", args[0])
	}
	return cmd
}

// databaseFlag registers --db.
func databaseFlag(f *pflag.FlagSet, short string) *string {
	return f.StringP("db", short, "", "the database `file` (default bulkhead/advisories.db in the user's cache folder)")
}

func (a *app) dbBuildCommand() *cobra.Command {
	var o vuln.Options
	cmd := &cobra.Command{
		Use:   "build DIR",
		Short: "Build the database from a folder of OSV exports",
		Long: `Build the database from a folder of OSV exports: ECOSYSTEM/all.zip,
ECOSYSTEM.zip and single records (.json). A list of known exploited
vulnerabilities and EPSS scores in it, under the names they are published with,
are taken too.`,
		Args: cobra.ArbitraryArgs,
	}
	cmd.Flags().SortFlags = false
	path := databaseFlag(cmd.Flags(), "o")
	cmd.Flags().StringVar(&o.KEV, "kev", "", "take known exploited vulnerabilities from this `file`, as CISA publishes them")
	cmd.Flags().StringVar(&o.EPSS, "epss", "", "take EPSS scores from this `file`, CSV or gzipped CSV")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		if len(args) != 1 {
			return usage("bulkhead db build exports/", "db build takes one folder")
		}
		out, err := databasePath(*path)
		if err != nil {
			return err
		}
		o.Now = time.Now()
		done := a.progress("building")
		stats, err := vuln.Build(cmd.Context(), args[0], out, o)
		done()
		if err != nil {
			return err
		}
		return a.built(out, stats)
	}
	return cmd
}

// built says what was built.
func (a *app) built(path string, stats vuln.Stats) error {
	packages := 0
	for _, e := range stats.Ecosystems {
		packages += e.Packages
	}
	_, err := fmt.Fprintf(a.stdout, "%s: %s about %s, %s, %s\n", report.Printable(path),
		advisories(stats.Advisories()), report.Count(packages, "package"), units.HumanSize(float64(stats.Size)), a.dataAge(stats.Info, stats.Built))
	if stats.Skipped > 0 {
		a.say("bulkhead: warning: " + report.Count(stats.Skipped, "record") + " could not be read")
		for _, f := range stats.Faults {
			a.say("  " + report.Printable(f))
		}
	}
	return err
}

func advisories(n int) string {
	if n == 1 {
		return "1 advisory"
	}
	return fmt.Sprintf("%d advisories", n)
}

func (a *app) dbUpdateCommand() *cobra.Command {
	var r vuln.UpdateRequest
	cmd := &cobra.Command{
		Use:   "update",
		Short: "Fetch the advisories that changed and build the database",
		Long: `Fetch OSV's exports as far as they changed and build the database. What was
fetched is kept beside it; a download that was cut off goes on where it ended.

Without --ecosystem, the ecosystems of the last update are fetched, the first
time ` + strings.Join(vuln.Common(), ", ") + `.`,
		Example: `  bulkhead db update
  bulkhead db update --ecosystem Debian,npm
  bulkhead db update --url file:///media/stick/osv   without a network`,
		Args: cobra.ArbitraryArgs,
	}
	f := cmd.Flags()
	f.SortFlags = false
	path := databaseFlag(f, "")
	f.StringSliceVar(&r.Ecosystems, "ecosystem", nil, "fetch this `ecosystem`, as OSV calls it")
	f.BoolVar(&r.All, "all", false, "fetch every ecosystem whose versions can be compared")
	f.StringVar(&r.URL, "url", vuln.PublicExports, "take exports from this `address`: https, http or file")
	f.StringVar(&r.KEV, "kev", "", "also take known exploited vulnerabilities from this `address`")
	f.StringVar(&r.EPSS, "epss", "", "also take EPSS scores from this `address`")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := fromEnvironment(f); err != nil {
			return err
		}
		if len(args) > 0 {
			return usage("bulkhead db update --ecosystem "+args[0], "db update takes no argument")
		}
		if err := addresses(r.URL, r.KEV, r.EPSS); err != nil {
			return err
		}
		var err error
		if r.Out, err = databasePath(*path); err != nil {
			return err
		}
		r.Folder = strings.TrimSuffix(r.Out, filepath.Ext(r.Out)) + ".exports"
		return a.update(cmd.Context(), r)
	}
	return cmd
}

// addresses checks that each is one to fetch from.
func addresses(list ...string) error {
	for _, s := range list {
		scheme, _, found := strings.Cut(s, "://")
		if s != "" && (!found || scheme != "https" && scheme != "http" && scheme != "file") {
			return usage("a folder is file:///path/to/folder", "%q is no https, http or file address", s)
		}
	}
	return nil
}

// update fetches and builds, and says what came of it.
func (a *app) update(ctx context.Context, r vuln.UpdateRequest) error {
	r.Now, r.Pause = time.Now(), time.Second
	m := meter{app: a, since: r.Now}
	if isTerminal(a.stderr) {
		r.Progress = m.show
	}
	fetched, stats, err := vuln.Update(ctx, r)
	m.erase()
	if unknown, ok := errors.AsType[*vuln.UnknownEcosystem](err); ok {
		hint := "ecosystems are spelt as OSV spells them"
		if near := nearest.Of(unknown.Name, vuln.Ecosystems()); near != "" {
			hint = "did you mean " + near + "?"
		}
		return &usageError{err, hint}
	}
	for _, f := range fetched {
		state := "unchanged"
		switch {
		case f.Err != nil:
			state = "failed"
		case f.Changed:
			state = "fetched"
		}
		if _, err := fmt.Fprintf(a.stdout, "%-12s %s\n", report.Printable(f.Name), state); err != nil {
			return err
		}
	}
	if stats.Size > 0 {
		err = errors.Join(err, a.built(r.Out, stats))
	}
	return err
}

// A meter is the line on a terminal that shows a download.
type meter struct {
	*app
	mu    sync.Mutex
	since time.Time // when it was last shown, or when the command began
	shown bool
}

func (m *meter) show(name string, done, total int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if now.Sub(m.since) < patience/5 || !m.shown && now.Sub(m.since) < patience {
		return
	}
	m.since, m.shown = now, true
	line := fmt.Sprintf("fetching %s: %s", filepath.Base(filepath.Dir(name)), units.HumanSize(float64(done)))
	if total > 0 {
		line += " of " + units.HumanSize(float64(total))
	}
	_, _ = fmt.Fprint(m.stderr, "\r\x1b[K"+report.Printable(line))
}

func (m *meter) erase() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shown {
		_, _ = fmt.Fprint(m.stderr, "\r\x1b[K")
	}
}
