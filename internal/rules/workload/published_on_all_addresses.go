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

//go:embed published_on_all_addresses.txtar
var publishedOnAllAddressesDoc string

var publishedOnAllAddresses = &rule.Rule{
	Name:     "published-on-all-addresses",
	Summary:  "a port is published on every address of the host",
	Severity: finding.Medium,
	Refs:     []string{"kics container_traffic_not_bound_to_host_interface", "CIS-Docker 5.14"},
	Doc:      publishedOnAllAddressesDoc,
	Workload: checkPublishedOnAllAddresses,
}

func checkPublishedOnAllAddresses(p *rule.Pass, w *model.Workload) {
	if w.Surface == model.Kube { // a pod's host ports have a rule of their own
		return
	}
	for _, port := range w.Ports {
		if !open(port) || !everyAddress(port) || covers(port, 22) || keeper(w, port) != "" || manager(w, port) != "" {
			continue
		}
		f := p.Report(port.HostIP.Place(), fmt.Sprintf("port %s is published on every address", portText(port)), onLoopback(port))
		if w.Role == model.ProxyRole {
			f.Severity = finding.Low
		}
	}
}

// open reports whether port is known to be published beyond the host itself.
func open(port model.Port) bool {
	return port.State != model.Unknown && port.HostIP.Known() && !port.Loopback()
}

// everyAddress reports whether port is published on every address.
func everyAddress(port model.Port) bool {
	switch port.HostIP.Value {
	case "", "0.0.0.0", "::", "[::]":
		return true
	}
	return false
}

// covers reports whether port or its range is, or holds, number.
func covers(port model.Port, number int) bool {
	return port.First <= number && number <= port.Last
}

// portText returns a port of a container as messages have it.
func portText(port model.Port) string {
	text := strconv.Itoa(port.First)
	if port.Last > port.First {
		text += "-" + strconv.Itoa(port.Last)
	}
	if port.Protocol != "" && !strings.EqualFold(port.Protocol, "tcp") {
		text += "/" + strings.ToLower(port.Protocol)
	}
	return text
}

// onLoopback returns the fix that publishes port for the host itself only.
func onLoopback(port model.Port) finding.Fix {
	return rule.Set(port.HostIP, "127.0.0.1", "publish on the host's loopback address only")
}

// where returns on which addresses port is published.
func where(port model.Port) string {
	if everyAddress(port) {
		return "every address"
	}
	return port.HostIP.Value
}
