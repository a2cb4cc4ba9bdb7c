package policy

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	opametrics "github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"bulkhead/internal/source"
)

// A query is one prepared question. Its variable x is the answer.
type query struct {
	codes    codes
	prepared rego.PreparedEvalQuery
	rule     source.Span // what it asks for
}

// answer is the variable that queries bind.
const answer = "x"

// prepare compiles a query. It is called by Load alone.
func (cs codes) prepare(compiler *ast.Compiler, store storage.Store, text string, rule source.Span) (*query, error) {
	p, err := rego.New(rego.Compiler(compiler), rego.Store(store), rego.Query(answer+" := "+text)).PrepareForEval(context.Background())
	if err != nil {
		return nil, cs.explain(err)
	}
	return &query{codes: cs, prepared: p, rule: rule}, nil
}

// An evaluation is how queries are evaluated: its bounds, and who looks on.
type evaluation struct {
	limits  Limits
	now     time.Time
	tracer  topdown.QueryTracer // nil but where coverage is measured
	metrics opametrics.Metrics  // nil but in tests
	again   bool                // it looks for a place: where it was stopped is of no interest
}

func (s *Set) evaluation() evaluation {
	return evaluation{limits: s.options.Limits, now: s.options.Now, tracer: s.options.tracer, metrics: s.options.metrics}
}

// retry returns e for evaluating again what it has evaluated.
func (e evaluation) retry() evaluation {
	e.again = true
	return e
}

// ask evaluates q and returns the answers, none where it is undefined.
func (e evaluation) ask(ctx context.Context, q *query, input ast.Value) ([]*ast.Term, error) {
	w := newWatch(ctx, e.limits)
	answers, err := e.run(ctx, q, input, w.cancel)
	reason := w.stop()
	switch {
	case err == nil:
		return answers, nil
	case reason != nil:
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if e.again {
			return nil, reason
		}
		return nil, fmt.Errorf("%s: %w", e.whereabouts(q, input), reason)
	}
	return nil, q.explain(err)
}

func (e evaluation) run(ctx context.Context, q *query, input ast.Value, cancel topdown.Cancel) ([]*ast.Term, error) {
	options := []rego.EvalOption{
		rego.EvalParsedInput(input), rego.EvalTime(e.now), rego.EvalExternalCancel(cancel),
		rego.EvalGenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) { return t, nil }),
	}
	if e.tracer != nil {
		options = append(options, rego.EvalQueryTracer(e.tracer))
	}
	if e.metrics != nil {
		options = append(options, rego.EvalMetrics(e.metrics))
	}
	results, err := q.prepared.Eval(context.WithoutCancel(ctx), options...)
	if err != nil {
		return nil, err
	}
	var out []*ast.Term
	for _, r := range results {
		if t, ok := r.Bindings[answer].(*ast.Term); ok {
			out = append(out, t)
		}
	}
	return out, nil
}

// explain gives an error of an evaluation its place.
func (q *query) explain(err error) error {
	if e, ok := errors.AsType[*topdown.Error](err); ok {
		if span, ok := q.codes.at(e.Location); ok {
			return &source.SyntaxError{Span: span, Message: e.Message}
		}
		return fmt.Errorf("%s: %s", q.rule.Position(), e.Message)
	}
	return fmt.Errorf("%s: %w", q.rule.Position(), err)
}

// whereabouts returns the place an evaluation that was stopped had come to. It
// is found by evaluating again for a moment, because OPA does not tell.
func (e evaluation) whereabouts(q *query, input ast.Value) source.Position {
	const moment = 100 * time.Millisecond
	last := &lastPlace{}
	w := newWatch(context.Background(), Limits{Time: moment, Memory: e.limits.Memory})
	e.tracer = last
	_, _ = e.run(context.Background(), q, input, w.cancel) // that it fails is why we are here
	_ = w.stop()
	if span, ok := q.codes.at(last.loc); ok {
		return span.Position()
	}
	return q.rule.Position()
}

// A lastPlace remembers the last place of a policy that was evaluated.
type lastPlace struct{ loc *ast.Location }

func (*lastPlace) Enabled() bool               { return true }
func (*lastPlace) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

func (l *lastPlace) TraceEvent(e topdown.Event) {
	if e.Op == topdown.EvalOp && e.Location != nil && e.Location.File != "" {
		l.loc = e.Location
	}
}

// A watch ends an evaluation that takes too long or too much. One that is done
// within a tick, as nearly all are, costs a timer.
type watch struct {
	ctx    context.Context
	cancel topdown.Cancel
	limits Limits
	start  time.Time

	mu      sync.Mutex
	timer   *time.Timer
	base    int64 // bytes of the heap at the first look
	allowed int64 // growth that is not looked into
	reason  error
	done    bool
}

const (
	tick          = 10 * time.Millisecond
	defaultTime   = 2 * time.Second
	defaultMemory = 256 << 20
)

func newWatch(ctx context.Context, l Limits) *watch {
	if l.Time == 0 {
		l.Time = defaultTime
	}
	if l.Memory == 0 {
		l.Memory = defaultMemory
	}
	w := &watch{ctx: ctx, cancel: topdown.NewCancel(), limits: l, start: time.Now(), base: -1, allowed: l.Memory}
	if ctx.Err() != nil {
		w.end(ctx.Err())
		return w
	}
	w.mu.Lock()
	w.timer = time.AfterFunc(tick, w.look)
	w.mu.Unlock()
	return w
}

func (w *watch) end(reason error) {
	w.reason = reason
	w.cancel.Cancel()
}

// look ends the evaluation or comes back later.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return
	}
	if w.base < 0 {
		w.base = heap()
	}
	switch took := time.Since(w.start); {
	case w.ctx.Err() != nil:
		w.end(w.ctx.Err())
	case took >= w.limits.Time:
		w.end(fmt.Errorf("the evaluation was stopped after %s", w.limits.Time))
	case w.grown():
		w.end(fmt.Errorf("the evaluation was stopped because it takes more than %d MiB", w.limits.Memory>>20))
	default:
		w.timer.Reset(tick)
	}
}

// grown reports whether the heap has grown by more than is allowed. What looks
// like growth may be garbage, so garbage is collected before that is said.
func (w *watch) grown() bool {
	if heap()-w.base <= w.allowed {
		return false
	}
	runtime.GC()
	now := heap() - w.base
	w.allowed = max(w.allowed, 2*now)
	return now > w.limits.Memory
}

// stop ends the watch and returns why it ended the evaluation, nil where it
// did not.
func (w *watch) stop() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = true
	if w.timer != nil {
		w.timer.Stop()
	}
	return w.reason
}

// heap returns the bytes of objects on the heap, garbage included.
func heap() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64()) //nolint:gosec // no heap is that large
}
