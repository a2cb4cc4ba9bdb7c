package guard

import (
	"slices"
	"strings"
)

// Message returns the denial as the user who asked reads it: what is wrong,
// what of the request it is, and how to get on.
func (d Decision) Message() string {
	against := slices.DeleteFunc(slices.Clone(d.Refusals), func(f Refusal) bool { return f.Mode != Deny })
	slices.SortStableFunc(against, func(a, b Refusal) int { return int(b.Severity) - int(a.Severity) })
	var b strings.Builder
	for _, f := range against {
		b.WriteString("\n  " + f.Rule + ": " + f.Message + ".")
		if f.Gain != "" {
			b.WriteString(" An attacker in it can " + f.Gain + ".")
		}
		if f.Asked != "" {
			b.WriteString("\n  you asked    " + f.Asked)
		}
	}
	if d.Use != "" {
		b.WriteString("\n  use instead  " + d.Use)
	}
	if d.Hint != "" {
		b.WriteString("\n  instead      " + d.Hint)
	}
	b.WriteString("\n  ")
	if i := slices.IndexFunc(against, func(f Refusal) bool { return f.rule }); i >= 0 {
		b.WriteString("why          bulkhead explain " + against[i].Rule + "      ")
	}
	b.WriteString("allow once: bulkhead guard allow " + d.ID)
	return oneScreen(b.String())
}

// maxMessage bounds a message: the engine sends it as one header of its log.
const maxMessage = 8 << 10

// oneScreen escapes what would move the cursor, and cuts what is too long.
func oneScreen(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' && c != '\n' || c == 0x7f || c >= 0x80 && c < 0xa0 {
			return '?'
		}
		return c
	}, s)
	if len(s) > maxMessage {
		s = s[:maxMessage] + "…"
	}
	return s
}
