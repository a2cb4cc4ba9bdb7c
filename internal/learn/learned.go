package learn

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
)

// formatVersion is the version of the JSON of Learned.
const formatVersion = 1

// A Learned is what a service was granted, what it used, and what it needs. Its
// JSON is what is saved; names are those of the kernel, capabilities without
// CAP_.
type Learned struct {
	Version int    `json:"version"`
	Name    string `json:"name"`
	Image   string `json:"image"` // as it is called
	Tested  bool   `json:"tested"`

	NewCalls []int  `json:"newCalls"` // by run, how many calls no run before had made
	Dropped  uint64 `json:"dropped"`  // events lost, of files and connections; calls and capabilities cannot be lost

	Granted Granted `json:"granted"`

	Calls   []string `json:"calls"`   // system calls of the program and what it started
	Runtime []string `json:"runtime"` // and of the container's runtime, before
	Refused []string `json:"refused"` // those that a seccomp profile answered
	Compat  bool     `json:"compat"`  // 32-bit calls were made
	Unknown bool     `json:"unknown"` // calls were made that are not in the kernel's table as this program knows it

	CapabilitiesKnown bool     `json:"capabilitiesKnown"` // the kernel tells of them
	Asked             []string `json:"asked"`             // capabilities that were there when the kernel asked for them
	Capabilities      []string `json:"capabilities"`      // those of them that are needed

	Executed  []string   `json:"executed"` // programs, and scripts beside the programs that read them
	Written   []string   `json:"written"`  // files and folders of the container's own file system
	Denied    []string   `json:"denied"`   // paths that could not be opened for writing
	Writable  []Place    `json:"writable"`
	Listening []Listener `json:"listening"`
	Peers     []string   `json:"peers"`    // addresses and ports that were connected to
	Reaches   []Reach    `json:"reaches"`  // the same by networks; those beyond them at the end
	Users     []int64    `json:"users"`    // uids that processes ran as, inside
	ExitCode  int        `json:"exitCode"` // after its stop signal

	Measures Measures `json:"measures"`
	Backed   []string `json:"backedOff"` // what was taken back, and why
	Verified bool     `json:"verified"`  // a copy passed under the measures: test, restart and stop
	Failure  string   `json:"failure"`   // why not

	Static  Static   `json:"static"`
	Gap     Gap      `json:"gap"`
	Profile *Profile `json:"profile"`
}

// A Granted is what a container may use as it is.
type Granted struct {
	Calls           []string `json:"calls"` // nil where nothing confines them
	Confined        bool     `json:"confined"`
	Capabilities    []string `json:"capabilities"`
	Privileged      bool     `json:"privileged"`
	ReadOnly        bool     `json:"readOnly"`
	NoNewPrivileges bool     `json:"noNewPrivileges"`
	Ports           []string `json:"ports"` // "80/tcp", published
	Networks        []string `json:"networks"`
	Mounts          []string `json:"mounts"` // that it may write to
}

// A Place is a folder that a service must be able to write to.
type Place struct {
	Path  string   `json:"path"`
	Keep  bool     `json:"keep"` // a volume: it holds files of the image, or what should outlive the container
	UID   int64    `json:"uid"`
	GID   int64    `json:"gid"`
	Mode  uint32   `json:"mode"`
	Files []string `json:"files"` // some of what was written, for those who decide
}

// A Listener is a port that a service listens on.
type Listener struct {
	Protocol string `json:"protocol"`
	Port     int    `json:"port"`
}

// Measures say which of what was learned is in force.
type Measures struct {
	Seccomp         bool `json:"seccomp"`
	Capabilities    bool `json:"capabilities"`
	NoNewPrivileges bool `json:"noNewPrivileges"`
	ReadOnly        bool `json:"readOnly"`
	NoNetwork       bool `json:"noNetwork"`
}

// ReadLearned reads what was saved.
func ReadLearned(text []byte) (*Learned, error) {
	var out Learned
	if err := json.Unmarshal(text, &out); err != nil {
		return nil, err
	}
	if out.Version != formatVersion || out.Profile == nil {
		return nil, fmt.Errorf("it is not what learn saves: version %d, want %d", out.Version, formatVersion)
	}
	return &out, nil
}

// A use is what runs have used.
type use struct {
	calls, runtime, refused, given, missing []int
	compat, unknown                         bool
	executed, written, denied               map[string]bool
	peers                                   map[string]bool // connections, FROM->TO
	started                                 map[string]bool // names of programs as they were asked for
	listening                               []Listener
	users                                   []int64
	networks                                map[string]netip.Prefix // that the container was in
	real                                    map[string]string       // where folders that were written to really are
	folders                                 map[string]folder       // by that
	absent                                  map[string]bool         // folders that were not there when they were looked for
}

// add adds what another run has used and returns how many calls are new.
func (u *use) add(v *use) int {
	before := len(u.calls)
	for _, l := range []struct {
		to   *[]int
		from []int
	}{
		{&u.calls, v.calls}, {&u.runtime, v.runtime}, {&u.refused, v.refused}, {&u.given, v.given}, {&u.missing, v.missing},
	} {
		*l.to = merged(*l.to, l.from)
	}
	u.compat, u.unknown = u.compat || v.compat, u.unknown || v.unknown
	for _, s := range []struct {
		to   *map[string]bool
		from map[string]bool
	}{
		{&u.executed, v.executed}, {&u.written, v.written}, {&u.denied, v.denied}, {&u.peers, v.peers},
	} {
		if *s.to == nil {
			*s.to = map[string]bool{}
		}
		maps.Copy(*s.to, s.from)
	}
	for _, l := range v.listening {
		if !slices.Contains(u.listening, l) {
			u.listening = append(u.listening, l)
		}
	}
	u.users = merged(u.users, v.users)
	if u.real == nil {
		u.real, u.folders, u.absent = map[string]string{}, map[string]folder{}, map[string]bool{}
		u.networks = map[string]netip.Prefix{}
	}
	maps.Copy(u.absent, v.absent)
	maps.Copy(u.networks, v.networks)
	maps.Copy(u.real, v.real)
	maps.Copy(u.folders, v.folders)
	return len(u.calls) - before
}

// merged returns what is in one list or both, in order.
func merged[T int | int64 | string](a, b []T) []T {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// sorted returns the keys of a set.
func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
