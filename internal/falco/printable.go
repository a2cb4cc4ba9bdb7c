package falco

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// appendPrintable appends s with everything escaped that is not printable:
// control characters, line ends, bidirectional overrides, bytes that are no
// UTF-8. A process can call itself anything; an alert stays one line. The
// engine drops such bytes instead, and two names become one.
func appendPrintable(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < 0x7f {
			dst = append(dst, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = appendHex(append(dst, `\x`...), uint64(s[i]), 2)
		case unicode.IsPrint(r):
			dst = append(dst, s[i:i+size]...)
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r <= 0xff:
			dst = appendHex(append(dst, `\x`...), uint64(r), 2)
		case r <= 0xffff:
			dst = appendHex(append(dst, `\u`...), uint64(r), 4)
		default:
			dst = appendHex(append(dst, `\U`...), uint64(r), 8)
		}
		i += size
	}
	return dst
}

func appendHex(dst []byte, n uint64, width int) []byte {
	digits := strconv.FormatUint(n, 16)
	for range width - len(digits) {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}
