package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"bulkhead/internal/engine"
	"bulkhead/internal/learn"
	"bulkhead/internal/servicetest"
)

// A lesson is what was learned of a service, and what came of it.
type lesson struct {
	service string
	learned *learn.Learned
	needed  []string // capabilities, by dropping one by one
	took    time.Duration
	err     error // of the service under what was learned
	parsed  error // of AppArmor's parser
}

// A school is what lessons are given with.
type school struct {
	engine *engine.Engine
	images *servicetest.Images
	parser *servicetest.Parser
}

// learned learns each service, runs it under the result, and compares the
// capabilities with those that it does not work without.
func learned(ctx context.Context, names []string) error {
	all, unknown := servicetest.Named(names...)
	if unknown != "" {
		return fmt.Errorf("no service %s", unknown)
	}
	i, err := images()
	if err != nil {
		return err
	}
	e, err := engine.Open(ctx, engine.Options{})
	if err != nil {
		return err
	}
	defer e.Close()
	p, err := servicetest.FindParser(ctx, filepath.Join(filepath.Dir(i.Dir), "apparmor"))
	if err != nil {
		return err
	}
	fmt.Println("| service | passes | calls used | allowed | dangerous left | capabilities asked for | kept | needed | writable | taken back | AppArmor | s |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|---|---|---|")
	var lessons []*lesson
	for n := range all {
		l, err := school{e, i, p}.teach(ctx, &all[n])
		if err != nil {
			return err
		}
		lessons = append(lessons, l)
		fmt.Println(l.row())
		if l.err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", l.service, l.err)
		}
		if l.parsed != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", l.service, l.parsed)
		}
	}
	return summary(lessons)
}

// teach learns one service.
func (o school) teach(ctx context.Context, s *servicetest.Service) (*lesson, error) {
	out := &lesson{service: s.Name}
	image, err := o.images.Load(ctx, s)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bulkhead-services-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left of it is a profile
	begin := time.Now()
	out.learned, out.err = learn.Run(ctx, learn.Options{
		Engine: o.engine, Image: image, Test: []string{self, "test", s.Name}, Runs: 2, Timeout: 2 * time.Minute, Exhaustive: true,
		Log: func(text string) { fmt.Fprintf(os.Stderr, "%s: %s\n", s.Name, text) },
	})
	out.took = time.Since(begin)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if out.err != nil {
		return out, nil
	}
	name := "bulkhead-" + s.Name
	out.parsed = o.parser.Check(ctx, name, out.learned.AppArmor(name))
	if !out.learned.Verified {
		out.err = errors.New(out.learned.Failure)
		return out, nil
	}
	options, err := servicetest.Options(out.learned, dir)
	if err != nil {
		return nil, err
	}
	out.err = servicetest.Passes(ctx, s, image, options...)
	out.needed, err = servicetest.Needed(ctx, s, image)
	return out, err
}

// row returns the lesson as a row of the table.
func (l *lesson) row() string {
	if l.learned == nil {
		return fmt.Sprintf("| %s | no | | | | | | | | | | %.0f |", l.service, l.took.Seconds())
	}
	passes, parsed, g := "yes", "parses", l.learned.Gap
	if l.err != nil {
		passes = "no"
	}
	if l.parsed != nil {
		parsed = "does not parse"
	}
	var places []string
	for _, p := range l.learned.Writable {
		places = append(places, p.Path)
	}
	cells := []string{
		l.service, passes, strconv.Itoa(g.CallsUsed), strconv.Itoa(g.CallsAllowed), list(g.DangerousAllowed),
		strconv.Itoa(len(l.learned.Asked)), list(l.learned.Capabilities), list(l.needed), list(places), list(l.learned.Backed), parsed, fmt.Sprintf("%.0f", l.took.Seconds()),
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

func list(all []string) string {
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

// summary prints what all lessons say together. It is an error if a service does
// not pass under what was learned.
func summary(all []*lesson) error {
	var allowed, removed []int
	var granted, kept, needed, right int
	passed, parsed := 0, 0
	for _, l := range all {
		if l.err == nil {
			passed++
		}
		if l.learned == nil {
			continue
		}
		if l.parsed == nil {
			parsed++
		}
		g := l.learned.Gap
		allowed = append(allowed, g.CallsAllowed)
		removed = append(removed, len(g.DangerousGranted)-len(g.DangerousAllowed))
		granted += g.CapabilitiesGranted
		kept += len(l.learned.Capabilities)
		needed += len(l.needed)
		right += servicetest.Both(l.learned.Capabilities, l.needed)
	}
	if len(allowed) == 0 {
		return errors.New("nothing was learned")
	}
	g := all[slices.IndexFunc(all, func(l *lesson) bool { return l.learned != nil })].learned.Gap
	fmt.Printf("\n%d of %d services pass their test, a restart and their stop signal under what was learned.\n", passed, len(all))
	fmt.Printf("System calls allowed: median %d, most %d, of %d that Docker's profile allows; %d to %d of its %d dangerous ones are removed.\n",
		median(allowed), slices.Max(allowed), g.CallsGranted, slices.Min(removed), slices.Max(removed), len(g.DangerousGranted))
	fmt.Printf("Capabilities: %d granted, %d kept, %d needed when one is dropped at a time; precision %s, recall %s.\n",
		granted, kept, needed, share(right, kept), share(right, needed))
	fmt.Printf("AppArmor's parser takes %d of %d profiles.\n", parsed, len(all))
	if worst := min(passed, parsed); worst < len(all) {
		return fmt.Errorf("%d services fail", len(all)-worst)
	}
	return nil
}

func median(all []int) int {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// share returns a part of a whole: "18 of 20 (90 %)".
func share(part, whole int) string {
	if whole == 0 {
		return "0 of 0"
	}
	return fmt.Sprintf("%d of %d (%.0f %%)", part, whole, 100*float64(part)/float64(whole))
}
