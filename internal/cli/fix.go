package cli

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"bulkhead/internal/fix"
	"bulkhead/internal/report"
)

func (a *app) fixCommand() *cobra.Command {
	var s settings
	var apply, unsafe bool
	cmd := &cobra.Command{
		Use:   "fix [PATH…]",
		Short: "Show, or make, the changes that would cure findings",
		Args:  cobra.ArbitraryArgs,
		Long: `Fix prints the changes that would cure findings as a unified diff and writes
nothing. --apply writes them.

Without --unsafe only those changes are made that cannot change what a working
container can do. Comments, quotes, order and indentation stay as they are.`,
		Example: `  bulkhead fix                   what would change
  bulkhead fix --apply           change it
  bulkhead fix --unsafe | less   with changes that may alter behaviour`,
	}
	cmd.Flags().BoolVar(&apply, "apply", false, "write the changes")
	cmd.Flags().BoolVar(&unsafe, "unsafe", false, "also make changes that may alter behaviour")
	s.register(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		options, err := a.options(cmd, &s, args)
		if err != nil {
			return err
		}
		allow := fix.Safe
		if unsafe {
			allow = fix.Unsafe
		}
		done := a.progress("fixing")
		out, err := fix.Run(cmd.Context(), fix.Options{Check: options, Allow: allow})
		done()
		if err != nil {
			return err
		}
		a.code, _ = out.Report.Exit()
		show := a.showFixes
		if apply {
			show = a.applyFixes
		}
		return errors.Join(show(out, allow), errors.Join(out.Refused...))
	}
	return cmd
}

// applyFixes writes what changed. A file that cannot be written does not keep
// the others from being fixed.
func (a *app) applyFixes(out *fix.Outcome, allow fix.Permission) error {
	var errs []error
	for _, c := range out.Changed {
		if err := fix.Write(c); err != nil {
			errs = append(errs, err)
			continue
		}
		if _, err := fmt.Fprintln(a.stdout, "fixed "+report.Printable(c.After.Name)); err != nil {
			return err
		}
	}
	a.say(report.Count(len(out.Applied), "change") + " in " + report.Count(len(out.Changed)-len(errs), "file") + a.left(out, allow))
	return errors.Join(errs...)
}

// showFixes prints what would change. A finding that is still there until the
// changes are written fails the check as it does without them.
func (a *app) showFixes(out *fix.Outcome, allow fix.Permission) error {
	for _, c := range out.Changed {
		name := strings.TrimPrefix(path.Clean(c.After.Name), "/")
		name = report.Printable(name)
		text := diff.Diff("a/"+name, c.Before.Text, "b/"+name, c.After.Text)
		if _, err := a.stdout.Write(printableLines(text)); err != nil {
			return err
		}
	}
	for _, f := range out.Applied {
		if a.code == report.ExitOK && out.Report.Fails(&f) {
			a.code = report.ExitFound
		}
	}
	summary := report.Count(len(out.Applied), "change") + " in " + report.Count(len(out.Changed), "file")
	if len(out.Changed) > 0 {
		summary += ", nothing written: --apply writes"
	}
	a.say(summary + a.left(out, allow))
	return nil
}

// left says what stays as it is, and why.
func (a *app) left(out *fix.Outcome, allow fix.Permission) string {
	unsafe, without := 0, 0
	for _, f := range out.Report.Findings {
		switch {
		case len(f.Fixes) == 0:
			without++
		case allow == fix.Safe:
			unsafe++
		}
	}
	var b strings.Builder
	if unsafe > 0 {
		fmt.Fprintf(&b, "; --unsafe cures %s more", report.Count(unsafe, "finding"))
	}
	if without > 0 {
		fmt.Fprintf(&b, "; %s left to cure by hand", report.Count(without, "finding"))
	}
	return b.String()
}

// printableLines returns text with the control characters in its lines
// escaped; tabs and line ends stay. Nothing from an artifact is printed raw, so
// the diff of a file with control characters is for reading: --apply is what
// changes it.
func printableLines(text []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		body, end := line, ""
		for _, e := range []string{"\r\n", "\n"} {
			if before, ok := bytes.CutSuffix(line, []byte(e)); ok {
				body, end = before, e
				break
			}
		}
		for i, part := range strings.Split(string(body), "\t") {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(report.Printable(part))
		}
		b.WriteString(end)
	}
	return b.Bytes()
}
