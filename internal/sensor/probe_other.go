//go:build !linux

package sensor

import "runtime"

// Probes tries what sensors and enforcers need: only Linux has it.
func Probes() []Probe {
	return []Probe{fails("kernel", "this is "+runtime.GOOS+": the sensor and the enforcers need Linux")}
}
