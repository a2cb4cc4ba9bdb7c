package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// An alert is one of watch.
type alert struct {
	Rule   string
	Output string
	Fields map[string]any `json:"output_fields"`
}

// container returns the name of the container an alert is of.
func (a *alert) container() string {
	name, _ := a.Fields["container.name"].(string)
	return name
}

// A watch is a process of bulkhead watch with its default rules.
type watch struct {
	cmd    *exec.Cmd
	ended  chan struct{}
	mu     sync.Mutex
	alerts []alert
	faults []error
}

// startWatch starts watching, and returns when it watches.
func startWatch(ctx context.Context, args ...string) (*watch, error) {
	w := &watch{ended: make(chan struct{})}
	w.cmd = exec.CommandContext(ctx, "bin/bulkhead", append([]string{"watch", "-o", "json"}, args...)...)
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	said, err := w.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(w.ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			w.add(lines.Bytes())
		}
	}()
	lines := bufio.NewScanner(said)
	var text bytes.Buffer
	for lines.Scan() {
		text.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "watching;") {
			go func() {
				for lines.Scan() {
					fmt.Fprintln(os.Stderr, "watch:", lines.Text())
				}
			}()
			return w, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("watch does not start: %s", text.String()), w.cmd.Wait())
}

// add adds a line of output.
func (w *watch) add(line []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var a alert
	if err := json.Unmarshal(line, &a); err != nil {
		w.faults = append(w.faults, fmt.Errorf("read an alert: %w: %s", err, line))
		return
	}
	w.alerts = append(w.alerts, a)
}

// of returns the alerts so far of containers whose name begins with prefix.
func (w *watch) of(prefix string) []alert {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []alert
	for _, a := range w.alerts {
		if strings.HasPrefix(a.container(), prefix) {
			out = append(out, a)
		}
	}
	return out
}

// await returns the alerts of a container as soon as there is one that is new, or
// after a time none.
func (w *watch) await(ctx context.Context, container string, before int, most time.Duration) []alert {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for {
		if all := w.of(container); len(all) > before {
			return all[before:]
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// close ends watching. It is an error if something was lost.
func (w *watch) close() error {
	if err := w.cmd.Process.Signal(syscall.SIGINT); err != nil {
		return err
	}
	<-w.ended
	err := w.cmd.Wait()
	if err != nil {
		err = fmt.Errorf("watch: %w", err)
	}
	return errors.Join(append(w.faults, err)...)
}
