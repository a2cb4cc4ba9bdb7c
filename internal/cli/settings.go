package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulkhead/internal/cache"
	"bulkhead/internal/check"
	"bulkhead/internal/config"
	"bulkhead/internal/contents"
	"bulkhead/internal/engine"
	"bulkhead/internal/model"
	"bulkhead/internal/nearest"
	"bulkhead/internal/oci"
	"bulkhead/internal/rule"
	"bulkhead/internal/vuln"
)

// settings are the flags that say what to check; check and fix share them.
type settings struct {
	failOn   []string
	unfixed  bool
	vex      []string
	noEngine bool
	host     string
	files    []string
	profiles []string
	exclude  []string
	rules    []string
	skip     []string
	config   string
	db       string
	made     string
	remote   bool
	noCache  bool
	policy   policySettings

	unreached bool // an engine that was named did not answer
}

func (s *settings) register(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringSliceVar(&s.failOn, "fail-on", nil, "exit 1 from findings of this `severity` on: info, low, medium, high, critical (default high); kev: of vulnerabilities known to be exploited")
	f.BoolVar(&s.unfixed, "unfixed", false, "count vulnerabilities that no version cures yet like the others")
	f.StringArrayVar(&s.vex, "vex", nil, "leave out the vulnerabilities that this VEX `file` says do no harm: OpenVEX or CycloneDX")
	f.StringSliceVar(&s.rules, "rule", nil, "run only this `rule`, by any of its names")
	f.StringSliceVar(&s.skip, "skip", nil, "do not run this `rule`")
	f.StringSliceVar(&s.exclude, "exclude", nil, "leave out files that match this `pattern`, as in a .dockerignore")
	f.StringArrayVarP(&s.files, "file", "f", nil, "take this Compose `file`; those after the first override it")
	f.StringSliceVar(&s.profiles, "profile", nil, "take this Compose `profile` for active")
	f.BoolVar(&s.noEngine, "no-engine", false, "do not ask the engine")
	f.StringVar(&s.host, "host", "", "the engine's `address` (default as for docker: DOCKER_HOST, the context, the usual sockets)")
	f.BoolVar(&s.remote, "remote", false, "ask an image's registry where the engine does not hold it; nothing else goes out")
	f.StringVar(&s.made, "dockerfile", "", "the Dockerfile `file` the images are built from: findings in them name its lines")
	f.StringVar(&s.db, "db", "", "the advisory database `file` (default in the user's cache; see bulkhead db)")
	f.BoolVar(&s.noCache, "no-cache", false, "read every layer of an image again, and keep nothing of what is found (default: kept in the user's cache)")
	s.policy.register(f)
	f.StringVar(&s.config, "config", "", "the configuration `file` (default "+config.Name+" here or above)")
}

// options turns what was typed, the environment and the configuration, in this
// order of precedence, into the options of a check.
func (a *app) options(cmd *cobra.Command, s *settings, args []string) (check.Options, error) {
	if err := fromEnvironment(cmd.Flags()); err != nil {
		return check.Options{}, err
	}
	paths, command := args, []string(nil)
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		paths, command = args[:dash], args[dash:]
		if len(command) == 0 {
			return check.Options{}, usage("bulkhead -- docker run IMAGE", "no command line after --")
		}
	}
	policies, err := a.policies(&s.policy)
	if err != nil {
		return check.Options{}, err
	}
	c, err := a.loadConfig(s.config, paths)
	if err != nil {
		return check.Options{}, err
	}
	kev, err := s.gate(c)
	if err != nil {
		return check.Options{}, err
	}
	statements, err := readVEX(s.vex)
	if err != nil {
		return check.Options{}, err
	}
	if err := a.chooseRules(c, s); err != nil {
		return check.Options{}, err
	}
	exclude := slices.Concat(c.Exclude, s.exclude)
	if err := check.Excludable(exclude); err != nil {
		return check.Options{}, &usageError{err: err}
	}
	return check.Options{
		Paths: paths, ComposeFiles: s.files, Profiles: s.profiles, Command: command, Dockerfile: s.made,
		Live: s.live(), OpenImage: s.openImage, OpenContainer: s.openContainer(), Advisories: s.advisories, Layers: s.layers, Exclude: exclude,
		Policies: policies, Rules: a.rules, Now: time.Now(), Config: c,
		VEX: statements, FailOnExploited: kev, Unfixed: s.unfixed,
	}, nil
}

// live returns what asks the engine, or nil where none is to be asked.
func (s *settings) live() func(context.Context) (*model.Facts, error) {
	if s.noEngine {
		return nil
	}
	return func(ctx context.Context) (*model.Facts, error) {
		e, err := engine.Open(ctx, engine.Options{Host: s.host})
		if err != nil {
			s.unreached = s.host != ""
			return nil, err
		}
		defer e.Close()
		return e.Facts(ctx)
	}
}

