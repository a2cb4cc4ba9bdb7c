// Package openvex writes what is known against the software of images as an
// OpenVEX document, version 0.2.0: a start for those who go on to say which of
// it matters.
package openvex

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"bulkhead/internal/model"
	"bulkhead/internal/report"
)

// A Writer writes the images of a report as one document. Those that hold no
// software with a known vulnerability give it no statement.
type Writer struct{}

// A document is an OpenVEX document: OPENVEX-SPEC.md, "Document".
type document struct {
	Context    string      `json:"@context"`
	ID         string      `json:"@id"`
	Author     string      `json:"author"`
	Role       string      `json:"role"`
	Timestamp  string      `json:"timestamp"`
	Version    int         `json:"version"`
	Tooling    string      `json:"tooling"`
	Statements []statement `json:"statements"`
}

type statement struct {
	Vulnerability vulnerability `json:"vulnerability"`
	Products      []product     `json:"products"`
	Status        string        `json:"status"`
	StatusNotes   string        `json:"status_notes,omitempty"`
	Justification string        `json:"justification,omitempty"`
	Impact        string        `json:"impact_statement,omitempty"`
	Action        string        `json:"action_statement,omitempty"`
}

type vulnerability struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Aliases     []string `json:"aliases,omitempty"`
}

type product struct {
	ID            string            `json:"@id"`
	Hashes        map[string]string `json:"hashes,omitempty"`
	Subcomponents []component       `json:"subcomponents"`
}

type component struct {
	ID string `json:"@id"`
}

// The statuses of a statement, OPENVEX-SPEC.md, "Status Labels".
const (
	affected    = "affected"
	notAffected = "not_affected"
	fixed       = "fixed"
	unknown     = "under_investigation"
)

// justifications are those a statement may have, OPENVEX-SPEC.md, "Status
// Justifications".
var justifications = [...]string{
	"component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
	"vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist",
}

// Write writes r to w.
func (Writer) Write(w io.Writer, r *report.Report) error {
	d := document{
		Context: "https://openvex.dev/ns/v0.2.0", Author: "Bulkhead", Role: "scanner", Version: 1,
		Timestamp: r.Started.UTC().Format(time.RFC3339), Tooling: strings.TrimSpace("bulkhead " + r.Version),
		Statements: []statement{},
	}
	for i := range r.Images {
		d.Statements = append(d.Statements, statements(&r.Images[i])...)
	}
	said, err := json.Marshal(d)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(said)
	d.ID = "https://openvex.dev/docs/public/vex-" + hex.EncodeToString(sum[:])
	return report.EncodeJSON(w, d, "  ")
}

// statements returns what is said of i: one statement of everything that is
// said alike of one vulnerability, whatever packages it is in.
func statements(i *report.Image) []statement {
	var out []statement
	type key struct{ name, status, says string }
	at := map[key]int{}
	for _, v := range i.Vulnerabilities {
		s := judge(v)
		k := key{v.ID, s.Status, s.StatusNotes + "\x00" + s.Justification + "\x00" + s.Impact + "\x00" + s.Action}
		n, ok := at[k]
		if !ok {
			n = len(out)
			at[k] = n
			s.Vulnerability = vulnerability{Name: v.ID, Description: v.Summary, Aliases: v.Aliases}
			s.Products = []product{about(i)}
			out = append(out, s)
		}
		p := &out[n].Products[0]
		if c := (component{ID: cmp.Or(v.Package.PURL, v.Package.Name)}); !slices.Contains(p.Subcomponents, c) {
			p.Subcomponents = append(p.Subcomponents, c)
		}
	}
	return out
}

// judge returns what is known of v: that there is something to do about it,
// that somebody says it does no harm, or nothing yet.
func judge(v *model.Vulnerability) statement {
	if v.Excuse != nil {
		return excused(v.Excuse)
	}
	what := v.Package.Name + " " + v.Package.Version
	notes := ""
	if v.Exploited {
		notes = "it is known to be exploited"
	}
	switch {
	case v.Fixed != "":
		return statement{Status: affected, StatusNotes: notes, Action: "bring " + what + " to " + v.Fixed}
	case v.Exploited:
		return statement{Status: affected, StatusNotes: notes, Action: "do without " + what + ": no version cures it yet"}
	case v.State == model.WontFix:
		return statement{Status: unknown, StatusNotes: "the distribution will not cure it in " + what}
	}
	return statement{Status: unknown, StatusNotes: "no version of " + v.Package.Name + " cures it yet"}
}

// excused returns the statement of e. What CycloneDX calls otherwise has the
// name that OpenVEX has for it.
func excused(e *model.Excuse) statement {
	s := statement{Status: notAffected}
	if e.Status == fixed || strings.HasPrefix(e.Status, "resolved") {
		s.Status = fixed
	}
	if e.By != "" {
		s.StatusNotes = e.By + " says so"
	}
	reason := strings.TrimPrefix(strings.TrimPrefix(e.Reason, e.Status), ": ")
	code, words, _ := strings.Cut(reason, ": ")
	switch {
	case s.Status == fixed:
		s.StatusNotes = strings.Join(slices.DeleteFunc([]string{reason, s.StatusNotes}, func(t string) bool { return t == "" }), "; ")
	case slices.Contains(justifications[:], code):
		s.Justification, s.Impact = code, words
	default:
		s.Impact = reason
	}
	return s
}

// about returns i as a product: by its digest, which no other image has.
func about(i *report.Image) product {
	p := product{ID: i.Name}
	if len(i.Digests) > 0 {
		p.ID = packageURL(i.Digests[0])
	}
	if sum, ok := strings.CutPrefix(i.ID, "sha256:"); ok {
		p.Hashes = map[string]string{"sha-256": sum}
	}
	return p
}

// packageURL returns the package URL of repository@digest: purl-spec,
// PURL-TYPES.rst, "oci".
func packageURL(digest string) string {
	repository, sum, ok := strings.Cut(digest, "@")
	if !ok {
		return digest
	}
	name := strings.ToLower(repository[strings.LastIndexByte(repository, '/')+1:])
	return "pkg:oci/" + name + "@" + strings.ReplaceAll(sum, ":", "%3A") + "?repository_url=" + repository
}
