// Package plan is what kerneltest and the first process of its virtual machine
// have agreed on.
package plan

// Paths in the machine.
const (
	File    = "/plan.json" // a list of steps
	Modules = "/modules"   // of the kernel, to load first
)

// Lines on the console begin with one of these, followed by a step's name; that
// of a step's end also by its seconds and "ok", or what was wrong.
const (
	Begins = "@@begins "
	Ended  = "@@ended "
	Done   = "@@done" // all steps
)

// A Step is a command to run.
type Step struct {
	Name string // without blanks
	Args []string
	Env  []string
}
