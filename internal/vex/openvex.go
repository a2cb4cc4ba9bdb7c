package vex

import (
	"encoding/json"
	"slices"
)

// An openStatement is a statement of OpenVEX 0.2.0, OPENVEX-SPEC.md; older
// documents have texts in place of objects, and subcomponents beside the
// products.
type openStatement struct {
	Vulnerability   openVulnerability `json:"vulnerability"`
	Products        []openProduct     `json:"products"`
	Subcomponents   []openComponent   `json:"subcomponents"`
	Status          string            `json:"status"`
	Justification   string            `json:"justification"`
	ImpactStatement string            `json:"impact_statement"`
	StatusNotes     string            `json:"status_notes"`
	Timestamp       string            `json:"timestamp"`
	LastUpdated     string            `json:"last_updated"`
	Supplier        string            `json:"supplier"`
}

type openVulnerability struct {
	ID      string   `json:"@id"`
	Name    string   `json:"name"`
	Aliases []string `json:"aliases"`
}

// UnmarshalJSON takes a text for a name.
func (v *openVulnerability) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &v.Name) == nil {
		return nil
	}
	type plain openVulnerability
	return json.Unmarshal(b, (*plain)(v))
}

type openComponent struct {
	ID          string            `json:"@id"`
	Identifiers map[string]string `json:"identifiers"`
	Hashes      map[string]string `json:"hashes"`
}

// UnmarshalJSON takes a text for an id.
func (o *openComponent) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &o.ID) == nil {
		return nil
	}
	type plain openComponent
	return json.Unmarshal(b, (*plain)(o))
}

// An openProduct is a component and what of it. Not a component of components:
// nothing says what is meant by one within another, and to decode each anew takes
// long where they are nested deep.
type openProduct struct {
	openComponent
	Subcomponents []openComponent
}

// UnmarshalJSON takes a text for an id.
func (p *openProduct) UnmarshalJSON(b []byte) error {
	if err := p.openComponent.UnmarshalJSON(b); err != nil || b[0] != '{' {
		return err
	}
	var in struct {
		Subcomponents []openComponent `json:"subcomponents"`
	}
	err := json.Unmarshal(b, &in)
	p.Subcomponents = in.Subcomponents
	return err
}

// component returns what o names.
func (o *openComponent) component() component {
	c := component{names: []string{o.ID}}
	for _, key := range []string{"purl", "cpe22", "cpe23"} {
		if id := o.Identifiers[key]; id != "" && id != o.ID {
			c.names = append(c.names, id)
		}
	}
	for kind, sum := range o.Hashes {
		if kind == "sha-256" || kind == "sha256" {
			c.digests = append(c.digests, sum)
		}
	}
	slices.Sort(c.digests)
	return c
}

func (r *reader) openVEX() error {
	r.doc.Author, _ = r.text("author")
	stamp, ok := r.text("last_updated")
	if !ok {
		stamp, _ = r.text("timestamp")
	}
	for _, e := range r.lists["statements"] {
		var in openStatement
		if err := r.decode(e, &in); err != nil {
			return err
		}
		s := &Statement{Status: in.Status, By: in.Supplier, Time: when(stamp)}
		s.Reason = phrase(in.Justification, in.ImpactStatement)
		if s.Reason == "" {
			s.Reason = in.StatusNotes
		}
		for _, at := range []string{in.Timestamp, in.LastUpdated} {
			if t := when(at); !t.IsZero() {
				s.Time = t
			}
		}
		s.Names = ids(append([]string{in.Vulnerability.Name, in.Vulnerability.ID}, in.Vulnerability.Aliases...))
		if len(s.Names) == 0 {
			return r.fail(e.start, "the statement names no vulnerability")
		}
		for _, p := range in.Products {
			out := product{component: p.component()}
			for _, sub := range slices.Concat(p.Subcomponents, in.Subcomponents) {
				out.subs = append(out.subs, sub.component())
			}
			s.products = append(s.products, out)
		}
		if err := r.add(e, s); err != nil {
			return err
		}
	}
	return nil
}
