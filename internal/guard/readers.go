package guard

import (
	"bytes"
	"errors"

	"bulkhead/internal/engine"
	"bulkhead/internal/frontend/apirequest"
	"bulkhead/internal/model"
)

var (
	errHidden     = errors.New("the engine did not forward the body (it is too large, or of a type it keeps to itself), so it cannot be judged")
	errCheckpoint = errors.New("it starts from a checkpoint directory, which holds what no rule sees")
)

// needsBody refuses a request whose body was not forwarded.
func needsBody(r *apirequest.Request) error {
	if len(r.Body) == 0 {
		return errHidden
	}
	return nil
}

func readCreate(r *apirequest.Request, o apirequest.Options, _ string) (*apirequest.Reading, error) {
	if err := needsBody(r); err != nil {
		return nil, err
	}
	return apirequest.Create(r, o)
}

func readUpdate(r *apirequest.Request, o apirequest.Options, _ string) (*apirequest.Reading, error) {
	if err := needsBody(r); err != nil {
		return nil, err
	}
	return apirequest.Update(r, o)
}

func readService(r *apirequest.Request, o apirequest.Options, _ string) (*apirequest.Reading, error) {
	if err := needsBody(r); err != nil {
		return nil, err
	}
	return apirequest.Service(r, o)
}

func readVolume(r *apirequest.Request, o apirequest.Options, _ string) (*apirequest.Reading, error) {
	if err := needsBody(r); err != nil {
		return nil, err
	}
	return apirequest.Volume(r, o)
}

func readNetwork(r *apirequest.Request, _ apirequest.Options, _ string) (*apirequest.Reading, error) {
	if err := needsBody(r); err != nil {
		return nil, err
	}
	return apirequest.Network(r)
}

func readExec(r *apirequest.Request, o apirequest.Options, name string) (*apirequest.Reading, error) {
	if err := needsBody(r); err != nil {
		return nil, err
	}
	return unlessGone(apirequest.Exec(r, o, name))
}

// readExisting reads the container a request reaches into: what it may do now
// counts, however long ago it was made.
func readExisting(_ *apirequest.Request, o apirequest.Options, name string) (*apirequest.Reading, error) {
	return unlessGone(apirequest.Existing(o, name))
}

func readStart(r *apirequest.Request, o apirequest.Options, name string) (*apirequest.Reading, error) {
	if r.Query.Has("checkpoint-dir") {
		return nil, errCheckpoint
	}
	return readExisting(r, o, name)
}

// readStartedExec reads a program that was asked for before, maybe before there
// was a guard.
func readStartedExec(_ *apirequest.Request, o apirequest.Options, name string) (*apirequest.Reading, error) {
	return unlessGone(apirequest.StartedExec(o, name))
}

// unlessGone reads a container that is not there as nothing at all: the engine
// says so itself, and one that comes to be meanwhile is judged when it is made.
func unlessGone(r *apirequest.Reading, err error) (*apirequest.Reading, error) {
	if errors.Is(err, engine.ErrNotFound) {
		return nothing(), nil
	}
	return r, err
}

// nothing returns a reading of which nothing runs.
func nothing() *apirequest.Reading { return &apirequest.Reading{Facts: &model.Facts{}} }

// readCommit reads the configuration that a commit gives the image. Clients
// send null or nothing where there is none.
func readCommit(r *apirequest.Request, _ apirequest.Options, _ string) (*apirequest.Reading, error) {
	switch body := bytes.TrimSpace(r.Body); {
	case r.Hidden:
		return nil, errHidden
	case len(body) == 0 || string(body) == "null":
		return nothing(), nil
	}
	_, err := apirequest.Object(r.Body)
	return nothing(), err
}

func readBuild(r *apirequest.Request, o apirequest.Options, _ string) (*apirequest.Reading, error) {
	return apirequest.Build(r, o)
}

func readPull(r *apirequest.Request, _ apirequest.Options, _ string) (*apirequest.Reading, error) {
	return apirequest.Pull(r), nil
}

func readPodmanPull(r *apirequest.Request, _ apirequest.Options, _ string) (*apirequest.Reading, error) {
	return apirequest.PodmanPull(r), nil
}
