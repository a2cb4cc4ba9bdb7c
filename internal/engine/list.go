package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"

	"bulkhead/internal/kernel"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// parallel is how many questions are asked at once.
const parallel = 8

// maxObjects bounds how many containers and how many images are read.
const maxObjects = 5000

// A named is an object of a list.
type named struct {
	ID    string `json:"Id"`
	Names []string
}

// name returns what n is called in notes.
func (n named) name(kind string) string {
	if len(n.Names) > 0 {
		return kind + " " + strings.TrimPrefix(n.Names[0], "/")
	}
	return kind + " " + n.ID[:min(len(n.ID), 19)]
}

// Containers returns the JSON of docker inspect for all containers, whatever
// their state, as frontend/container reads it: where the engine runs on this
// machine and the process may be read, with the kernel's word. One that cannot
// be read is noted and does not hide the others; one that has gone meanwhile is
// not there.
func (e *Engine) Containers(ctx context.Context) (*source.File, []model.Note, error) {
	volumes, err := e.volumes(ctx)
	if err != nil {
		return nil, nil, err
	}
	var list []named
	if err := e.list(ctx, "/containers/json", url.Values{"all": {"1"}}, &list); err != nil {
		return nil, nil, err
	}
	return e.each(ctx, "container", list, func(ctx context.Context, id string) ([]byte, []model.Note, error) {
		return e.container(ctx, id, volumes)
	})
}

// Container returns the JSON of one container, by name or id, as Containers.
func (e *Engine) Container(ctx context.Context, name string) (*source.File, []model.Note, error) {
	volumes, err := e.volumes(ctx)
	if err != nil {
		return nil, nil, err
	}
	text, notes, err := e.container(ctx, name, volumes)
	if err != nil {
		return nil, nil, err
	}
	return source.NewFile(name, text), notes, nil
}

// Inspect returns the JSON of one container as the engine gives it, and nothing of
// the kernel's: one request, for those who are in a hurry.
func (e *Engine) Inspect(ctx context.Context, name string) ([]byte, error) {
	return e.get(ctx, "/containers/"+escape(name)+"/json", nil)
}

// Images returns the JSON of docker image inspect for all images with their
// history, as frontend/image reads it.
func (e *Engine) Images(ctx context.Context) (*source.File, []model.Note, error) {
	var list []named
	if err := e.list(ctx, "/images/json", nil, &list); err != nil {
		return nil, nil, err
	}
	return e.each(ctx, "image", list, e.image)
}

// Image returns the JSON of one image, by reference or id, as Images.
func (e *Engine) Image(ctx context.Context, ref string) (*source.File, error) {
	text, _, err := e.image(ctx, ref)
	if err != nil {
		return nil, err
	}
	return source.NewFile(ref, text), nil
}

// Networks returns the JSON of docker network inspect for all networks.
func (e *Engine) Networks(ctx context.Context) (*source.File, error) {
	text, err := e.get(ctx, "/networks", nil)
	if err != nil {
		return nil, err
	}
	return source.NewFile("networks", text), nil
}

// Info returns the JSON of docker info, as frontend/daemon reads it: where the
// engine runs on this machine, with the mode of its socket and the security
// modules of the kernel.
func (e *Engine) Info(ctx context.Context) (*source.File, error) {
	text, err := e.get(ctx, "/info", nil)
	if err != nil {
		return nil, err
	}
	if path, ok := strings.CutPrefix(e.Host, "unix://"); ok {
		if info, err := os.Stat(path); err == nil {
			text = with(text, "SocketMode", int(info.Mode().Perm()))
		}
		if e.here(text) {
			text = with(text, "LSM", kernel.Modules(e.root))
		}
	}
	return source.NewFile("info", text), nil
}

// here reports whether docker info describes this machine rather than a
// virtual one behind the socket: the names are the same.
func (e *Engine) here(info []byte) bool {
	var in struct{ Name string }
	host, err := os.Hostname()
	return json.Unmarshal(info, &in) == nil && err == nil && in.Name == host
}

// list asks for a list of objects.
func (e *Engine) list(ctx context.Context, path string, query url.Values, out *[]named) error {
	text, err := e.get(ctx, path, query)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, out); err != nil && len(*out) == 0 {
		return &Error{Host: e.Host, Err: err}
	}
	return nil
}

// each calls read for every object of a list, a few at once, and returns the
// answers as one JSON array in the order of the list.
func (e *Engine) each(ctx context.Context, kind string, list []named,
	read func(ctx context.Context, id string) ([]byte, []model.Note, error),
) (*source.File, []model.Note, error) {
	var notes []model.Note
	if len(list) > maxObjects {
		notes = append(notes, model.Note{What: kind + "s", Why: "there are more than can be read at once"})
		list = list[:maxObjects]
	}
	texts, said, errs := make([][]byte, len(list)), make([][]model.Note, len(list)), make([]error, len(list))
	slots := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for i, n := range list {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			texts[i], said[i], errs[i] = read(ctx, n.ID)
		})
	}
	all.Wait()
	var parts [][]byte
	for i, n := range list {
		switch err := errs[i]; {
		case err == nil:
			parts = append(parts, texts[i])
			notes = append(notes, said[i]...)
		case errors.Is(err, ErrNotFound): // it went away meanwhile
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		default:
			notes = append(notes, model.Note{What: n.name(kind), Why: err.Error()})
		}
	}
	text := append([]byte("["), bytes.Join(parts, []byte(","))...)
	return source.NewFile(kind+"s", append(text, ']')), notes, nil
}

// image returns the JSON of one image with its history.
func (e *Engine) image(ctx context.Context, ref string) ([]byte, []model.Note, error) {
	path := "/images/" + escape(ref)
	text, err := e.get(ctx, path+"/json", nil)
	if err != nil {
		return nil, nil, err
	}
	history, err := e.get(ctx, path+"/history", nil)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, nil, err
	case err != nil:
		return text, []model.Note{{What: "history of image " + ref, Why: err.Error()}}, nil
	}
	return with(text, "History", json.RawMessage(history)), nil, nil
}

// escape makes a name part of a path. A reference has slashes that stay.
func escape(name string) string {
	return strings.ReplaceAll(url.PathEscape(name), "%2F", "/")
}

// volumes returns the driver options of the volumes of the local driver that
// have some.
func (e *Engine) volumes(ctx context.Context) (map[string]map[string]string, error) {
	text, err := e.get(ctx, "/volumes", nil)
	if err != nil {
		return nil, err
	}
	var list struct {
		Volumes []struct {
			Name, Driver string
			Options      map[string]string
		}
	}
	if err := json.Unmarshal(text, &list); err != nil && len(list.Volumes) == 0 {
		return nil, &Error{Host: e.Host, Err: err}
	}
	out := map[string]map[string]string{}
	for _, v := range list.Volumes {
		if v.Driver == "local" && len(v.Options) > 0 {
			out[v.Name] = v.Options
		}
	}
	return out, nil
}

// with returns the JSON object text with one more key. What is not an object
// is returned as it is.
func with(text []byte, key string, v any) []byte {
	end := bytes.LastIndexByte(text, '}')
	value, err := json.Marshal(v)
	if end < 0 || err != nil || !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return text
	}
	var out bytes.Buffer
	out.Write(text[:end])
	if !bytes.HasSuffix(bytes.TrimSpace(text[:end]), []byte("{")) {
		out.WriteByte(',')
	}
	out.WriteString(`"` + key + `":`)
	out.Write(value)
	out.WriteByte('}')
	return out.Bytes()
}
