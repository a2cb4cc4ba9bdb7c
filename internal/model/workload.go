package model

import (
	"bulkhead/internal/source"
)

// A Workload is one container as run, whatever described it: a compose
// service, a container of a pod template, a docker run line, a container of
// the engine, or what would run from an image or a Dockerfile alone. In the
// last two cases everything the image cannot say is Unknown.
//
// Defaults are those of the platform: a Fact left Unset by a compose file
// holds Docker's default, one left Unset by a pod holds the kubelet's.
type Workload struct {
	Name    string // as printed: "web", or "web/nginx" for container nginx of pod template web
	Surface Surface
	Place   Place // its name where it is declared

	Kind      string // "service", "container", "image", or the Kubernetes kind
	Namespace string // Kubernetes namespace, "" for the default
	Project   string // compose project
	Service   string // compose service, also of a container started by compose
	Container string // the name an artifact gives its container, "" where the engine chooses
	Engine    string // container id, "" where it is not a container of an engine
	Status    string // container status: created, running, paused, restarting, exited, dead
	Inactive  bool   // a compose profile keeps the service from starting by default
	OS        string // "windows" where the artifact says that it runs there; "" where it says nothing

	// Short is set where the workload is meant to end: an init container, a
	// Job, a run line with --rm and a command. Rules about services that stay up
	// (health, restart) leave it alone.
	Short bool

	Image  *Image       // what it runs: frontends set Ref where it is written; never nil after resolve
	Build  *Build       // how that image is made, nil where that is not known
	Source *BuildSource // what the artifact says of the build; resolve turns it into Build

	// Declared is the workload of the artifact this container was started
	// from, such as its compose service; nil where that is not known.
	Declared *Workload

	User       Fact[User]
	NonRoot    Fact[bool]   // Kubernetes runAsNonRoot: the kubelet refuses uid 0
	Groups     List[string] // supplementary groups: group_add, supplementalGroups, fsGroup
	Entrypoint Fact[Argv]
	Command    Fact[Argv]
	WorkingDir Fact[string]
	Env        []Variable
	Labels     []Label

	Privileged      Fact[bool]
	CapAdd          List[string] // upper case without CAP_: "NET_ADMIN", "ALL"
	CapDrop         List[string]
	NoNewPrivileges Fact[bool]
	ReadOnlyRoot    Fact[bool]
	Seccomp         Fact[string] // "default", "unconfined", "localhost/x.json" or a path
	AppArmor        Fact[string] // "default", "unconfined" or a profile name
	SELinux         Fact[string] // "default", "disable", or the options as given: "type:spc_t"
	UnmaskedPaths   Fact[bool]   // /proc and /sys not masked: systempaths=unconfined, procMount Unmasked
	Sysctls         []Label

	PID, IPC, UTS, UserNS, CgroupNS Fact[Namespace]
	Network                         Fact[Namespace] // Value.Mode also "bridge", "none", or a network's name
	CgroupParent                    Fact[string]

	Mounts    []Mount
	Devices   List[string] // host paths, or "vendor.com/class=name" for CDI
	MountsAll State        // Unknown where Mounts is not all there is

	// AddFolder returns the edits that give the container a folder to write to. It
	// is nil where there is no text to edit.
	AddFolder func(Folder) []source.Edit

	Memory            Fact[int64]   // bytes; 0 is no limit
	MemorySwap        Fact[int64]   // bytes, memory and swap together; -1 is no limit, 0 is twice Memory
	MemoryReservation Fact[int64]   // bytes
	CPUs              Fact[float64] // 0 is no limit
	CPUReservation    Fact[float64]
	PIDs              Fact[int64] // 0 and -1 are no limit
	OOMKillDisable    Fact[bool]
	Ulimits           []Ulimit

	Log     Fact[LogConfig]
	Restart Fact[Restart]
	Health  Fact[Health]
	Stdin   Fact[bool]
	TTY     Fact[bool]

	Ports       []Port     // published on the host
	Exposed     []Port     // EXPOSE and expose: told to other containers, published nowhere
	PublishAll  Fact[bool] // docker run -P
	Attachments []Attachment
	Links       List[string]

	Secrets []SecretUse

	// Kubernetes only; Unknown elsewhere.
	ServiceAccount      Fact[string]
	ServiceAccountToken Fact[bool] // mounted into the container
	HostProcess         Fact[bool]
	PullPolicy          Fact[string]
	NetworkPolicy       Fact[bool]     // some NetworkPolicy among the artifacts selects it
	ProbeHosts          []Fact[string] // hosts that probes and lifecycle hooks ask, where they name one
	Misspelled          []Fact[string] // capabilities to add, as written, that Kubernetes has under another spelling
	Volumes             []PodVolume    // of the pod, mounted or not; the first container of a pod has them

	// What resolve works out from all artifacts together.
	Role     Role       // what it is for, from its image: "database" …
	Exposure []Exposure // where it can be reached from outside the engine's networks

	// Kernel is the kernel's word on a running container; nil elsewhere or
	// where it may not be read.
	Kernel *Kernel
}

