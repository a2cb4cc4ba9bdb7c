package watch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"bulkhead/internal/falco"
	"bulkhead/internal/sensor"
)

// maxHashed bounds how much of a file is read to name it by its hash.
const maxHashed = 256 << 20

// hashOf returns the SHA-256 of a file, or why there is none. What is no
// regular file is not read: a pipe would keep the reader for ever.
func hashOf(name string) string {
	f, err := os.OpenFile(name, openQuietly, 0)
	if err != nil {
		return "unknown: it is gone"
	}
	defer func() { _ = f.Close() }() // it was read only
	info, err := f.Stat()
	switch {
	case err != nil:
		return "unknown: it is gone"
	case !info.Mode().IsRegular():
		return "unknown: it is no regular file"
	case info.Size() > maxHashed:
		return fmt.Sprintf("unknown: it is larger than %d MB", maxHashed>>20)
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(f, maxHashed)); err != nil {
		return "unknown: it cannot be read"
	}
	return hex.EncodeToString(h.Sum(nil))
}

// below returns a path of a container within a folder of this machine, ""
// where it would leave the folder. Links are not followed by whoever opens it
// with inside.
func below(root, name string) string {
	if root == "" || !strings.HasPrefix(name, "/") {
		return ""
	}
	return filepath.Join(root, filepath.Clean(name))
}

// A Drift finds what runs in containers and is not of their images.
type Drift struct {
	Containers *Containers
	Take       func(*Alert)

	libraries map[string]bool   // container and path, by whether it is known not to be of the image
	found     map[string]bool   // running programs that were told of
	before    map[string]string // what the last sweep saw, by process
}

// Program says in an alert of a started program which one it was: the file is
// read by way of the process while it runs, else where the container wrote it.
func (d *Drift) Program(a *Alert, e *sensor.Event) {
	name := fieldOf(e, falco.ProcExepath)
	hash := hashOf("/proc/" + fieldOf(e, falco.ProcPID) + "/exe")
	upper := ""
	if details := d.details(e.ContainerID()); details != nil {
		upper = below(details.Upper, name)
	}
	if upper != "" && fieldOf(e, falco.ProcIsExeUpperLayer) != "" {
		if text := hashInside(upper, name); !strings.HasPrefix(text, "unknown") {
			hash = text // that of the process may be of another program by now
		}
	}
	a.add("sha256", hash)
}

// hashInside hashes a file of a container's layer without following a link out
// of it.
func hashInside(file, name string) string {
	root, err := os.OpenRoot(strings.TrimSuffix(file, filepath.Clean(name)))
	if err != nil {
		return "unknown: it is gone"
	}
	defer func() { _ = root.Close() }() // it was read only
	f, err := root.OpenFile(strings.TrimPrefix(filepath.Clean(name), "/"), openQuietly, 0)
	if err != nil {
		return "unknown: it is gone"
	}
	defer func() { _ = f.Close() }() // it was read only
	return hashOf("/proc/self/fd/" + strconv.Itoa(int(f.Fd())))
}

func (d *Drift) details(id string) *Details {
	if d.Containers == nil || id == "" {
		return nil
	}
	return d.Containers.Known(id)
}

// maxLibraries bounds how many libraries are remembered.
const maxLibraries = 16384

// Library makes an alert where the event opens a library that the container
// wrote or was given after it was made.
func (d *Drift) Library(e *sensor.Event) {
	if e.ContainerID() == "" || e.Ret < 0 {
		return
	}
	if kind := e.Type(); kind != opening && kind != openingAt && kind != openingAt2 {
		return
	}
	name := fieldOf(e, falco.FDName)
	base := filepath.Base(name)
	if !strings.HasSuffix(base, ".so") && !strings.Contains(base, ".so.") || fieldOf(e, falco.EvtIsOpenRead) == "" {
		return
	}
	details := d.details(e.ContainerID())
	if details == nil || details.Upper == "" {
		return
	}
	key := e.ContainerID() + name
	if d.libraries[key] {
		return
	}
	if !isFile(below(details.Upper, name)) {
		name = "/usr" + name // where distributions have merged /lib into /usr/lib
		if !isFile(below(details.Upper, name)) {
			return
		}
	}
	if d.libraries == nil || len(d.libraries) >= maxLibraries {
		d.libraries = map[string]bool{}
	}
	d.libraries[key] = true
	a := made(ruleLibrary, "syscall", e.Time)
	a.Tags = []string{"drift"}
	a.Output = "library that is not of the image opened in a container"
	a.Subject = SubjectOf(e)
	a.Container = details.Container
	a.add("file", name)
	a.add("sha256", hashInside(below(details.Upper, name), name))
	a.addProcess(e)
	a.addContainer(e.ContainerID(), details.Container.Name, details.Container.Image)
	d.Take(&a)
}

// addProcess says who did it.
func (a *Alert) addProcess(e *sensor.Event) {
	a.add("command", fieldOf(e, falco.ProcCmdline))
	a.add("pid", fieldOf(e, falco.ProcPID))
	a.add("user", fieldOf(e, falco.UserName))
}

// isFile reports whether there is a regular file, by its own name.
func isFile(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && info.Mode().IsRegular()
}

// A running is a process whose program is no file any more.
type running struct {
	pid, name, container string
}

// Sweep looks at every process that runs in a container, and makes an alert for
// programs that were deleted or never were files. It tells of a process when
// two sweeps have seen it: runtimes run from memory for a moment.
func (d *Drift) Sweep(ctx context.Context) {
	seen := map[string]string{}
	for _, r := range sweep("/proc") {
		key := r.pid + startOf(r.pid)
		seen[key] = r.name
		if d.before[key] != r.name || d.found[key+r.name] {
			continue
		}
		if d.found == nil || len(d.found) > maxLibraries {
			d.found = map[string]bool{}
		}
		d.found[key+r.name] = true
		d.tell(ctx, r)
	}
	d.before = seen
}

