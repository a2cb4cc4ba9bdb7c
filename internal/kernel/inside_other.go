//go:build !linux

package kernel

import "os"

// openInside opens the file name below root.
func openInside(root, name string) (*os.File, error) { return openRoot(root, name) }
