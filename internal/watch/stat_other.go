//go:build !linux

package watch

import (
	"io/fs"
	"os"
	"time"
)

const openQuietly = os.O_RDONLY

func unlinked(string) bool { return false }

func changed(info fs.FileInfo) time.Time { return info.ModTime() }
