package table

// repositories holds the images whose tags follow the cycles of a product but
// which endoflife.date does not name. A name without a registry belongs to
// Docker Hub; a first part with a dot is a registry.
var repositories = map[string][]string{
	"almalinux":                  {"library/almalinux", "almalinux/almalinux"},
	"alpine-linux":               {"library/alpine"},
	"apache-activemq":            {"apache/activemq-classic"},
	"apache-cassandra":           {"library/cassandra", "bitnami/cassandra"},
	"apache-http-server":         {"library/httpd", "bitnami/apache"},
	"apache-kafka":               {"apache/kafka", "bitnami/kafka"},
	"apache-maven":               {"library/maven"},
	"apache-spark":               {"apache/spark", "library/spark"},
	"arangodb":                   {"library/arangodb"},
	"centos":                     {"library/centos"},
	"centos-stream":              {"quay.io/centos/centos"},
	"cockroachdb":                {"cockroachdb/cockroach"},
	"consul":                     {"hashicorp/consul"},
	"debian":                     {"library/debian", "bitnami/minideb"},
	"docker-engine":              {"library/docker"},
	"dotnet":                     {"mcr.microsoft.com/dotnet/sdk", "mcr.microsoft.com/dotnet/aspnet", "mcr.microsoft.com/dotnet/runtime", "mcr.microsoft.com/dotnet/runtime-deps", "mcr.microsoft.com/dotnet/core/sdk", "mcr.microsoft.com/dotnet/core/aspnet", "mcr.microsoft.com/dotnet/core/runtime"},
	"eclipse-temurin":            {"library/eclipse-temurin"},
	"elasticsearch":              {"library/elasticsearch", "docker.elastic.co/elasticsearch/elasticsearch", "bitnami/elasticsearch"},
	"elixir":                     {"library/elixir"},
	"erlang":                     {"library/erlang"},
	"etcd":                       {"quay.io/coreos/etcd", "gcr.io/etcd-development/etcd"},
	"fedora":                     {"library/fedora"},
	"gitlab":                     {"gitlab/gitlab-ce", "gitlab/gitlab-ee"},
	"gradle":                     {"library/gradle"},
	"grafana":                    {"grafana/grafana", "grafana/grafana-oss", "grafana/grafana-enterprise", "bitnami/grafana"},
	"graylog":                    {"graylog/graylog"},
	"haproxy":                    {"library/haproxy", "haproxytech/haproxy-alpine", "bitnami/haproxy"},
	"hashicorp-vault":            {"hashicorp/vault", "library/vault"},
	"influxdb":                   {"library/influxdb", "bitnami/influxdb"},
	"joomla":                     {"library/joomla"},
	"julia":                      {"library/julia"},
	"keycloak":                   {"quay.io/keycloak/keycloak", "keycloak/keycloak", "bitnami/keycloak"},
	"kibana":                     {"library/kibana", "docker.elastic.co/kibana/kibana", "bitnami/kibana"},
	"kong-gateway":               {"library/kong", "kong/kong-gateway"},
	"logstash":                   {"library/logstash", "docker.elastic.co/logstash/logstash", "bitnami/logstash"},
	"mediawiki":                  {"library/mediawiki"},
	"mongodb":                    {"library/mongo", "bitnami/mongodb"},
	"mysql":                      {"bitnami/mysql", "mysql/mysql-server"},
	"neo4j":                      {"library/neo4j", "bitnami/neo4j"},
	"nextcloud":                  {"library/nextcloud"},
	"nginx":                      {"library/nginx", "nginxinc/nginx-unprivileged", "bitnami/nginx"},
	"openjdk-builds-from-oracle": {"library/openjdk"},
	"opensuse":                   {"opensuse/leap"},
	"perl":                       {"library/perl"},
	"php":                        {"library/php", "bitnami/php-fpm"},
	"postgresql":                 {"bitnami/postgresql", "postgis/postgis"},
	"rabbitmq":                   {"library/rabbitmq", "bitnami/rabbitmq"},
	"redmine":                    {"library/redmine"},
	"rhel":                       {"redhat/ubi7", "redhat/ubi8", "redhat/ubi9"},
	"rocky-linux":                {"library/rockylinux", "rockylinux/rockylinux"},
	"ruby":                       {"bitnami/ruby"},
	"solr":                       {"library/solr"},
	"telegraf":                   {"library/telegraf"},
	"tomcat":                     {"library/tomcat", "bitnami/tomcat"},
	"ubuntu":                     {"library/ubuntu"},
	"valkey":                     {"bitnami/valkey"},
	"vmware-photon":              {"library/photon"},
	"zabbix":                     {"zabbix/zabbix-server-mysql", "zabbix/zabbix-server-pgsql", "zabbix/zabbix-web-nginx-mysql", "zabbix/zabbix-web-nginx-pgsql", "zabbix/zabbix-agent"},
}

// skipped holds the products whose image tags do not follow their cycles, or
// whose cycles live for weeks, so that an end of support says nothing of
// security.
var skipped = map[string]bool{
	"clearlinux":          true, // one cycle
	"plesk":               true, // tags carry other versions
	"windows-nano-server": true, // gone from Docker Hub
	"wireshark":           true, // rebuilt weekly by its publisher
}