// Stopped reports whether w is a container that does not run.
func (w *Workload) Stopped() bool {
	return w.Status == "created" || w.Status == "exited" || w.Status == "dead"
}

// A BuildSource says how a compose service is built.
type BuildSource struct {
	Context    Fact[string] // as written, relative to Dir
	Dockerfile Fact[string] // relative to the context; "Dockerfile" where it is not said
	Dir        string       // directory that relative contexts start from, as printed
	Inline     *source.File // dockerfile_inline
	Target     Fact[string]
	Args       []Variable
}

// A User is the user, and group, a container starts as.
type User struct {
	Name string // as written: "", "app", "1000", "app:staff"
	UID  int64  // -1 where the name is not resolved
	GID  int64  // -1 where the name is not resolved or none is given
}

// Root reports whether u is known to be uid 0.
func (u User) Root() bool { return u.UID == 0 }

// A Variable is one environment variable.
type Variable struct {
	Name  string
	Key   source.Span // the name where it is written
	Value Fact[string]
	From  VariableSource
	File  string // the env_file it was read from
	Image bool   // set by the image, not by what runs it
}

// A VariableSource says where the value of a variable comes from.
type VariableSource string

// The sources of a variable's value.
const (
	FromLiteral   VariableSource = "literal"   // written where Value points
	FromFile      VariableSource = "file"      // an env_file
	FromShell     VariableSource = "shell"     // passed through from the caller's environment
	FromSecret    VariableSource = "secret"    // Kubernetes secretKeyRef or secretRef
	FromConfigMap VariableSource = "configmap" // configMapKeyRef or configMapRef
	FromField     VariableSource = "field"     // the downward API
)

// A Label is one key with its value: a label, an annotation, a sysctl.
type Label struct {
	Name  string
	Value Fact[string]
}

// Argv is a command: exec form, or one string for a shell.
type Argv struct {
	Args  []string
	Shell bool // run by a shell: Args is that one string
}

// A Namespace says whose namespace a container uses.
type Namespace struct {
	Mode   string // "" private, "host", "container", "service", "shareable", "none", "bridge", "default", or a network's name
	Target string // with container and service: whose, as written
	Host   bool   // the host's in the end, also through other containers; filled in by resolve
}

// A Mount is something mounted into a container.
type Mount struct {
	Kind        MountKind
	Place       Place         // the narrowest text that says it
	Source      Fact[string]  // a host path, a volume's name, or "" for an anonymous volume or a tmpfs
	Host        []string      // for binds: the canonical host paths Source means, symlinks followed; by resolve
	Target      Fact[string]  // path in the container
	ReadOnly    Fact[bool]    //
	Propagation Fact[string]  // "" is rprivate
	Tmpfs       *TmpfsOptions // of a tmpfs
	Options     []Label       // of a local volume: type, o, device
	Delete      func() []source.Edit
}

// A Folder is a folder that a container is to be able to write to.
type Folder struct {
	Target  string
	Keep    bool   // a volume, which starts with what the image has there; else memory
	Options string // of memory, as mount(8) has them: "mode=1777,uid=33"; Kubernetes has none
}

// A MountKind is a kind of mount.
type MountKind string

// The kinds of mounts.
const (
	BindMount   MountKind = "bind" // also hostPath, and a local volume whose device is a host path
	VolumeMount MountKind = "volume"
	TmpfsMount  MountKind = "tmpfs"
	OtherMount  MountKind = "other" // secrets, config maps, projected volumes, named pipes, images
)

// TmpfsOptions are the mount options of a tmpfs.
type TmpfsOptions struct {
	NoExec, NoSUID, NoDev Fact[bool]
	Size                  Fact[int64] // bytes; 0 is no limit
}

// An Ulimit is one resource limit.
type Ulimit struct {
	Name       string      // "nofile"
	Soft, Hard Fact[int64] // -1 is no limit
}

// A LogConfig says where a container's output goes.
type LogConfig struct {
	Driver  string // "" is the daemon's default
	Options map[string]string
}

// A Restart is a restart policy.
type Restart struct {
	Policy string // no, always, on-failure, unless-stopped
	Max    int    // of on-failure; 0 is no limit
}

// A Health says how a container's health is watched.
type Health struct {
	Kind HealthKind
	Test []string // the command, without CMD or CMD-SHELL
}

