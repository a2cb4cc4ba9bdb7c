package servicetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
)

// A Container is one of a service.
type Container struct {
	Name    string
	Service *Service
}

// Start starts a service in a container, with options of docker run. The caller
// must call Remove.
func Start(ctx context.Context, s *Service, image string, options ...string) (*Container, error) {
	c := &Container{"bulkhead-service-" + s.Name + "-" + strings.ToLower(rand.Text()[:8]), s}
	args := append([]string{"run", "-d", "--name", c.Name, "--label", label}, options...)
	if _, err := Docker(ctx, append(args, image)...); err != nil {
		c.Remove()
		return nil, err
	}
	return c, nil
}

// Check tests the service.
func (c *Container) Check(ctx context.Context) error {
	if err := c.Service.Check(ctx, c.Name); err != nil {
		return fmt.Errorf("%s: %w", c.Service.Name, err)
	}
	return nil
}

// Restart restarts the container, and tests the service.
func (c *Container) Restart(ctx context.Context) error {
	if _, err := Docker(ctx, "restart", "-t", "20", c.Name); err != nil {
		return err
	}
	if err := c.Check(ctx); err != nil {
		return fmt.Errorf("after a restart: %w", err)
	}
	return nil
}

// Stop stops the container. It is an error if the service has to be killed.
func (c *Container) Stop(ctx context.Context) error {
	if _, err := Docker(ctx, "stop", "-t", "20", c.Name); err != nil {
		return err
	}
	code, err := Docker(ctx, "inspect", "--format", "{{.State.ExitCode}}", c.Name)
	if err == nil && code == "137" { // 128 and SIGKILL
		err = fmt.Errorf("%s did not stop by itself", c.Service.Name)
	}
	return err
}

// Remove removes the container and its volumes.
func (c *Container) Remove() {
	// Not the context of the run: it may have ended. What is not removed is not there.
	_, _ = Docker(context.Background(), "rm", "-f", "-v", c.Name)
}
