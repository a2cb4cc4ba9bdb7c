package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/internal/check"
	"bulkhead/internal/engine"
	"bulkhead/internal/inventory"
	"bulkhead/internal/nearest"
	"bulkhead/internal/oci"
	"bulkhead/internal/report"
	"bulkhead/internal/sbom"
)

// bills are the formats of a bill of materials.
var bills = [...]string{"cyclonedx", "spdx"}

// A billSettings is what was typed after sbom.
type billSettings struct {
	outputs  []string
	noEngine bool
	host     string
	remote   bool
}

func (a *app) sbomCommand() *cobra.Command {
	var s billSettings
	cmd := &cobra.Command{
		Use:   "sbom IMAGE|CONTAINER|ARCHIVE|LAYOUT|FOLDER|SBOM",
		Short: "Write a bill of materials: the software in an image, a container or a folder",
		Long: `Sbom lists the software in an image or a container of the engine, in an archive
written by docker save, in an OCI layout, or in a folder: a root file system, or
a project with lock files. A bill of materials is written in the other format.
An image's registry is asked with --remote alone.

What could not be read is said on standard error; the exit code is then 3.`,
		Example: `  bulkhead sbom nginx:1.27
  bulkhead sbom --remote ghcr.io/acme/api:1
  bulkhead sbom image.tar -o cyclonedx=bom.json -o spdx=spdx.json
  bulkhead sbom .`,
	}
	cmd.Flags().StringSliceVarP(&s.outputs, "output", "o", nil, "write it as `FORMAT[=FILE]`: "+strings.Join(bills[:], ", ")+" (default cyclonedx)")
	cmd.Flags().BoolVar(&s.noEngine, "no-engine", false, "do not ask the engine")
	cmd.Flags().StringVar(&s.host, "host", "", "the engine's `address` (default as for docker)")
	cmd.Flags().BoolVar(&s.remote, "remote", false, "ask an image's registry where the engine does not hold it; nothing else goes out")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage("bulkhead sbom image.tar", "sbom needs one image, archive, layout or folder")
		}
		if err := fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		return a.sbom(cmd.Context(), args[0], &s)
	}
	return cmd
}

// A bill is one file to write.
type bill struct{ format, file string }

// bills returns what to write.
func (s *billSettings) bills() ([]bill, error) {
	if len(s.outputs) == 0 {
		return []bill{{format: bills[0]}}, nil
	}
	var out []bill
	standard := ""
	for _, x := range s.outputs {
		name, file, toFile := strings.Cut(x, "=")
		if name != bills[0] && name != bills[1] {
			hint := "the formats are " + strings.Join(bills[:], ", ")
			if near := nearest.Of(name, bills[:]); near != "" {
				return nil, usage(hint, "unknown format %q, did you mean %q?", name, near)
			}
			return nil, usage(hint, "unknown format %q", name)
		}
		switch {
		case toFile && file == "":
			return nil, usage("", "output %q names no file", x)
		case !toFile && standard != "":
			return nil, usage("give all but one a file: -o "+name+"=FILE", "%s and %s both write to standard output", standard, name)
		case !toFile:
			standard = name
		}
		out = append(out, bill{name, file})
	}
	return out, nil
}

func (a *app) sbom(ctx context.Context, target string, s *billSettings) error {
	outputs, err := s.bills()
	if err != nil {
		return err
	}
	done := a.progress("reading")
	d, err := s.document(ctx, target)
	done()
	if err != nil {
		return err
	}
	for _, n := range d.Inventory.Notes {
		a.say("bulkhead: " + report.Printable(n.What+": "+n.Why))
		if !n.Remark {
			a.code = report.ExitNotDone
		}
	}
	var errs []error
	for _, b := range outputs {
		if err := a.writeBill(b, d); err != nil {
			errs = append(errs, fmt.Errorf("write bill of materials: %w", err))
		}
	}
	return errors.Join(errs...)
}

