package vuln

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A cveID is a CVE id as a number: the year, then the number within it.
type cveID uint64

// parseCVE reads an id such as CVE-2024-3094.
func parseCVE(s string) (cveID, bool) {
	year, number, ok := strings.Cut(strings.TrimPrefix(s, "CVE-"), "-")
	if !ok || !strings.HasPrefix(s, "CVE-") || len(year) != 4 || number == "" || len(number) > 12 {
		return 0, false
	}
	y, err := strconv.ParseUint(year, 10, 16)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(number, 10, 48)
	if err != nil {
		return 0, false
	}
	return cveID(y<<48 | n), true
}

// A cveFact is what is known about a CVE whichever package it is in.
type cveFact struct {
	vector    string // CVSS, from any source
	epss      float64
	exploited bool
	listed    time.Time // the day exploitation was made known; zero where none is
}

const (
	epssScale     = 100_000
	flagExploited = 1 << 31
)

// encodeCVE appends a row of the table of CVEs to b.
func encodeCVE(b []byte, id cveID, vector uint32, f cveFact) []byte {
	flags := uint32(f.epss*epssScale + 0.5)
	if f.exploited {
		flags |= flagExploited
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(id))
	b = binary.LittleEndian.AppendUint32(b, vector)
	return binary.LittleEndian.AppendUint32(b, flags)
}

// cve returns what the database knows about a CVE.
func (d *DB) cve(name string) (cveFact, error) {
	id, ok := parseCVE(name)
	if !ok {
		return cveFact{}, nil
	}
	le := binary.LittleEndian
	i, found := search(len(d.cves)/cveSize, func(i int) int {
		return cmp.Compare(le.Uint64(d.cves[i*cveSize:]), uint64(id))
	})
	if !found {
		return cveFact{}, nil
	}
	row := d.cves[i*cveSize:]
	dec := decoder{strings: d.strings}
	vector, flags := dec.text(uint64(le.Uint32(row[8:]))), le.Uint32(row[12:])
	return cveFact{
		vector:    vector,
		epss:      min(float64(flags&^flagExploited)/epssScale, 1),
		exploited: flags&flagExploited != 0,
		listed:    d.listed(id),
	}, dec.err
}

// encodeListed appends a row of the table of days to b.
func encodeListed(b []byte, id cveID, day time.Time) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(id))
	return binary.LittleEndian.AppendUint32(b, uint32(day.Unix()/secondsADay))
}

// secondsADay is the unit of the table of days.
const secondsADay = 24 * 60 * 60

// listed returns the day a CVE was listed as exploited, or the zero time.
func (d *DB) listed(id cveID) time.Time {
	le := binary.LittleEndian
	i, found := search(len(d.days)/daySize, func(i int) int {
		return cmp.Compare(le.Uint64(d.days[i*daySize:]), uint64(id))
	})
	if !found {
		return time.Time{}
	}
	return time.Unix(int64(le.Uint32(d.days[i*daySize+8:]))*secondsADay, 0).UTC()
}

// cvesOf returns the CVE ids among names, in order and once each.
func cvesOf(names ...[]string) []string {
	var out []string
	for _, list := range names {
		for _, n := range list {
			if _, ok := parseCVE(n); ok {
				out = append(out, n)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// search finds the place among n sorted rows where order says 0: it compares
// row i with what is looked for.
func search(n int, order func(i int) int) (int, bool) {
	lo, hi := 0, n
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		switch c := order(mid); {
		case c == 0:
			return mid, true
		case c < 0:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return lo, false
}
