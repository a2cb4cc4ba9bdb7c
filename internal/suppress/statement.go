package suppress

import (
	"fmt"
	"slices"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/report"
	"bulkhead/internal/source"
	"bulkhead/internal/vex"
)

// excused returns the suppression of f by a VEX statement.
func excused(f *finding.Finding, e *model.Excuse) report.Suppression {
	by := e.By
	if by == "" {
		by = "somebody who is not named"
	}
	return report.Suppression{Finding: *f, Reason: e.Reason + ", says " + by, Where: e.Where}
}

// judgeStatements reports the VEX statements that are of no use: one finding
// for each document and fault, because a vendor's document is about everything
// it sells.
func (a *applier) judgeStatements() {
	each := func(statements []*vex.Statement, report func(list []*vex.Statement)) {
		for len(statements) > 0 {
			file := statements[0].Span.File
			end := slices.IndexFunc(statements, func(s *vex.Statement) bool { return s.Span.File != file })
			if end < 0 {
				end = len(statements)
			}
			report(statements[:end])
			statements = statements[end:]
		}
	}
	each(a.request.Statements.Unused, func(list []*vex.Statement) {
		message := "VEX statement about " + about(list) + " matches nothing that was found"
		if len(list) > 1 {
			message = fmt.Sprintf("%d VEX statements match nothing that was found: %s", len(list), about(list))
		}
		a.add(unused, opening(list[0].Span), message)
	})
	each(a.request.Statements.Bare, func(list []*vex.Statement) {
		message := "VEX statement about " + about(list) + " says " + list[0].Status + " without a justification and silences nothing"
		if len(list) > 1 {
			message = fmt.Sprintf("%d VEX statements have no justification and silence nothing: %s", len(list), about(list))
		}
		a.add(withoutReason, opening(list[0].Span), message)
	})
}

// opening returns the first byte of s: a statement is too much to point at.
func opening(s source.Span) source.Span { return s.File.Span(s.Start, s.Start+1) }

// about names what statements are about, the first few of them.
func about(list []*vex.Statement) string {
	const most = 5
	var names []string
	for _, s := range list[:min(len(list), most)] {
		names = append(names, s.Names[0])
	}
	text := strings.Join(names, ", ")
	if len(list) > most {
		text += fmt.Sprintf(" and %d more", len(list)-most)
	}
	return text
}
