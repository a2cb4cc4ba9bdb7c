//go:build !unix

package vuln

import "os"

func mapFile(f *os.File, size int) ([]byte, func() error, error) { return readFile(f, size) }
