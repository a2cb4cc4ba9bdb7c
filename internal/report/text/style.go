package text

import (
	"bulkhead/internal/finding"
)

// A style paints text. Colour has three meanings: severity, place and dim.
type style struct {
	color bool
}

func (s style) paint(code, text string) string {
	if !s.color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) place(text string) string { return s.paint("36", text) }

func (s style) dim(text string) string { return s.paint("2", text) }

func (s style) severity(v finding.Severity, text string) string {
	return s.paint([...]string{finding.Info: "2", finding.Low: "34", finding.Medium: "33", finding.High: "31", finding.Critical: "1;31"}[v], text)
}
