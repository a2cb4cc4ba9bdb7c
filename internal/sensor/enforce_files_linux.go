package sensor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A fileGuard answers the kernel's question whether a container may open a file
// in order to run it. When it is closed, everything that waits is allowed.
type fileGuard struct {
	file  *os.File
	done  chan struct{}
	upper string
	tell  func(name string, pid uint32)
}

// Files refuses a container, whose first process is pid, to run what lies in
// upper, the folder of this machine that holds what the container wrote: exec
// fails with EPERM, also for scripts. It covers the container's root file
// system, not its volumes, nor programs that are no file.
func (e *Enforcer) Files(id string, pid int, upper string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return os.ErrClosed
	case upper == "" || pid <= 0:
		return errors.New("the container's layer is not a folder of this machine")
	}
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_CONTENT|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_LARGEFILE)
	if err != nil {
		return fmt.Errorf("fanotify: %s", meaning(err))
	}
	root := "/proc/" + strconv.Itoa(pid) + "/root"
	if err := unix.FanotifyMark(fd, unix.FAN_MARK_ADD|unix.FAN_MARK_MOUNT, unix.FAN_OPEN_EXEC_PERM, unix.AT_FDCWD, root); err != nil {
		return errors.Join(fmt.Errorf("fanotify: mark the container's files: %s", meaning(err)), unix.Close(fd))
	}
	g := &fileGuard{file: os.NewFile(uintptr(fd), "fanotify"), done: make(chan struct{}), upper: upper}
	g.tell = func(name string, pid uint32) {
		comm, _ := os.ReadFile("/proc/" + strconv.FormatUint(uint64(pid), 10) + "/comm") // it waits for the answer
		v := &Verdict{Time: time.Now(), Container: id, Denied: true, PID: pid, Process: strings.TrimSpace(string(comm)), Program: name}
		select {
		case e.refused <- v:
		default:
			e.untold.Add(1)
		}
	}
	go g.run()
	before := e.files[id]
	e.files[id] = g
	if before != nil {
		return before.close()
	}
	return nil
}

// metadataSize is the size of what the kernel writes for each question:
// fanotify(7), struct fanotify_event_metadata.
const metadataSize = 24

// run answers until the file is closed.
func (g *fileGuard) run() {
	defer close(g.done)
	buffer := make([]byte, 4096)
	for {
		n, err := g.file.Read(buffer)
		if err != nil {
			return
		}
		for b := buffer[:n]; len(b) >= metadataSize; {
			size := int(binary.NativeEndian.Uint32(b))
			if size < metadataSize || size > len(b) {
				return
			}
			if fd := int32(binary.NativeEndian.Uint32(b[16:])); fd >= 0 {
				g.answer(fd, binary.NativeEndian.Uint32(b[20:]))
			}
			b = b[size:]
		}
	}
}

// answer allows what is not of the container's own layer. What cannot be told
// is allowed too: the program that kills is behind it.
func (g *fileGuard) answer(fd int32, pid uint32) {
	var response [8]byte
	binary.NativeEndian.PutUint32(response[:], uint32(fd))
	verdict := uint32(unix.FAN_ALLOW)
	name, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(int(fd)))
	if err == nil && strings.HasPrefix(name, "/") {
		if info, err := os.Lstat(filepath.Join(g.upper, name)); err == nil && info.Mode().IsRegular() {
			verdict = unix.FAN_DENY
			g.tell(name, pid)
		}
	}
	binary.NativeEndian.PutUint32(response[4:], verdict)
	_, _ = g.file.Write(response[:]) // who asked may have been killed
	_ = unix.Close(int(fd))          // it was not read
}

func (g *fileGuard) close() error {
	err := g.file.Close()
	<-g.done
	return err
}
