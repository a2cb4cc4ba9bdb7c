// Package policy judges by users' own policies, written in Rego: Gatekeeper's
// constraint templates with their constraints, conftest's packages, and
// policies over Bulkhead's own facts.
//
// Everything is compiled by Load, once. A Set is safe for concurrent use; each
// evaluation is bounded in time and memory and reaches neither the network nor
// the process it runs in.
package policy

import (
	"context"
	"time"

	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"

	"bulkhead/internal/finding"
	"bulkhead/internal/frontend/document"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

// Options say what to load and how it is evaluated.
type Options struct {
	Paths      []string // files and folders with policies
	Data       []string // YAML and JSON files and folders that policies read as data
	Namespaces []string // conftest packages that are evaluated; none means main
	Now        time.Time
	Limits     Limits

	// Point is the enforcement point that scoped enforcement actions are
	// chosen for; "" is gator.gatekeeper.sh, what checks before anything is
	// applied.
	Point string

	// Tests loads what only tests need too: _test.rego files and suites.
	Tests bool

	tracer  topdown.QueryTracer // of the tests of a template, for its coverage
	metrics metrics.Metrics     // of a test of this package
}

// Limits bound one evaluation of one policy for one object.
type Limits struct {
	Time   time.Duration // 0 is two seconds
	Memory int64         // bytes by which the heap may grow meanwhile; 0 is 256 MiB
}

// An Action is what a policy asks for where it is violated.
type Action string

// The actions.
const (
	Deny   Action = "deny"
	Warn   Action = "warn"
	DryRun Action = "dryrun"
)

// A Violation is one message of one policy about one object.
type Violation struct {
	Rule     string // "k8sallowedrepos/only-ours", "main/deny_root"
	Severity finding.Severity
	Action   Action
	Message  string
	Details  string // what the policy adds, as JSON; "" where it adds nothing

	// Generated is set where the pod that a workload makes violates the
	// policy, not the workload itself.
	Generated bool

	judge judge // evaluates the same again, for the place
}

// An Object is a Kubernetes object to be judged.
type Object struct {
	Value *document.Value

	// Request is the admission request the object comes with. Nil makes one
	// up: that of creating the object.
	Request *document.Value

	// Namespace is the Namespace object it is in, for namespaceSelector; nil
	// where that is not known.
	Namespace *document.Value

	// NoExpansion leaves out the pod that a workload makes.
	NoExpansion bool
}

// A Set is policies, compiled.
type Set struct {
	options     Options
	templates   []*template
	constraints []*constraint
	expansions  []expansion
	packages    []*regoPackage
	files       []*policyFile
	suites      []*suite
	tests       []*regoTests

	inventory *inventory // empty but in tests; see WithInventory
	rules     []*rule.Rule
	notes     []model.Note
}

// Rules returns the rules that the set's findings are of, by name. They have
// no function: the set itself judges.
func (s *Set) Rules() []*rule.Rule { return s.rules }

// Notes returns what of the policies is not evaluated, and why.
func (s *Set) Notes() []model.Note { return s.notes }

// Len returns how many policies there are: constraints and rules of packages.
func (s *Set) Len() int { return len(s.rules) }

// WithInventory returns a set that is like s, with objects for what policies
// see as data.inventory. Nothing is compiled for it.
func (s *Set) WithInventory(objects []*document.Value) *Set {
	out := *s
	out.inventory = newInventory(objects)
	return &out
}

// Review judges a Kubernetes object: by the constraints that match it, and for
// a workload by those that match the pod it makes. What other policies found
// is returned with the error of one that could not be evaluated.
func (s *Set) Review(ctx context.Context, o Object) ([]Violation, error) {
	return s.review(ctx, o)
}

// ReviewWorkload judges a container that no Kubernetes object describes, such
// as one a docker run asks for: by the constraints, as the pod that would be
// the same, and by the policies over facts.
func (s *Set) ReviewWorkload(ctx context.Context, w *model.Workload) ([]Violation, error) {
	return s.reviewWorkload(ctx, w)
}
