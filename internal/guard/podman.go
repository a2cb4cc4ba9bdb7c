package guard

// podman is what the addresses of Podman's own API begin with, which its
// service answers beside Docker's.
const podman = "/libpod/"

// inPodmans completes "it …" of what is asked for in Podman's own form.
const inPodmans = "asks in Podman's own format, which is not judged; ask for the same with docker on this socket"

// unknownPodman is what is said of its other routes.
const unknownPodman = "no route of Podman's own API that is known, so what it does cannot be judged; ask for the same with docker on this socket"

// podmanRoutes are those of Podman's API, of versions 4 and 5, that say nothing
// about what is to run, or are about a container that is there.
var podmanRoutes = []route{
	{method: "GET", pattern: "/libpod/_ping"},
	{method: "HEAD", pattern: "/libpod/_ping"},
	{method: "GET", pattern: "/libpod/version"},
	{method: "GET", pattern: "/libpod/info"},
	{method: "GET", pattern: "/libpod/events"},
	{method: "GET", pattern: "/libpod/system/df"},

	{method: "GET", pattern: "/libpod/containers/json"},
	{method: "GET", pattern: "/libpod/containers/stats"},
	{method: "GET", pattern: "/libpod/containers/{name}/json"},
	{method: "GET", pattern: "/libpod/containers/{name}/exists"},
	{method: "GET", pattern: "/libpod/containers/{name}/top"},
	{method: "GET", pattern: "/libpod/containers/{name}/logs"},
	{method: "GET", pattern: "/libpod/containers/{name}/changes"},
	{method: "GET", pattern: "/libpod/containers/{name}/stats"},
	{method: "GET", pattern: "/libpod/containers/{name}/export"},
	{method: "GET", pattern: "/libpod/containers/{name}/healthcheck", verdict: judged, read: readExisting},
	{method: "GET", pattern: "/libpod/containers/{name}/archive", verdict: judged, read: readExisting},
	{method: "HEAD", pattern: "/libpod/containers/{name}/archive", verdict: judged, read: readExisting},
	{method: "PUT", pattern: "/libpod/containers/{name}/archive", verdict: judged, read: readExisting},
	{method: "POST", pattern: "/libpod/containers/create", verdict: denied, why: inPodmans},
	{method: "POST", pattern: "/libpod/containers/prune"},
	{method: "POST", pattern: "/libpod/containers/{name}/attach", verdict: judged, read: readExisting},
	{method: "POST", pattern: "/libpod/containers/{name}/checkpoint", verdict: denied, why: inPodmans},
	{method: "POST", pattern: "/libpod/containers/{name}/exec", verdict: judged, read: readExec},
	{method: "POST", pattern: "/libpod/containers/{name}/init", verdict: judged, read: readExisting},
	{method: "POST", pattern: "/libpod/containers/{name}/kill"},
	{method: "POST", pattern: "/libpod/containers/{name}/mount", verdict: denied, why: "mounts the container's files on the host"},
	{method: "POST", pattern: "/libpod/containers/{name}/pause"},
	{method: "POST", pattern: "/libpod/containers/{name}/rename", verdict: judged, read: readExisting},
	{method: "POST", pattern: "/libpod/containers/{name}/resize"},
	{method: "POST", pattern: "/libpod/containers/{name}/restart", verdict: judged, read: readExisting},
	{method: "POST", pattern: "/libpod/containers/{name}/restore", verdict: denied, why: inPodmans},
	{method: "POST", pattern: "/libpod/containers/{name}/start", verdict: judged, read: readExisting},
	{method: "POST", pattern: "/libpod/containers/{name}/stop"},
	{method: "POST", pattern: "/libpod/containers/{name}/unpause", verdict: judged, read: readExisting},
	{method: "POST", pattern: "/libpod/containers/{name}/update", verdict: denied, why: inPodmans},
	{method: "POST", pattern: "/libpod/containers/{name}/wait"},
	{method: "DELETE", pattern: "/libpod/containers/{name}"},
	{method: "GET", pattern: "/libpod/exec/{name}/json"},
	{method: "POST", pattern: "/libpod/exec/{name}/resize"},
	{method: "POST", pattern: "/libpod/exec/{name}/start", verdict: judged, read: readStartedExec},

	{method: "GET", pattern: "/libpod/images/json"},
	{method: "GET", pattern: "/libpod/images/export"},
	{method: "GET", pattern: "/libpod/images/search"},
	{method: "GET", pattern: "/libpod/images/{name}/exists"},
	{method: "GET", pattern: "/libpod/images/{name}/get"},
	{method: "GET", pattern: "/libpod/images/{name}/history"},
	{method: "GET", pattern: "/libpod/images/{name}/json"},
	{method: "GET", pattern: "/libpod/images/{name}/tree"},
	{method: "POST", pattern: "/libpod/images/load"},
	{method: "POST", pattern: "/libpod/images/prune"},
	{method: "POST", pattern: "/libpod/images/pull", verdict: judged, read: readPodmanPull},
	{method: "POST", pattern: "/libpod/images/{name}/tag"},
	{method: "POST", pattern: "/libpod/images/{name}/untag"},
	{method: "DELETE", pattern: "/libpod/images/remove"},
	{method: "DELETE", pattern: "/libpod/images/{name}"},
	{method: "POST", pattern: "/libpod/build", verdict: denied, why: inPodmans},
	{method: "POST", pattern: "/libpod/commit", verdict: denied, why: inPodmans},

	{method: "GET", pattern: "/libpod/networks/json"},
	{method: "GET", pattern: "/libpod/networks/{name}/exists"},
	{method: "GET", pattern: "/libpod/networks/{name}/json"},
	{method: "POST", pattern: "/libpod/networks/create", verdict: denied, why: inPodmans},
	{method: "POST", pattern: "/libpod/networks/prune"},
	{method: "DELETE", pattern: "/libpod/networks/{name}"},
	{method: "GET", pattern: "/libpod/volumes/json"},
	{method: "GET", pattern: "/libpod/volumes/{name}/exists"},
	{method: "GET", pattern: "/libpod/volumes/{name}/json"},
	{method: "POST", pattern: "/libpod/volumes/create", verdict: denied, why: inPodmans},
	{method: "POST", pattern: "/libpod/volumes/prune"},
	{method: "DELETE", pattern: "/libpod/volumes/{name}"},
	{method: "GET", pattern: "/libpod/pods/json"},
	{method: "GET", pattern: "/libpod/pods/{name}/exists"},
	{method: "GET", pattern: "/libpod/pods/{name}/json"},
	{method: "POST", pattern: "/libpod/pods/create", verdict: denied, why: inPodmans},
	{method: "POST", pattern: "/libpod/kube/play", verdict: denied, why: inPodmans},
	{method: "POST", pattern: "/libpod/play/kube", verdict: denied, why: inPodmans},
	{method: "GET", pattern: "/libpod/secrets/json"},
}
