package model

import "bulkhead/internal/source"

// A Build is one Dockerfile as evaluated with given build arguments.
type Build struct {
	Name   string // as printed: the file's name
	File   *source.File
	Syntax Fact[string] // the image named by "# syntax="
	Stages []*Stage
	Target *Stage // the stage that becomes the image; nil where there is none or it was not read

	// Instructions lists every instruction in order, also those before the
	// first stage. Each but those knows its stage.
	Instructions []*Instruction

	Context string // directory of the build context as printed, "" where it is not known
	Ignore  *Ignore

	Windows bool // paths and shells are those of Windows
}

// Ignore is what a build context leaves out.
type Ignore struct {
	File    *source.File // nil where there is no ignore file
	Matches func(path string) bool
}

// A Stage is one stage of a build.
type Stage struct {
	Build *Build
	Index int
	Name  Fact[string] // AS name; Unset where the stage has none
	From  *Instruction

	Base     Fact[Reference] // what FROM names, arguments resolved; Value.Raw also names a parent stage or scratch
	Parent   *Stage          // the stage FROM names
	Scratch  bool
	Image    *Image // the base where it is an image
	Platform Fact[string]

	Instructions []*Instruction
	Needed       bool // the target is built on it or copies from it

	// What the stage's image would say, inherited from its parent or base.
	// Unknown where the base is not known.
	User       Fact[User]
	WorkingDir Fact[string]
	Shell      Fact[[]string]
	Entrypoint Fact[Argv]
	Command    Fact[Argv]
	Health     Fact[Health]
	Env        []Variable
	Exposed    []Port
	Volumes    []Fact[string]
	Labels     []Label
	Config     *ImageConfig // all of the above as an image's configuration
}

// An Instruction is one instruction of a Dockerfile.
type Instruction struct {
	Name    string      // upper case: "RUN"
	Keyword source.Span // the name as written
	Span    source.Span // from the keyword to the end of its last line, heredocs and line end not counted
	Stage   *Stage      // nil before the first FROM
	OnBuild bool        // runs in builds on top of this one
	User    Fact[User]  // who it runs as, for RUN; inherited as in Stage
	Flags   []Flag
	Words   []Word // the arguments: sources and target of COPY, the one of USER, ports of EXPOSE
	Pairs   []Pair // of ENV, ARG and LABEL
	JSON    bool   // exec form

	Heredocs []Heredoc
	Mounts   []BuildMount // of RUN
	Scripts  []*Script    // what RUN, CMD, ENTRYPOINT and HEALTHCHECK run

	// Delete returns the edits that take the whole instruction out, its
	// lines included.
	Delete func() []source.Edit
}

// A Word is one word with its place. Its value is what it expands to, and
// Unknown where that depends on something not known. Its Edit quotes as the
// place needs.
type Word = Fact[string]

// A Flag is one --name=value of an instruction. Its Value's Delete takes the
// flag and the blanks that set it off out of the text.
type Flag struct {
	Name  string // without the dashes
	Value Fact[string]
	Span  source.Span // all of it
}

// A Pair is one NAME=value of ENV, ARG or LABEL. Its Value's Delete takes the
// pair out, and the instruction with its last pair.
type Pair struct {
	Name   string
	Key    source.Span
	Value  Fact[string] // Unset for ARG NAME without a default
	Legacy bool         // written as "ENV NAME value"
}

// A Heredoc is one here-document of an instruction.
type Heredoc struct {
	Name string
	Span source.Span // its body
}

// A BuildMount is one RUN --mount.
type BuildMount struct {
	Type     string // bind, cache, tmpfs, secret, ssh
	ID       string
	From     string
	Source   string
	Target   string
	Env      string
	ReadOnly bool
	Span     source.Span
}

// A Script is what a shell is asked to run: the body of RUN in shell form, a
// here-document, or one exec-form command.
type Script struct {
	Shell    string // "sh", "bash", "powershell", "cmd"; "" for exec form
	Span     source.Span
	Parsed   bool // false where the shell is not one we read, or the text is not valid
	Error    string
	PipeFail bool       // a failing part of a pipe fails the pipe
	ErrExit  bool       // a failing command ends the script
	Commands []*Command // in order of the text, also those inside substitutions and conditionals
}

// A Command is one simple command of a script. The Delete of a word of Words
// (but the first) and of Wrapper takes the word and the blanks that set it off
// out of the text; it is nil where the text cannot be edited. Several words of
// one command may be deleted together.
type Command struct {
	Name    string // base name of the program, wrappers such as sudo and env stripped; "" where it is not static
	Words   []Word // the program's name and its arguments, wrappers stripped
	Wrapper []Word // sudo, env, time, exec … before it, with their own arguments
	Assigns []Pair // NAME=value before it
	Span    source.Span

	Pipe   *Command // the command its output is piped into
	Feeds  *Command // the command whose text or input it makes by a substitution, such as in sh -c "$(curl …)" or bash <(curl …)
	After  string   // how it follows the command before it: "", "&&", "||", ";", "|"
	Last   bool     // its failure fails the instruction
	Writes []Word   // files its output is redirected to

	// Insert returns the edits that put word after Words[i]. Nil where
	// the text cannot be edited.
	Insert func(i int, word string) []source.Edit
}

// Arg returns the value of Words[i], or "" where it is missing or not static.
func (c *Command) Arg(i int) string {
	if i < 0 || i >= len(c.Words) || !c.Words[i].Known() {
		return ""
	}
	return c.Words[i].Value
}

// Flag returns the index in Words of the first word equal to one of names, or
// of one starting with such a name and "=", or -1. Words after "--" do not count.
func (c *Command) Flag(names ...string) int {
	for i := 1; i < len(c.Words); i++ {
		v := c.Arg(i)
		if v == "--" {
			break
		}
		for _, n := range names {
			if v == n || len(v) > len(n) && v[:len(n)] == n && v[len(n)] == '=' {
				return i
			}
		}
	}
	return -1
}
