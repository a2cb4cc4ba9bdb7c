package model

import (
	"time"

	"bulkhead/internal/source"
)

// A System is everything known at once.
type System struct {
	Site      Site
	Workloads []*Workload
	Images    []*Image
	Builds    []*Build
	Networks  []*Network
	Hosts     []*Host
	Grants    []*Grant

	Faults []Fault
	Notes  []Note
}

// Site is what the user's configuration says about the place Bulkhead runs at.
type Site struct {
	Now        time.Time
	Unfixed    bool         // vulnerabilities that no version cures count like the others
	Registries List[string] // image prefixes that are trusted: "docker.io/library", "registry.example.com"; none means no opinion
}

// A Fault is an artifact, or a part of one, that cannot be read.
type Fault struct {
	Place   Place
	Surface Surface
	Message string
}

// A Note is something that was not checked, and why.
type Note struct {
	What string // "deploy/chart.yaml"
	Why  string // "is a template"

	// Broken says that it could not be read, though it was asked for. What is
	// left out for any other reason is no error.
	Broken bool

	// Remark says that nothing failed: it is what cannot be told of what was read.
	Remark bool
}

// A Network is a network of an engine or of a compose project.
type Network struct {
	Name       string
	Surface    Surface
	Place      Place // its name where it is declared, or the thing that leaves it out
	Project    string
	Engine     string       // network id
	Default    bool         // the project's default network, or the engine's bridge
	External   bool         // made elsewhere
	Declared   *Network     // the one of a Compose file that an engine's was made for; nil where that is not known
	Driver     Fact[string] // "bridge" where it is not said
	Internal   Fact[bool]   // no way out
	ICC        Fact[bool]   // members reach one another
	Encrypted  Fact[bool]   // the encrypted option is given
	Attachable Fact[bool]
	Subnets    []Fact[string]
	Options    []Label
	Members    []*Workload // filled in by resolve
	Fronts     []*Workload // the first two members that are reachable from outside; filled in by resolve
}

// A Host is an engine's configuration and the machine it runs on, as far as
// they could be read: a daemon.json, a live engine, or both.
type Host struct {
	Name    string // "daemon.json", or the engine's name
	Surface Surface
	Live    bool // read from a running engine
	Version Fact[string]

	ICC                Fact[bool]
	LogLevel           Fact[string]
	IPTables           Fact[bool]
	InsecureRegistries List[string]
	StorageDriver      Fact[string]
	Listen             List[string] // tcp://…, unix://…
	TLSVerify          Fact[bool]
	Ulimits            Fact[bool] // default-ulimits are set
	UserNSRemap        Fact[string]
	Authorization      List[string]
	Log                Fact[LogConfig]
	NoNewPrivileges    Fact[bool]
	LiveRestore        Fact[bool]
	UserlandProxy      Fact[bool]
	Seccomp            Fact[string]
	Experimental       Fact[bool]
	Rootless           Fact[bool]
	CgroupVersion      Fact[int]
	SwapLimit          Fact[bool] // the kernel can limit swap
	SocketMode         Fact[int]  // permission bits of the engine's socket
	LSM                []string   // security modules that are active; nil where unknown
}

// A Grant is what a Kubernetes Role or ClusterRole allows, or a binding.
type Grant struct {
	Name     string // "ClusterRole/admin"
	Kind     string // Role, ClusterRole, RoleBinding, ClusterRoleBinding
	Place    Place
	Rules    []GrantRule
	RoleRef  Fact[string]   // of a binding
	Subjects []Fact[string] // of a binding: "User alice", "Group system:masters", "ServiceAccount ns/name"
}

// A GrantRule is one rule of a role.
type GrantRule struct {
	Place     Place
	Verbs     []Fact[string]
	Resources []Fact[string]
	APIGroups []Fact[string]
}

// A Service is a Kubernetes Service or Ingress as far as exposure needs it.
type Service struct {
	Kind      string // Service, Ingress
	Name      string
	Namespace string
	Place     Place
	Type      Fact[string]      // ClusterIP, NodePort, LoadBalancer
	Selector  map[string]string // of a Service
	Ports     []Port
	Backends  []string // of an Ingress: names of services
	TLS       Fact[bool]
}

// A NetworkPolicy is a Kubernetes NetworkPolicy as far as isolation needs it.
type NetworkPolicy struct {
	Name, Namespace string
	Span            source.Span
	Selector        map[string]string // empty selects every pod
	Partial         bool              // it also selects by expressions, so Selector is not all
	Ingress, Egress bool              // the directions it isolates
}

// Facts is what one frontend read from one artifact, before resolve joins
// it with the others.
type Facts struct {
	Workloads []*Workload
	Images    []*Image
	Builds    []*Build
	Networks  []*Network
	Hosts     []*Host
	Grants    []*Grant
	Services  []*Service
	Policies  []*NetworkPolicy
	Faults    []Fault
	Notes     []Note
}
