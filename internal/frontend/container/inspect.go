package container

import (
	"encoding/json"
	"strconv"

	"bulkhead/internal/frontend/internal/dockerjson"
	"bulkhead/internal/model"
)

// inspect is the part of the engine's answer to "inspect a container" that
// the facts are made of.
type inspect struct {
	ID              string `json:"Id"`
	Name            string
	Image           string // the image's id
	ImageName       string // Podman's own inspect
	AppArmorProfile string
	State           *state
	Config          *dockerjson.Config
	HostConfig      *hostConfig
	Mounts          []mountPoint
	NetworkSettings *networkSettings
	Kernel          *kernel                      // not the engine's: see Read
	Volumes         map[string]map[string]string // not the engine's: see Read

	BoundingCaps *[]string // Podman's own inspect
}

type state struct {
	Status                                       string
	Running, Paused, Restarting, Dead, OOMKilled bool
	StartedAt                                    string
}

type hostConfig struct {
	Binds           []string
	LogConfig       logConfig
	NetworkMode     string
	PortBindings    map[string][]portBinding
	RestartPolicy   restartPolicy
	AutoRemove      bool
	CapAdd          dockerjson.Strings
	CapDrop         dockerjson.Strings
	CgroupnsMode    string
	CgroupMode      string // Podman's name for CgroupnsMode
	GroupAdd        []string
	IpcMode         string
	Links           []string
	PidMode         string
	Privileged      bool
	PublishAllPorts bool
	ReadonlyRootfs  bool
	SecurityOpt     []string
	Tmpfs           map[string]string
	UTSMode         string
	UsernsMode      string
	Sysctls         map[string]string
	Mounts          []mountSpec
	MaskedPaths     *[]string // null is the default set, empty is none
	ReadonlyPaths   *[]string

	CgroupParent      string
	Memory            int64
	MemorySwap        int64
	MemoryReservation int64
	NanoCPUs          int64 `json:"NanoCpus"`
	CPUPeriod         int64 `json:"CpuPeriod"`
	CPUQuota          int64 `json:"CpuQuota"`
	PidsLimit         *int64
	OomKillDisable    *bool
	Ulimits           []ulimit
	Devices           []device
	DeviceRequests    []deviceRequest

	// Only requests are read for these; see Create.
	Annotations       map[string]string
	Capabilities      []string // API 1.40 alone
	DeviceCgroupRules []string
	Runtime           string
	VolumeDriver      string
	VolumesFrom       []string
}

type logConfig struct {
	Type   string
	Config map[string]string
}

type restartPolicy struct {
	Name              string
	MaximumRetryCount int
}

type ulimit struct {
	Name       string
	Soft, Hard int64
}

type device struct{ PathOnHost, PathInContainer, CgroupPermissions string }

type deviceRequest struct {
	Driver       string
	Count        int
	DeviceIDs    []string
	Capabilities [][]string
}

// A mountPoint is an entry of the top-level Mounts: what is mounted.
type mountPoint struct {
	Type        string // missing from the oldest API
	Name        string
	Source      string
	Destination string
	Driver      string
	Mode        string
	RW          *bool
	Propagation string
	Options     []string // Podman
}

// A mountSpec is an entry of HostConfig.Mounts: what was asked for.
type mountSpec struct {
	Type          string
	Source        string
	Target        string
	ReadOnly      bool
	BindOptions   *struct{ Propagation string }
	VolumeOptions *struct {
		DriverConfig *struct {
			Name    string
			Options map[string]string
		}
	}
	TmpfsOptions *struct {
		SizeBytes int64
		Options   [][]string
	}
}

type portBinding struct {
	HostIP   string `json:"HostIp"`
	HostPort hostPort
}

// A hostPort is a string in Docker's JSON and a number in some of Podman's.
type hostPort string

func (p *hostPort) UnmarshalJSON(text []byte) error {
	var n uint16
	if json.Unmarshal(text, &n) == nil {
		*p = hostPort(strconv.Itoa(int(n)))
		return nil
	}
	return json.Unmarshal(text, (*string)(p))
}

type networkSettings struct {
	Ports    map[string][]portBinding
	Networks map[string]*endpoint
}

type endpoint struct {
	NetworkID string
	Aliases   []string
}

// A kernel is a snapshot of the kernel's word. A limit it does not mention was
// not read.
type kernel struct{ model.Kernel }

func (k *kernel) UnmarshalJSON(text []byte) error {
	k.Kernel = model.Kernel{MemoryMax: -1, SwapMax: -1, PIDsMax: -1, CPUs: -1}
	return json.Unmarshal(text, &k.Kernel)
}
