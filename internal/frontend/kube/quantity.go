package kube

import (
	"math"
	"strconv"
	"strings"
)

// quantity reads a Kubernetes quantity: "500m", "1.5", "128Mi", "2e3".
func quantity(s string) (float64, bool) {
	suffixes := [...]struct {
		name string
		by   float64
	}{
		{"Ki", 1 << 10},
		{"Mi", 1 << 20},
		{"Gi", 1 << 30},
		{"Ti", 1 << 40},
		{"Pi", 1 << 50},
		{"Ei", 1 << 60},
		{"n", 1e-9},
		{"u", 1e-6},
		{"m", 1e-3},
		{"k", 1e3},
		{"M", 1e6},
		{"G", 1e9},
		{"T", 1e12},
		{"P", 1e15},
		{"E", 1e18},
	}
	by := 1.0
	for _, u := range suffixes {
		if number, ok := strings.CutSuffix(s, u.name); ok {
			s, by = number, u.by
			break
		}
	}
	if strings.ContainsAny(s, "xX_pPiInN") { // Go reads more than Kubernetes does
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	n *= by
	return n, err == nil && n >= 0 && n < math.MaxInt64
}

// printBytes writes n as a quantity, in the largest unit that divides it.
func printBytes(n int64) string {
	for _, u := range [...]struct {
		size int64
		name string
	}{{1 << 30, "Gi"}, {1 << 20, "Mi"}, {1 << 10, "Ki"}} {
		if n >= u.size && n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// printCPUs writes n cores as a quantity: "2", "500m".
func printCPUs(n float64) string {
	if n == math.Trunc(n) {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return strconv.FormatFloat(math.Round(n*1000), 'f', -1, 64) + "m"
}
