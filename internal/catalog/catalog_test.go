package catalog

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

func ref(t *testing.T, raw string) model.Reference {
	t.Helper()
	r, err := oci.ParseReference(raw)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// show writes a lifecycle as "Node.js 16 2023-09-11", with the end of the
// extended support where there is one.
func show(l *model.Lifecycle) string {
	s := l.Product + " " + l.Cycle
	switch {
	case !l.End.IsZero():
		s += " " + l.End.Format(time.DateOnly)
	case l.Ended:
		s += " ended"
	}
	if !l.Extended.IsZero() {
		s += "/" + l.Extended.Format(time.DateOnly)
	}
	return s
}

func TestEndOfLife(t *testing.T) {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		ref  string
		env  string
		want string
	}{
		{ref: "node:16-alpine", want: "Node.js 16 2023-09-11"},
		{ref: "node:18", want: "Node.js 18 2025-04-30"},
		{ref: "node:16.20.2-buster-slim", want: "Node.js 16 2023-09-11, Debian 10 2022-09-10/2024-06-30"},
		{ref: "node:bullseye", want: "Debian 11 2024-08-14/2026-08-31"},
		{ref: "golang:1.19-alpine", want: "Go 1.19 2023-09-06"},
		{ref: "golang:1.19.3-alpine3.15", want: "Go 1.19 2023-09-06, Alpine Linux 3.15 2023-11-01"},
		{ref: "golang:1", want: "Go 1.27"},
		{ref: "python:3.8-slim-bookworm", want: "Python 3.8 2024-10-07, Debian 12 2026-07-11/2028-06-30"},
		{ref: "python:2", want: "Python 2.7 2020-01-01"},
		{ref: "postgres:15", want: "PostgreSQL 15 2027-11-11"},
		{ref: "postgres:14.2-bullseye", want: "PostgreSQL 14 2026-11-12, Debian 11 2024-08-14/2026-08-31"},
		{ref: "debian:buster-slim", want: "Debian 10 2022-09-10/2024-06-30"},
		{ref: "debian:bullseye-20230502-slim", want: "Debian 11 2024-08-14/2026-08-31"},
		{ref: "debian:11.7", want: "Debian 11 2024-08-14/2026-08-31"},
		{ref: "debian:stable-slim"},
		{ref: "ubuntu:20.04", want: "Ubuntu 20.04 2025-05-31/2030-04-02"},
		{ref: "ubuntu:bionic-20210416", want: "Ubuntu 18.04 2023-05-31/2028-04-01"},
		{ref: "eclipse-temurin:17.0.5_8-jre-focal", want: "Eclipse Temurin 17 2027-10-31, Ubuntu 20.04 2025-05-31/2030-04-02"},
		{ref: "alpine:3.15", want: "Alpine Linux 3.15 2023-11-01"},
		{ref: "alpine:edge"},
		{ref: "centos:7", want: "CentOS 7 2024-06-30"},
		{ref: "centos:centos7.9.2009", want: "CentOS 7 2024-06-30"},
		{ref: "quay.io/centos/centos:stream8", want: "CentOS Stream 8 2024-05-31"},
		{ref: "gcr.io/distroless/nodejs18-debian11", want: "Node.js 18 2025-04-30, Debian 11 2024-08-14/2026-08-31"},
		{ref: "gcr.io/distroless/static-debian12:nonroot", want: "Debian 12 2026-07-11/2028-06-30"},
		{ref: "gcr.io/distroless/static"},
		{ref: "registry.access.redhat.com/ubi7/ubi:7.9", want: "Red Hat Enterprise Linux 7 2024-06-30/2029-05-31"},
		{ref: "mcr.microsoft.com/dotnet/aspnet:6.0-bullseye-slim", want: "Microsoft .NET 6 2024-11-12, Debian 11 2024-08-14/2026-08-31"},
		{ref: "bitnami/postgresql:14.5.0-debian-11-r3", want: "PostgreSQL 14 2026-11-12, Debian 11 2024-08-14/2026-08-31"},
		{ref: "public.ecr.aws/docker/library/node:16", want: "Node.js 16 2023-09-11"},
		{ref: "registry.example.com/hub/library/redis:5-alpine", want: "Redis 5.0 2022-04-27"},
		{ref: "registry.example.com/node:16"},
		{ref: "nvidia/cuda:11.4.0-base-ubuntu18.04", want: "Ubuntu 18.04 2023-05-31/2028-04-01"},
		{ref: "wordpress:6.0-php7.4-apache", want: "WordPress 6.0 2022-11-01, PHP 7.4 2022-11-28"},
		{ref: "openjdk:17-slim", want: "OpenJDK builds from Oracle 17 2022-03-22"},
		{ref: "openjdk:8-jdk"},
		{ref: "shop/api:buster"},
		{ref: "shop/api:1.2-buster", want: "Debian 10 2022-09-10/2024-06-30"},
		{ref: "mysql:5.7", want: "MySQL 5.7 2023-10-31"},
		{ref: "node"},
		{ref: "node:latest"},
		{ref: "node:lts-alpine"},
		{ref: "node@sha256:0000000000000000000000000000000000000000000000000000000000000000", env: "NODE_VERSION=16.20.2", want: "Node.js 16 2023-09-11"},
		{ref: "shop/api:latest", env: "PYTHON_VERSION=3.7.17", want: "Python 3.7 2023-06-27"},
	} {
		var env []model.Variable
		if name, value, ok := strings.Cut(tt.env, "="); ok {
			env = append(env, model.Variable{Name: name, Value: model.Fact[string]{Value: value, State: model.Set}})
		}
		var got []string
		for _, l := range EndOfLife(ref(t, tt.ref), env, now) {
			got = append(got, show(l))
		}
		if got := strings.Join(got, ", "); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.ref, tt.env, got, tt.want)
		}
	}
}

