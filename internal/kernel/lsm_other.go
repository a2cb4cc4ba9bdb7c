//go:build !linux

package kernel

// listModules returns nil: only Linux has security modules.
func listModules() []string { return nil }
