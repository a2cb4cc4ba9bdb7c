package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"bulkhead/internal/servicetest"
)

// plain runs services as they are run everywhere.
func plain(ctx context.Context, names []string) error {
	all, unknown := servicetest.Named(names...)
	if unknown != "" {
		return fmt.Errorf("no service %s", unknown)
	}
	i, err := images()
	if err != nil {
		return err
	}
	passed := 0
	fmt.Println("| service | start and test s | restart and test s | stop s |")
	fmt.Println("|---|---|---|---|")
	for n := range all {
		if err := one(ctx, i, &all[n]); err != nil {
			fmt.Printf("| %s | failed | | |\n", all[n].Name)
			fmt.Fprintf(os.Stderr, "%s: %v\n", all[n].Name, err)
			continue
		}
		passed++
	}
	fmt.Printf("\n%d of %d pass.\n", passed, len(all))
	if passed < len(all) {
		return fmt.Errorf("%d services fail", len(all)-passed)
	}
	return nil
}

// one runs a service and prints how long it took.
func one(ctx context.Context, i *servicetest.Images, s *servicetest.Service) error {
	image, err := i.Load(ctx, s)
	if err != nil {
		return err
	}
	begin := time.Now()
	c, err := servicetest.Start(ctx, s, image)
	if err != nil {
		return err
	}
	defer c.Remove()
	var took [3]time.Duration
	for n, step := range []func(context.Context) error{c.Check, c.Restart, c.Stop} {
		if err := step(ctx); err != nil {
			return err
		}
		took[n], begin = time.Since(begin), time.Now()
	}
	fmt.Printf("| %s | %.1f | %.1f | %.1f |\n", s.Name, took[0].Seconds(), took[1].Seconds(), took[2].Seconds())
	return nil
}