func TestLatest(t *testing.T) {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	got := EndOfLife(ref(t, "debian:buster"), nil, now)
	if len(got) != 1 || got[0].Latest != "13" || !got[0].Free || got[0].AsOf.IsZero() {
		t.Errorf("got %+v, want Debian with 13 as the latest, free extended support and the date of the table", got)
	}
}

func TestAsOf(t *testing.T) {
	if got, want := AsOf().Format(time.DateOnly), "2026-08-21"; got < want {
		t.Errorf("got %s, want %s or later", got, want)
	}
}

func TestOfficial(t *testing.T) {
	for raw, want := range map[string]bool{
		"node:18": true, "docker.io/library/postgres": true, "grafana/grafana": false, "ghcr.io/library/node": false, "shop": false,
	} {
		if got := Official(ref(t, raw)); got != want {
			t.Errorf("%s: got %v, want %v", raw, got, want)
		}
	}
	if n := len(officialNames()); n != 144 {
		t.Errorf("%d official images, want 144", n)
	}
}

func TestDeprecated(t *testing.T) {
	if got, ok := Deprecated(ref(t, "openjdk:8-jdk")); !ok || got.Use != "eclipse-temurin" {
		t.Errorf("openjdk: got %v, %v", got, ok)
	}
	if got, ok := Deprecated(ref(t, "rockylinux/rockylinux:9")); ok {
		t.Errorf("rockylinux/rockylinux: got %v, want none", got)
	}
}

