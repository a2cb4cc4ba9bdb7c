package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"bulkhead/internal/servicetest"
)

// drift plants what does not belong into a container each, and says what alerts.
func drift(ctx context.Context) (err error) {
	i, err := images()
	if err != nil {
		return err
	}
	s := servicetest.Victim()
	image, err := i.Load(ctx, &s)
	if err != nil {
		return err
	}
	w, err := startWatch(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	fmt.Println("| planted | found | by the rules |")
	fmt.Println("|---|---|---|")
	all, found := servicetest.Plants(), 0
	var old []*servicetest.Container // for plants that need one, in their order
	for _, p := range all {
		if p.Age == 0 {
			continue
		}
		c, err := servicetest.Start(ctx, &s, image)
		if err != nil {
			return err
		}
		defer c.Remove()
		old = append(old, c)
	}
	begin := time.Now()
	for _, p := range all {
		var c *servicetest.Container
		if p.Age > 0 {
			c, old = old[0], old[1:]
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Until(begin.Add(p.Age))):
			}
		} else if c, err = servicetest.Start(ctx, &s, image); err != nil {
			return err
		}
		rules, err := planted(ctx, w, c, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		answer := "no"
		if len(rules) > 0 {
			answer = "yes"
			found++
		}
		fmt.Printf("| %s | %s | %s |\n", p.Name, answer, strings.Join(rules, ", "))
	}
	fmt.Printf("\n%d of %d found.\n", found, len(all))
	if found < len(all) {
		return fmt.Errorf("%d plants are not found", len(all)-found)
	}
	return nil
}

// planted returns the rules that alert when p is done in a container, which it
// removes. There must be none before: what is found must be the plant.
func planted(ctx context.Context, w *watch, c *servicetest.Container, p servicetest.Plant) ([]string, error) {
	const silence, most, rest = time.Second, 15 * time.Second, time.Second
	defer c.Remove()
	if err := c.Check(ctx); err != nil {
		return nil, err
	}
	if early := w.await(ctx, c.Name, 0, silence); len(early) > 0 {
		return nil, fmt.Errorf("there is an alert before: %s", early[0].Output)
	}
	t, err := servicetest.Find(ctx, c.Service, c.Name)
	if err != nil {
		return nil, err
	}
	if err := p.Do(ctx, t); err != nil {
		return nil, err
	}
	first := w.await(ctx, c.Name, 0, most)
	w.await(ctx, c.Name, len(first), rest)
	var rules []string
	for _, a := range w.of(c.Name) {
		rules = append(rules, a.Rule)
	}
	slices.Sort(rules)
	return slices.Compact(rules), nil
}

// quiet runs services, half of the time idle and then under their tests, and
// prints the alerts: there should be none.
func quiet(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("quiet", flag.ContinueOnError)
	long := flags.Duration("for", 10*time.Minute, "how long to watch")
	if err := flags.Parse(args); err != nil {
		return err
	}
	all, unknown := servicetest.Named(flags.Args()...)
	if unknown != "" {
		return fmt.Errorf("no service %s", unknown)
	}
	i, err := images()
	if err != nil {
		return err
	}
	names := make([]string, len(all))
	for n := range all {
		if names[n], err = i.Load(ctx, &all[n]); err != nil {
			return err
		}
	}
	w, err := startWatch(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	var running []*servicetest.Container
	for n := range all {
		c, err := servicetest.Start(ctx, &all[n], names[n])
		if err != nil {
			return err
		}
		defer c.Remove()
		running = append(running, c)
	}
	tests, err := busy(ctx, running, *long)
	if err != nil {
		return err
	}
	var alerts []alert
	for _, c := range running { // with its clients; what others run on this machine is not asked about
		alerts = append(alerts, w.of(c.Name)...)
	}
	for _, a := range alerts {
		fmt.Fprintf(os.Stderr, "%s: %s: %s\n", a.container(), a.Rule, a.Output)
	}
	fmt.Printf("%d services, %v idle and then %v under their tests, which passed %d times: %d alerts.\n", len(all), *long/2, *long/2, tests, len(alerts))
	if len(alerts) > 0 {
		return fmt.Errorf("%d alerts, want none", len(alerts))
	}
	return nil
}

// busy tests the services once, leaves them alone, and then tests each again and
// again. It returns how often a test passed.
func busy(ctx context.Context, all []*servicetest.Container, long time.Duration) (int, error) {
	for _, c := range all {
		if err := c.Check(ctx); err != nil {
			return 0, err
		}
	}
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(long / 2):
	}
	end := time.Now().Add(long / 2)
	var mu sync.Mutex
	var group sync.WaitGroup
	passed, faults := len(all), []error(nil)
	for _, c := range all {
		group.Go(func() {
			for time.Now().Before(end) {
				err := c.Check(ctx)
				mu.Lock()
				if err != nil {
					faults = append(faults, err)
				} else {
					passed++
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	group.Wait()
	return passed, errors.Join(faults...)
}
