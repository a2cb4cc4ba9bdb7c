package vuln

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// Options are the options of a build.
type Options struct {
	Now  time.Time // the date of the build
	KEV  string    // a file of known exploited vulnerabilities, as CISA publishes it; that of the folder where empty
	EPSS string    // a file of EPSS scores, CSV or gzipped CSV; that of the folder where empty
}

// Stats says what a build did.
type Stats struct {
	Info
	Skipped int      // records that could not be read
	Faults  []string // why, for the first of them
}

// maxFaults is how many faults Stats describes.
const maxFaults = 10

// Build compiles a folder of OSV exports into a database. The file appears
// under its name when it is whole; until then an older one stays.
func Build(ctx context.Context, dir, out string, o Options) (Stats, error) {
	in, err := findInputs(dir)
	if err != nil {
		return Stats{}, err
	}
	in.kev, in.epss = cmp.Or(o.KEV, in.kev), cmp.Or(o.EPSS, in.epss)
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return Stats{}, err
	}
	b, err := newBuilder(filepath.Dir(out))
	if err != nil {
		return Stats{}, err
	}
	defer b.remove()
	for _, i := range in.records {
		if err := b.addInput(ctx, i); err != nil {
			return Stats{}, err
		}
	}
	if len(b.items) == 0 {
		return Stats{}, errors.Join(fmt.Errorf("no advisory in %s can be read", dir), firstFault(b.stats.Faults))
	}
	if err := b.addFacts(in); err != nil {
		return Stats{}, err
	}
	return b.write(ctx, out, o.Now)
}

func firstFault(faults []string) error {
	if len(faults) == 0 {
		return nil
	}
	return errors.New(faults[0])
}

// An item is an entry that waits in a spool until all are known.
type item struct {
	key, slot, record uint32
	length            uint32
	offset            int64
}

// A rowFact is a row of the table of CVEs in the making.
type rowFact struct {
	vector  uint32
	rated   severity
	epss    float32
	exploit bool
	listed  time.Time
}

// A builder collects a database. In memory are the names of packages, a
// number for each entry, and the texts that others refer to, up to a limit;
// everything else goes to temporary files, so that what is needed depends on
// the number of packages and not on the size of the exports.
type builder struct {
	stats   Stats
	seed    maphash.Seed
	strings *interner
	notes   *spool // advisories
	bodies  *spool // entries
	keys    map[[2]string]uint32
	names   [][2]string // ecosystem and name by key
	items   []item
	slots   map[uint64]uint32 // by hash of id and ecosystem
	winner  []uint32          // record by slot
	changed []int64           // when each record was last changed
	cves    map[cveID]*rowFact
	scratch encoder
}

func newBuilder(dir string) (*builder, error) {
	b := &builder{
		seed: maphash.MakeSeed(), keys: map[[2]string]uint32{},
		slots: map[uint64]uint32{}, cves: map[cveID]*rowFact{},
	}
	var spools [3]*spool
	for i := range spools {
		s, err := newSpool(dir)
		if err != nil {
			for _, s := range spools[:i] {
				s.remove()
			}
			return nil, err
		}
		spools[i] = s
	}
	b.strings, b.notes, b.bodies = newInterner(spools[0]), spools[1], spools[2]
	b.scratch.intern = b.strings.ref
	return b, nil
}

func (b *builder) remove() {
	for _, s := range []*spool{b.strings.spool, b.notes, b.bodies} {
		s.remove()
	}
}

// A reading is a record being read on another processor.
type reading struct {
	name string
	done chan struct{}
	c    *compiled
	err  error
}

// addInput adds all records of an input.
func (b *builder) addInput(ctx context.Context, in input) (err error) {
	documents, closeInput, err := in.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeInput()) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	source := Source{Name: in.source}
	for r := range readAll(ctx, in, documents) {
		<-r.done
		switch {
		case err != nil: // drained: the input closes when nobody reads it
		case r.err != nil:
			b.fault(r.name, r.err)
		case len(r.c.entries) > 0:
			source.add(r.c)
			err = b.add(r.c)
		}
		if err != nil {
			cancel()
		}
	}
	b.count(source)
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// readAll reads documents on all processors and hands them out in order. The
// channel closes early when the context ends.
func readAll(ctx context.Context, in input, documents []document) <-chan *reading {
	workers := runtime.GOMAXPROCS(0)
	queue, free := make(chan *reading, 64*workers), make(chan struct{}, workers)
	go func() {
		defer close(queue)
		for _, d := range documents {
			if ctx.Err() != nil {
				return
			}
			r := &reading{name: d.name, done: make(chan struct{})}
			queue <- r
			free <- struct{}{}
			go func() {
				defer func() { <-free; close(r.done) }()
				r.read(d, in)
			}()
		}
	}()
	return queue
}

