// Command services runs real services and prints what became of them.
//
//	services plain [NAME...]         start, test, restart, test, stop
//	services learn [NAME...]         learn, and all of that under the result
//	services drift                   plant what does not belong, and see what alerts
//	services quiet [-for 10m] [NAME...]   idle and under their tests: nothing alerts
//	services test NAME [CONTAINER]   test a container that runs; else that of BULKHEAD_CONTAINER
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"bulkhead/internal/servicetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "services:", err)
		os.Exit(1)
	}
}

// run runs a command.
func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("which command? See its source")
	}
	switch args[0] {
	case "plain":
		return plain(ctx, args[1:])
	case "learn":
		return learned(ctx, args[1:])
	case "drift":
		return drift(ctx)
	case "quiet":
		return quiet(ctx, args[1:])
	case "test":
		if container := os.Getenv("BULKHEAD_CONTAINER"); len(args) == 2 && container != "" {
			args = append(args, container)
		}
		if len(args) != 3 {
			return errors.New("services test NAME CONTAINER")
		}
		all, unknown := servicetest.Named(args[1])
		if unknown != "" {
			return fmt.Errorf("no service %s", unknown)
		}
		return all[0].Check(ctx, args[2])
	}
	return fmt.Errorf("no command %s", args[0])
}

// images returns the images, which are kept in the user's cache.
func images() (*servicetest.Images, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	return &servicetest.Images{
		Dir: filepath.Join(cache, "bulkhead-test", "services"),
		Log: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
	}, nil
}
