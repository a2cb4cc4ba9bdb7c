//go:build !linux

package sensor

// readNames returns nothing: only Linux has a sensor.
func readNames(string) *nameFiles { return nil }