// A HealthKind is a kind of health check.
type HealthKind string

// The kinds of health checks.
const (
	NoHealth       HealthKind = ""         // none
	DisabledHealth HealthKind = "disabled" // NONE: an inherited one is switched off
	CommandHealth  HealthKind = "command"
	ProbeHealth    HealthKind = "probe" // a Kubernetes liveness, readiness or startup probe
)

// A Port is a port, or a range of ports, of a container.
type Port struct {
	Place       Place
	First, Last int          // in the container; 0 where it is not known
	HostIP      Fact[string] // "" is every address; edits replace it
	HostFirst   int          // on the host; 0 is chosen by the engine
	HostLast    int
	Protocol    string // tcp, udp, sctp
	State       State  // Unknown where the ports depend on something that cannot be known
	Delete      func() []source.Edit
}

// Loopback reports whether the port is published on the host's loopback only.
func (p Port) Loopback() bool {
	ip := p.HostIP.Value
	return ip == "::1" || ip == "localhost" || len(ip) > 4 && ip[:4] == "127."
}

// An Attachment joins a workload to a network.
type Attachment struct {
	Name    string   // as the artifact calls it
	Network *Network // nil where it is not among the artifacts
	Place   Place
	Aliases []string
}

// A PodVolume is a volume a pod declares, whether or not a container mounts it.
type PodVolume struct {
	Name   string
	Kind   string               // its key in the Kubernetes API: "hostPath", "configMap", "nfs"; "" where none is given
	Host   Fact[string]         // the path of a hostPath
	Place  Place                // the kind, or the name where none is given
	Delete func() []source.Edit // nil where a container mounts it
}

// A SecretUse is a secret mounted as a file.
type SecretUse struct {
	Name   string
	Target Fact[string]
}

// An Exposure is one way to reach a workload from outside.
type Exposure struct {
	Address  string // "0.0.0.0", "127.0.0.1", or the kind of Kubernetes object
	Port     int    // on the outside; 0 where the engine or cluster chooses
	Protocol string
	Public   bool   // not loopback only
	Via      string // "published port", "host network", "Service web (NodePort)", "Ingress shop"
	Place    Place
}

// A Role is what a workload is for, told from its image.
type Role string

// The roles.
const (
	UnknownRole  Role = ""
	DatabaseRole Role = "database"
	CacheRole    Role = "cache"
	QueueRole    Role = "queue"
	SearchRole   Role = "search"
	ProxyRole    Role = "proxy"
	AdminRole    Role = "admin tool" // phpMyAdmin, Adminer: a data store's key in a browser
)

// Stores reports whether a workload of role r keeps data others must not reach.
func (r Role) Stores() bool {
	return r == DatabaseRole || r == CacheRole || r == QueueRole || r == SearchRole
}

// Kernel is what the kernel says of a running container.
type Kernel struct {
	Tasks      []Task // every process of the container that could be read
	NoNewPrivs bool   // of the first process
	Seccomp    int    // of the first process: 0 off, 1 strict, 2 filter
	CapEff     uint64 // of the first process
	CapBnd     uint64
	AppArmor   string   // /proc/PID/attr/current: "unconfined", "docker-default (enforce)"; "" where the kernel has no AppArmor
	LSM        []string // security modules that are active, from securityfs; nil where unknown
	RootRO     bool     // / is mounted read-only
	UIDMapped  bool     // uid 0 inside is not uid 0 outside

	CgroupVersion  int     // 1 or 2
	MemoryMax      int64   // bytes; 0 is no limit, -1 could not be read
	SwapMax        int64   // bytes of memory and swap; 0 is no limit, -1 could not be read
	SwapAccounting bool    // the kernel counts swap at all
	PIDsMax        int64   // 0 is no limit, -1 could not be read
	CPUs           float64 // 0 is no limit, -1 could not be read

	// Env is what the processes were started with, each name and value once. It
	// holds more than the container was given: what its entrypoint and docker exec
	// have set as well.
	Env []ProcessVariable

	HostNamespaces []string // kinds (pid, net, ipc, uts, user, cgroup, mnt) the first process shares with the host
	Listening      []Listener
}

// A Task is one process of a container.
type Task struct {
	PID     int   // in the host's PID namespace
	UID     int64 // effective, as the host sees it
	UIDIn   int64 // effective, as the container sees it; -1 where not known
	Command string
	CapEff  uint64
	First   bool // the container's first process
}

// A ProcessVariable is a variable in the environment of a process.
type ProcessVariable struct {
	PID         int
	Command     string
	Name, Value string
}

// A Listener is a listening socket in the container's network namespace.
type Listener struct {
	Address  string
	Port     int
	Protocol string
}
