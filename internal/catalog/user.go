package catalog

import (
	"strconv"
	"strings"
	"sync"

	"bulkhead/internal/model"
)

// DefaultUser returns the user that containers of the image ref names start
// as, where that is well known.
func DefaultUser(ref model.Reference) (model.User, bool) {
	repo := repository(ref)
	if rest, ok := strings.CutPrefix(repo, "gcr.io/distroless/"); ok && rest != "" {
		return distrolessUser(ref.Tag), true
	}
	if repo == "docker.elastic.co/elasticsearch/elasticsearch" || repo == "library/elasticsearch" {
		// Before 8 the entrypoint started as root and changed the user itself.
		major, _, _ := strings.Cut(ref.Tag, ".")
		n, err := strconv.Atoi(major)
		return user("elasticsearch", 1000, 0), err == nil && n >= 8
	}
	if strings.HasPrefix(repo, "mcr.microsoft.com/dotnet/") {
		if strings.Contains(ref.Tag, "chiseled") || strings.Contains(ref.Tag, "distroless") {
			return user("app", 1654, 1654), true // dotnet/dotnet-docker, runtime-deps: USER $APP_UID
		}
		return user("", 0, 0), true
	}
	if u, ok := defaultUsers()[repo]; ok {
		return u, true
	}
	for _, p := range []struct {
		prefix string
		user   model.User
	}{
		{"bitnami/", user("1001", 1001, -1)},                    // bitnami/containers: USER 1001 in every Dockerfile but the bases named below
		{"bitnamilegacy/", user("1001", 1001, -1)},              // the same images, kept
		{"cgr.dev/chainguard/", user("65532", 65532, -1)},       // images of Chainguard run as nonroot unless their page says otherwise
		{"jaegertracing/", user("10001", 10001, -1)},            // jaegertracing/jaeger: USER 10001
		{"selenium/", user("1200", 1200, -1)},                   // SeleniumHQ/docker-selenium: USER ${SEL_UID}
		{"quay.io/jupyter/", user("jovyan", 1000, 100)},         // jupyter/docker-stacks: USER ${NB_UID}
		{"jupyter/", user("jovyan", 1000, 100)},                 // the same images, until 2023
		{"docker.elastic.co/kibana/", user("1000", 1000, -1)},   // elastic/kibana: USER 1000
		{"docker.elastic.co/logstash/", user("1000", 1000, -1)}, // elastic/logstash: USER 1000
	} {
		if strings.HasPrefix(repo, p.prefix) {
			return p.user, true
		}
	}
	return model.User{}, false
}

// distrolessUser returns the user of GoogleContainerTools/distroless: root,
// but for the tags nonroot and debug-nonroot, which say so.
func distrolessUser(tag string) model.User {
	if strings.Contains(tag, "nonroot") {
		return user("nonroot", 65532, 65532)
	}
	return user("0", 0, 0)
}

func user(name string, uid, gid int64) model.User { return model.User{Name: name, UID: uid, GID: gid} }

