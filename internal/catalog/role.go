package catalog

import (
	"strings"

	"bulkhead/internal/model"
)

// Role returns what the image ref names is for, told from its name, whoever
// published it: postgres, bitnami/postgresql and quay.io/acme/postgres-14 are
// all databases.
func Role(ref model.Reference) model.Role {
	repo := strings.ToLower(ref.Repository)
	switch repository(ref) {
	case "mcr.microsoft.com/mssql/server", "container-registry.oracle.com/database/free", "container-registry.oracle.com/database/express", "gvenzl/oracle-free", "gvenzl/oracle-xe":
		return model.DatabaseRole
	case "hashicorp/vault", "hashicorp/consul":
		return model.DatabaseRole
	}
	name := strings.TrimPrefix(repo[strings.LastIndexByte(repo, '/')+1:], "cp-") // Confluent's
	if r := role(name); r != model.UnknownRole {
		return r
	}
	// mysql-server, postgres-14, redis-stack-server, nginx-unprivileged
	first, rest, _ := strings.Cut(name, "-")
	if tool(rest) {
		return model.UnknownRole
	}
	return role(first)
}

func role(name string) model.Role {
	switch name {
	case "postgres", "postgresql", "postgis", "timescaledb", "pgvector", "pgbouncer", "pgpool", "mysql", "mariadb", "percona", "percona-server",
		"mongo", "mongodb", "couchdb", "couchbase", "cassandra", "scylla", "scylladb", "cockroach", "cockroachdb", "clickhouse", "influxdb", "neo4j",
		"rethinkdb", "arangodb", "orientdb", "crate", "cratedb", "tidb", "yugabytedb", "yugabyte", "dynamodb", "etcd", "surrealdb", "questdb",
		"victoria", "minio", "rqlite", "mssql", "vitess", "galera", "firebird", "ravendb", "dgraph", "edgedb", "gel":
		return model.DatabaseRole
	case "redis", "valkey", "memcached", "keydb", "dragonfly", "dragonflydb", "garnet", "hazelcast", "aerospike":
		return model.CacheRole
	case "rabbitmq", "kafka", "zookeeper", "nats", "activemq", "artemis", "pulsar", "redpanda", "mosquitto", "eclipse-mosquitto", "emqx", "nsq", "beanstalkd":
		return model.QueueRole
	case "elasticsearch", "opensearch", "solr", "meilisearch", "typesense", "manticore", "qdrant", "weaviate", "milvus", "chroma", "quickwit":
		return model.SearchRole
	case "nginx", "traefik", "haproxy", "caddy", "envoy", "httpd", "openresty", "apache", "varnish", "nginx-unprivileged", "nginx-proxy", "swag", "kong", "apisix", "pomerium", "squid", "oauth2":
		return model.ProxyRole
	case "phpmyadmin", "adminer", "pgadmin4", "pgadmin", "mongo-express", "redisinsight", "redis-commander", "phpredisadmin", "cloudbeaver", "dbgate",
		"kafka-ui", "akhq", "kafdrop", "portainer", "portainer-ce", "portainer-ee", "dozzle", "yacht", "cerebro", "elasticvue", "kibana", "sqlpad", "rabbitmq-management", "dockge":
		return model.AdminRole
	}
	return model.UnknownRole
}

// tool reports whether what follows a product's name says that the image is
// something beside it: redis-exporter, mysql-backup, nginx-ingress.
func tool(rest string) bool {
	for w := range strings.SplitSeq(rest, "-") {
		switch w {
		case "exporter", "backup", "client", "cli", "tools", "tool", "init", "operator", "sidecar", "migrate", "migrations", "test", "tests",
			"controller", "ui", "admin", "webui", "dump", "sync", "agent", "connect", "monitor", "manager", "example", "app", "api", "demo":
			return true
		}
	}
	return false
}

// PortService returns the service that commonly listens on a TCP port, and
// whether it is sensitive: who reaches it can, or can try to, read data or run
// commands.
func PortService(port int) (name string, sensitive bool) {
	switch port {
	case 80, 8080:
		return "HTTP", false
	case 443, 8443:
		return "HTTPS", false
	case 53:
		return "DNS", false
	case 25, 465, 587:
		return "SMTP", false
	}
	name = sensitiveService(port)
	return name, name != ""
}

// sensitiveService follows IANA's registry and the products' own defaults.
func sensitiveService(port int) string {
	switch port {
	case 20, 21:
		return "FTP"
	case 22, 2222:
		return "SSH"
	case 23:
		return "Telnet"
	case 111, 2049:
		return "NFS"
	case 139, 445:
		return "SMB"
	case 389, 636:
		return "LDAP"
	case 873:
		return "rsync"
	case 1433:
		return "SQL Server"
	case 1521:
		return "Oracle Database"
	case 1883:
		return "MQTT"
	case 2181:
		return "ZooKeeper"
	case 2375:
		return "Docker API without TLS"
	case 2376, 2377:
		return "Docker API"
	case 2379, 2380:
		return "etcd"
	case 3306, 33060:
		return "MySQL"
	case 3389:
		return "RDP"
	case 4222:
		return "NATS"
	case 4369, 25672:
		return "Erlang distribution"
	case 5005, 9229:
		return "a debugger"
	case 5432:
		return "PostgreSQL"
	case 5601:
		return "Kibana"
	case 5672, 15672:
		return "RabbitMQ"
	}
	return sensitiveHighService(port)
}

func sensitiveHighService(port int) string {
	switch port {
	case 5900, 5901:
		return "VNC"
	case 5984:
		return "CouchDB"
	case 6379, 6380:
		return "Redis"
	case 6443:
		return "the Kubernetes API"
	case 7474, 7687:
		return "Neo4j"
	case 8086:
		return "InfluxDB"
	case 8200:
		return "Vault"
	case 8500:
		return "Consul"
	case 8529:
		return "ArangoDB"
	case 8983:
		return "Solr"
	case 9042, 9160:
		return "Cassandra"
	case 9092:
		return "Kafka"
	case 9200, 9300:
		return "Elasticsearch"
	case 10250:
		return "the kubelet"
	case 11211:
		return "memcached"
	case 27017, 27018, 27019:
		return "MongoDB"
	}
	return ""
}
