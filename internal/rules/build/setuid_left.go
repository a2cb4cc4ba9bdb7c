package build

import (
	_ "embed"
	"strconv"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed setuid_left.txtar
var setuidLeftDoc string

var setuidLeft = &rule.Rule{
	Name:     "setuid-left",
	Summary:  "a program is given the rights of its owner for whoever runs it",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 4.8", "dockle CIS-DI-0008"},
	Gain:     "become root by a program with the setuid bit",
	Doc:      setuidLeftDoc,
	Build:    checkSetuidLeft,
}

func checkSetuidLeft(p *rule.Pass, b *model.Build) {
	for c := range commands(b, neededStage) {
		if c.Name == "chmod" {
			if i := modeWord(c.Command); i > 0 && setuid(c.Arg(i)) {
				p.Report(c.Words[i].Place(), "chmod "+c.Arg(i)+" sets the setuid or setgid bit")
			}
		}
		if c.Name == "setcap" && c.Arg(1) != "-r" && !strings.Contains(c.Arg(1), "net_bind_service") && len(c.Words) > 2 {
			p.Report(c.Words[1].Place(), "setcap gives a program the capabilities "+c.Arg(1))
		}
	}
	for i := range instructions(b, neededStage, "COPY", "ADD") {
		if f := flag(i, "chmod"); f != nil && f.Value.Known() && setuid(f.Value.Value) {
			p.Report(f.Value.Place(), i.Name+" with mode "+f.Value.Value+" sets the setuid or setgid bit")
		}
	}
}

// setuid reports whether a mode, octal or symbolic, sets one of the bits.
func setuid(mode string) bool {
	if n, err := strconv.ParseUint(mode, 8, 16); err == nil {
		return n&0o6000 != 0 && len(strings.TrimLeft(mode, "0")) > 3
	}
	for clause := range strings.SplitSeq(mode, ",") {
		i := strings.IndexAny(clause, "+=")
		if i >= 0 && strings.Contains(clause[i+1:], "s") && !strings.Contains(clause[:i], "o") {
			return true
		}
	}
	return false
}