func TestDefaultUser(t *testing.T) {
	none := model.User{Name: "none"}
	for raw, want := range map[string]model.User{
		"node:18-alpine":                                     {},
		"postgres:15":                                        {},
		"mirror.example.com/library/nginx":                   {},
		"gcr.io/distroless/static-debian12":                  {Name: "0"},
		"gcr.io/distroless/static:nonroot":                   {Name: "nonroot", UID: 65532, GID: 65532},
		"gcr.io/distroless/base:debug-nonroot":               {Name: "nonroot", UID: 65532, GID: 65532},
		"cgr.dev/chainguard/static:latest":                   {Name: "65532", UID: 65532, GID: -1},
		"cgr.dev/chainguard/wolfi-base":                      {},
		"nginxinc/nginx-unprivileged:1.27":                   {Name: "101", UID: 101, GID: -1},
		"bitnami/postgresql:16":                              {Name: "1001", UID: 1001, GID: -1},
		"elasticsearch:8.19.1":                               {Name: "elasticsearch", UID: 1000, GID: 0},
		"elasticsearch:7.17.0":                               none,
		"jenkins/jenkins:lts":                                {Name: "jenkins", UID: 1000, GID: 1000},
		"mcr.microsoft.com/dotnet/aspnet:8.0":                {},
		"mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled": {Name: "app", UID: 1654, GID: 1654},
		"shop/api":          none,
		"ghcr.io/acme/node": none,
	} {
		got, ok := DefaultUser(ref(t, raw))
		if !ok {
			got = none
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", raw, diff)
		}
	}
}

func TestOwnUser(t *testing.T) {
	if u, ok := OwnUser(ref(t, "node:20")); !ok || u.Name != "node" || u.UID != 1000 {
		t.Errorf("node: got %v, %v", u, ok)
	}
	if u, ok := OwnUser(ref(t, "mcr.microsoft.com/dotnet/aspnet:6.0")); ok {
		t.Errorf("dotnet 6: got %v, want none", u)
	}
}

func TestRole(t *testing.T) {
	for raw, want := range map[string]model.Role{
		"postgres:15":                    model.DatabaseRole,
		"bitnami/postgresql:16":          model.DatabaseRole,
		"quay.io/acme/postgres-14":       model.DatabaseRole,
		"mcr.microsoft.com/mssql/server": model.DatabaseRole,
		"mysql/mysql-server":             model.DatabaseRole,
		"redis:7":                        model.CacheRole,
		"redis/redis-stack":              model.CacheRole,
		"oliver006/redis-exporter":       model.UnknownRole,
		"rabbitmq:3-management":          model.QueueRole,
		"confluentinc/cp-kafka":          model.QueueRole,
		"docker.elastic.co/elasticsearch/elasticsearch:8.19.0": model.SearchRole,
		"nginx":                       model.ProxyRole,
		"nginxinc/nginx-unprivileged": model.ProxyRole,
		"phpmyadmin":                  model.AdminRole,
		"provectuslabs/kafka-ui":      model.AdminRole,
		"node:18":                     model.UnknownRole,
		"shop/api":                    model.UnknownRole,
	} {
		if got := Role(ref(t, raw)); got != want {
			t.Errorf("%s: got %q, want %q", raw, got, want)
		}
	}
}

func TestPortService(t *testing.T) {
	for port, want := range map[int]string{22: "SSH", 5432: "PostgreSQL", 2375: "Docker API without TLS", 27017: "MongoDB", 80: "", 443: "", 12345: ""} {
		name, sensitive := PortService(port)
		if !sensitive {
			name = ""
		}
		if name != want {
			t.Errorf("%d: got %q, want %q", port, name, want)
		}
	}
}

func BenchmarkEndOfLife(b *testing.B) {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	r, err := oci.ParseReference("node:16.20.2-buster-slim")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		EndOfLife(r, nil, now)
	}
}

func FuzzEndOfLife(f *testing.F) {
	for _, s := range []string{"node:16-alpine", "gcr.io/distroless/nodejs18-debian11", "debian:buster", "registry.access.redhat.com/ubi8/ubi"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		r, err := oci.ParseReference(raw)
		if err != nil {
			return
		}
		for _, l := range EndOfLife(r, nil, time.Unix(0, 0)) {
			if l.Product == "" || l.Cycle == "" {
				t.Errorf("%q: lifecycle %+v names no product or cycle", raw, l)
			}
		}
		DefaultUser(r)
		OwnUser(r)
		Role(r)
	})
}
