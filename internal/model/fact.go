// Package model is what Bulkhead knows about the things it checks: one set of
// facts, whichever artifact they were read from.
package model

import "bulkhead/internal/source"

// State says how a fact came by its value.
type State uint8

// The states of a fact.
const (
	Unset   State = iota // the artifact does not say; Value is the platform default
	Set                  // the artifact says so
	Unknown              // it cannot be known from the artifacts given, such as ${VAR}, or a run flag seen from a Dockerfile
)

func (s State) String() string { return [...]string{"unset", "set", "unknown"}[s] }

// A Fact is one value together with where it came from.
type Fact[T any] struct {
	Value T
	State State
	Span  source.Span // the value, or the thing that leaves it out
	Path  string      // the place where there is no text, such as "HostConfig.Privileged"

	// Likely is set where Value rests on something assumed, such as the
	// default user of a base image that is not here. What a rule concludes
	// from it is likely, not certain.
	Likely bool

	// Edit returns the edits that make the artifact say v. The frontend that
	// read the fact provides it, because it knows the syntax. It is nil where
	// there is no text to edit, such as in a running container.
	Edit func(v T) []source.Edit

	// Delete returns the edits that take the statement out of the artifact,
	// so that the platform default holds again. It is nil where there is no
	// statement or no text.
	Delete func() []source.Edit
}

// Known reports whether Value is known: said, or the platform's default.
func (f Fact[T]) Known() bool { return f.State != Unknown }

// Place returns f's place without its value, for rules that report several
// kinds of facts.
func (f Fact[T]) Place() Place { return Place{Span: f.Span, Path: f.Path, Likely: f.Likely} }

// A Place is where a fact was read.
type Place struct {
	Span   source.Span
	Path   string // see Fact.Path
	Likely bool   // see Fact.Likely
}

// A List is a fact with several values, each with its own place.
type List[T any] struct {
	Items []Fact[T]
	State State       // Unknown where some items cannot be known; Items holds the others
	Span  source.Span // the list, or the thing that leaves it out
	Path  string

	// Add returns the edits that add v to the list, creating the list where
	// there is none. It is nil where there is no text to edit.
	Add func(v T) []source.Edit
}

// Known reports whether Items is all there is.
func (l List[T]) Known() bool { return l.State != Unknown }

// Place returns l's place.
func (l List[T]) Place() Place { return Place{Span: l.Span, Path: l.Path} }

// A Surface is the kind of artifact a fact was read from.
type Surface string

// The surfaces.
const (
	Dockerfile Surface = "dockerfile"
	Compose    Surface = "compose"
	Kube       Surface = "kube"
	RunLine    Surface = "run" // a docker run or docker create command line
	ImageStore Surface = "image"
	Container  Surface = "container" // a container as the engine and the kernel know it, whatever its state
	Daemon     Surface = "daemon"    // the engine's configuration
	HostSystem Surface = "host"
	Request    Surface = "request" // a request to the engine's API, before the engine has acted on it

	// ProjectFile is any other file of a project: a lock file, or one that holds
	// a credential.
	ProjectFile Surface = "file"
)

// Surfaces lists the surfaces that artifacts are of, in the order they are
// printed. A request is none: it is gone when it is answered.
var Surfaces = [...]Surface{Dockerfile, Compose, Kube, RunLine, ImageStore, Container, Daemon, HostSystem, ProjectFile}
