package vex

import (
	"encoding/json"
	"net/url"
	"strings"
)

// A cdxVulnerability is an entry of "vulnerabilities": CycloneDX 1.6,
// bom-1.6.schema.json.
type cdxVulnerability struct {
	ID         string `json:"id"`
	References []struct {
		ID string `json:"id"`
	} `json:"references"`
	Analysis *struct {
		State         string   `json:"state"`
		Justification string   `json:"justification"`
		Response      []string `json:"response"`
		Detail        string   `json:"detail"`
		FirstIssued   string   `json:"firstIssued"`
		LastUpdated   string   `json:"lastUpdated"`
	} `json:"analysis"`
	Affects []struct {
		Ref      string `json:"ref"`
		Versions []struct {
			Version string `json:"version"`
			Range   string `json:"range"`
			Status  string `json:"status"`
		} `json:"versions"`
	} `json:"affects"`
}

type cdxComponent struct {
	Ref     string `json:"bom-ref"`
	Type    string `json:"type"`
	Group   string `json:"group"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
	Hashes  []struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	} `json:"hashes"`
	Components []json.RawMessage `json:"components"`
}

type cdxMetadata struct {
	Timestamp    string       `json:"timestamp"`
	Component    cdxComponent `json:"component"`
	Authors      []cdxParty   `json:"authors"`
	Supplier     cdxParty     `json:"supplier"`
	Manufacturer cdxParty     `json:"manufacturer"`
}

type cdxParty struct {
	Name string `json:"name"`
}

// maxNested is how deep components may be in one another.
const maxNested = 16

func (r *reader) cycloneDX() error {
	var meta cdxMetadata
	if raw := r.top["metadata"]; raw != nil {
		if err := json.Unmarshal(raw, &meta); err != nil {
			return r.fail(0, "metadata: "+err.Error())
		}
	}
	r.doc.Author = meta.author()
	known := map[string]component{}
	meta.Component.learn(known, 0)
	var components []cdxComponent
	if raw := r.top["components"]; raw != nil {
		if err := json.Unmarshal(raw, &components); err != nil {
			return r.fail(0, "components: "+err.Error())
		}
	}
	for i := range components {
		components[i].learn(known, 0)
	}
	for _, e := range r.lists["vulnerabilities"] {
		var in cdxVulnerability
		if err := r.decode(e, &in); err != nil {
			return err
		}
		if in.Analysis == nil || in.Analysis.State == "" {
			continue // it tells of a vulnerability and judges nothing
		}
		s := in.statement(known)
		if s.Time.IsZero() {
			s.Time = when(meta.Timestamp)
		}
		if len(s.Names) == 0 {
			return r.fail(e.start, "the analysis is of no vulnerability: it has no id")
		}
		if err := r.add(e, s); err != nil {
			return err
		}
	}
	return nil
}

// author returns who made the document.
func (m *cdxMetadata) author() string {
	var names []string
	for _, a := range m.Authors {
		if a.Name != "" {
			names = append(names, a.Name)
		}
	}
	switch {
	case len(names) > 0:
		return strings.Join(names, ", ")
	case m.Supplier.Name != "":
		return m.Supplier.Name
	}
	return m.Manufacturer.Name
}

// learn notes what the references of c and of what is in it mean.
func (c *cdxComponent) learn(known map[string]component, depth int) {
	if c.Ref != "" {
		known[c.Ref] = c.component()
	}
	if depth == maxNested {
		return
	}
	for _, raw := range c.Components {
		var in cdxComponent
		if json.Unmarshal(raw, &in) == nil {
			in.learn(known, depth+1)
		}
	}
}

func (c *cdxComponent) component() component {
	var out component
	switch {
	case c.PURL != "":
		out.names = []string{c.PURL}
	case c.Type == "container" && c.Name != "":
		name := c.Name
		if c.Group != "" {
			name = c.Group + "/" + name
		}
		out.names = []string{name}
		switch {
		case strings.HasPrefix(c.Version, "sha256:"):
			out.digests = append(out.digests, c.Version)
		case c.Version != "" && !strings.Contains(name, ":"):
			out.names[0] += ":" + c.Version
		}
	}
	for _, h := range c.Hashes {
		if h.Algorithm == "SHA-256" {
			out.digests = append(out.digests, h.Content)
		}
	}
	return out
}

func (v *cdxVulnerability) statement(known map[string]component) *Statement {
	a := v.Analysis
	s := &Statement{Status: a.State, Reason: phrase(a.Justification, a.Detail), Time: when(a.FirstIssued)}
	if s.Reason == "" {
		s.Reason = strings.Join(a.Response, ", ")
	}
	if t := when(a.LastUpdated); !t.IsZero() {
		s.Time = t
	}
	names := []string{v.ID}
	for _, r := range v.References {
		names = append(names, r.ID)
	}
	s.Names = ids(names)
	for _, x := range v.Affects {
		c, ok := known[x.Ref]
		if !ok {
			c = component{names: []string{linked(x.Ref)}}
		}
		p := product{component: c}
		for _, listed := range x.Versions {
			if listed.Status == "" || listed.Status == "affected" {
				p.versions = append(p.versions, listed.Version) // "" of a range, which matches none
			}
		}
		if len(x.Versions) > 0 && len(p.versions) == 0 {
			continue // of versions that it does not affect nothing else is said
		}
		s.products = append(s.products, p)
	}
	return s
}

// linked returns what a reference into another document names, as a BOM-Link
// has it: "urn:cdx:SERIAL/VERSION#REF".
func linked(ref string) string {
	if rest, ok := strings.CutPrefix(ref, "urn:cdx:"); ok {
		_, ref, _ = strings.Cut(rest, "#")
		if plain, err := url.PathUnescape(ref); err == nil {
			return plain
		}
	}
	return ref
}
