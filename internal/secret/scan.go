package secret

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
)

// A Scanner finds credentials in files. Its methods may be called by several
// goroutines at once. It keeps nothing of what it has seen.
type Scanner struct {
	// Public says why everybody has the content of a file, such as "shipped
	// by openssl 3.0.15": a package database records its digest. It is asked
	// where something was found only, and may be nil.
	Public func(path string, content *Digests) (reason string, ok bool)

	rules      *ruleset
	key        [32]byte
	size, step int // of the buffer, and of what is read at a time
	bufs       sync.Pool
}

// NewScanner returns a scanner of all detectors, with a key of its own.
func NewScanner() *Scanner {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	return NewScannerWithKey(key)
}

// NewScannerWithKey returns a scanner of all detectors whose sums can be compared
// with those of other scanners with that key.
func NewScannerWithKey(key [32]byte) *Scanner {
	return &Scanner{rules: rules(), key: key, size: 1 << 20, step: 64 << 10}
}

// A Sum tells whether two credentials are the same, as long as scanners of one
// key found them. Who has the key and a sum could try out passwords: neither is
// for anybody but the user whose files they are of.
type Sum [16]byte

func (s *Scanner) sum(secret []byte) (sum Sum) {
	h := hmac.New(sha256.New, s.key[:])
	h.Write(secret)
	copy(sum[:], h.Sum(nil))
	return sum
}

// A Secret is a credential in a file.
type Secret struct {
	Leak
	Detector   string // its name, such as "github-pat"
	Grade      Grade
	Start, End int64  // in the file
	Line       int    // from 1; 0 in binaries
	Public     string // why it is no leak, "" where it is one: everybody has it
	Sum        Sum
}

// A Result is what a file holds.
type Result struct {
	Secrets []Secret // in the order of the file
	Size    int64
	Binary  bool
	Digests *Digests // of the whole file, where it holds secrets and could be hashed
	Cut     bool     // so much was found, or made to look like it, that the rest was passed over
}

// Limits of what one file may cost.
const (
	sniff       = 8 << 10 // a NUL byte within these makes a file binary
	mostSecrets = 1000
	lookBehind  = 2 << 10
	lookAhead   = 20 << 10
)

// Scan reads a file to its end and returns the credentials in it. It holds
// a megabyte of it at a time. path names the file to detectors that are about
// certain files, and to Public.
func (s *Scanner) Scan(path string, r io.Reader) (Result, error) {
	sc := s.scan(path)
	defer s.release(sc)
	if len(sc.buf) < s.size {
		sc.buf = make([]byte, s.size)
	}
	for {
		eof, err := sc.fill(r)
		if err != nil {
			return sc.result(nil), err
		}
		sc.search(eof)
		if eof {
			return sc.result(r), nil
		}
	}
}

// ScanBytes returns the credentials in the content of a file.
func (s *Scanner) ScanBytes(path string, content []byte) Result {
	sc := s.scan(path)
	defer s.release(sc)
	own := sc.buf
	sc.buf, sc.n = content, len(content)
	sc.search(true)
	res := sc.result(nil)
	sc.buf = own
	return res
}

// A scan is the state of one file's scan.
type scan struct {
	s    *Scanner
	path string
	low  string // the path in lower case
	buf  []byte // the part of the file from base on is in buf[:n]
	n    int
	base int64
	read int // what has been passed over is buf[:read]

	sniffed, binary bool
	words           *search
	hits            hits
	pending         []hit   // those that wait for what follows them
	done            []int64 // by detector: matches start here or later
	lines           int     // newlines before buf
	work            int64
	cut             bool
	out             []Secret
	ranks           []rank // by secret
}

func (s *Scanner) scan(path string) *scan {
	sc, _ := s.bufs.Get().(*scan)
	if sc == nil {
		sc = &scan{s: s, done: make([]int64, len(s.rules.detectors))}
	}
	clear(sc.done)
	*sc = scan{s: s, path: path, low: strings.ToLower(path), buf: sc.buf, done: sc.done, hits: sc.hits, pending: sc.pending[:0]}
	return sc
}

func (s *Scanner) release(sc *scan) {
	sc.out, sc.ranks = nil, nil
	s.bufs.Put(sc)
}