// add counts a record.
func (s *Source) add(c *compiled) {
	s.Advisories++
	if t := time.Unix(c.modified, 0).UTC(); c.modified > 0 && t.After(s.Newest) {
		s.Newest = t
	}
}

func (r *reading) read(d document, in input) {
	record, err := d.read()
	if err != nil {
		r.err = err
		return
	}
	r.c = compile(record, in.accept)
}

// count adds a source, or adds to the one of that name.
func (b *builder) count(s Source) {
	for i := range b.stats.Sources {
		if old := &b.stats.Sources[i]; old.Name == s.Name {
			old.Advisories += s.Advisories
			if s.Newest.After(old.Newest) {
				old.Newest = s.Newest
			}
			return
		}
	}
	if s.Advisories > 0 {
		b.stats.Sources = append(b.stats.Sources, s)
	}
}

func (b *builder) fault(name string, err error) {
	b.stats.Skipped++
	if len(b.stats.Faults) < maxFaults {
		b.stats.Faults = append(b.stats.Faults, fmt.Sprintf("%s: %v", name, err))
	}
}

// add takes a record. Of several with one id about one ecosystem, the one
// that was changed last stays.
func (b *builder) add(c *compiled) error {
	record := uint32(len(b.changed))
	b.changed = append(b.changed, c.modified)
	b.scratch.b = b.scratch.b[:0]
	c.encode(&b.scratch)
	offset, err := b.notes.block(b.scratch.b)
	if err != nil {
		return err
	}
	for i := range c.entries {
		n := &c.entries[i]
		slot, wins := b.slot(c.id, baseOf(n.ecosystem), record)
		if !wins {
			continue
		}
		n.advisory = uint64(offset)
		b.scratch.b = b.scratch.b[:0]
		n.encode(&b.scratch)
		at, err := b.bodies.block(b.scratch.b)
		if err != nil {
			return err
		}
		length := b.bodies.size - at
		if length > math.MaxUint32 || len(b.names) >= math.MaxUint32 {
			return errors.New("more advisories than a database holds")
		}
		b.items = append(b.items, item{b.key(n), slot, record, uint32(length), at})
	}
	if !c.withdrawn {
		b.learn(c)
	}
	return b.strings.err
}

// slot finds the place of an id within an ecosystem, and whether the record
// is the one to fill it.
func (b *builder) slot(id, ecosystem string, record uint32) (slot uint32, wins bool) {
	var h maphash.Hash
	h.SetSeed(b.seed)
	h.WriteString(id)
	h.WriteByte(0)
	h.WriteString(ecosystem)
	sum := h.Sum64()
	slot, ok := b.slots[sum]
	switch {
	case !ok:
		slot = uint32(len(b.winner))
		b.slots[sum] = slot
		b.winner = append(b.winner, record)
	case b.winner[slot] == record:
	case b.changed[record] <= b.changed[b.winner[slot]]:
		return slot, false
	default:
		b.winner[slot] = record
	}
	return slot, true
}

// key returns the number of a package.
func (b *builder) key(n *entry) uint32 {
	name := [2]string{n.ecosystem, n.name}
	k, ok := b.keys[name]
	if !ok {
		k = uint32(len(b.names))
		b.keys[name] = k
		b.names = append(b.names, name)
	}
	return k
}

// learn notes which CVE a record is about, and its CVSS vector where the
// record is about one CVE alone.
func (b *builder) learn(c *compiled) {
	cves := cvesOf([]string{c.id}, c.aliases, c.upstream)
	for _, name := range cves {
		id, _ := parseCVE(name)
		if b.cves[id] == nil {
			b.cves[id] = &rowFact{}
		}
	}
	if len(cves) != 1 {
		return
	}
	id, _ := parseCVE(cves[0])
	row := b.cves[id]
	take := func(vectors []string) {
		for _, v := range vectors {
			if s, ok := baseScore(v); ok && worse(row.rated, s) != row.rated {
				row.rated, row.vector = s, b.strings.ref(v)
			}
		}
	}
	take(c.vectors)
	for i := range c.entries {
		take(c.entries[i].vectors)
	}
}

// order sorts the items by package and drops those that a newer record
// replaced.
func (b *builder) order() {
	b.items = slices.DeleteFunc(b.items, func(i item) bool { return b.winner[i.slot] != i.record })
	ranked := make([]uint32, len(b.names))
	for i := range ranked {
		ranked[i] = uint32(i)
	}
	slices.SortFunc(ranked, func(x, y uint32) int {
		a, b := b.names[x], b.names[y]
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
	place := make([]uint32, len(ranked))
	for i, k := range ranked {
		place[k] = uint32(i)
	}
	slices.SortStableFunc(b.items, func(x, y item) int { return cmp.Compare(place[x.key], place[y.key]) })
}
