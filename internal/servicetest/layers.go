package servicetest

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/tools/txtar"
)

// release is the version of Debian.
const release = "bookworm"

// format is part of the key by which layers are kept: another number builds
// them anew.
const format = 1

// ErrImpossible is what Images returns where images cannot be built: without
// root, without the programs it takes or without Debian's packages.
var ErrImpossible = errors.New("images of services cannot be built here")

// Images builds images, and keeps their layers: one of the base system for all
// of them, and one of the packages of each.
type Images struct {
	Dir string // folder to keep layers in; they take about 2 GB
	Log func(format string, args ...any)

	// Kept is whether only layers that are kept may be used: none is built.
	Kept bool
}

// baseScript makes the base system in $1/root and keeps the lists of packages
// beside it: layers do without.
const baseScript = `
export PATH="$PATH:/usr/sbin:/sbin"
debootstrap --variant=minbase "$2" "$1/root" >"$1/debootstrap.log" 2>&1 || { tail "$1/debootstrap.log" >&2; exit 1; }
printf '#!/bin/sh\nexit 101\n' >"$1/root/usr/sbin/policy-rc.d"
chmod 755 "$1/root/usr/sbin/policy-rc.d"
chroot "$1/root" apt-get -q update
mkdir "$1/lists" "$1/archives"
mv "$1"/root/var/lib/apt/lists/* "$1/lists"
mv "$1"/root/var/cache/apt/archives/*.deb "$1/archives"
rm -rf "$1"/root/var/cache/apt/*.bin "$1"/root/var/log/*
tar --numeric-owner --sort=name -C "$1/root" -cf "$1/layer.tar" .
`

// packagesScript installs packages, and runs the commands of a service, in an
// overlay of the base system $2: in $1/upper is what they change. It is the first
// process of its own namespace: nothing that a package starts outlives it.
const packagesScript = `
export DEBIAN_FRONTEND=noninteractive HOME=/root LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=$2/root,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount --bind "$2/lists" "$1/root/var/lib/apt/lists"
mount --bind "$2/archives" "$1/root/var/cache/apt/archives"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
commands=$3
base=$1
shift 3
if [ $# -gt 0 ]; then
	chroot "$base/root" apt-get -q -y --no-install-recommends -o DPkg::Options::=--force-unsafe-io install "$@"
fi
chroot "$base/root" sh -euc "$commands"
rm -rf "$base/root"/var/cache/apt/*.bin "$base/root/var/cache/debconf"/*-old "$base/root"/var/log/*.log "$base/root/var/log/apt"
`

// key returns a name for what is made of parts.
func key(parts ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %q", format, release, parts))
	return fmt.Sprintf("%x", sum[:8])
}

// kept returns the folder that is kept by that name. Where it is not there yet,
// makes makes it.
func (i *Images) kept(ctx context.Context, name string, makes func(ctx context.Context, dir string) error) (string, error) {
	dir := filepath.Join(i.Dir, name)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if i.Kept {
		return "", fmt.Errorf("%w: %s is not kept yet; make bench-services builds it", ErrImpossible, name)
	}
	if err := possible(); err != nil {
		return "", err
	}
	if err := os.MkdirAll(i.Dir, 0o755); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(i.Dir, "building-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(work) }() // what is left of it takes room and harms nothing
	if err := makes(ctx, work); err != nil {
		return "", err
	}
	// Somebody else may have been faster: theirs is as good.
	if err := os.Rename(work, dir); err != nil {
		if _, staterr := os.Stat(dir); staterr != nil {
			return "", err
		}
	}
	return dir, nil
}

// possible says why images cannot be built.
func possible() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: building a root file system takes root", ErrImpossible)
	}
	for _, program := range []string{"debootstrap", "chroot", "unshare", "tar", "go"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%w: the command %s is not installed", ErrImpossible, program)
		}
	}
	return nil
}

// base returns the folder of the base system: root, layer.tar, lists, archives.
func (i *Images) base(ctx context.Context) (string, error) {
	return i.kept(ctx, "base-"+key(baseScript), func(ctx context.Context, dir string) error {
		start := time.Now()
		if err := run(ctx, "sh", "-euc", baseScript, "sh", dir, release); err != nil {
			return fmt.Errorf("build the base system: %w", err)
		}
		if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // packages' programs that are not root read it
			return err
		}
		i.Log("built the base system of Debian %s in %.0f s", release, time.Since(start).Seconds())
		return writeSum(dir)
	})
}