// fill reads on, and drops what no hit needs any more where the buffer is
// full.
func (sc *scan) fill(r io.Reader) (eof bool, err error) {
	if len(sc.buf)-sc.n < sc.s.step {
		sc.drop()
	}
	most := min(len(sc.buf), sc.n+sc.s.step)
	n, err := io.ReadFull(r, sc.buf[sc.n:most])
	sc.n += n
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true, nil
	}
	return false, err
}

func (sc *scan) drop() {
	keep := sc.read
	if len(sc.pending) > 0 {
		keep = sc.pending[0].end
	}
	keep = max(0, keep-lookBehind)
	if !sc.binary {
		sc.lines += bytes.Count(sc.buf[:keep], []byte("\n"))
	}
	copy(sc.buf, sc.buf[keep:sc.n])
	sc.n -= keep
	sc.read -= keep
	sc.base += int64(keep)
	for i := range sc.pending {
		sc.pending[i].end -= keep
	}
}

// search passes over what is new, and looks closer at the hits that all is
// there for.
func (sc *scan) search(eof bool) {
	if !sc.sniffed {
		sc.open()
	}
	if sc.cut {
		sc.read = sc.n
		return
	}
	for sc.read < sc.n {
		end := min(sc.n, sc.read+sc.s.step)
		sc.words.find(sc.buf[:end], sc.read, &sc.hits)
		sc.read = end
		for i := range sc.hits {
			sc.pending = append(sc.pending, sc.hits[i]...)
		}
		sc.settle(eof)
	}
	sc.settle(eof)
}

// open tells text from binaries by the first bytes: the first fill has them.
func (sc *scan) open() {
	sc.sniffed = true
	sc.binary = bytes.IndexByte(sc.buf[:min(sc.n, sniff)], 0) >= 0
	if sc.binary {
		sc.words = sc.s.rules.binary()
	} else {
		sc.words = sc.s.rules.text()
	}
	sc.keyStore()
}

func (sc *scan) settle(eof bool) {
	i := 0
	for ; i < len(sc.pending); i++ {
		h := sc.pending[i]
		if !eof && h.end+lookAhead > sc.n {
			break
		}
		for _, u := range sc.words.uses[h.word] {
			sc.try(u, h.end)
		}
	}
	n := copy(sc.pending, sc.pending[i:])
	sc.pending = sc.pending[:n]
}

// result orders what was found and, where several detectors found the same,
// keeps the most telling.
func (sc *scan) result(r io.Reader) Result {
	size := sc.base + int64(sc.n)
	res := Result{Size: size, Binary: sc.binary, Cut: sc.cut}
	if len(sc.out) == 0 {
		return res
	}
	res.Secrets = sc.distinct()
	if sc.base == 0 {
		res.Digests = digest(sc.buf[:sc.n])
	} else if seeker, ok := r.(io.ReadSeeker); ok {
		res.Digests = digestAgain(seeker, size)
	}
	if res.Digests != nil && sc.s.Public != nil {
		if reason, ok := sc.s.Public(sc.path, res.Digests); ok {
			for i := range res.Secrets {
				res.Secrets[i].Public = cmp.Or(res.Secrets[i].Public, reason)
			}
		}
	}
	return res
}

// distinct drops what lies in something else that was found: of two that
// overlap the one of the higher rank stays.
func (sc *scan) distinct() []Secret {
	order := make([]int, len(sc.out))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := sc.ranks[a], sc.ranks[b]
		return cmp.Or(cmp.Compare(y.tells, x.tells), cmp.Compare(sc.out[a].Start, sc.out[b].Start), cmp.Compare(x.number, y.number))
	})
	var kept []Secret // ordered by Start, none overlaps another
	for _, i := range order {
		x := sc.out[i]
		at, _ := slices.BinarySearchFunc(kept, x.Start, func(k Secret, start int64) int { return cmp.Compare(k.Start, start) })
		if at > 0 && kept[at-1].End > x.Start || at < len(kept) && kept[at].Start < x.End {
			continue
		}
		kept = slices.Insert(kept, at, x)
	}
	return kept
}
