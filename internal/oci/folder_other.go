//go:build unix && !linux

package oci

import "os"

// isOpaque is false: only Linux has overlayfs.
func isOpaque(*os.File) bool { return false }

// capability is empty: only Linux has file capabilities.
func capability(*os.File) string { return "" }