// openImage opens an image of the engine or, where the engine does not hold it
// and --remote allows it, of its registry.
func (s *settings) openImage(ctx context.Context, name string) (*oci.Tree, error) {
	if !s.noEngine {
		e, err := engine.Open(ctx, engine.Options{Host: s.host})
		if err == nil {
			defer e.Close()
			tree, err := e.Tree(ctx, name)
			if !errors.Is(err, engine.ErrNotFound) {
				return tree, err
			}
		}
	}
	if !s.remote {
		return nil, check.ErrNoImage
	}
	return oci.OpenRegistry(ctx, name)
}

// openContainer returns what opens a container of the engine, or nil where none is
// to be asked.
func (s *settings) openContainer() func(context.Context, string) (*contents.Container, error) {
	if s.noEngine {
		return nil
	}
	return func(ctx context.Context, id string) (*contents.Container, error) {
		e, err := engine.Open(ctx, engine.Options{Host: s.host})
		if err != nil {
			return nil, err
		}
		defer e.Close()
		in, err := e.Inside(ctx, id)
		if err != nil {
			return nil, err
		}
		return &contents.Container{Tree: in.Tree, Layered: in.Layered, Started: in.Started, Loaded: in.Loaded, Unknown: in.Unknown}, nil
	}
}

// layers returns where it is kept what was found in layers, or nil. The records
// are this program's own: another build may find more.
func (s *settings) layers() oci.Store {
	limitImageMemory()
	if s.noCache {
		return nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	v, err := cache.Version()
	if err != nil {
		return nil
	}
	return cache.Open(filepath.Join(dir, "bulkhead", "layers"), v)
}

// advisories opens the advisory database. The error of one that was never
// fetched is fs.ErrNotExist; one that was named has to be there.
func (s *settings) advisories() (*vuln.DB, error) {
	path, err := databasePath(s.db)
	if err != nil {
		return nil, err
	}
	db, err := vuln.Open(path)
	if s.db != "" && errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no advisory database at %s", path)
	}
	return db, err
}

// fromEnvironment sets every flag that was not typed from its variable:
// BULKHEAD_FAIL_ON for --fail-on.
func fromEnvironment(flags *pflag.FlagSet) error {
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "BULKHEAD_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value := os.Getenv(name)
		if f.Changed || value == "" || f.Name == "help" {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			errs = append(errs, usage(timeHint(err), "%s: %w", name, err))
		}
	})
	return errors.Join(errs...)
}

// loadConfig reads the configuration called name or, without a name, the one
// that holds for the folder to be checked or for the working directory.
func (a *app) loadConfig(name string, paths []string) (*config.Config, error) {
	if name == "" {
		name = config.Find(folder(paths))
	}
	if name == "" {
		return &config.Config{}, nil
	}
	c, err := config.Load(name, a.rules)
	if err != nil {
		return nil, &usageError{err: err}
	}
	return c, nil
}

// folder returns the folder to look for the configuration in: what is to be
// checked where that is one place, else the working directory.
func folder(paths []string) string {
	if len(paths) != 1 {
		return "."
	}
	info, err := os.Stat(paths[0])
	switch {
	case err != nil:
		return "."
	case info.IsDir():
		return paths[0]
	}
	return filepath.Dir(paths[0])
}

// chooseRules switches rules off in c as --rule and --skip say.
func (a *app) chooseRules(c *config.Config, s *settings) error {
	only, err := a.lookup(s.rules)
	if err != nil {
		return err
	}
	skip, err := a.lookup(s.skip)
	if err != nil {
		return err
	}
	if c.Rules == nil {
		c.Rules = map[string]model.Fact[config.Choice]{}
	}
	off := model.Fact[config.Choice]{Value: config.Choice{Off: true}, State: model.Set}
	for _, r := range a.rules {
		switch {
		case skip[r.Name], len(only) > 0 && !only[r.Name]:
			c.Rules[r.Name] = off
		case only[r.Name] && c.Rules[r.Name].Value.Off:
			delete(c.Rules, r.Name) // the flag wins over the configuration
		}
	}
	return nil
}

// lookup returns the names of the rules that ids name.
func (a *app) lookup(ids []string) (map[string]bool, error) {
	names := map[string]bool{}
	for _, id := range ids {
		found := rule.Lookup(a.rules, id)
		if len(found) == 0 {
			return nil, a.unknownRule(id)
		}
		for _, r := range found {
			names[r.Name] = true
		}
	}
	return names, nil
}

func (a *app) unknownRule(id string) error {
	var names []string
	for _, r := range a.rules {
		names = append(names, r.Name)
	}
	hint := "bulkhead explain --all lists the rules"
	if near := nearest.Of(id, names); near != "" {
		return usage(hint, "unknown rule %q, did you mean %q?", id, near)
	}
	return usage(hint, "unknown rule %q", id)
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}
