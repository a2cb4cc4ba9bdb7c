//go:build !linux

package learn

import (
	"errors"
	"os"
)

// rootOf is for Linux.
func rootOf(int) (*os.File, error) { return nil, errors.ErrUnsupported }
