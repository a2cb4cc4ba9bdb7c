package sarif

// The types below are the part of SARIF 2.1.0 that is written, named after
// its sections.

const schemaURI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

type log struct { // 3.13
	Schema  string `json:"$schema"`
	Version string `json:"version"`
	Runs    []run  `json:"runs"`
}

type run struct { // 3.14
	Tool        tool         `json:"tool"`
	Invocations []invocation `json:"invocations"`
	ColumnKind  string       `json:"columnKind"`
	Results     []result     `json:"results"`
}

type tool struct { // 3.18
	Driver driver `json:"driver"`
}

type driver struct { // 3.19
	Name    string     `json:"name"`
	Version string     `json:"version,omitempty"`
	Rules   []ruleMeta `json:"rules"`
}

type ruleMeta struct { // 3.49
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Short      message        `json:"shortDescription"`
	Full       message        `json:"fullDescription"`
	Help       help           `json:"help"`
	Default    configuration  `json:"defaultConfiguration"`
	Properties ruleProperties `json:"properties"`
}

type help struct { // 3.12
	Text     string `json:"text"`
	Markdown string `json:"markdown"`
}

type configuration struct { // 3.50
	Level string `json:"level"`
}

// ruleProperties are those GitHub reads.
type ruleProperties struct {
	Tags      []string `json:"tags"`
	Precision string   `json:"precision"`
	Score     string   `json:"security-severity"`
}

type invocation struct { // 3.20
	Successful    bool           `json:"executionSuccessful"`
	ExitCode      int            `json:"exitCode"`
	ExitReason    string         `json:"exitCodeDescription"`
	Start         string         `json:"startTimeUtc"`
	End           string         `json:"endTimeUtc"`
	Notifications []notification `json:"toolExecutionNotifications,omitempty"`
}

type notification struct { // 3.58
	Level   string  `json:"level"`
	Message message `json:"message"`
}

type message struct { // 3.11
	Text string `json:"text"`
}

func text(s string) message { return message{Text: s} }

type result struct { // 3.27
	RuleID       string            `json:"ruleId"`
	RuleIndex    *int              `json:"ruleIndex,omitempty"`
	Level        string            `json:"level"`
	Message      message           `json:"message"`
	Locations    []location        `json:"locations"`
	Related      []location        `json:"relatedLocations,omitempty"`
	Fixes        []fix             `json:"fixes,omitempty"`
	Fingerprints map[string]string `json:"partialFingerprints,omitempty"`
	// Suppressions is written even when empty: 3.27.23 reads its absence as
	// not knowing whether the result is suppressed.
	Suppressions []suppression    `json:"suppressions"`
	Properties   resultProperties `json:"properties"`
}

type resultProperties struct {
	Severity string `json:"severity"`
	Subject  string `json:"subject"`
	Surface  string `json:"surface,omitempty"`
	Likely   bool   `json:"likely"`
}

type location struct { // 3.28
	ID       *int      `json:"id,omitempty"`
	Physical *physical `json:"physicalLocation,omitempty"`
	Logical  []logical `json:"logicalLocations,omitempty"`
	Message  *message  `json:"message,omitempty"`
}

type physical struct { // 3.29
	Artifact artifact    `json:"artifactLocation"`
	Region   *textRegion `json:"region,omitempty"`
}

type artifact struct { // 3.4
	URI  string `json:"uri"`
	Base string `json:"uriBaseId,omitempty"`
}

type textRegion struct { // 3.30
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
	EndLine     int `json:"endLine"`
	EndColumn   int `json:"endColumn"`
}

type logical struct { // 3.33
	Name string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}

type fix struct { // 3.55
	Description message  `json:"description"`
	Changes     []change `json:"artifactChanges"`
}

type change struct { // 3.56
	Artifact     artifact      `json:"artifactLocation"`
	Replacements []replacement `json:"replacements"`
}

type replacement struct { // 3.57
	Deleted  textRegion `json:"deletedRegion"`
	Inserted message    `json:"insertedContent"`
}

type suppression struct { // 3.35
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification"`
}
