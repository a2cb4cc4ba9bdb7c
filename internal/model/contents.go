package model

// Contents is what the files of an image say beside the software they are: what
// somebody inside could use, and what the image runs. Hidden files, which no
// container sees, are left out unless a field says otherwise.
type Contents struct {
	Privileged []File // programs that run with more rights than who starts them
	Writable   []File // what everybody may write, topmost folders only
	Accounts   []Account
	Programs   []Program // tools that a running service rarely needs
	Leftovers  []Leftover
	Wasted     []Waste
	Start      *Start // nil where the image says nothing, or its files do not tell
}

// A File is a file or folder of an image.
type File struct {
	Name         string // path in the image, without a leading slash
	Folder       bool
	Mode         int // as chmod takes it, with 0o4000 for setuid, 0o2000 for setgid and 0o1000 for sticky
	UID, GID     int
	Layer        int      // index in Inventory.Layers
	Capabilities []string // of a program, as setcap gives them
	Beneath      int      // in Contents.Writable: how many more there are under this folder
}

// Setuid reports whether f runs as its owner.
func (f File) Setuid() bool { return !f.Folder && f.Mode&0o4000 != 0 }

// Setgid reports whether f runs with its group.
func (f File) Setgid() bool { return !f.Folder && f.Mode&0o2000 != 0 }

// WritableBy reports whether a process of u, who is not root, can change f. An
// owner who may not write can allow it to himself.
func (f File) WritableBy(u User) bool {
	return int64(f.UID) == u.UID || int64(f.GID) == u.GID && f.Mode&0o020 != 0 || f.Mode&0o002 != 0
}

// An Account is a line of the image's passwd file, with what its shadow file
// adds.
type Account struct {
	Name          string
	UID, GID      int64
	Shell         string
	EmptyPassword bool
}

// A ProgramKind says what a program is for.
type ProgramKind string

// The kinds of programs that a running service rarely needs.
const (
	PackageManager ProgramKind = "package manager"
	BuildTool      ProgramKind = "build tool"
)

// A Program is a program known by its name.
type Program struct {
	Name string // "gcc", without a version
	File string
	Kind ProgramKind

	Layer int // index in Inventory.Layers
}

// A Leftover is a folder that a package manager fills and nothing needs later,
// as one layer holds it.
type Leftover struct {
	What    string // "apt's package lists"
	Folder  string
	Size    int64 // bytes
	Layer   int
	Deleted bool // upper layers hide all of it; it takes its room nevertheless
}

// A Waste is what one layer carries though no container sees it: files that later
// layers delete or replace. What package managers leave is not in it; see Leftover.
type Waste struct {
	Layer   int
	Size    int64 // bytes of the files counted, those of 64 kB or more
	Files   int
	Largest string // the largest of them
}

// A Start is the program an image runs.
type Start struct {
	Program       string // as configured or found on PATH: "/app/server"
	Missing       bool   // the image has no such file
	File          *File  // the file it is in the end; nil where it is missing, not executable or a hard link
	Code          *File  // the file an interpreter is started with, where others than root may change it
	Folder        *File  // the folder File is in, where others than root may own or write it
	Interpreter   string // what the kernel starts to run it: a dynamic loader, or a script's
	Script        bool   // Interpreter is a script's
	NoInterpreter bool   // the image has no such file
}
