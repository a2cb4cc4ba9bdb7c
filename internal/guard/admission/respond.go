package admission

import (
	"fmt"
	"slices"
	"strings"

	"bulkhead/internal/frontend/admission"
)

// The API server shows at most this many bytes of one warning, and of all.
const (
	maxWarning  = 256
	maxWarnings = 4096
)

// maxMessage bounds the reason for a refusal, in bytes.
const maxMessage = 8 << 10

// A Response is the AdmissionReview that answers one.
type Response struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Response   Answer `json:"response"`
}

// An Answer is the part of a Response that says something.
type Answer struct {
	UID              string            `json:"uid"`
	Allowed          bool              `json:"allowed"`
	Status           *Status           `json:"status,omitempty"`
	Warnings         []string          `json:"warnings,omitempty"`
	AuditAnnotations map[string]string `json:"auditAnnotations,omitempty"`
}

// A Status is a reason, as the Kubernetes API has it.
type Status struct {
	Code    int    `json:"code"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Respond returns the answer that v is to r.
func Respond(r *admission.Request, v *Verdict) *Response {
	a := Answer{UID: r.UID, Allowed: v.Allowed(), AuditAnnotations: annotations(v)}
	if !a.Allowed {
		a.Status = &Status{Code: 403, Reason: "Forbidden", Message: refusal(r, v)}
	}
	warned := v.Warned
	if v.Exempt {
		warned = append(slices.Clip(v.Denied), warned...)
	}
	a.Warnings = warnings(warned)
	return &Response{APIVersion: admission.Version, Kind: "AdmissionReview", Response: a}
}

// Unanswered returns the answer to r where err kept it from being judged.
func Unanswered(r *admission.Request, err error, allow FailMode) *Response {
	a := Answer{UID: r.UID, Allowed: allow == FailOpen}
	text := clip("bulkhead: the policies gave no answer: "+err.Error(), maxWarning)
	if a.Allowed {
		a.Warnings = []string{text}
	} else {
		a.Status = &Status{Code: 500, Reason: "InternalError", Message: text}
	}
	a.AuditAnnotations = map[string]string{"error": text}
	return &Response{APIVersion: admission.Version, Kind: "AdmissionReview", Response: a}
}

// refusal returns why r is refused and what to do, for a terminal.
func refusal(r *admission.Request, v *Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "bulkhead refuses %s", object(r))
	if v.Unjudged != "" {
		fmt.Fprintf(&b, "\n  it cannot be judged: %s", v.Unjudged)
	}
	for i, d := range v.Denied {
		text := "\n  " + line(d)
		if d.Path != "" {
			text += "\n    at           " + d.Path
		}
		if d.Cure != "" {
			text += "\n    do instead   " + d.Cure
		}
		if b.Len()+len(text) > maxMessage {
			fmt.Fprintf(&b, "\n  and %d more", len(v.Denied)-i)
			break
		}
		b.WriteString(text)
	}
	if len(v.Denied) > 0 {
		fmt.Fprintf(&b, "\n  why: bulkhead explain %s", v.Denied[0].Rule)
	}
	return b.String()
}

// object names what a request is about.
func object(r *admission.Request) string {
	name := r.Name
	if r.Namespace != "" {
		name = r.Namespace + "/" + name
	}
	return strings.TrimSpace(r.Kind + " " + strings.TrimSuffix(name, "/"))
}

func line(v Violation) string {
	if v.Subject == "" {
		return fmt.Sprintf("%s: %s", v.Rule, v.Message)
	}
	return fmt.Sprintf("%s: %s: %s", v.Rule, v.Subject, v.Message)
}

// warnings returns one line for each, as many as the API server shows.
func warnings(all []Violation) []string {
	var out []string
	size := 0
	for i, v := range all {
		text := clip(strings.ReplaceAll("bulkhead: "+line(v), "\n", " "), maxWarning)
		size += len(text)
		if size > maxWarnings-maxWarning {
			return append(out, fmt.Sprintf("bulkhead: and %d more", len(all)-i))
		}
		out = append(out, text)
	}
	return out
}

// annotations returns what the audit log is told.
func annotations(v *Verdict) map[string]string {
	out := map[string]string{}
	for key, all := range map[string][]Violation{"denied": v.Denied, "warned": v.Warned, "logged": v.Logged} {
		var rules []string
		for _, x := range all {
			if len(rules) == 0 || rules[len(rules)-1] != x.Rule {
				rules = append(rules, x.Rule)
			}
		}
		if len(rules) > 0 {
			out[key] = clip(strings.Join(rules, ","), maxWarning)
		}
	}
	if v.Exempt && len(v.Denied) > 0 {
		out["exempt"] = "true"
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// clip shortens s to at most n bytes of valid text.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n-3]
		s = strings.ToValidUTF8(s, "") + "..."
	}
	return strings.ToValidUTF8(s, "�")
}
