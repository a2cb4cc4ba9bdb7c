package sensor

// A Status says what trying something came to.
type Status string

// What a probe can come to.
const (
	Works   Status = "works"
	Fails   Status = "fails"
	Untried Status = "untried" // needs a privilege this process does not have
)

// A Probe is one thing that sensors and enforcers need and that was tried.
type Probe struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	Detail string `json:"detail"` // what was seen, or what the error means
}

// works, fails and untried make probes.
func works(name, detail string) Probe   { return Probe{name, Works, detail} }
func fails(name, detail string) Probe   { return Probe{name, Fails, detail} }
func untried(name, detail string) Probe { return Probe{name, Untried, detail} }
