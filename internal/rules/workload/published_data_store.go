package workload

import (
	_ "embed"
	"fmt"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed published_data_store.txtar
var publishedDataStoreDoc string

var publishedDataStore = &rule.Rule{
	Name:     "published-data-store",
	Summary:  "a data store can be reached from outside",
	Severity: finding.High,
	Refs:     []string{"CIS-Docker 5.9"},
	Doc:      publishedDataStoreDoc,
	Workload: checkPublishedDataStore,
}

func checkPublishedDataStore(p *rule.Pass, w *model.Workload) {
	for _, port := range w.Ports {
		if what := keeper(w, port); what != "" && open(port) {
			p.Report(port.HostIP.Place(), fmt.Sprintf("port %s (%s) is published on %s", portText(port), what, where(port)), onLoopback(port))
		}
	}
	for _, e := range w.Exposure {
		if w.Surface == model.Kube && w.Role.Stores() && e.Public && (strings.HasPrefix(e.Via, "Service") || strings.HasPrefix(e.Via, "Ingress")) {
			p.Report(e.Place, fmt.Sprintf("%s is reachable through %s", w.Role, e.Via))
		}
	}
}

// keeper returns what keeps data behind port: a store known by its port or, by
// its image, by what w is for; "" where nothing does.
func keeper(w *model.Workload, port model.Port) string {
	for _, s := range [...]struct {
		port int
		name string
	}{
		{1433, "SQL Server"},
		{1521, "Oracle"},
		{2379, "etcd"},
		{3306, "MySQL"},
		{5432, "PostgreSQL"},
		{5672, "RabbitMQ"},
		{5984, "CouchDB"},
		{6379, "Redis"},
		{9042, "Cassandra"},
		{9092, "Kafka"},
		{9200, "Elasticsearch"},
		{9300, "Elasticsearch"},
		{11211, "Memcached"},
		{26257, "CockroachDB"},
		{27017, "MongoDB"},
		{33060, "MySQL"},
	} {
		if covers(port, s.port) {
			return s.name
		}
	}
	if w.Role.Stores() {
		return string(w.Role)
	}
	return ""
}
