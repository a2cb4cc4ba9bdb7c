package yamltext

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// scalar works out the bytes of scalar n.
func (c *converter) scalar(n *node, p place) {
	style := n.style &^ yaml.TaggedStyle
	if style == 0 && n.text == "" {
		at := p.at
		if at < 0 {
			at = n.outer
		}
		if n.outer < len(c.text) && n.outer >= at && (c.text[n.outer] == '&' || c.text[n.outer] == '!') {
			at = c.props(n.outer, true)
		}
		n.start, n.end = at, at
		n.outer = min(n.outer, at)
		return
	}
	n.start = c.props(n.outer, false)
	if n.start > n.outer && c.text[n.start-1] > ' ' {
		n.odd = true // an anchor that runs into the value
	}
	var end int
	switch {
	case style&yaml.DoubleQuotedStyle != 0:
		end = c.doubleEnd(n.start)
	case style&yaml.SingleQuotedStyle != 0:
		end = c.singleEnd(n.start)
	case style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		end = c.blockEnd(n.start, p.indent)
	default:
		end = c.plainEnd(n.start, n.text)
	}
	if end < 0 {
		n.odd, end = true, n.start
	}
	n.end = end
}

// doubleEnd returns the end of the double-quoted scalar at i, or -1.
func (c *converter) doubleEnd(i int) int {
	if i >= len(c.text) || c.text[i] != '"' {
		return -1
	}
	for i++; i < len(c.text); i++ {
		switch c.text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// singleEnd returns the end of the single-quoted scalar at i, or -1.
func (c *converter) singleEnd(i int) int {
	if i >= len(c.text) || c.text[i] != '\'' {
		return -1
	}
	for i++; i < len(c.text); i++ {
		if c.text[i] != '\'' {
			continue
		}
		if i+1 < len(c.text) && c.text[i+1] == '\'' {
			i++
			continue
		}
		return i + 1
	}
	return -1
}

// plainEnd returns the end of the plain scalar at i whose value is text, or
// -1. It matches the value against the bytes, in which a run of white space
// with line breaks stands for one blank or for fewer line breaks: the value,
// unlike the bytes, says where the scalar ends.
func (c *converter) plainEnd(i int, text string) int {
	if strings.HasPrefix(string(c.text[i:min(i+len(text), len(c.text))]), text) {
		return i + len(text)
	}
	for j := 0; j < len(text); {
		if i >= len(c.text) {
			return -1
		}
		if next := c.space(i); next > i && isSpace(text[j:]) > 0 {
			i = next
			for n := isSpace(text[j:]); n > 0; n = isSpace(text[j:]) {
				j += n
			}
			continue
		}
		if c.text[i] != text[j] {
			return -1
		}
		i++
		j++
	}
	return i
}

// space returns the end of the white space and line breaks at i.
func (c *converter) space(i int) int {
	for i < len(c.text) {
		n := c.lineBreak(i)
		if n == 0 && (c.text[i] == ' ' || c.text[i] == '\t') {
			n = 1
		}
		if n == 0 {
			break
		}
		i += n
	}
	return i
}

// isSpace returns the length of the white space character s starts with, or 0.
func isSpace(s string) int {
	switch {
	case s == "":
		return 0
	case s[0] == ' ' || s[0] == '\t' || s[0] == '\n':
		return 1
	case strings.HasPrefix(s, "\u2028") || strings.HasPrefix(s, "\u2029"):
		return 3
	}
	return 0
}

// blockEnd returns the end of the literal or folded scalar at i, its last line
// break not counted, or -1. indent is the column of the collection around it.
func (c *converter) blockEnd(i, indent int) int {
	if i >= len(c.text) || c.text[i] != '|' && c.text[i] != '>' {
		return -1
	}
	explicit, keep := 0, false
	end := i + 1
	for ; end < len(c.text); end++ {
		if b := c.text[end]; b >= '1' && b <= '9' {
			explicit = int(b - '0')
		} else if b == '+' {
			keep = true
		} else if b != '-' {
			break
		}
	}
	line := c.lineEnd(end)
	first := line + c.lineBreak(line)
	var width int
	if explicit > 0 {
		width = max(indent, 0) + explicit
	} else {
		width = max(c.blockIndent(first), indent+1, 1)
	}
	for at := first; at < len(c.text); {
		stop := c.lineEnd(at)
		blanks := at
		for blanks < stop && blanks-at < width && c.text[blanks] == ' ' {
			blanks++
		}
		if blanks < stop && blanks-at < width {
			break
		}
		if blanks < stop || keep {
			end = stop
		}
		n := c.lineBreak(stop)
		if n == 0 {
			break
		}
		at = stop + n
	}
	return end
}

// blockIndent returns the width that the block scalar whose lines start at i is
// indented by: that of its first line with text, or of a longer blank one.
func (c *converter) blockIndent(i int) int {
	width := 0
	for i < len(c.text) {
		stop := c.lineEnd(i)
		blanks := i
		for blanks < stop && c.text[blanks] == ' ' {
			blanks++
		}
		width = max(width, blanks-i)
		n := c.lineBreak(stop)
		if blanks < stop || n == 0 {
			break
		}
		i = stop + n
	}
	return width
}
