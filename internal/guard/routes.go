package guard

import (
	"slices"

	"bulkhead/internal/frontend/apirequest"
)

// A verdict is what the table says of a route.
type verdict uint8

const (
	allowed  verdict = iota // whatever it asks for
	denied                  // whatever it asks for
	judged                  // what would run is read and judged
	buildkit                // the request opens a stream nobody else can read
)

// A route is one line of the table. What is in no line is denied.
type route struct {
	method, pattern string
	verdict         verdict
	read            reader // of judged routes
	why             string // of denied routes: completes "it …"
}

// A reader reads what would run. name is the part of the path that {name}
// stands for.
type reader func(r *apirequest.Request, o apirequest.Options, name string) (*apirequest.Reading, error)

// name returns the route as the policy file spells it.
func (t route) name() string { return t.method + " " + t.pattern }

const (
	installs = "installs a plugin, which runs with the engine's own powers"
	erases   = "removes a folder of the host that the request names"
	joins    = "decides which machines rule this one"
	tells    = "answers with the keys by which a machine joins the swarm"
)

// routes lists every route that may be asked for.
var routes = slices.Concat(dockerRoutes, podmanRoutes)

// dockerRoutes are those of API 1.24 to 1.52.
var dockerRoutes = []route{
	{method: "GET", pattern: "/_ping"},
	{method: "HEAD", pattern: "/_ping"},
	{method: "GET", pattern: "/version"},
	{method: "GET", pattern: "/info"},
	{method: "GET", pattern: "/events"},
	{method: "GET", pattern: "/system/df"},
	{method: "POST", pattern: "/auth"},

	{method: "GET", pattern: "/containers/json"},
	{method: "GET", pattern: "/containers/{name}/json"},
	{method: "GET", pattern: "/containers/{name}/top"},
	{method: "GET", pattern: "/containers/{name}/logs"},
	{method: "GET", pattern: "/containers/{name}/changes"},
	{method: "GET", pattern: "/containers/{name}/stats"},
	{method: "GET", pattern: "/containers/{name}/export"},
	{method: "GET", pattern: "/containers/{name}/attach/ws", verdict: judged, read: readExisting},
	{method: "GET", pattern: "/containers/{name}/archive", verdict: judged, read: readExisting},
	{method: "HEAD", pattern: "/containers/{name}/archive", verdict: judged, read: readExisting},
	{method: "PUT", pattern: "/containers/{name}/archive", verdict: judged, read: readExisting},
	{method: "POST", pattern: "/containers/create", verdict: judged, read: readCreate},
	{method: "POST", pattern: "/containers/prune"},
	{method: "POST", pattern: "/containers/{name}/attach", verdict: judged, read: readExisting},
	{method: "POST", pattern: "/containers/{name}/exec", verdict: judged, read: readExec},
	{method: "POST", pattern: "/containers/{name}/kill"},
	{method: "POST", pattern: "/containers/{name}/pause"},
	{method: "POST", pattern: "/containers/{name}/rename", verdict: judged, read: readExisting},
	{method: "POST", pattern: "/containers/{name}/resize"},
	{method: "POST", pattern: "/containers/{name}/restart", verdict: judged, read: readStart},
	{method: "POST", pattern: "/containers/{name}/start", verdict: judged, read: readStart},
	{method: "POST", pattern: "/containers/{name}/stop"},
	{method: "POST", pattern: "/containers/{name}/unpause", verdict: judged, read: readExisting},
	{method: "POST", pattern: "/containers/{name}/update", verdict: judged, read: readUpdate},
	{method: "POST", pattern: "/containers/{name}/wait"},
	{method: "DELETE", pattern: "/containers/{name}"},
	{method: "DELETE", pattern: "/containers/{name}/checkpoints/{id}", verdict: denied, why: erases},
	{method: "POST", pattern: "/commit", verdict: judged, read: readCommit},
	{method: "GET", pattern: "/exec/{name}/json"},
	{method: "POST", pattern: "/exec/{name}/resize"},
	{method: "POST", pattern: "/exec/{name}/start", verdict: judged, read: readStartedExec},

	{method: "GET", pattern: "/images/json"},
	{method: "GET", pattern: "/images/get"},
	{method: "GET", pattern: "/images/search"},
	{method: "GET", pattern: "/images/{name}/get"},
	{method: "GET", pattern: "/images/{name}/history"},
	{method: "GET", pattern: "/images/{name}/json"},
	{method: "POST", pattern: "/images/create", verdict: judged, read: readPull},
	{method: "POST", pattern: "/images/load"},
	{method: "POST", pattern: "/images/prune"},
	{method: "POST", pattern: "/images/{name}/push"},
	{method: "POST", pattern: "/images/{name}/tag"},
	{method: "DELETE", pattern: "/images/{name}"},
	{method: "GET", pattern: "/distribution/{name}/json"},
	{method: "POST", pattern: "/build", verdict: judged, read: readBuild},
	{method: "POST", pattern: "/build/prune"},
	{method: "POST", pattern: "/build/cancel"},
	{method: "POST", pattern: "/session", verdict: buildkit},
	{method: "POST", pattern: "/grpc", verdict: buildkit},

	{method: "GET", pattern: "/networks"},
	{method: "GET", pattern: "/networks/{name}"},
	{method: "POST", pattern: "/networks/create", verdict: judged, read: readNetwork},
	{method: "POST", pattern: "/networks/prune"},
	{method: "POST", pattern: "/networks/{name}/connect"},
	{method: "POST", pattern: "/networks/{name}/disconnect"},
	{method: "DELETE", pattern: "/networks/{name}"},

	{method: "GET", pattern: "/volumes"},
	{method: "GET", pattern: "/volumes/{name}"},
	{method: "POST", pattern: "/volumes/create", verdict: judged, read: readVolume},
	{method: "POST", pattern: "/volumes/prune"},
	{method: "DELETE", pattern: "/volumes/{name}"},
	{method: "PUT", pattern: "/volumes/{name}", verdict: denied, why: joins},

	{method: "GET", pattern: "/plugins"},
	{method: "GET", pattern: "/plugins/privileges"},
	{method: "GET", pattern: "/plugins/{name}/json"},
	{method: "POST", pattern: "/plugins/create", verdict: denied, why: installs},
	{method: "POST", pattern: "/plugins/pull", verdict: denied, why: installs},
	{method: "POST", pattern: "/plugins/{name}/disable", verdict: denied, why: "can switch off what protects this engine"},
	{method: "POST", pattern: "/plugins/{name}/enable", verdict: denied, why: installs},
	{method: "POST", pattern: "/plugins/{name}/push", verdict: denied, why: "sends a plugin away"},
	{method: "POST", pattern: "/plugins/{name}/set", verdict: denied, why: installs},
	{method: "POST", pattern: "/plugins/{name}/upgrade", verdict: denied, why: installs},
	{method: "DELETE", pattern: "/plugins/{name}", verdict: denied, why: "can remove what protects this engine"},

	{method: "GET", pattern: "/swarm", verdict: denied, why: tells},
	{method: "GET", pattern: "/swarm/unlockkey", verdict: denied, why: tells},
	{method: "POST", pattern: "/swarm/init", verdict: denied, why: joins},
	{method: "POST", pattern: "/swarm/join", verdict: denied, why: joins},
	{method: "POST", pattern: "/swarm/leave", verdict: denied, why: joins},
	{method: "POST", pattern: "/swarm/unlock", verdict: denied, why: joins},
	{method: "POST", pattern: "/swarm/update", verdict: denied, why: joins},
	{method: "GET", pattern: "/nodes"},
	{method: "GET", pattern: "/nodes/{name}"},
	{method: "POST", pattern: "/nodes/{name}/update", verdict: denied, why: joins},
	{method: "DELETE", pattern: "/nodes/{name}", verdict: denied, why: joins},
	{method: "GET", pattern: "/services"},
	{method: "GET", pattern: "/services/{name}"},
	{method: "GET", pattern: "/services/{name}/logs"},
	{method: "POST", pattern: "/services/create", verdict: judged, read: readService},
	{method: "POST", pattern: "/services/{name}/update", verdict: judged, read: readService},
	{method: "DELETE", pattern: "/services/{name}"},
	{method: "GET", pattern: "/tasks"},
	{method: "GET", pattern: "/tasks/{name}"},
	{method: "GET", pattern: "/tasks/{name}/logs"},
	{method: "GET", pattern: "/secrets"},
	{method: "GET", pattern: "/secrets/{name}"},
	{method: "POST", pattern: "/secrets/create"},
	{method: "POST", pattern: "/secrets/{name}/update"},
	{method: "DELETE", pattern: "/secrets/{name}"},
	{method: "GET", pattern: "/configs"},
	{method: "GET", pattern: "/configs/{name}"},
	{method: "POST", pattern: "/configs/create"},
	{method: "POST", pattern: "/configs/{name}/update"},
	{method: "DELETE", pattern: "/configs/{name}"},
}

// A match is a route that a request may be for.
type match struct {
	route
	part string // of the path, that {name} stands for
}

// find returns every line that r fits. The engine takes the first of its own;
// all have to allow the request, so that their order is of no matter.
func find(r *apirequest.Request) []match {
	var out []match
	for _, t := range routes {
		if t.method != r.Method {
			continue
		}
		if name, ok := r.Matches(t.pattern); ok {
			out = append(out, match{t, name})
		}
	}
	return out
}

// opaque reports whether r asks for a build by BuildKit, of which the request
// tells nothing.
func (m match) opaque(r *apirequest.Request) bool {
	return m.pattern == "/build" && slices.Contains(r.Query["version"], "2")
}
