package workload

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed user_not_numeric.txtar
var userNotNumericDoc string

var userNotNumeric = &rule.Rule{
	Name:     "user-not-numeric",
	Summary:  "the user is a name, which an orchestrator cannot tell from root",
	Severity: finding.Info,
	Refs:     []string{"hadolint DL3066"},
	Doc:      userNotNumericDoc,
	Workload: checkUserNotNumeric,
}

func checkUserNotNumeric(p *rule.Pass, w *model.Workload) {
	u := w.User
	if !u.Known() || u.Value.Root() || u.Value.Name == "" || numeric(u.Value.Name) || windows(w) {
		return
	}
	var fix finding.Fix
	if v := u.Value; v.UID > 0 && v.GID >= 0 {
		v.Name = fmt.Sprintf("%d:%d", v.UID, v.GID)
		fix = rule.Set(u, v, "write the user's id")
	}
	p.Report(u.Place(), fmt.Sprintf("user %s is a name, not an id", u.Value.Name), fix)
}

// numeric reports whether the user part of "user:group" is an id.
func numeric(name string) bool {
	user, _, _ := strings.Cut(name, ":")
	_, err := strconv.ParseUint(user, 10, 32)
	return err == nil
}
