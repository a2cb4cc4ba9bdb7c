package watch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
)

// A Rotation bounds how large a file of alerts gets and how many older ones are
// kept beside it. A size of 0 bounds nothing.
type Rotation struct {
	Size int64 // bytes
	Keep int   // files, besides the one that is written
}

// A File appends alerts to a file. Where the next line would make it larger
// than allowed, it is renamed to NAME.1, what was NAME.1 to NAME.2, and so on:
// no reader ever sees a part of a line go missing.
type File struct {
	name     string
	format   Format
	rotation Rotation
	file     *os.File
	size     int64
}

// OpenFile opens a file of alerts, and makes it where there is none, for its
// owner alone: command lines can hold secrets.
func OpenFile(name string, f Format, r Rotation) (*File, error) {
	out := &File{name: name, format: f, rotation: r}
	if err := out.open(); err != nil {
		return nil, err
	}
	return out, nil
}

func (f *File) open() error {
	file, err := os.OpenFile(f.name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open alerts: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("open alerts: %w", err), file.Close())
	}
	f.file, f.size = file, info.Size()
	last := make([]byte, 1)
	if !info.Mode().IsRegular() || f.size == 0 {
		return nil
	}
	if _, err := file.ReadAt(last, f.size-1); err == nil && last[0] != '\n' { // the machine went down amid a line
		return f.append([]byte("\n"))
	}
	return nil
}

func (f *File) append(line []byte) error {
	n, err := f.file.Write(line)
	f.size += int64(n)
	if err == nil && n < len(line) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("write alerts: %w", err)
	}
	return nil
}

// Write appends one line.
func (f *File) Write(a *Alert) error {
	line, err := f.format(a)
	if err != nil {
		return fmt.Errorf("write alerts: %w", err)
	}
	line = append(line, '\n')
	if f.rotation.Size > 0 && f.size > 0 && f.size+int64(len(line)) > f.rotation.Size {
		if err := f.rotate(); err != nil {
			return err
		}
	}
	return f.append(line)
}

// rotate moves every file one number up. The oldest one falls out.
func (f *File) rotate() error {
	numbered := func(n int) string {
		if n == 0 {
			return f.name
		}
		return f.name + "." + strconv.Itoa(n)
	}
	errs := []error{f.file.Close()}
	for n := f.rotation.Keep; n > 0; n-- {
		if err := os.Rename(numbered(n-1), numbered(n)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if f.rotation.Keep == 0 {
		errs = append(errs, os.Remove(f.name))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("rotate alerts: %w", err)
	}
	return f.open()
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }
