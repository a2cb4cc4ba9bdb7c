package workload

import (
	_ "embed"
	"fmt"
	"path"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed host_device.txtar
var hostDeviceDoc string

var hostDevice = &rule.Rule{
	Name:     "host-device",
	Summary:  "a device of the host is given to the container",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 5.18", "CIS-Docker 5.18"},
	Gain:     "use a device of the host",
	Doc:      hostDeviceDoc,
	Workload: checkHostDevice,
}

func checkHostDevice(p *rule.Pass, w *model.Workload) {
	for _, d := range w.Devices.Items {
		if !d.Known() {
			continue
		}
		f := p.Report(d.Place(), fmt.Sprintf("container is given device %s", d.Value),
			rule.Delete(d, "do not give away "+d.Value))
		f.Severity = harmOfDevice(d.Value)
	}
}

// harmOfDevice returns the harm of giving away a device: of one that gives the
// host's memory or disks, of one made for sharing, or of any other.
func harmOfDevice(device string) finding.Severity {
	if !path.IsAbs(device) { // a CDI name such as nvidia.com/gpu=all
		return finding.Low
	}
	device = path.Clean(device)
	name, ok := strings.CutPrefix(device, "/dev/")
	switch {
	case device == "/dev" || device == "/": // every device in it
		return finding.Critical
	case !ok:
		return finding.Medium
	}
	for _, prefix := range [...]string{"mem", "kmem", "port", "sd", "hd", "vd", "xvd", "nvme", "dm-", "mapper", "disk", "md", "mmcblk", "loop"} {
		if strings.HasPrefix(name, prefix) {
			return finding.Critical
		}
	}
	for _, prefix := range [...]string{"dri", "snd", "video", "net/tun", "fuse", "kvm", "null", "zero", "full", "random", "urandom", "nvidia", "kfd", "ttyUSB", "ttyACM", "serial"} {
		if strings.HasPrefix(name, prefix) {
			return finding.Low
		}
	}
	return finding.Medium
}
