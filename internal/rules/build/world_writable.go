package build

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed world_writable.txtar
var worldWritableDoc string

var worldWritable = &rule.Rule{
	Name:     "world-writable",
	Summary:  "every user of the container can change the files",
	Severity: finding.Medium,
	Gain:     "replace files that other users run",
	Doc:      worldWritableDoc,
	Build:    checkWorldWritable,
}

func checkWorldWritable(p *rule.Pass, b *model.Build) {
	for c := range commands(b, neededStage) {
		switch c.Name {
		case "chmod":
			if i := modeWord(c.Command); i > 0 && writableByAll(c.Arg(i)) {
				p.Report(c.Words[i].Place(), "chmod "+c.Arg(i)+" lets every user write")
			}
		case "install", "mkdir":
			for i := 1; i < len(c.Words); i++ {
				mode, ok := strings.CutPrefix(c.Arg(i), "--mode=")
				if !ok && c.Arg(i) == "-m" {
					i++
					mode, ok = c.Arg(i), true
				}
				if ok && writableByAll(mode) {
					p.Report(c.Words[i].Place(), c.Name+" with mode "+mode+" lets every user write")
				}
			}
		}
	}
	for i := range instructions(b, neededStage, "COPY", "ADD") {
		if f := flag(i, "chmod"); f != nil && f.Value.Known() && writableByAll(f.Value.Value) {
			p.Report(f.Value.Place(), i.Name+" with mode "+f.Value.Value+" lets every user write",
				rule.Set(f.Value, withoutWrite(f.Value.Value), "let only the owner write"))
		}
	}
}

// modeWord returns the index of chmod's mode, or -1.
func modeWord(c *model.Command) int {
	for i := 1; i < len(c.Words); i++ {
		v := c.Arg(i)
		if v == "" || strings.HasPrefix(v, "--reference") {
			return -1
		}
		if v[0] != '-' {
			return i
		}
	}
	return -1
}

// writableByAll reports whether a mode, octal or symbolic, lets everybody
// write, and lets everybody delete what others wrote.
func writableByAll(mode string) bool {
	if n, err := strconv.ParseUint(mode, 8, 16); err == nil {
		return n&0o002 != 0 && n&0o1000 == 0
	}
	for clause := range strings.SplitSeq(mode, ",") {
		i := strings.IndexAny(clause, "+=")
		if i < 0 {
			continue
		}
		who, what := clause[:i], clause[i+1:]
		if strings.Contains(what, "w") && !strings.Contains(what, "t") && strings.ContainsAny(who, "ao") {
			return true
		}
	}
	return false
}

// withoutWrite returns an octal mode without the right to write for group and
// others, and a symbolic one as it is.
func withoutWrite(mode string) string {
	n, err := strconv.ParseUint(mode, 8, 16)
	if err != nil {
		return mode
	}
	return fmt.Sprintf("%0*o", len(mode), n&^0o022)
}
