package engine

import (
	"context"

	"bulkhead/internal/source"
)

// A Kind is a kind of object an engine holds, as its API spells it.
type Kind string

// The kinds of objects that Object asks for.
const (
	ContainerKind Kind = "containers"
	ImageKind     Kind = "images"
	VolumeKind    Kind = "volumes"
	NetworkKind   Kind = "networks"
	ExecKind      Kind = "exec" // a program that was asked for in a container
)

// Object returns the engine's own JSON of one object, found as the engine
// finds it by a name, an id or the start of one. It asks one question, where
// Container and Image ask several. The error wraps ErrNotFound where there is
// no such object.
func (e *Engine) Object(ctx context.Context, kind Kind, name string) (*source.File, error) {
	path := "/" + string(kind) + "/" + escape(name)
	if kind == ContainerKind || kind == ImageKind || kind == ExecKind {
		path += "/json"
	}
	text, err := e.get(ctx, path, nil)
	if err != nil {
		return nil, err
	}
	return source.NewFile(name, text), nil
}
