// Package catalog holds what is publicly known about images: until when the
// products in them are supported, who they run as, what they are for.
//
// It is a few small tables with the date they were made. Nothing is looked up
// anywhere else, and a table is read when it is first asked for.
package catalog

import (
	_ "embed"
	"strings"
	"sync"

	"bulkhead/internal/model"
)

//go:embed official.txt
var officialText string

// officialNames returns the names of the official images.
var officialNames = sync.OnceValue(func() map[string]bool {
	names := make(map[string]bool, 160)
	for line := range strings.Lines(officialText) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			names[line] = true
		}
	}
	return names
})

// Official reports whether ref names an official image of Docker Hub.
func Official(ref model.Reference) bool {
	name, ok := strings.CutPrefix(ref.Repository, "library/")
	return ok && ref.Registry == hub && officialNames()[name]
}

const hub = "docker.io"

// repository returns the key ref has in the tables: "library/node",
// "grafana/grafana", "quay.io/keycloak/keycloak". A mirror that keeps Docker
// Hub's names is seen through: registry.example.com/hub/library/node.
func repository(ref model.Reference) string {
	if ref.Registry == hub {
		return ref.Repository
	}
	if i := strings.LastIndex("/"+ref.Repository, "/library/"); i >= 0 {
		return ref.Repository[i:]
	}
	if ref.Registry == "public.ecr.aws" && strings.HasPrefix(ref.Repository, "bitnami/") {
		return ref.Repository
	}
	return ref.Registry + "/" + ref.Repository
}

// A Successor says that an image is no longer kept, and what to use instead.
type Successor struct {
	Use string // "eclipse-temurin"; "" where there is no obvious one
	Why string // a fact: "its publisher stopped updating it in July 2022"
}

// Deprecated returns what became of the image ref names, if its publisher has
// given it up.
func Deprecated(ref model.Reference) (Successor, bool) {
	s, ok := deprecated()[repository(ref)]
	return s, ok
}

// deprecated comes from the deprecation notes of docker-library/docs, read on
// 2026-11-21: <name>/deprecated.md.
var deprecated = sync.OnceValue(func() map[string]Successor {
	return map[string]Successor{
		"library/adoptopenjdk":   {"eclipse-temurin", "has had no updates since August 2021"},
		"library/centos":         {"almalinux or rockylinux/rockylinux", "has had no meaningful updates since November 2020"},
		"library/clefos":         {"", "ended with CentOS 7 in June 2024"},
		"library/consul":         {"hashicorp/consul", "has had no updates since Consul 1.15"},
		"library/emqx":           {"emqx/emqx", "has had no updates since EMQX 5.8"},
		"library/java":           {"eclipse-temurin", "has had no updates since December 2016"},
		"library/jenkins":        {"jenkins/jenkins:lts", "has had no updates since Jenkins 2.60"},
		"library/mongo-express":  {"", "has had no updates since April 2024"},
		"library/mono":           {"", "has had no updates since June 2022"},
		"library/nats-streaming": {"nats", "has had no updates since June 2023"},
		"library/notary":         {"", "was archived by its project in July 2025"},
		"library/openjdk":        {"eclipse-temurin", "has had no updates but early access builds since July 2022"},
		"library/opensuse":       {"opensuse/leap", "has been given up by its project"},
		"library/owncloud":       {"owncloud/server", "has had no updates since December 2018"},
		"library/php-zendserver": {"", "has not been maintained for years"},
		"library/piwik":          {"matomo", "has had no updates since September 2018"},
		"library/rockylinux":     {"rockylinux/rockylinux", "is no longer updated by its project"},
		"library/sentry":         {"", "has had no updates since July 2019"},
		"library/unit":           {"", "was archived by its project in October 2025"},
		"library/vault":          {"hashicorp/vault", "has had no updates since Vault 1.13"},
	}
})
