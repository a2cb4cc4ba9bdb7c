package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed publish_all.txtar
var publishAllDoc string

var publishAll = &rule.Rule{
	Name:     "publish-all",
	Summary:  "every port the image exposes is published",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 5.9"},
	Doc:      publishAllDoc,
	Workload: checkPublishAll,
}

func checkPublishAll(p *rule.Pass, w *model.Workload) {
	if w.PublishAll.Known() && w.PublishAll.Value {
		p.Report(w.PublishAll.Place(), "every exposed port is published", rule.Set(w.PublishAll, false, "publish no port"))
	}
}