// packages returns the folder of a service's packages: layer.tar.
func (i *Images) packages(ctx context.Context, s *Service, base, commands string) (string, error) {
	name := s.Name + "-" + key(filepath.Base(base), packagesScript, s.Packages, commands)
	return i.kept(ctx, name, func(ctx context.Context, dir string) error {
		start := time.Now()
		args := []string{"--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", packagesScript, "sh", dir, base, commands}
		if err := run(ctx, "unshare", append(args, s.Packages...)...); err != nil {
			return fmt.Errorf("install the packages of %s: %w", s.Name, err)
		}
		if err := packUpper(ctx, dir); err != nil {
			return fmt.Errorf("pack the packages of %s: %w", s.Name, err)
		}
		i.Log("installed the packages of %s in %.0f s", s.Name, time.Since(start).Seconds())
		return writeSum(dir)
	})
}

// packUpper writes the upper folder of an overlay as a layer, and removes it.
func packUpper(ctx context.Context, dir string) error {
	upper := filepath.Join(dir, "upper")
	gone, err := whiteouts(upper)
	if err != nil {
		return err
	}
	layer := filepath.Join(dir, "layer.tar")
	err = run(ctx, "tar", "--numeric-owner", "--sort=name", "--xattrs", "--xattrs-include=security.capability", "-C", upper, "-cf", layer, ".")
	if err != nil {
		return err
	}
	if len(gone) > 0 {
		data, err := pack(gone)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "gone.tar"), data, 0o600); err != nil {
			return err
		}
		if err := run(ctx, "tar", "-A", "-f", layer, filepath.Join(dir, "gone.tar")); err != nil {
			return err
		}
	}
	return errors.Join(os.RemoveAll(upper), os.RemoveAll(filepath.Join(dir, "work")), os.RemoveAll(filepath.Join(dir, "root")))
}

// whiteouts takes the marks of an overlay for what is gone out of its upper
// folder, and returns those of layers: OCI image-spec, layer.md.
func whiteouts(upper string) ([]entry, error) {
	var out []entry
	err := filepath.WalkDir(upper, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(upper, p)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && info.Mode()&fs.ModeCharDevice != 0 && stat.Rdev == 0 {
			out = append(out, entry{name: filepath.Join(filepath.Dir(rel), ".wh."+filepath.Base(rel))})
			return os.Remove(p)
		}
		if d.IsDir() && opaque(p) {
			out = append(out, entry{name: filepath.Join(rel, ".wh..wh..opq")})
		}
		return nil
	})
	return out, err
}

// An entry is a file of a layer.
type entry struct {
	name string
	data []byte
	mode int64 // permission bits; 0 is 0644
}

// entries returns the files of a service as those of a layer.
func entries(all []txtar.File) []entry {
	out := make([]entry, 0, len(all))
	for _, f := range all {
		out = append(out, entry{name: f.Name, data: f.Data})
	}
	return out
}

// pack writes a layer.
func pack(all []entry) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range all {
		h := &tar.Header{Name: e.name, Mode: e.mode, Size: int64(len(e.data)), Typeflag: tar.TypeReg}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(e.data); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), w.Close()
}

// build builds the Go programs of a service, and returns them as files.
func (i *Images) build(ctx context.Context, s *Service, all []txtar.File) ([]entry, error) {
	var out []entry
	for _, program := range s.Programs {
		n := slices.IndexFunc(all, func(f txtar.File) bool { return f.Name == program })
		if n < 0 {
			return nil, fmt.Errorf("build %s: the service %s has no such file", program, s.Name)
		}
		dir, err := i.kept(ctx, "program-"+key(string(all[n].Data)), func(ctx context.Context, dir string) error {
			source := filepath.Join(dir, "main.go")
			if err := os.WriteFile(source, all[n].Data, 0o600); err != nil {
				return err
			}
			return run(ctx, "env", "CGO_ENABLED=0", "go", "build", "-trimpath", "-o", filepath.Join(dir, "main"), source)
		})
		if err != nil {
			return nil, err
		}
		data, err := os.ReadFile(filepath.Join(dir, "main"))
		if err != nil {
			return nil, err
		}
		out = append(out, entry{strings.TrimSuffix(program, ".go"), data, 0o755})
	}
	return out, nil
}

// writeSum writes the SHA-256 of dir/layer.tar beside it.
func writeSum(dir string) error {
	f, err := os.Open(filepath.Join(dir, "layer.tar"))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "sha256"), fmt.Appendf(nil, "%x", h.Sum(nil)), 0o600)
}

// run runs a program. An error has the end of what it printed.
func run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	said := string(out[max(len(out)-1500, 0):])
	for _, unreachable := range []string{"Failed getting release file", "Temporary failure resolving", "Could not resolve", "Could not connect", "unshare failed"} {
		if strings.Contains(said, unreachable) {
			return fmt.Errorf("%w: %s", ErrImpossible, unreachable)
		}
	}
	return fmt.Errorf("%s: %w\n%s", name, err, said)
}
