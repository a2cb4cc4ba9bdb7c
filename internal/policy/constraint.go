package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"bulkhead/internal/finding"
	"bulkhead/internal/frontend/document"
	"bulkhead/internal/rule"
)

// A constraint puts a template to use: for which objects, with which
// parameters, and what is to happen.
type constraint struct {
	template   *template
	value      *document.Value
	rule       *rule.Rule
	action     Action
	match      match
	parameters *ast.Term
}

// constraintGroup is the API group of constraints.
const constraintGroup = "constraints.gatekeeper.sh"

// defaultPoint is the enforcement point of what checks before anything is
// applied.
const defaultPoint = "gator.gatekeeper.sh"

// readConstraint reads a constraint of t. It returns nil for one that is not
// enforced at point.
func readConstraint(v *document.Value, t *template, point string) (*constraint, error) {
	name := v.Str("metadata", "name")
	if name == "" {
		return nil, fault("the constraint has no name", v.Get("metadata"), v.Get("kind"), v)
	}
	action, err := actionOf(v, point)
	if err != nil || action == "" {
		return nil, err
	}
	m, err := readMatch(v.Get("spec", "match"))
	if err != nil {
		return nil, err
	}
	parameters := v.Get("spec", "parameters")
	if err := validate(t.schema, parameters, v); err != nil {
		return nil, err
	}
	c := &constraint{template: t, value: v, action: action, match: m, parameters: ast.ObjectTerm()}
	if parameters != nil && parameters.Kind != document.Null {
		c.parameters = term(parameters)
	}
	severity := severityOf(action)
	for _, said := range []string{t.severity, v.Str("metadata", "annotations", severityAnnotation)} {
		if said == "" {
			continue
		}
		if severity, err = finding.ParseSeverity(said); err != nil {
			return nil, fault(severityAnnotation+": "+err.Error(), v.Get("metadata", "annotations", severityAnnotation), t.value.Get("metadata", "annotations", severityAnnotation))
		}
	}
	summary := t.title
	if summary == "" {
		summary = "constraint " + name + " of template " + t.name
	}
	c.rule = &rule.Rule{
		Name: strings.ToLower(t.kind) + "/" + name, Summary: strings.TrimSuffix(strings.Join(strings.Fields(summary), " "), "."),
		Severity: severity, Refs: []string{"gatekeeper " + t.kind},
	}
	return c, nil
}

// severityOf returns the severity of what is violated where nobody says it.
func severityOf(a Action) finding.Severity {
	switch a {
	case Warn:
		return finding.Medium
	case DryRun:
		return finding.Info
	}
	return finding.High
}

// actionOf returns what a constraint asks for at point, "" for nothing.
func actionOf(v *document.Value, point string) (Action, error) {
	said := v.Get("spec", "enforcementAction")
	if said == nil || said.Kind == document.Null {
		return Deny, nil
	}
	if said.Text != "scoped" {
		return parseAction(said)
	}
	if point == "" {
		point = defaultPoint
	}
	var strongest Action
	for _, s := range v.List("spec", "scopedEnforcementActions") {
		a, err := parseAction(s.Get("action"))
		if err != nil {
			return "", err
		}
		here := slices.ContainsFunc(s.List("enforcementPoints"), func(p *document.Value) bool {
			return p.Str("name") == "*" || p.Str("name") == point
		})
		if here && (strongest == "" || a == Deny || a == Warn && strongest == DryRun) {
			strongest = a
		}
	}
	return strongest, nil
}

func parseAction(v *document.Value) (Action, error) {
	if v == nil {
		return "", fault("a scoped enforcement action has an action")
	}
	switch a := Action(v.Text); a {
	case Deny, Warn, DryRun:
		return a, nil
	}
	return "", fault(fmt.Sprintf("the enforcement action %q is none of deny, warn, dryrun, scoped", v.Text), v)
}