func (a *app) writeBill(b bill, d *sbom.Document) error {
	var text bytes.Buffer
	write := sbom.WriteCycloneDX
	if b.format == "spdx" {
		write = sbom.WriteSPDX
	}
	if err := write(&text, d); err != nil {
		return err
	}
	if b.file != "" {
		return os.WriteFile(b.file, text.Bytes(), 0o644)
	}
	_, err := a.stdout.Write(text.Bytes())
	return err
}

// sourceDateEpoch returns the time that what is written is to bear, and whether
// there is one: reproducible-builds.org, "SOURCE_DATE_EPOCH".
func sourceDateEpoch() (time.Time, bool) {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	return time.Unix(seconds, 0), err == nil
}

// document reads target: a path where there is such a one, else an image or a
// container.
func (s *billSettings) document(ctx context.Context, target string) (*sbom.Document, error) {
	d := &sbom.Document{Name: target, Tool: version()}
	if epoch, ok := sourceDateEpoch(); ok {
		d.Created = epoch
	}
	info, err := os.Stat(target)
	switch {
	case err == nil && info.IsDir() && !oci.IsLayout(target):
		if absolute, err := filepath.Abs(target); err == nil {
			d.Name = filepath.Base(absolute)
		}
		d.Inventory, err = inventory.Folder(ctx, target)
		return d, err
	case err == nil && info.Mode().IsRegular() && isBill(target):
		return d, readBill(d, target)
	case err == nil:
		t, err := oci.Open(target)
		return scanned(ctx, d, t, err)
	case strings.HasPrefix(target, ".") || strings.HasPrefix(target, "/"):
		return nil, err
	}
	return s.image(ctx, d, target)
}

// image reads an image or a container the engine has or, where --remote allows
// it, an image of a registry.
func (s *billSettings) image(ctx context.Context, d *sbom.Document, name string) (*sbom.Document, error) {
	missing := check.NotAsked(name)
	if !s.noEngine {
		e, err := engine.Open(ctx, engine.Options{Host: s.host})
		switch {
		case err == nil:
			defer e.Close()
			t, err := held(ctx, e, name)
			if !errors.Is(err, engine.ErrNotFound) {
				return scanned(ctx, d, t, err)
			}
			missing = check.NotHere(name)
		case !s.remote || s.host != "":
			return nil, err
		}
	}
	if !s.remote {
		return nil, missing
	}
	t, err := oci.OpenRegistry(ctx, name)
	return scanned(ctx, d, t, err)
}

// held opens the image or else the container that the engine has by that name.
// The error is engine.ErrNotFound where it has neither.
func held(ctx context.Context, e *engine.Engine, name string) (*oci.Tree, error) {
	t, err := e.Tree(ctx, name)
	if !errors.Is(err, engine.ErrNotFound) {
		return t, err
	}
	in, err := e.Inside(ctx, name)
	if err != nil {
		return nil, err
	}
	if in.Tree.Image != nil {
		in.Tree.Image.Name = name
	}
	return in.Tree, nil
}

// scanned completes d with what is in the image t, which it closes.
func scanned(ctx context.Context, d *sbom.Document, t *oci.Tree, err error) (*sbom.Document, error) {
	if err != nil {
		return nil, err
	}
	d.Container = true
	limitImageMemory()
	d.Inventory, err = inventory.Scan(ctx, t)
	if err == nil && t.Image != nil {
		d.Name = t.Image.Name
		if d.Digest = t.Image.Digest; d.Digest == "" {
			d.Digest = t.Image.ConfigID
		}
		var c struct{ Created time.Time }
		if d.Created.IsZero() && json.Unmarshal(t.Image.Config, &c) == nil {
			d.Created = c.Created
		}
	}
	return d, errors.Join(err, t.Close())
}

// isBill reports whether a file is a bill of materials.
func isBill(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false // who reads it says so
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 4096)
	n, _ := io.ReadFull(f, head) // it may be shorter
	return sbom.Is(head[:n])
}

func readBill(d *sbom.Document, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	d.Inventory, err = sbom.Read(f)
	return err
}