func (d *Drift) tell(ctx context.Context, r running) {
	rule, says := ruleDeleted, "program runs in a container and its file is gone"
	if strings.HasPrefix(r.name, "/memfd:") {
		rule, says = ruleMemory, "program runs in a container and never was a file"
	}
	a := made(rule, "syscall", time.Now())
	a.Tags = []string{"drift"}
	a.Output = says
	a.Subject = Subject{Image: r.container, Process: r.name, Target: r.name}
	a.add("file", r.name)
	a.add("sha256", hashOf("/proc/"+r.pid+"/exe"))
	line, _ := os.ReadFile("/proc/" + r.pid + "/cmdline") // it may have ended
	a.add("command", strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " ")))
	a.add("pid", r.pid)
	a.add("parent", commOf(parentOf(r.pid)))
	if details := d.Containers.Details(ctx, r.container); details != nil {
		a.Container = details.Container
		a.addContainer(r.container, details.Container.Name, details.Container.Image)
	} else {
		a.addContainer(r.container, "", "")
	}
	d.Take(&a)
}

// sweep returns the processes of containers whose program is no file.
func sweep(proc string) []running {
	var out []running
	entries, _ := os.ReadDir(proc) // without /proc nothing runs that can be seen
	for _, e := range entries {
		if _, err := strconv.ParseUint(e.Name(), 10, 32); err != nil {
			continue
		}
		dir := filepath.Join(proc, e.Name())
		exe, err := os.Readlink(dir + "/exe")
		name, deleted := strings.CutSuffix(exe, " (deleted)")
		if err != nil || !deleted || !unlinked(dir+"/exe") {
			continue
		}
		groups, err := os.ReadFile(dir + "/cgroup")
		if id := sensor.ContainerOf(string(groups)); err == nil && id != "" {
			out = append(out, running{e.Name(), name, id})
		}
	}
	return out
}

// stat returns the fields of a process's stat after its name; nil where it has
// ended.
func stat(pid string) []string {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	end := strings.LastIndexByte(string(text), ')')
	if err != nil || end < 0 {
		return nil
	}
	return strings.Fields(string(text)[end+1:])
}

func startOf(pid string) string {
	const start = 22 - 3 // proc(5); the first field here is the third
	if f := stat(pid); len(f) > start {
		return " " + f[start]
	}
	return ""
}

func parentOf(pid string) string {
	if f := stat(pid); len(f) > 1 {
		return f[1]
	}
	return ""
}

func commOf(pid string) string {
	text, _ := os.ReadFile("/proc/" + pid + "/comm") // it may have ended
	return strings.TrimSpace(string(text))
}

// Bounds of the search for what was copied into a container.
const (
	maxWalked = 200_000
	maxRecent = 1000
	maxCopied = 20
	copiedAgo = 10 * time.Second
)

var errEnough = errors.New("enough")

// Copied says in an alert which files came into a container just before: those
// of its own layer whose state changed since then. A copy keeps the time a file
// was written, not that one. Where there are some of which both differ, as engines
// leave it, the others were written in the container.
func (d *Drift) Copied(ctx context.Context, details *Details, a *Alert) {
	if details.Upper == "" {
		a.add("files", "unknown: the container's layer is not a folder of this machine")
		return
	}
	found, err := recent(ctx, details.Upper, a.Time.Add(-copiedAgo))
	if slices.ContainsFunc(found, func(f arrived) bool { return f.copied }) {
		found = slices.DeleteFunc(found, func(f arrived) bool { return !f.copied })
	}
	if len(found) > maxCopied {
		found, err = found[:maxCopied], errEnough
	}
	for i, f := range found {
		number := ""
		if i > 0 {
			number = "_" + strconv.Itoa(i+1)
		}
		a.add("file"+number, f.name)
		a.add("sha256"+number, hashInside(details.Upper+f.name, f.name))
	}
	switch {
	case errors.Is(err, errEnough):
		a.add("files", "more than these")
	case len(found) == 0:
		a.add("files", "none in the container's own layer: they went into a volume, or have gone")
	}
}

// An arrived is a file of a container's layer whose state changed.
type arrived struct {
	name   string // inside
	copied bool   // it was written at another time
}

// recent returns the files below a layer's folder whose state changed since a time.
// The error is errEnough where there are more.
func recent(ctx context.Context, upper string, since time.Time) ([]arrived, error) {
	var out []arrived
	walked := 0
	err := filepath.WalkDir(upper, func(name string, e fs.DirEntry, err error) error {
		if walked++; walked > maxWalked || ctx.Err() != nil {
			return errEnough
		}
		if err != nil || !e.Type().IsRegular() {
			return nil //nolint:nilerr // it went away meanwhile
		}
		info, err := e.Info()
		if err != nil {
			return nil //nolint:nilerr // it went away meanwhile
		}
		at := changed(info)
		if at.Before(since) {
			return nil
		}
		if len(out) >= maxRecent {
			return errEnough
		}
		// Engines set the time of a file that they unpack, to the second.
		written := info.ModTime()
		out = append(out, arrived{strings.TrimPrefix(name, upper), written.Nanosecond() == 0 || at.Sub(written) > time.Second})
		return nil
	})
	return out, err
}

// Foreign reports whether the event starts a program that is not of its
// container's image, or that is no file.
func Foreign(e *sensor.Event) bool {
	return e.ContainerID() != "" && fieldOf(e, falco.EvtType) == "execve" &&
		(fieldOf(e, falco.ProcIsExeUpperLayer) != "" || fieldOf(e, falco.ProcIsExeFromMemfd) != "")
}