// defaultUsers holds what the Dockerfile of an image says, or that it has no
// USER: docker-library/<name> for the official ones, as of 2026-11.
var defaultUsers = sync.OnceValue(func() map[string]model.User {
	users := map[string]model.User{
		"bitnami/minideb":     user("", 0, 0),
		"bitnami/os-shell":    user("", 0, 0),
		"library/adminer":     user("adminer", -1, -1), // USER adminer
		"library/haproxy":     user("haproxy", 99, 99), // USER haproxy, since 2.4
		"library/jetty":       user("jetty", 999, 999), // USER jetty
		"library/kibana":      user("1000", 1000, -1),  // USER 1000
		"library/logstash":    user("1000", 1000, -1),  // USER 1000
		"library/memcached":   user("memcache", 11211, 11211),
		"library/solr":        user("solr", 8983, 8983),
		"library/kong":        user("kong", -1, -1),
		"apache/airflow":      user("50000", 50000, 0), // USER ${AIRFLOW_UID}
		"apache/kafka":        user("appuser", 1000, 1000),
		"curlimages/curl":     user("curl_user", -1, -1),
		"grafana/grafana":     user("472", 472, 0),
		"grafana/grafana-oss": user("472", 472, 0),
		"grafana/loki":        user("10001", 10001, -1),
		"jenkins/jenkins":     user("jenkins", 1000, 1000),
		"prom/alertmanager":   user("nobody", 65534, 65534),
		"prom/node-exporter":  user("nobody", 65534, 65534),
		"prom/prometheus":     user("nobody", 65534, 65534),
		"prom/pushgateway":    user("nobody", 65534, 65534),

		"nginxinc/nginx-unprivileged":         user("101", 101, -1),
		"otel/opentelemetry-collector":        user("10001", 10001, -1),
		"cgr.dev/chainguard/wolfi-base":       user("", 0, 0),
		"quay.io/keycloak/keycloak":           user("1000", 1000, -1),
		"quay.io/prometheus/alertmanager":     user("nobody", 65534, 65534),
		"quay.io/prometheus/node-exporter":    user("nobody", 65534, 65534),
		"quay.io/prometheus/prometheus":       user("nobody", 65534, 65534),
		"registry.access.redhat.com/ubi8/ubi": user("", 0, 0),
		"registry.access.redhat.com/ubi9/ubi": user("", 0, 0),
		"registry.access.redhat.com/ubi8":     user("", 0, 0),
		"registry.access.redhat.com/ubi9":     user("", 0, 0),
	}
	for name := range strings.FieldsSeq(rootImages) {
		users["library/"+name] = user("", 0, 0)
	}
	return users
})

// rootImages names the official images whose Dockerfiles have no USER. Some
// change the user in their entrypoints; the container still starts as root.
const rootImages = `
	almalinux alpine amazoncorretto amazonlinux archlinux bash buildpack-deps
	busybox caddy cassandra centos clojure composer couchdb debian docker
	eclipse-temurin elixir erlang fedora gcc golang gradle haskell hello-world
	httpd influxdb julia mariadb maven mongo mysql neo4j nextcloud nginx node
	openjdk oraclelinux perl php phpmyadmin photon postgres pypy python r-base
	rabbitmq redis redmine registry rockylinux ros ruby rust swift telegraf
	tomcat traefik ubuntu wordpress zookeeper`

// OwnUser returns the account without privileges that an image has but does
// not start as: node in library/node. USER may name it without creating it.
func OwnUser(ref model.Reference) (model.User, bool) {
	switch repo := repository(ref); {
	case repo == "library/node":
		return user("node", 1000, 1000), true // docker-library: useradd --uid 1000 node
	case repo == "library/rabbitmq":
		return user("rabbitmq", 999, 999), !strings.Contains(ref.Tag, "alpine")
	case repo == "oven/bun":
		return user("bun", 1000, 1000), true
	case repo == "library/nginx":
		return user("nginx", 101, 101), true
	case strings.HasPrefix(repo, "mcr.microsoft.com/dotnet/"):
		major, _, _ := strings.Cut(ref.Tag, ".")
		n, err := strconv.Atoi(major)
		return user("app", 1654, 1654), err == nil && n >= 8 // since .NET 8
	}
	return model.User{}, false
}

// stepsDown lists official images whose entrypoint starts as root to give
// files to its own user and then becomes that user for good: docker-library's
// docker-entrypoint.sh of each, read on 2026-11-21.
var stepsDown = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for _, n := range []string{
		"cassandra", "couchdb", "ghost", "influxdb", "mariadb", "mongo", "mysql", "postgres", "rabbitmq", "redis", "valkey/valkey",
	} {
		if !strings.Contains(n, "/") {
			n = "library/" + n
		}
		names[n] = true
	}
	return names
})

// GivesUpRoot reports whether w, which starts as root, runs an entrypoint that
// is known to become another user before it runs the program.
func GivesUpRoot(w *model.Workload) bool {
	if w.Image == nil || w.Build != nil || !stepsDown()[repository(w.Image.Ref.Value)] {
		return false
	}
	// A container's entrypoint is known to be the image's own by its name.
	e := w.Entrypoint
	return e.State != model.Set || len(e.Value.Args) > 0 && strings.Contains(e.Value.Args[0], "docker-entrypoint")
}
