package contents

import (
	"crypto/md5"
	"errors"
	"hash"
	"io"

	"bulkhead/internal/inventory"
	"bulkhead/internal/oci"
	"bulkhead/internal/secret"
)

// A found is what the walk made of one file.
type found struct {
	telling     bool   // that it is there says something
	crowded     bool   // more files tell something than are kept of a layer
	script      bool   // interpreter is of a script
	interpreter string // of an executable
	rare        *rare  // nil of nearly all files
}

// A rare is what few files have.
type rare struct {
	software bool // evidence holds, if the file is not hidden where that matters
	evidence inventory.Evidence
	sums     inventory.Digests // what a package database says of the content of files
	recorded inventory.Digests // what a Python distribution says of its files
	secrets  []secret.Secret
	digests  [][]byte // of a file with secrets, those that were worked out
	text     []byte   // of the files accounts are in, without passwords
}

// special returns the rare things, which may be nothing.
func (f *found) special() rare {
	if f.rare == nil {
		return rare{}
	}
	return *f.rare
}

// everything returns the visitor for packages, for the digests of the files they
// brought, which tell what everybody has from what somebody put there, and for
// secrets in any file.
func everything(s oci.Store) oci.Visitor[found] {
	salt := saltOf(s)
	scanner := secret.NewScannerWithKey(salt)
	fresh := func() oci.Visitor[found] {
		l := &looker{software: inventory.Visitor(), scanner: scanner, interpreters: map[string]string{}}
		return oci.Visitor[found]{Want: l.want, Read: l.read, Keep: keep, Codec: codec(salt)}
	}
	v := fresh()
	v.Fresh = fresh
	return v
}

// keep reports whether f says something.
func keep(f found) bool { return f.telling || f.crowded || f.rare != nil }

// A looker looks at the files of one layer.
type looker struct {
	software     oci.Visitor[inventory.Evidence]
	scanner      *secret.Scanner
	told, plain  int               // entries that tell something, and programs like all others
	secrets      int               // found so far
	sums         int               // bytes of them
	interpreters map[string]string // by themselves: most programs have the same
}

// Bounds of what is kept of one layer.
const (
	maxSecrets = 20_000
	maxAllSums = 48 << 20
)

func (l *looker) want(e *oci.Entry) oci.Want {
	if e.Mode.IsRegular() && e.Size > 0 {
		return oci.Always
	}
	if telling(e) {
		return oci.Visible
	}
	return l.software.Want(e)
}

func (l *looker) read(e *oci.Entry, c *oci.Content) found {
	var f found
	switch {
	case !telling(e):
	case plain(e):
		l.plain++
		f.telling, f.crowded = l.plain <= maxPlain, l.plain == maxPlain+1
	default:
		l.told++
		f.telling, f.crowded = l.told <= maxTelling, l.told == maxTelling+1
	}
	if !e.Mode.IsRegular() {
		return f
	}
	if e.Executable() && f.telling {
		f.interpreter, f.script = interpreter(c)
		f.interpreter = l.same(f.interpreter)
	}
	var r rare
	switch {
	case l.software.Want(e) != oci.Skip:
		c.Twice(func(c *oci.Content) { l.scan(&r, e, c) }, func(c *oci.Content) { r.evidence = l.software.Read(e, c) })
		r.software = l.software.Keep(r.evidence)
		if digests := r.evidence.Digests(); l.sums < maxAllSums {
			r.sums = digests
			l.sums += len(digests)
		}
	case e.Name == passwdFile || e.Name == shadowFile:
		c.Twice(func(c *oci.Content) { l.scan(&r, e, c) }, func(c *oci.Content) {
			if text, err := c.ReadAll(maxAccountText); err == nil { // else its accounts are unknown
				r.text = withoutPasswords(text)
			}
		})
	case sumsFile(e.Name):
		if text, err := c.ReadAll(maxSums); err == nil && l.sums < maxAllSums { // else what it lists is not known to be public
			r.sums = readSums(text)
			l.sums += len(r.sums)
		}
	case inventory.IsRecord(e.Name):
		if text, err := c.ReadAll(maxSums); err == nil && l.sums < maxAllSums {
			r.recorded = inventory.RecordDigests(e.Name, text)
			l.sums += len(r.recorded)
		}
	default:
		l.scan(&r, e, c)
	}
	if r.software || len(r.sums)+len(r.recorded) > 0 || len(r.secrets) > 0 || len(r.text) > 0 {
		f.rare = &r
	}
	return f
}

// same returns the string equal to s that was met before.
func (l *looker) same(s string) string {
	const most = 1000
	if known, ok := l.interpreters[s]; ok {
		return known
	}
	if len(l.interpreters) < most {
		l.interpreters[s] = s
	}
	return s
}

// small is the size, in bytes, up to which the scanner has the digests of a
// file without reading it again.
const small = 512 << 10

// scan looks for secrets.
func (l *looker) scan(r *rare, e *oci.Entry, c *oci.Content) {
	if l.secrets >= maxSecrets {
		return
	}
	var in io.Reader = c
	var sum hash.Hash
	if c.Size > small {
		at, err := c.ReaderAt()
		switch {
		case err == nil:
			in = io.NewSectionReader(at, 0, c.Size) // which the scanner reads again where it has found something
		case errors.Is(err, oci.ErrNoRandomAccess):
			sum = md5.New()
			in = io.TeeReader(c, sum)
		default: // the walk notes the layer
			return
		}
	}
	res, err := l.scanner.Scan(e.Name, in)
	if err != nil || len(res.Secrets) == 0 { // the walk notes the layer
		return
	}
	r.secrets = res.Secrets
	l.secrets += len(res.Secrets)
	switch d := res.Digests; {
	case d != nil:
		r.digests = [][]byte{d.MD5[:], d.SHA1[:], d.SHA256[:]}
	case sum != nil:
		r.digests = [][]byte{sum.Sum(nil)}
	}
}

// evidence returns what the walk found of software that is there.
func evidence(w *oci.Walk[found]) *oci.Walk[inventory.Evidence] {
	v := inventory.Visitor()
	out := &oci.Walk[inventory.Evidence]{Layers: w.Layers, Notes: w.Notes}
	for _, f := range w.Found {
		if r := f.Value.special(); r.software && (!f.Entry.Hidden || v.Want(f.Entry) == oci.Always) {
			out.Found = append(out.Found, oci.Found[inventory.Evidence]{Entry: f.Entry, Value: r.evidence})
		}
	}
	return out
}
