package admission

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"sync/atomic"
	"time"

	"bulkhead/internal/frontend/admission"
)

// A FailMode says what becomes of a request that the policies do not answer.
type FailMode string

// The modes.
const (
	FailOpen   FailMode = "open"   // it passes, with a warning
	FailClosed FailMode = "closed" // it is refused
)

// Deadline is how long a review may take. It is less than the three seconds the
// API server is told to wait, so that the answer is ours and not its own.
const Deadline = 2 * time.Second

// A Server answers an API server. Its zero value is not ready: it answers
// reviews once it has a judge.
type Server struct {
	Fail FailMode
	Log  *slog.Logger // one record a review

	judge atomic.Pointer[Judge]
	count counters
}

// counters count reviews by how they ended.
type counters struct {
	allowed, denied, failed, malformed atomic.Int64
	took                               atomic.Int64 // nanoseconds, together
}

// SetJudge has reviews judged by j from now on. Those being judged end as they
// began.
func (s *Server) SetJudge(j *Judge) { s.judge.Store(j) }

// Handler returns what the server serves: reviews on /validate, and /livez,
// /readyz and /metrics.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /validate", s.validate)
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { say(w, "ok\n") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /metrics", s.metrics)
	return mux
}

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if s.judge.Load() == nil {
		http.Error(w, "the policies are not compiled", http.StatusServiceUnavailable)
		return
	}
	say(w, "ok\n")
}

// say writes text. Where that fails there is nobody left to tell.
func say(w io.Writer, text string) { _, _ = io.WriteString(w, text) }

// validate answers one review. What is no review at all is an HTTP error, which
// the API server treats as its failurePolicy says.
func (s *Server) validate(w http.ResponseWriter, q *http.Request) {
	start := time.Now()
	judge := s.judge.Load()
	if judge == nil {
		http.Error(w, "the policies are not compiled", http.StatusServiceUnavailable)
		return
	}
	if kind, _, err := mime.ParseMediaType(q.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		s.refuse(w, http.StatusUnsupportedMediaType, "the content type is not application/json")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, admission.MaxSize))
	if err != nil {
		status := http.StatusBadRequest
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		s.refuse(w, status, err.Error())
		return
	}
	r, err := admission.Read(body)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	answer := s.answer(q.Context(), judge, r)
	s.count.took.Add(int64(time.Since(start)))
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		s.Log.Error("the answer could not be sent", "uid", r.UID, "error", err)
	}
}

// refuse answers what is no review.
func (s *Server) refuse(w http.ResponseWriter, status int, why string) {
	s.count.malformed.Add(1)
	s.Log.Warn("not a review", "status", status, "why", why)
	http.Error(w, why, status)
}

// answer judges r within the deadline and logs what came of it.
func (s *Server) answer(ctx context.Context, judge *Judge, r *admission.Request) *Response {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	v, err := judge.Review(ctx, r)
	if err != nil {
		s.count.failed.Add(1)
		s.Log.Error("review failed", "uid", r.UID, "object", object(r), "error", err, "fail", s.Fail)
		return Unanswered(r, err, s.Fail)
	}
	out := Respond(r, v)
	if out.Response.Allowed {
		s.count.allowed.Add(1)
	} else {
		s.count.denied.Add(1)
	}
	s.Log.Info("review", "uid", r.UID, "operation", r.Operation, "object", object(r), "user", r.User,
		"dry_run", r.DryRun, "allowed", out.Response.Allowed, "rules", out.Response.AuditAnnotations)
	return out
}

// metrics writes the counters in Prometheus' text format, version 0.0.4.
func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	c := &s.count
	say(w, fmt.Sprintf(`# HELP bulkhead_admission_reviews_total Reviews by how they ended.
# TYPE bulkhead_admission_reviews_total counter
bulkhead_admission_reviews_total{result="allowed"} %d
bulkhead_admission_reviews_total{result="denied"} %d
bulkhead_admission_reviews_total{result="failed"} %d
bulkhead_admission_reviews_total{result="malformed"} %d
# HELP bulkhead_admission_review_seconds_total Time spent on reviews.
# TYPE bulkhead_admission_review_seconds_total counter
bulkhead_admission_review_seconds_total %g
`, c.allowed.Load(), c.denied.Load(), c.failed.Load(), c.malformed.Load(), time.Duration(c.took.Load()).Seconds()))
}
