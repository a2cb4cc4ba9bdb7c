package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns s with everything a terminal, a log viewer or a reader
// could be misled by written as an escape: control characters, ESC and the
// C1 controls among them, line ends, bidirectional overrides, invisible
// characters and bytes that are not UTF-8. Whatever comes from an artifact is
// printed through it.
func Printable(s string) string {
	clean := true
	for i, r := range s {
		if c := s[i]; c >= ' ' && c < 0x7f {
			continue // ASCII, which most is
		}
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		b.WriteString(PrintableRune(r, s[:size]))
		s = s[size:]
	}
	return b.String()
}

// PrintableRune returns r, read from the bytes raw, as Printable writes it.
func PrintableRune(r rune, raw string) string {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		return fmt.Sprintf(`\x%02x`, raw[0])
	case unicode.IsPrint(r):
		return raw
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r <= 0xff:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}
