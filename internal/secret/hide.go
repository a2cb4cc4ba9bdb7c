package secret

import (
	"regexp"
	"strings"
)

// assigned finds the variables of a command line: NAME=VALUE, where quotes may
// hold spaces together.
var assigned = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_.-]*)=("[^"]*"|'[^']*'|\S+)`)

// Hide returns text, such as a step of an image's history, with every credential
// in it cut to what may be printed.
func Hide(text string) string {
	var b strings.Builder
	end := 0
	for _, at := range assigned.FindAllStringSubmatchIndex(text, -1) {
		value := strings.Trim(text[at[4]:at[5]], `"'`)
		if l := Judge(text[at[2]:at[3]], value); l != nil {
			b.WriteString(text[end:at[4]] + l.Shown)
			end = at[5]
		}
	}
	text = b.String() + text[end:]
	b.Reset()
	end = 0
	for _, m := range Find(text) {
		b.WriteString(text[end:m.Start] + m.Shown)
		end = m.End
	}
	return b.String() + text[end:]
}
