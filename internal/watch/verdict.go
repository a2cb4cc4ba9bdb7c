package watch

import (
	"strconv"

	"bulkhead/internal/sensor"
)

// OfVerdict makes an alert of what an enforcer found. Details may be nil.
func OfVerdict(v *sensor.Verdict, d *Details) *Alert {
	rule, says := ruleConnection, "connection of a container that is not allowed"
	target := v.Address.String()
	if v.Program != "" {
		rule, says, target = ruleProgram, "program that is not of the image started in a container", v.Program
	}
	a := made(rule, "enforcer", v.Time)
	a.Tags = []string{"enforce"}
	a.Output = says
	a.Subject = Subject{Process: v.Process, Target: target}
	a.add("target", target)
	a.add("denied", strconv.FormatBool(v.Denied))
	a.add("process", v.Process)
	a.add("pid", strconv.FormatUint(uint64(v.PID), 10))
	if d == nil {
		a.addContainer(v.Container, "", "")
		return &a
	}
	a.Container = d.Container
	a.addContainer(v.Container, d.Container.Name, d.Container.Image)
	return &a
}
