// Baseline does to the layers of an image archive what every check of it has
// to do at least, for scripts/bench-images.sh to compare with: it reads,
// hashes or inflates them.
//
//	go run ./scripts/baseline read|hash|inflate ARCHIVE
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: baseline read|hash|inflate ARCHIVE")
		os.Exit(2)
	}
	n, err := run(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "baseline:", err)
		os.Exit(1)
	}
	fmt.Println(n)
}

// run returns how many bytes it read, hashed or got from inflating.
func run(what, name string) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // it was only read
	buf := make([]byte, 1<<20)
	switch what {
	case "read":
		return io.CopyBuffer(onlyWriter{io.Discard}, onlyReader{f}, buf)
	case "hash":
		return io.CopyBuffer(onlyWriter{sha256.New()}, onlyReader{f}, buf)
	case "inflate":
		return inflate(f, buf)
	}
	return 0, fmt.Errorf("%q is none of read, hash, inflate", what)
}

// inflate inflates the files of an archive that are compressed.
func inflate(f io.Reader, buf []byte) (total int64, err error) {
	t := tar.NewReader(bufio.NewReaderSize(f, 1<<20))
	for {
		_, err := t.Next()
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		in := bufio.NewReaderSize(t, 64<<10)
		if head, err := in.Peek(2); err != nil || !bytes.Equal(head, []byte{0x1f, 0x8b}) {
			continue
		}
		z, err := gzip.NewReader(in)
		if err != nil {
			return total, err
		}
		n, err := io.CopyBuffer(onlyWriter{io.Discard}, onlyReader{z}, buf)
		total += n
		if err != nil {
			return total, err
		}
	}
}

// onlyReader and onlyWriter keep io.CopyBuffer from short cuts.
type (
	onlyReader struct{ io.Reader }
	onlyWriter struct{ io.Writer }
)
