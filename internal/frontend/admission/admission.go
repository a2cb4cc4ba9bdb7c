// Package admission reads what a Kubernetes API server asks a validating
// webhook: an AdmissionReview of admission.k8s.io/v1.
package admission

import (
	"encoding/json"
	"errors"
	"fmt"

	"bulkhead/internal/frontend/kube"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// Version is the API version of the reviews that are read and answered.
const Version = "admission.k8s.io/v1"

// MaxSize bounds a review in bytes. The API server stores no object of more
// than 1.5 MB, and a review of an update holds two.
const MaxSize = 8 << 20

// An Operation is what somebody wants to do with an object.
type Operation string

// The operations a review is about.
const (
	Create  Operation = "CREATE"
	Update  Operation = "UPDATE"
	Delete  Operation = "DELETE"
	Connect Operation = "CONNECT"
)

// A Request is what an AdmissionReview asks.
type Request struct {
	UID         string
	Group       string // of the object's kind, "" for the core group
	Version     string
	Kind        string // "Pod"
	SubResource string // "ephemeralcontainers", "" for the object itself
	Namespace   string
	Name        string // "" where the API server is to make one of generateName
	Operation   Operation
	User        string // who asks, as the API server knows them
	Groups      []string
	DryRun      bool

	Object    json.RawMessage // as it would be stored; nil when it is deleted
	OldObject json.RawMessage // as it is stored; nil unless it is updated or deleted

	Raw json.RawMessage // the request as it was sent
}

// review is an AdmissionReview on the wire.
type review struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Request    json.RawMessage `json:"request"`
}

// asked is the request of a review.
type asked struct {
	UID         string          `json:"uid"`
	Kind        groupVersion    `json:"kind"`
	SubResource string          `json:"subResource"`
	Namespace   string          `json:"namespace"`
	Name        string          `json:"name"`
	Operation   Operation       `json:"operation"`
	UserInfo    userInfo        `json:"userInfo"`
	DryRun      bool            `json:"dryRun"`
	Object      json.RawMessage `json:"object"`
	OldObject   json.RawMessage `json:"oldObject"`
}

type groupVersion struct {
	Group   string `json:"group"`
	Version string `json:"version"`
	Kind    string `json:"kind"`
}

type userInfo struct {
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
}

// Read reads a review. An error says what is wrong with it.
func Read(body []byte) (*Request, error) {
	if len(body) > MaxSize {
		return nil, fmt.Errorf("the review has more than %d bytes", MaxSize)
	}
	var r review
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, fmt.Errorf("not an AdmissionReview: %w", err)
	}
	switch {
	case r.Kind != "AdmissionReview":
		return nil, fmt.Errorf("kind %q is not AdmissionReview", r.Kind)
	case r.APIVersion != Version:
		return nil, fmt.Errorf("apiVersion %q is not %s", r.APIVersion, Version)
	case present(r.Request) == nil:
		return nil, errors.New("the review has no request")
	}
	var q asked
	if err := json.Unmarshal(r.Request, &q); err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	if q.UID == "" {
		return nil, errors.New("request.uid is missing")
	}
	out := &Request{
		UID: q.UID, Group: q.Kind.Group, Version: q.Kind.Version, Kind: q.Kind.Kind, SubResource: q.SubResource,
		Namespace: q.Namespace, Name: q.Name, Operation: q.Operation,
		User: q.UserInfo.Username, Groups: q.UserInfo.Groups, DryRun: q.DryRun,
		Object: present(q.Object), OldObject: present(q.OldObject), Raw: r.Request,
	}
	switch out.Operation {
	case Create, Update:
		if out.Object == nil {
			return nil, fmt.Errorf("request.object is missing, though the operation is %s", out.Operation)
		}
	case Delete, Connect:
	default:
		return nil, fmt.Errorf("request.operation %q is none of CREATE, UPDATE, DELETE, CONNECT", out.Operation)
	}
	return out, nil
}

// present returns nil for null, which a review has where there is no object.
func present(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// Facts reads an object of a review. Its places are in a file that holds the
// object alone; PathAt names them.
func Facts(object json.RawMessage) *model.Facts {
	return kube.Object(source.NewFile("object", object))
}
